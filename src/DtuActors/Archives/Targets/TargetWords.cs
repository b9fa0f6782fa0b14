using System.Globalization;
using System.Text;

namespace DtuActors.Archives.Targets;

/// <summary>What others say, fit to be shown and logged.</summary>
internal static class TargetWords
{
    /// <summary>In UTF-16 units; a line of a log, not a page.</summary>
    public const int Most = 200;

    /// <summary>One line without control characters, cut to <see cref="Most"/>. A secret that a server says back to whoever sent it is not said on.</summary>
    public static string Of(string text, string? secret = null)
    {
        if (!string.IsNullOrEmpty(secret))
        {
            text = text.Replace(secret, "***", StringComparison.Ordinal);
        }

        var shown = new StringBuilder(Math.Min(text.Length, Most));
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length + rune.Utf16SequenceLength > Most)
            {
                break;
            }

            // Format characters turn the direction of what stands around them.
            var isShown = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            shown.Append(isShown ? rune.ToString() : " ");
        }

        return shown.ToString().Trim();
    }
}

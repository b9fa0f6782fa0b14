using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DtuActors.Protocol.Detection;

namespace DtuActors.Configuration;

/// <summary>Makes the pattern of a text registration out of one that was seen.</summary>
internal static partial class PatternDraft
{
    // What else the text says may be longer another time.
    private const int MostBehind = 128;

    /// <summary>A pattern, and the length in bytes where only that tells where the registration ends (else 0); null where the text has no such id.</summary>
    public static (string Pattern, int Length)? Of(Guess guess, ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E);
        var text = Encoding.ASCII.GetString(end < 0 ? bytes : bytes[..end]);
        if (guess.Id is not { } id || At(text, id) is not { } at)
        {
            return null;
        }

        // Data right behind it: nothing but its length ends it.
        var isGlued = end >= 0 && bytes[end] is not ((byte)'\r' or (byte)'\n');
        if (guess.Name == "text")
        {
            return (RegistrationBinder.DefaultPattern, 0);
        }

        var (before, behind) = (text[..at], text[(at + id.Length)..]);
        var group = string.Create(CultureInfo.InvariantCulture, $"(?<id>[0-9]{{{id.Length}}})");
        return isGlued
            ? (Spelt(before, fixedLength: true) + group + Any(behind.Length), text.Length)
            : (Spelt(before, fixedLength: false) + group + (behind.Length > 0 ? string.Create(CultureInfo.InvariantCulture, $"[ -~]{{0,{MostBehind}}}") : ""), 0);
    }

    // Not a part of another word or number.
    private static int? At(string text, string id)
    {
        for (var at = text.IndexOf(id, StringComparison.Ordinal); at >= 0; at = text.IndexOf(id, at + 1, StringComparison.Ordinal))
        {
            if ((at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1])) && (at + id.Length == text.Length || !char.IsAsciiLetterOrDigit(text[at + id.Length])))
            {
                return at;
            }
        }

        return null;
    }

    // Words stay as they are; numbers in front of the id (a signal strength, a count) are others for the next DTU.
    private static string Spelt(string text, bool fixedLength) => string.Concat(Runs().Matches(text).Select(run =>
        char.IsAsciiDigit(run.Value[0])
            ? fixedLength ? string.Create(CultureInfo.InvariantCulture, $"[0-9]{{{run.Length}}}") : "[0-9]+"
            : Regex.Escape(run.Value)));

    private static string Any(int length) => length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"[ -~]{{{length}}}");

    [GeneratedRegex("[0-9]+|[^0-9]+")]
    private static partial Regex Runs();
}

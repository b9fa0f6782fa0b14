using System.Text;

namespace DtuActors.Protocol.Decoding;

/// <summary>
/// What the lines about stations' frames have in common: one line for a person, so lists and texts are bounded and nothing unprintable gets in.
/// </summary>
internal static class StationWords
{
    /// <summary>More values than these are counted, not listed.</summary>
    public const int MostValues = 16;

    // The longest text of a device that is shown.
    private const int MostCharacters = 40;

    /// <summary>Text of a device: printable ASCII as it is, everything else as a dot, cut where it is long.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var b in bytes[..Math.Min(bytes.Length, MostCharacters)])
        {
            text.Append(b is >= 0x20 and < 0x7F ? (char)b : '.');
        }

        return bytes.Length > MostCharacters ? text.Append("...").ToString() : text.ToString();
    }

    /// <summary>The words, as many as are listed, each behind a comma, and how many more there are.</summary>
    public static string Listed(IReadOnlyCollection<string> words)
    {
        var text = new StringBuilder();
        foreach (var word in words.Take(MostValues))
        {
            text.Append(", ").Append(word);
        }

        return words.Count > MostValues ? text.Append(", ").Append(words.Count - MostValues).Append(" more").ToString() : text.ToString();
    }
}

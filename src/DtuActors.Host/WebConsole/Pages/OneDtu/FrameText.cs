using System.Text;

namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>Bytes as a person reads them.</summary>
public static class FrameText
{
    private const int Group = 8;
    private const int Line = 16;

    /// <summary>Pairs of digits, a wider gap behind each eight; what is over <paramref name="most"/> bytes is told as a number.</summary>
    public static string Hex(ReadOnlySpan<byte> bytes, int most = int.MaxValue)
    {
        var shown = bytes[..Math.Min(bytes.Length, most)];
        var text = new StringBuilder((shown.Length * 3) + (shown.Length / Group) + 12);
        for (var i = 0; i < shown.Length; i++)
        {
            text.Append(i == 0 ? "" : i % Group == 0 ? "  " : " ").Append(Digit(shown[i] >> 4)).Append(Digit(shown[i] & 15));
        }

        return shown.Length == bytes.Length ? text.ToString() : text.Append(" … +").Append(bytes.Length - shown.Length).ToString();
    }

    /// <summary>Printable ASCII as it is, a dot for everything else.</summary>
    public static string Ascii(ReadOnlySpan<byte> bytes, int most = int.MaxValue)
    {
        var text = new StringBuilder(Math.Min(bytes.Length, most));
        foreach (var one in bytes[..Math.Min(bytes.Length, most)])
        {
            text.Append(one is >= 0x20 and < 0x7F ? (char)one : '.');
        }

        return text.ToString();
    }

    /// <summary>Offset, sixteen bytes and their characters a line.</summary>
    public static string Dump(ReadOnlySpan<byte> bytes, int most)
    {
        var shown = bytes[..Math.Min(bytes.Length, most)];
        var text = new StringBuilder();
        for (var at = 0; at < shown.Length; at += Line)
        {
            var line = shown[at..Math.Min(shown.Length, at + Line)];
            text.Append(at.ToString("X4", System.Globalization.CultureInfo.InvariantCulture)).Append("  ").Append(Hex(line).PadRight((Line * 3) + 1)).Append(' ').Append(Ascii(line)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>A text with nothing in it that a terminal or a spreadsheet acts upon.</summary>
    public static string Plain(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '·' : c)) : text;

    private static char Digit(int value) => (char)(value < 10 ? '0' + value : 'A' + value - 10);
}

using System.Globalization;
using System.Text;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Layouts;

/// <summary>
/// HJ/T 212-2005 and HJ 212-2017 (6.3): <c>##</c>, four digits with the length of the data segment, the segment, its <see cref="Hj212Crc"/> as four hex
/// digits, CR LF. The segment: <c>QN=...;ST=...;CN=...;PW=...;MN=...;Flag=...;CP=&amp;&amp;...&amp;&amp;</c>, with <c>PNUM</c> and <c>PNO</c> before CP where
/// Flag says so. Text is ASCII; what else a device writes passes unchanged.
/// </summary>
public static class Hj212
{
    /// <summary>The longest segment, in bytes, that four digits can tell; the standard allows 1024.</summary>
    public const int MaxSegment = 9999;

    /// <summary>A frame's bytes besides its segment.</summary>
    public const int Overhead = HeadLength + TailLength;

    internal const int HeadLength = 6;

    // Four hex digits, CR LF.
    internal const int TailLength = 6;

    /// <summary>Bits of Flag (HJ 212-2017, 6.3.4; 2005 has the lower two): the rest are the version, 0 in 2005, 1 in 2017.</summary>
    internal const int FlagAnswer = 1;
    internal const int FlagPackets = 2;
    internal const int FlagVersion = 0xFC;

    internal static ReadOnlySpan<byte> LineEnd => "\r\n"u8;

    private static ReadOnlySpan<byte> Quote => "&&"u8;

    /// <summary>Builds a frame around a data segment, with the CRC in upper case.</summary>
    /// <exception cref="ArgumentException">The segment is longer than <see cref="MaxSegment"/>.</exception>
    public static byte[] Build(ReadOnlySpan<byte> segment)
    {
        if (segment.Length > MaxSegment)
        {
            throw new ArgumentException($"an HJ 212 data segment has at most {MaxSegment} bytes, not {segment.Length}", nameof(segment));
        }

        var head = "##" + segment.Length.ToString("D4", CultureInfo.InvariantCulture);
        var tail = Hj212Crc.Compute(segment).ToString("X4", CultureInfo.InvariantCulture);
        return [.. Encoding.ASCII.GetBytes(head), .. segment, .. Encoding.ASCII.GetBytes(tail), .. LineEnd];
    }

    /// <summary>Builds a frame around a data segment, whose characters become UTF-8.</summary>
    /// <exception cref="ArgumentException">The segment is longer than <see cref="MaxSegment"/> bytes.</exception>
    public static byte[] Build(string segment) => Build(Encoding.UTF8.GetBytes(segment));

    /// <summary>
    /// Whether the bytes are exactly one frame: the CRC is right, and the length too or at least the <c>&amp;&amp;</c> that ends every segment is in its place
    /// (cheap loggers count wrongly).
    /// </summary>
    public static bool IsValid(ReadOnlySpan<byte> frame) =>
        HasHead(frame) && HasTail(frame) && (DeclaredLength(frame) == frame.Length || EndsQuoted(frame))
        && TailValue(frame) == Hj212Crc.Compute(Segment(frame));

    /// <summary>
    /// The value of a field of the segment (<c>MN</c>, <c>ST</c>, ...) in a valid frame, or null where there is none, it is empty or no printable ASCII.
    /// </summary>
    public static string? ReadField(ReadOnlySpan<byte> frame, string name) =>
        IsValid(frame) && TryField(Segment(frame), Encoding.ASCII.GetBytes(name), out var value)
        && value.Length > 0 && !value.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E)
            ? Encoding.ASCII.GetString(value)
            : null;

    /// <summary>The data segment of a frame.</summary>
    internal static ReadOnlySpan<byte> Segment(ReadOnlySpan<byte> frame) => frame[HeadLength..^TailLength];

    /// <summary>A field before CP, whose name compares without case.</summary>
    internal static bool TryField(ReadOnlySpan<byte> segment, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) =>
        TryField(segment, name, ";"u8, out value);

    /// <summary>A field of <see cref="Parameters"/>, where commas part the fields of one factor.</summary>
    internal static bool TryParameter(ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) =>
        TryField(parameters, name, ";,"u8, out value);

    /// <summary>What stands between CP's quotes; empty where there is nothing.</summary>
    internal static ReadOnlySpan<byte> Parameters(ReadOnlySpan<byte> segment)
    {
        var open = segment.IndexOf("CP=&&"u8);
        if (open < 0)
        {
            return [];
        }

        var inner = segment[(open + 5)..];
        var close = inner.LastIndexOf(Quote);
        return close < 0 ? inner : inner[..close];
    }

    /// <summary>The number in a field, or -1 where there is none of up to four digits.</summary>
    internal static int Number(ReadOnlySpan<byte> segment, ReadOnlySpan<byte> name)
    {
        if (!TryField(segment, name, out var value) || value.Length is 0 or > 4 || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return -1;
        }

        var number = 0;
        foreach (var digit in value)
        {
            number = (number * 10) + digit - '0';
        }

        return number;
    }

    /// <summary>Whether the bytes begin as a frame does, as far as they go, up to the length's last digit.</summary>
    internal static bool MayBegin(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < Math.Min(bytes.Length, HeadLength); i++)
        {
            if (i < 2 ? bytes[i] != '#' : !char.IsAsciiDigit((char)bytes[i]))
            {
                return false;
            }
        }

        return true;
    }

    internal static bool HasHead(ReadOnlySpan<byte> bytes) => bytes.Length >= HeadLength && MayBegin(bytes);

    /// <summary>How long the whole frame is by its head.</summary>
    internal static int DeclaredLength(ReadOnlySpan<byte> head) =>
        Overhead + ((head[2] - '0') * 1000) + ((head[3] - '0') * 100) + ((head[4] - '0') * 10) + head[5] - '0';

    /// <summary>Whether the bytes end with four hex digits, CR LF, behind a head.</summary>
    internal static bool HasTail(ReadOnlySpan<byte> frame) => frame.Length >= Overhead && frame.EndsWith(LineEnd) && TailValue(frame) >= 0;

    /// <summary>Whether what stands before the tail ends as every segment does.</summary>
    internal static bool EndsQuoted(ReadOnlySpan<byte> frame) => frame.Length >= Overhead + Quote.Length && frame[..^TailLength].EndsWith(Quote);

    /// <summary>The CRC as written in the tail, or -1 where there are not four hex digits.</summary>
    internal static int TailValue(ReadOnlySpan<byte> frame)
    {
        var value = 0;
        foreach (var c in frame.Slice(frame.Length - TailLength, 4))
        {
            if (!char.IsAsciiHexDigit((char)c))
            {
                return -1;
            }

            value = (value << 4) | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }

        return value;
    }

    private static bool TryField(ReadOnlySpan<byte> fields, ReadOnlySpan<byte> name, ReadOnlySpan<byte> separators, out ReadOnlySpan<byte> value)
    {
        while (!fields.IsEmpty && !IsNamed(fields, "CP"u8))
        {
            var end = fields.IndexOfAny(separators);
            var field = end < 0 ? fields : fields[..end];
            if (IsNamed(field, name))
            {
                value = field[(name.Length + 1)..];
                return true;
            }

            fields = end < 0 ? [] : fields[(end + 1)..];
        }

        value = default;
        return false;
    }

    private static bool IsNamed(ReadOnlySpan<byte> field, ReadOnlySpan<byte> name) =>
        field.Length > name.Length && field[name.Length] == '=' && Ascii.EqualsIgnoreCase(field[..name.Length], name);
}

using System.Globalization;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Decoding;

/// <summary>What the decoders of meters and telecontrol say alike of fields: decimal digits, dates, bytes.</summary>
internal static class MeterWords
{
    // A line for a person: more bytes than these are counted, not listed.
    private const int MostBytes = 32;

    /// <summary>
    /// A decimal field, low byte first: <c>1234.56</c>, <c>-0.5</c> where its top bit is a sign and set, <c>no value</c> where it is filled with FF, and the
    /// digits as they are, flagged, where they are not decimal.
    /// </summary>
    public static string Number(ReadOnlySpan<byte> field, int decimals, string unit, bool signed = false)
    {
        if (IsFilled(field))
        {
            return "no value";
        }

        Span<byte> magnitude = stackalloc byte[field.Length];
        field.CopyTo(magnitude);
        var negative = signed && (magnitude[^1] & 0x80) != 0;
        if (negative)
        {
            magnitude[^1] &= 0x7F;
        }

        if (!Bcd.IsBcd(magnitude))
        {
            return NotDecimal(field);
        }

        var digits = LowFirstBcd.Digits(magnitude);
        var whole = digits[..^decimals].TrimStart('0');
        var number = (negative ? "-" : "") + (whole.Length == 0 ? "0" : whole) + (decimals > 0 ? "." + digits[^decimals..] : "");
        return unit.Length == 0 ? number : number + " " + unit;
    }

    /// <summary>All digits of a decimal field, leading zeros kept.</summary>
    public static string Digits(ReadOnlySpan<byte> field) =>
        IsFilled(field) ? "no value" : Bcd.IsBcd(field) ? LowFirstBcd.Digits(field) : NotDecimal(field);

    /// <summary>
    /// Decimal fields, low byte first, put into a pattern in which a capital stands for a byte counted from the first: <c>C:B:A</c> of ss mm hh is the time
    /// of day. Flagged as <see cref="Number"/> does.
    /// </summary>
    public static string Pattern(ReadOnlySpan<byte> field, string pattern)
    {
        if (IsFilled(field))
        {
            return "no value";
        }

        if (!Bcd.IsBcd(field))
        {
            return NotDecimal(field);
        }

        var text = new System.Text.StringBuilder(2 * pattern.Length);
        foreach (var letter in pattern)
        {
            if (letter is >= 'A' and <= 'Z')
            {
                text.Append(field[letter - 'A'].ToString("X2", CultureInfo.InvariantCulture));
            }
            else
            {
                text.Append(letter);
            }
        }

        return text.ToString();
    }

    /// <summary>Bytes as they are, in hex.</summary>
    public static string Hex(ReadOnlySpan<byte> bytes) =>
        bytes.Length > MostBytes ? Convert.ToHexString(bytes[..MostBytes]) + "..." : Convert.ToHexString(bytes);

    /// <summary>Whether a field is filled with FF: the meter has no such value.</summary>
    public static bool IsFilled(ReadOnlySpan<byte> field) => !field.IsEmpty && !field.ContainsAnyExcept((byte)0xFF);

    /// <summary>The names of the bits that are set, lowest first; a bit without a name by its number.</summary>
    public static string Bits(int word, ReadOnlySpan<string> names)
    {
        var said = new List<string>();
        for (var bit = 0; word >> bit != 0; bit++)
        {
            if (((word >> bit) & 1) != 0)
            {
                said.Add(bit < names.Length ? names[bit] : $"bit {bit}");
            }
        }

        return said.Count == 0 ? "no reason" : string.Join(", ", said);
    }

    private static string NotDecimal(ReadOnlySpan<byte> field) => "not BCD: " + LowFirstBcd.Digits(field);
}

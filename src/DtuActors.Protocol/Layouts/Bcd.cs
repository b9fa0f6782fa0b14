namespace DtuActors.Protocol.Layouts;

/// <summary>
/// Packed BCD: two digits a byte, as station protocols use it the more significant first; <see cref="LowFirstBcd"/> where the low byte comes first.
/// </summary>
internal static class Bcd
{
    /// <summary>Every nibble as one upper-case hex digit: the digits themselves where the bytes are BCD, and no guess where they are not.</summary>
    public static string Digits(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);

    /// <summary>Whether every nibble is a decimal digit.</summary>
    public static bool IsBcd(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            if ((b & 0x0F) > 9 || b >> 4 > 9)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The byte for a number of 0 to 99.</summary>
    public static byte Of(int number) => (byte)((number / 10 % 10 << 4) | (number % 10));

    /// <summary>Writes a text of digits, twice as many as there are bytes.</summary>
    /// <exception cref="ArgumentException">The text has another length or something that is no digit.</exception>
    public static void Write(ReadOnlySpan<char> digits, Span<byte> bytes, string what)
    {
        if (digits.Length != 2 * bytes.Length || digits.ContainsAnyExceptInRange('0', '9'))
        {
            throw new ArgumentException($"{what} is {2 * bytes.Length} digits");
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((digits[2 * i] - '0' << 4) | (digits[(2 * i) + 1] - '0'));
        }
    }

    /// <summary>
    /// Six bytes yyMMddHHmmss as <c>2017-07-18 11:02:26</c>, five without the seconds; what is no such time as its digits in round brackets.
    /// </summary>
    public static string Time(ReadOnlySpan<byte> bytes)
    {
        var d = Digits(bytes);
        var valid = bytes.Length is 5 or 6 && IsBcd(bytes)
            && bytes[1] is >= 0x01 and <= 0x12 && bytes[2] is >= 0x01 and <= 0x31 && bytes[3] <= 0x23 && bytes[4] <= 0x59
            && (bytes.Length == 5 || bytes[5] <= 0x59);
        return valid ? $"20{d[..2]}-{d[2..4]}-{d[4..6]} {d[6..8]}:{d[8..10]}{(bytes.Length == 6 ? ":" + d[10..] : "")}" : $"(no time: {d})";
    }
}

using System.Buffers;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Modbus;

/// <summary>
/// Modbus over serial line, ASCII: <c>: | unit | function | data | LRC | CR LF</c>, two hex digits a byte (MODBUS over Serial Line V1.02, 2.5.2). The standard
/// writes capitals; small letters are read, too.
/// </summary>
public static class ModbusAscii
{
    /// <summary>What a frame begins with, and what begins it anew wherever it stands.</summary>
    public const byte Start = (byte)':';

    /// <summary>The longest frame in characters: <c>:</c>, 255 bytes as digits (unit, a PDU of 253, LRC), CR and LF.</summary>
    public const int MaxFrame = 513;

    /// <summary>The most bytes of unit and PDU together.</summary>
    public const int MaxUnitAndPdu = 254;

    // Unit, function and LRC.
    internal const int LeastDigits = 6;

    internal const int MostDigits = 2 * (MaxUnitAndPdu + 1);

    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789ABCDEFabcdef"u8);

    /// <summary>Whether <paramref name="frame"/> is a whole frame: start, hex digits of 3 to 255 bytes, CR LF, and the LRC is right.</summary>
    public static bool IsValid(ReadOnlySpan<byte> frame) =>
        frame.Length is >= LeastDigits + 3 and <= MaxFrame && frame[0] == Start && frame.EndsWith("\r\n"u8) && IsRight(frame[1..^2]);

    /// <summary>
    /// Unit and PDU of a valid frame into <paramref name="unitAndPdu"/>, which holds <see cref="MaxUnitAndPdu"/> bytes; 0 where it is none, else how many
    /// bytes.
    /// </summary>
    public static int Read(ReadOnlySpan<byte> frame, Span<byte> unitAndPdu)
    {
        if (!IsValid(frame))
        {
            return 0;
        }

        var digits = frame[1..^4];
        for (var i = 0; i < digits.Length; i += 2)
        {
            unitAndPdu[i / 2] = (byte)((Value(digits[i]) << 4) + Value(digits[i + 1]));
        }

        return digits.Length / 2;
    }

    /// <summary>The frame of unit and PDU, in capitals.</summary>
    /// <exception cref="ArgumentException">The PDU is empty or longer than 253 bytes.</exception>
    public static byte[] Build(byte unit, ReadOnlySpan<byte> pdu)
    {
        if (pdu.Length is 0 or > MaxUnitAndPdu - 1)
        {
            throw new ArgumentException($"a PDU has 1 to {MaxUnitAndPdu - 1} bytes, not {pdu.Length}", nameof(pdu));
        }

        byte[] content = [unit, .. pdu, 0];
        content[^1] = Sums.Lrc(content);
        var frame = new byte[(2 * content.Length) + 3];
        frame[0] = Start;
        for (var i = 0; i < content.Length; i++)
        {
            frame[1 + (2 * i)] = "0123456789ABCDEF"u8[content[i] >> 4];
            frame[2 + (2 * i)] = "0123456789ABCDEF"u8[content[i] & 0x0F];
        }

        frame[^2] = (byte)'\r';
        frame[^1] = (byte)'\n';
        return frame;
    }

    /// <summary>How many hex digits, in either case, <paramref name="characters"/> begin with.</summary>
    internal static int CountDigits(ReadOnlySpan<byte> characters) => characters.IndexOfAnyExcept(Digits) is >= 0 and var at ? at : characters.Length;

    /// <summary>Whether these are hex digits of whole bytes, the last of which makes their sum 0 modulo 256.</summary>
    internal static bool IsRight(ReadOnlySpan<byte> digits)
    {
        if (digits.Length % 2 != 0 || CountDigits(digits) != digits.Length)
        {
            return false;
        }

        var sum = 0;
        for (var i = 0; i < digits.Length; i += 2)
        {
            sum += (Value(digits[i]) << 4) + Value(digits[i + 1]);
        }

        return (byte)sum == 0;
    }

    // Digits are 30 to 39, capitals 41 to 46, small letters 61 to 66: the low four bits, and nine more of a letter.
    private static int Value(byte digit) => (digit & 0x0F) + (9 * (digit >> 6));
}

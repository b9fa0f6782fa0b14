namespace DtuActors.Protocol.Layouts;

/// <summary>
/// Water, gas and heat meters, CJ/T 188-2004: <c>[FE]* 68 T A0..A6 C L DATA CS 16</c> (its data link layer). The address is BCD, low byte first; DATA goes
/// over the wire as it is; CS is the sum from 68 to the end of DATA.
/// </summary>
public static class Cjt188
{
    /// <summary>A frame's bytes besides preambles and data.</summary>
    public const int Overhead = 13;

    /// <summary>The most data bytes: what the length field can say. The standard asks for at most 100 read and 50 written.</summary>
    public const int MaxData = 255;

    /// <summary>The address's width in bytes.</summary>
    public const int AddressLength = 7;

    /// <summary>Where the meter's type stands, in bytes from 68.</summary>
    public const int TypeOffset = 1;

    /// <summary>Where the address begins, in bytes from 68.</summary>
    public const int AddressOffset = 2;

    /// <summary>Where the control byte stands, in bytes from 68.</summary>
    public const int ControlOffset = 9;

    /// <summary>Where the data begin, in bytes from 68.</summary>
    public const int DataOffset = 11;

    /// <summary>C, D7: the meter speaks.</summary>
    public const byte ReplyBit = 0x80;

    /// <summary>C, D6: the meter refuses.</summary>
    public const byte ErrorBit = 0x40;

    /// <summary>C, D5 to D0: the function.</summary>
    public const byte FunctionMask = 0x3F;

    private const int LengthOffset = 10;

    /// <summary>Builds a frame.</summary>
    /// <param name="type">The meter's type: 10 cold water, 20 heat, 30 gas, ...; AA any.</param>
    /// <param name="meter">14 digits, the high byte's first; all A for any meter.</param>
    /// <param name="control">The control byte.</param>
    /// <param name="data">Identifier, serial number and what follows.</param>
    /// <param name="preambles">How many FE stand in front.</param>
    /// <exception cref="ArgumentException">
    /// The meter is not 14 hexadecimal digits, the data are longer than <see cref="MaxData"/>, or the preambles more than 16.
    /// </exception>
    public static byte[] Build(byte type, string meter, byte control, ReadOnlySpan<byte> data, int preambles = 0)
    {
        var frame = MeterFrames.Begin(meter, AddressOffset..(AddressOffset + AddressLength), Overhead, data.Length, preambles);
        var core = frame.AsSpan(preambles);
        core[TypeOffset] = type;
        core[ControlOffset] = control;
        core[LengthOffset] = (byte)data.Length;
        data.CopyTo(core[DataOffset..]);
        MeterFrames.Close(core);
        return frame;
    }

    /// <summary>The frame without its preambles, from 68 on; empty where it is not a whole valid frame.</summary>
    public static ReadOnlySpan<byte> Core(ReadOnlySpan<byte> frame) => MeterFrames.Core(frame, CoreLength);

    /// <summary>
    /// The 14 digits of the meter that a valid frame is from or for, the high byte's first, leading zeros kept; null for the wildcard and where the address
    /// is no decimal number.
    /// </summary>
    public static string? ReadMeter(ReadOnlySpan<byte> frame)
    {
        var core = Core(frame);
        if (core.IsEmpty)
        {
            return null;
        }

        var address = core.Slice(AddressOffset, AddressLength);
        return Bcd.IsBcd(address) ? LowFirstBcd.Digits(address) : null;
    }

    /// <summary>The length of the frame that begins with <paramref name="core"/> (68), or one of the words of <see cref="MeterFrames"/>.</summary>
    internal static int CoreLength(ReadOnlySpan<byte> core)
    {
        if (core.Length > 0 && core[0] != MeterFrames.Start)
        {
            return MeterFrames.Never;
        }

        return core.Length > LengthOffset ? Overhead + core[LengthOffset] : MeterFrames.More;
    }
}

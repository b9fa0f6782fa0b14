namespace DtuActors.Protocol.Layouts;

/// <summary>
/// Electricity meters, DL/T 645-2007 and -1997: <c>[FE]* 68 A0..A5 68 C L DATA CS 16</c> (its data link layer). The address is BCD, low byte first; every byte
/// of DATA goes over the wire with 33 added; CS is the sum from the first 68 to the end of DATA.
/// </summary>
public static class Dlt645
{
    /// <summary>A frame's bytes besides preambles and data.</summary>
    public const int Overhead = 12;

    /// <summary>The most data bytes: what the length field can say. The standard asks for at most 200 read and 50 written.</summary>
    public const int MaxData = 255;

    /// <summary>The address's width in bytes.</summary>
    public const int AddressLength = 6;

    /// <summary>Where the control byte stands, in bytes from the first 68.</summary>
    public const int ControlOffset = 8;

    /// <summary>Where the data begin, in bytes from the first 68.</summary>
    public const int DataOffset = 10;

    /// <summary>What is added to every byte of data on the wire.</summary>
    public const byte Shift = 0x33;

    /// <summary>C, D7: the meter speaks.</summary>
    public const byte ReplyBit = 0x80;

    /// <summary>C, D6: the meter refuses.</summary>
    public const byte ErrorBit = 0x40;

    /// <summary>C, D5: more frames follow.</summary>
    public const byte MoreBit = 0x20;

    /// <summary>C, D4 to D0: the function.</summary>
    public const byte FunctionMask = 0x1F;

    /// <summary>The function that asks a meter for its address.</summary>
    public const byte ReadAddress = 0x13;

    private const int SecondStart = 7;
    private const int LengthOffset = 9;

    /// <summary>Builds a frame of plain data.</summary>
    /// <param name="meter">12 digits, the high byte's first; AA in a byte's place is a wildcard, 999999999999 all meters.</param>
    /// <param name="control">The control byte.</param>
    /// <param name="data">The data before 33 is added.</param>
    /// <param name="preambles">How many FE stand in front.</param>
    /// <exception cref="ArgumentException">
    /// The meter is not 12 hexadecimal digits, the data are longer than <see cref="MaxData"/>, or the preambles more than 16.
    /// </exception>
    public static byte[] Build(string meter, byte control, ReadOnlySpan<byte> data, int preambles = 0)
    {
        var frame = MeterFrames.Begin(meter, 1..(1 + AddressLength), Overhead, data.Length, preambles);
        var core = frame.AsSpan(preambles);
        core[SecondStart] = MeterFrames.Start;
        core[ControlOffset] = control;
        core[LengthOffset] = (byte)data.Length;
        for (var i = 0; i < data.Length; i++)
        {
            core[DataOffset + i] = (byte)(data[i] + Shift);
        }

        MeterFrames.Close(core);
        return frame;
    }

    /// <summary>The frame without its preambles, from the first 68 on; empty where it is not a whole valid frame.</summary>
    public static ReadOnlySpan<byte> Core(ReadOnlySpan<byte> frame) => MeterFrames.Core(frame, CoreLength);

    /// <summary>
    /// The 12 digits of the meter that a valid frame is from or for, the high byte's first, leading zeros kept; null for a wildcard, for all meters, and
    /// where the address is no decimal number. A reply that tells the address tells it here too, if it is addressed by the wildcard.
    /// </summary>
    public static string? ReadMeter(ReadOnlySpan<byte> frame)
    {
        var core = Core(frame);
        if (core.IsEmpty)
        {
            return null;
        }

        if (core[ControlOffset] == (ReadAddress | ReplyBit) && core[LengthOffset] == AddressLength && core.Slice(1, AddressLength).Contains((byte)0xAA))
        {
            Span<byte> told = stackalloc byte[AddressLength];
            Plain(core, told);
            return OfOneMeter(told);
        }

        return OfOneMeter(core.Slice(1, AddressLength));
    }

    /// <summary>Writes the plain data of a core, 33 taken off again, into a place that is large enough, and says how many bytes they are.</summary>
    internal static int Plain(ReadOnlySpan<byte> core, Span<byte> data)
    {
        var count = core[LengthOffset];
        for (var i = 0; i < count; i++)
        {
            data[i] = (byte)(core[DataOffset + i] - Shift);
        }

        return count;
    }

    /// <summary>The length of the frame that begins with <paramref name="core"/> (the first 68), or one of the words of <see cref="MeterFrames"/>.</summary>
    internal static int CoreLength(ReadOnlySpan<byte> core)
    {
        if ((core.Length > 0 && core[0] != MeterFrames.Start) || (core.Length > SecondStart && core[SecondStart] != MeterFrames.Start))
        {
            return MeterFrames.Never;
        }

        return core.Length > LengthOffset ? Overhead + core[LengthOffset] : MeterFrames.More;
    }

    private static string? OfOneMeter(ReadOnlySpan<byte> address) =>
        Bcd.IsBcd(address) && address.ContainsAnyExcept((byte)0x99) ? LowFirstBcd.Digits(address) : null;
}

using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Layouts;

/// <summary>
/// What the frames of Chinese meters have in common (DL/T 645-2007 and CJ/T 188-2004, data link layer): preambles that wake the receiver, then 68 to 16 with
/// the sum of all bytes before it.
/// </summary>
internal static class MeterFrames
{
    /// <summary>The first byte behind the preambles.</summary>
    public const byte Start = 0x68;

    /// <summary>The last byte.</summary>
    public const byte End = 0x16;

    /// <summary>The byte that wakes the receiver.</summary>
    public const byte Preamble = 0xFE;

    /// <summary>What a line without a bias makes of a preamble.</summary>
    public const byte BlurredPreamble = 0xFF;

    /// <summary>The standards ask for 1 to 4; meters behind carrier-wave modems are sent more.</summary>
    public const int MaxPreambles = 16;

    /// <summary>More bytes are needed to tell how long the frame is.</summary>
    public const int More = 0;

    /// <summary>No frame begins so.</summary>
    public const int Never = -1;

    /// <summary>How many preambles stand at the head.</summary>
    public static int Preambles(ReadOnlySpan<byte> head)
    {
        var run = head.IndexOfAnyExcept(Preamble, BlurredPreamble);
        return run < 0 ? head.Length : run;
    }

    /// <summary>How long the unit is that begins with these bytes, without preambles; or <see cref="More"/> or <see cref="Never"/>.</summary>
    public delegate int LengthOf(ReadOnlySpan<byte> core);

    /// <summary>The frame without its preambles; empty where it is not a whole valid frame.</summary>
    public static ReadOnlySpan<byte> Core(ReadOnlySpan<byte> frame, LengthOf lengthOf)
    {
        var core = frame[Preambles(frame)..];
        return lengthOf(core) == core.Length && !core.IsEmpty && IsSummed(core) ? core : [];
    }

    /// <summary>A frame with its preambles, the first 68 and the meter's address, and room for the rest.</summary>
    /// <exception cref="ArgumentException">
    /// The meter is not the hexadecimal digits of the address, or there is more data than a length of one byte can say, or more preambles than
    /// <see cref="MaxPreambles"/>.
    /// </exception>
    public static byte[] Begin(string meter, Range address, int overhead, int dataLength, int preambles)
    {
        ArgumentNullException.ThrowIfNull(meter);
        if (dataLength > byte.MaxValue || preambles is < 0 or > MaxPreambles)
        {
            throw new ArgumentException(
                $"a frame has at most {byte.MaxValue} data bytes and {MaxPreambles} preambles, not {dataLength} and {preambles}");
        }

        var frame = new byte[preambles + overhead + dataLength];
        frame.AsSpan(0, preambles).Fill(Preamble);
        var core = frame.AsSpan(preambles);
        core[0] = Start;
        var field = core[address];
        return LowFirstBcd.TryWrite(meter, field)
            ? frame
            : throw new ArgumentException($"a meter's address is {2 * field.Length} digits, not '{meter}'", nameof(meter));
    }

    /// <summary>Whether a whole unit, without preambles, ends as it must.</summary>
    public static bool IsSummed(ReadOnlySpan<byte> core) => core[^1] == End && core[^2] == Sums.Sum8(core[..^2]);

    /// <summary>Writes the sum and the end behind everything else.</summary>
    public static void Close(Span<byte> core)
    {
        core[^2] = Sums.Sum8(core[..^2]);
        core[^1] = End;
    }
}

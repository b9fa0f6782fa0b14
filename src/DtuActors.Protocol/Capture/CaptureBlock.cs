using System.Buffers;
using System.Buffers.Binary;

namespace DtuActors.Protocol.Capture;

/// <summary>One whole block of a pcapng stream as <see cref="CaptureWriter"/> writes it (little-endian).</summary>
/// <param name="Bytes">The block, its lengths included.</param>
/// <param name="IsPacket">Whether it holds a packet.</param>
public readonly record struct CaptureBlock(ReadOnlySequence<byte> Bytes, bool IsPacket)
{
    private const uint EnhancedPacket = 6;
    private const int Least = 12;

    // A packet, its comments and their frame.
    private const int Most = CaptureWriter.MostOfPacket + (1 << 18);

    /// <summary>
    /// Takes the first block off <paramref name="bytes"/>; false where it is not whole yet.
    /// </summary>
    /// <exception cref="FormatException">No block begins here.</exception>
    public static bool TryTake(ref ReadOnlySequence<byte> bytes, out CaptureBlock block)
    {
        block = default;
        var reader = new SequenceReader<byte>(bytes);
        if (!reader.TryReadLittleEndian(out int type) || !reader.TryReadLittleEndian(out int length))
        {
            return false;
        }

        if (length is < Least or > Most || length % 4 != 0)
        {
            throw new FormatException($"not pcapng: a block of {(uint)length} bytes");
        }

        if (bytes.Length < length)
        {
            return false;
        }

        Span<byte> tail = stackalloc byte[4];
        bytes.Slice(length - 4, 4).CopyTo(tail);
        if (BinaryPrimitives.ReadInt32LittleEndian(tail) != length)
        {
            throw new FormatException("not pcapng: a block's two lengths differ");
        }

        block = new CaptureBlock(bytes.Slice(0, length), (uint)type == EnhancedPacket);
        bytes = bytes.Slice(length);
        return true;
    }
}

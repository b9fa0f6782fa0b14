using System.Buffers.Binary;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Layouts;

/// <summary>
/// DNP3's link layer (IEEE 1815-2012, clause 9): <c>05 64 | length | control | destination | source | CRC</c>, addresses low byte first, then user data
/// in blocks of 16 bytes, the last shorter, each with a CRC of its own. The length counts control, addresses and user data, no CRC.
/// </summary>
public static class Dnp3Link
{
    /// <summary>The header's length in bytes, CRC included.</summary>
    public const int HeaderLength = 10;

    /// <summary>The most user data in bytes.</summary>
    public const int MaxData = 250;

    /// <summary>The longest frame in bytes: header, 250 bytes of user data, and the CRCs of 16 blocks.</summary>
    public const int MaxFrame = HeaderLength + MaxData + (16 * CrcLength);

    /// <summary>User data in a block, in bytes.</summary>
    public const int BlockData = 16;

    internal const int CrcLength = 2;
    internal const int LengthOffset = 2;
    internal const int ControlOffset = 3;
    internal const int DestinationOffset = 4;
    internal const int SourceOffset = 6;

    /// <summary>Control and addresses, which the length counts, too.</summary>
    internal const int LeastLength = 5;

    /// <summary>What a frame begins with.</summary>
    public static ReadOnlySpan<byte> Start => [0x05, 0x64];

    /// <summary>The whole frame's length in bytes where the length field says <paramref name="length"/>; 0 where it is too small for a frame.</summary>
    public static int FrameLength(byte length)
    {
        var data = length - LeastLength;
        return data < 0 ? 0 : HeaderLength + data + (CrcLength * ((data + BlockData - 1) / BlockData));
    }

    /// <summary>Whether <paramref name="frame"/> is one whole frame with every CRC right.</summary>
    public static bool IsValid(ReadOnlySpan<byte> frame) =>
        frame.Length >= HeaderLength
        && frame.StartsWith(Start)
        && FrameLength(frame[LengthOffset]) == frame.Length
        && BlocksRight(frame, frame.Length, 0, out _);

    /// <summary>User data of a valid frame into <paramref name="data"/>, which holds <see cref="MaxData"/> bytes; how many.</summary>
    public static int ReadData(ReadOnlySpan<byte> frame, Span<byte> data)
    {
        var read = 0;
        for (var at = HeaderLength; at < frame.Length; at += BlockData + CrcLength)
        {
            var block = frame[at..(Math.Min(frame.Length, at + BlockData + CrcLength) - CrcLength)];
            block.CopyTo(data[read..]);
            read += block.Length;
        }

        return read;
    }

    /// <summary>A frame.</summary>
    /// <exception cref="ArgumentException">There are more than <see cref="MaxData"/> bytes of user data.</exception>
    public static byte[] Build(byte control, ushort destination, ushort source, ReadOnlySpan<byte> data)
    {
        if (data.Length > MaxData)
        {
            throw new ArgumentException($"user data have at most {MaxData} bytes, not {data.Length}", nameof(data));
        }

        var frame = new byte[FrameLength((byte)(LeastLength + data.Length))];
        Start.CopyTo(frame);
        frame[LengthOffset] = (byte)(LeastLength + data.Length);
        frame[ControlOffset] = control;
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(DestinationOffset), destination);
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(SourceOffset), source);
        WriteCrc(frame.AsSpan(0, HeaderLength));
        for (var at = HeaderLength; at < frame.Length; at += BlockData + CrcLength)
        {
            var block = data[..Math.Min(data.Length, BlockData)];
            block.CopyTo(frame.AsSpan(at));
            WriteCrc(frame.AsSpan(at, block.Length + CrcLength));
            data = data[block.Length..];
        }

        return frame;
    }

    /// <summary>
    /// Whether the header and every block that is whole in <paramref name="pending"/>, of a frame of <paramref name="length"/> bytes, has the right CRC.
    /// The first <paramref name="proven"/> bytes, whole blocks, are known to; <paramref name="right"/> says how many are now.
    /// </summary>
    internal static bool BlocksRight(ReadOnlySpan<byte> pending, int length, int proven, out int right)
    {
        right = proven;
        while (right < length)
        {
            var block = right == 0 ? HeaderLength : Math.Min(BlockData + CrcLength, length - right);
            if (pending.Length < right + block)
            {
                return true;
            }

            if (!IsRight(pending.Slice(right, block)))
            {
                return false;
            }

            right += block;
        }

        return true;
    }

    private static bool IsRight(ReadOnlySpan<byte> block) =>
        Crc16Dnp.Compute(block[..^CrcLength]) == BinaryPrimitives.ReadUInt16LittleEndian(block[^CrcLength..]);

    private static void WriteCrc(Span<byte> block) =>
        BinaryPrimitives.WriteUInt16LittleEndian(block[^CrcLength..], Crc16Dnp.Compute(block[..^CrcLength]));
}

using System.Buffers.Binary;

namespace DtuActors.Protocol.Checksums;

/// <summary>
/// CRC-16/MODBUS: polynomial 8005 reflected (A001), start FFFF, nothing added at the end; check value 4B37 (MODBUS over Serial Line V1.02, 6.2.2).
/// On a Modbus line the low byte comes first; SL 651 and others write the same CRC high byte first.
/// </summary>
public static class Crc16Modbus
{
    private static readonly ReflectedCrc16 Engine = new(0xA001, 0xFFFF, 0);

    /// <summary>The CRC of <paramref name="data"/>; FFFF for no data. Over a frame and its own CRC, low byte first, it is 0.</summary>
    public static ushort Compute(ReadOnlySpan<byte> data) => Engine.Compute(data);

    /// <summary>The CRC of what gave <paramref name="crc"/> with <paramref name="data"/> behind it.</summary>
    public static ushort Continue(ushort crc, ReadOnlySpan<byte> data) => Engine.Continue(crc, data);

    /// <summary>Whether <paramref name="frame"/> ends with the CRC of what stands before it, high byte first (SL 651-2014). False below two bytes.</summary>
    public static bool EndsHighFirst(ReadOnlySpan<byte> frame) =>
        frame.Length >= 2 && Compute(frame[..^2]) == BinaryPrimitives.ReadUInt16BigEndian(frame[^2..]);

    /// <summary>Writes the CRC of what stands before the last two bytes of <paramref name="frame"/> into these, high byte first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The frame has less than two bytes.</exception>
    public static void WriteHighFirst(Span<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, 2, nameof(frame));
        BinaryPrimitives.WriteUInt16BigEndian(frame[^2..], Compute(frame[..^2]));
    }
}

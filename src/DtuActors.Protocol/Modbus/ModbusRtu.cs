using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Modbus;

/// <summary>Modbus over serial line, RTU: <c>unit | function | data | CRC-16 low, high</c> (MODBUS over Serial Line V1.02, 2.5.1). At most 256 bytes.</summary>
public static class ModbusRtu
{
    /// <summary>The longest frame in bytes, CRC included.</summary>
    public const int MaxFrame = 256;

    internal const int CrcLength = 2;

    private const int ShortestFrame = 4;

    /// <summary>Whether the frame has 4 to <see cref="MaxFrame"/> bytes and its CRC is right.</summary>
    public static bool IsValid(ReadOnlySpan<byte> frame) => frame.Length is >= ShortestFrame and <= MaxFrame && Crc16Modbus.Compute(frame) == 0;

    /// <summary>Unit and PDU with the CRC appended.</summary>
    /// <exception cref="ArgumentException">The PDU is empty or longer than 253 bytes.</exception>
    public static byte[] Build(byte unit, ReadOnlySpan<byte> pdu)
    {
        if (pdu.Length is 0 or > MaxFrame - 3)
        {
            throw new ArgumentException($"a PDU has 1 to {MaxFrame - 3} bytes, not {pdu.Length}", nameof(pdu));
        }

        var frame = new byte[pdu.Length + 3];
        frame[0] = unit;
        pdu.CopyTo(frame.AsSpan(1));
        var crc = Crc16Modbus.Compute(frame.AsSpan(0, pdu.Length + 1));
        frame[^2] = (byte)crc;
        frame[^1] = (byte)(crc >> 8);
        return frame;
    }
}

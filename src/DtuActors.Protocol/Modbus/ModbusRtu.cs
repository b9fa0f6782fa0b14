namespace DtuActors.Protocol.Modbus;

/// <summary>Modbus over serial line, RTU: <c>unit | function | data | CRC-16 low, high</c> (MODBUS over Serial Line V1.02, 2.5.1). At most 256 bytes.</summary>
public static class ModbusRtu
{
    /// <summary>The longest frame in bytes, CRC included.</summary>
    public const int MaxFrame = 256;

    /// <summary>Whether the frame has at least 4 bytes and its CRC is right.</summary>
    public static bool IsValid(ReadOnlySpan<byte> frame) => false;

    /// <summary>Unit and PDU with the CRC appended.</summary>
    public static byte[] Build(byte unit, ReadOnlySpan<byte> pdu) => [];

    /// <summary>
    /// Whether a valid frame answers a valid request: same unit, same function or its exception, and where the request fixes it the same byte count
    /// or echo.
    /// </summary>
    public static bool Answers(ReadOnlySpan<byte> request, ReadOnlySpan<byte> response) => false;

    /// <summary>Whether an answer to <paramref name="request"/> could be taken for one to <paramref name="other"/>.</summary>
    public static bool Confusable(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other) => true;
}

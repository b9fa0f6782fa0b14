namespace DtuActors.Protocol.Modbus;

/// <summary>Modbus TCP's header: <c>transaction (2) | 0000 | length (2) | unit</c>, big-endian (MODBUS Messaging on TCP/IP V1.0b, 3.1.3).</summary>
public static class Mbap
{
    /// <summary>The header's length in bytes, unit included.</summary>
    public const int HeaderLength = 7;

    /// <summary>The longest frame in bytes: header and a PDU of 253.</summary>
    public const int MaxFrame = 260;

    /// <summary>The whole frame's length if <paramref name="head"/> begins one, 0 where more bytes are needed, -1 where it can't be one.</summary>
    public static int FrameLength(ReadOnlySpan<byte> head) => -1;

    /// <summary>A frame of transaction, unit and PDU.</summary>
    public static byte[] Build(ushort transaction, byte unit, ReadOnlySpan<byte> pdu) => [];
}

/// <summary>The exception codes a gateway gives of its own (MODBUS Application Protocol V1.1b3, 7).</summary>
public static class ModbusException
{
    /// <summary>0x06, server device busy: the queue is full.</summary>
    public const byte Busy = 0x06;

    /// <summary>0x0A, gateway path unavailable: no route for the unit.</summary>
    public const byte PathUnavailable = 0x0A;

    /// <summary>0x0B, gateway target device failed to respond: the DTU is offline or the slave did not answer.</summary>
    public const byte TargetFailed = 0x0B;
}

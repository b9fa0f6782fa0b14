using System.Buffers.Binary;

namespace DtuActors.Protocol.Modbus;

/// <summary>Modbus TCP's header: <c>transaction (2) | 0000 | length (2) | unit</c>, big-endian (MODBUS Messaging on TCP/IP V1.0b, 3.1.3).</summary>
public static class Mbap
{
    /// <summary>The header's length in bytes, unit included.</summary>
    public const int HeaderLength = 7;

    /// <summary>The longest frame in bytes: header and a PDU of 253.</summary>
    public const int MaxFrame = 260;

    /// <summary>The whole frame's length if <paramref name="head"/> begins one, 0 where more bytes are needed, -1 where it can't be one.</summary>
    public static int FrameLength(ReadOnlySpan<byte> head)
    {
        const int beforeLength = 6;
        if (head.Length > 2 && (head[2] != 0 || (head.Length > 3 && head[3] != 0)))
        {
            return -1;
        }

        if (head.Length > 4 && head[4] != 0)
        {
            return -1;
        }

        if (head.Length < beforeLength)
        {
            return 0;
        }

        // Unit and function at least.
        int length = head[5];
        return length is >= 2 and <= MaxFrame - beforeLength ? beforeLength + length : -1;
    }

    /// <summary>A frame of transaction, unit and PDU.</summary>
    /// <exception cref="ArgumentException">The PDU is empty or longer than 253 bytes.</exception>
    public static byte[] Build(ushort transaction, byte unit, ReadOnlySpan<byte> pdu)
    {
        if (pdu.Length is 0 or > MaxFrame - HeaderLength)
        {
            throw new ArgumentException($"a PDU has 1 to {MaxFrame - HeaderLength} bytes, not {pdu.Length}", nameof(pdu));
        }

        var frame = new byte[HeaderLength + pdu.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame, transaction);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(4), (ushort)(pdu.Length + 1));
        frame[6] = unit;
        pdu.CopyTo(frame.AsSpan(HeaderLength));
        return frame;
    }
}

/// <summary>The exception codes a gateway gives of its own (MODBUS Application Protocol V1.1b3, 7).</summary>
public static class ModbusException
{
    /// <summary>0x06, server device busy, try again later: the queue is full, or the bus was not free in time. Nothing was written.</summary>
    public const byte Busy = 0x06;

    /// <summary>0x0A, gateway path unavailable: no route for the unit.</summary>
    public const byte PathUnavailable = 0x0A;

    /// <summary>0x0B, gateway target device failed to respond: the DTU is offline or the slave did not answer.</summary>
    public const byte TargetFailed = 0x0B;
}

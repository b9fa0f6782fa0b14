namespace DtuActors.Protocol.Modbus;

/// <summary>The address in a frame on a serial line, RTU or ASCII, read and replaced (MODBUS over Serial Line V1.02, 2.2).</summary>
public static class ModbusUnit
{
    /// <summary>Every slave is meant, and none answers.</summary>
    public const byte Broadcast = 0;

    /// <summary>Whether the frames of <paramref name="codec"/> have such an address.</summary>
    public static bool IsIn(string codec) => codec is "modbus-rtu" or "modbus-ascii";

    /// <summary>The address; null where it is no valid frame of <paramref name="codec"/>.</summary>
    public static byte? Of(string codec, ReadOnlySpan<byte> frame)
    {
        var unitAndPdu = Read(codec, frame, stackalloc byte[ModbusAscii.MaxUnitAndPdu]);
        return unitAndPdu.IsEmpty ? null : unitAndPdu[0];
    }

    /// <summary>The frame with another address and its check made anew. Takes what <see cref="Of"/> knows the address of.</summary>
    /// <exception cref="ArgumentException">It is no valid frame of <paramref name="codec"/>.</exception>
    public static byte[] Replace(string codec, ReadOnlySpan<byte> frame, byte unit)
    {
        var unitAndPdu = Read(codec, frame, stackalloc byte[ModbusAscii.MaxUnitAndPdu]);
        if (unitAndPdu.IsEmpty)
        {
            throw new ArgumentException($"no valid frame of {codec}", nameof(frame));
        }

        return codec == "modbus-ascii" ? ModbusAscii.Build(unit, unitAndPdu[1..]) : ModbusRtu.Build(unit, unitAndPdu[1..]);
    }

    private static ReadOnlySpan<byte> Read(string codec, ReadOnlySpan<byte> frame, Span<byte> place)
    {
        if (codec == "modbus-ascii")
        {
            return place[..ModbusAscii.Read(frame, place)];
        }

        if (codec != "modbus-rtu" || !ModbusRtu.IsValid(frame))
        {
            return [];
        }

        frame[..^ModbusRtu.CrcLength].CopyTo(place);
        return place[..(frame.Length - ModbusRtu.CrcLength)];
    }
}

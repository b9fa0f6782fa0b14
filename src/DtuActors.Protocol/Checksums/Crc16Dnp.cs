namespace DtuActors.Protocol.Checksums;

/// <summary>
/// CRC-16/DNP: polynomial 3D65 reflected (A6BC), start 0, inverted at the end; check value EA82 (IEEE 1815-2012, clause 9). On the wire the low byte
/// comes first.
/// </summary>
public static class Crc16Dnp
{
    private static readonly ReflectedCrc16 Engine = new(0xA6BC, 0, 0xFFFF);

    /// <summary>The CRC of <paramref name="data"/>; FFFF for no data.</summary>
    public static ushort Compute(ReadOnlySpan<byte> data) => Engine.Compute(data);
}

namespace DtuActors.Protocol.Checksums;

/// <summary>
/// CRC-16/X-25, also called IBM-SDLC: polynomial 1021 reflected (8408), start FFFF, inverted at the end; check value 906E (ITU-T X.25, 2.2.7; InHand IHDMP).
/// On the wire the low byte comes first.
/// </summary>
public static class Crc16X25
{
    private static readonly ReflectedCrc16 Engine = new(0x8408, 0xFFFF, 0xFFFF);

    /// <summary>The CRC of <paramref name="data"/>; 0 for no data.</summary>
    public static ushort Compute(ReadOnlySpan<byte> data) => Engine.Compute(data);
}

namespace DtuActors.Protocol.Checksums;

/// <summary>
/// CRC-16/XMODEM: polynomial 1021, not reflected, start 0, nothing added at the end; check value 31C3 (Forsberg, XMODEM/YMODEM Protocol Reference, chapter 8).
/// On the wire the high byte comes first.
/// </summary>
public static class Crc16Xmodem
{
    private const ushort Polynomial = 0x1021;
    private static readonly ushort[] Table = [.. Enumerable.Range(0, 256).Select(index => Shifted((ushort)(index << 8)))];

    /// <summary>The CRC of <paramref name="data"/>; 0 for no data. Over data and its own CRC, high byte first, it is 0.</summary>
    public static ushort Compute(ReadOnlySpan<byte> data)
    {
        ushort crc = 0;
        foreach (var octet in data)
        {
            crc = (ushort)((crc << 8) ^ Table[(crc >> 8) ^ octet]);
        }

        return crc;
    }

    private static ushort Shifted(ushort value)
    {
        for (var bit = 0; bit < 8; bit++)
        {
            value = (ushort)((value & 0x8000) == 0 ? value << 1 : (value << 1) ^ Polynomial);
        }

        return value;
    }
}

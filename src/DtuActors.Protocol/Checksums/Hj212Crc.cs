namespace DtuActors.Protocol.Checksums;

/// <summary>
/// HJ 212's own CRC (HJ 212-2017, appendix A): the register's high byte alone is combined with each byte, then eight shifts with polynomial A001;
/// start FFFF. Not CRC-16/MODBUS. It covers the data segment and is written as four hex digits, high byte first.
/// </summary>
public static class Hj212Crc
{
    // The register's low byte is lost with every byte taken in, so the next state depends on eight bits only: one look-up a byte.
    private static readonly ushort[] Table = MakeTable();

    /// <summary>The CRC of a data segment; FFFF for no data.</summary>
    public static ushort Compute(ReadOnlySpan<byte> segment)
    {
        uint crc = 0xFFFF;
        foreach (var b in segment)
        {
            crc = Table[(byte)((crc >> 8) ^ b)];
        }

        return (ushort)crc;
    }

    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (var i = 0; i < table.Length; i++)
        {
            var crc = (uint)i;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
            }

            table[i] = (ushort)crc;
        }

        return table;
    }
}

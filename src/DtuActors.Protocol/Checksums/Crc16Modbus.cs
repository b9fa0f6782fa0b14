namespace DtuActors.Protocol.Checksums;

/// <summary>
/// CRC-16/MODBUS: polynomial 8005 reflected (A001), start FFFF, nothing added at the end; check value 4B37 (MODBUS over Serial Line V1.02, 6.2.2).
/// On the wire the low byte comes first.
/// </summary>
public static class Crc16Modbus
{
    // Eight tables, so that eight bytes take eight independent look-ups and not a chain of eight: a single table stays below 600 MB/s.
    private const int Lanes = 8;
    private static readonly ushort[] Table = MakeTables();

    /// <summary>The CRC of <paramref name="data"/>; FFFF for no data. Over a frame and its own CRC it is 0.</summary>
    public static ushort Compute(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<ushort> table = Table;
        uint crc = 0xFFFF;
        while (data.Length >= Lanes)
        {
            crc = (uint)(table[(7 * 256) + (byte)(data[0] ^ crc)]
                ^ table[(6 * 256) + (byte)(data[1] ^ (crc >> 8))]
                ^ table[(5 * 256) + data[2]]
                ^ table[(4 * 256) + data[3]]
                ^ table[(3 * 256) + data[4]]
                ^ table[(2 * 256) + data[5]]
                ^ table[256 + data[6]]
                ^ table[data[7]]);
            data = data[Lanes..];
        }

        foreach (var b in data)
        {
            crc = (crc >> 8) ^ table[(byte)(crc ^ b)];
        }

        return (ushort)crc;
    }

    private static ushort[] MakeTables()
    {
        var table = new ushort[Lanes * 256];
        for (var i = 0; i < 256; i++)
        {
            var crc = (uint)i;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
            }

            table[i] = (ushort)crc;
        }

        for (var i = 256; i < table.Length; i++)
        {
            var before = table[i - 256];
            table[i] = (ushort)((before >> 8) ^ table[(byte)before]);
        }

        return table;
    }
}

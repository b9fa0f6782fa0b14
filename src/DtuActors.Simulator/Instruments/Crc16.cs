namespace DtuActors.Simulator;

/// <summary>
/// CRC-16/MODBUS: polynomial 0x8005 reflected, initial value 0xFFFF, low byte first on the wire (MODBUS over Serial Line V1.02, 6.2.2). The simulator's
/// only copy, kept apart from the gateway's own so that a mistake there meets an instrument that disagrees.
/// </summary>
internal static class Crc16
{
    private static readonly ushort[] Table = MakeTable();

    /// <summary>The CRC of all bytes; 0 over a frame that carries its own CRC rightly.</summary>
    public static ushort Of(ReadOnlySpan<byte> bytes)
    {
        ushort crc = 0xFFFF;
        foreach (var b in bytes)
        {
            crc = (ushort)((crc >> 8) ^ Table[(crc ^ b) & 0xFF]);
        }

        return crc;
    }

    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (var i = 0; i < table.Length; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ 0xA001 : value >> 1;
            }

            table[i] = (ushort)value;
        }

        return table;
    }
}

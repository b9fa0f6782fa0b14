namespace DtuActors.Protocol.Checksums;

/// <summary>The one-byte checks of serial protocols.</summary>
public static class Sums
{
    /// <summary>The sum of all bytes modulo 256 (DL/T 645, CJ/T 188, IEC 60870-5 FT1.2).</summary>
    public static byte Sum8(ReadOnlySpan<byte> data)
    {
        uint sum = 0;
        foreach (var b in data)
        {
            sum += b;
        }

        return (byte)sum;
    }

    /// <summary>The longitudinal redundancy check of Modbus ASCII: the two's complement of <see cref="Sum8"/> (MODBUS over Serial Line V1.02, 6.2.1).</summary>
    public static byte Lrc(ReadOnlySpan<byte> data) => (byte)-Sum8(data);

    /// <summary>All bytes combined by exclusive or (JT/T 808, 4.4.4).</summary>
    public static byte Xor(ReadOnlySpan<byte> data)
    {
        uint xor = 0;
        foreach (var b in data)
        {
            xor ^= b;
        }

        return (byte)xor;
    }
}

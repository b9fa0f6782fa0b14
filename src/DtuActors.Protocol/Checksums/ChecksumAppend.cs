using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace DtuActors.Protocol.Checksums;

/// <summary>The table behind <c>--crc NAME</c>, the API's <c>crc</c> and a poll's <c>crc</c>: what is put behind a downlink that was given without its check.</summary>
public static class ChecksumAppend
{
    private delegate byte[] Append(ReadOnlySpan<byte> data);

    private static readonly Dictionary<string, Append> Table = new(StringComparer.Ordinal)
    {
        ["modbus"] = Modbus,
        ["sum8"] = static data => [.. data, Sums.Sum8(data)],
        ["hj212"] = Hj212,
    };

    /// <summary>The names that <see cref="TryAppend"/> takes.</summary>
    public static IReadOnlyCollection<string> Names => Table.Keys;

    /// <summary>
    /// <paramref name="data"/> with its check behind it: <c>modbus</c> CRC-16, low byte first; <c>sum8</c> one byte; <c>hj212</c> four upper-case hex digits, high
    /// byte first, and CR LF, as an HJ 212 frame ends, where the check covers what stands behind <c>##nnnn</c> if the data begin so, else all of them.
    /// False for any other name.
    /// </summary>
    public static bool TryAppend(string name, ReadOnlySpan<byte> data, [NotNullWhen(true)] out byte[]? withChecksum)
    {
        withChecksum = Table.TryGetValue(name, out var append) ? append(data) : null;
        return withChecksum is not null;
    }

    private static byte[] Modbus(ReadOnlySpan<byte> data)
    {
        var crc = Crc16Modbus.Compute(data);
        return [.. data, (byte)crc, (byte)(crc >> 8)];
    }

    private static byte[] Hj212(ReadOnlySpan<byte> data)
    {
        const int head = 6;
        var framed = data.Length >= head && data.StartsWith("##"u8) && !data[2..head].ContainsAnyExceptInRange((byte)'0', (byte)'9');
        var crc = Hj212Crc.Compute(framed ? data[head..] : data);
        return [.. data, .. Encoding.ASCII.GetBytes(crc.ToString("X4", CultureInfo.InvariantCulture)), .. "\r\n"u8];
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace DtuActors.Protocol.Checksums;

/// <summary>
/// The table behind <c>--crc NAME</c>, the API's <c>crc</c> and a poll's <c>crc</c>: what is put behind a downlink that was given without its check.
/// </summary>
public static class ChecksumAppend
{
    private delegate byte[] Append(ReadOnlySpan<byte> data);

    private static readonly (string Name, Append Append)[] Table =
    [
        ("modbus", static data => LowFirst(data, Crc16Modbus.Compute(data))),
        ("modbus-be", static data => HighFirst(data, Crc16Modbus.Compute(data))),
        ("x25", static data => LowFirst(data, Crc16X25.Compute(data))),
        ("dnp", static data => LowFirst(data, Crc16Dnp.Compute(data))),
        ("sum8", static data => [.. data, Sums.Sum8(data)]),
        ("lrc", static data => [.. data, Sums.Lrc(data)]),
        ("xor", static data => [.. data, Sums.Xor(data)]),
        ("hj212", Hj212),
    ];

    /// <summary>The names that <see cref="TryAppend"/> takes, in the order in which they are documented.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>
    /// <paramref name="data"/> with its check behind it: <c>modbus</c> CRC-16/MODBUS, low byte first; <c>modbus-be</c> the same, high byte first;
    /// <c>x25</c> and <c>dnp</c> these CRCs, low byte first (<c>dnp</c> is one over all of it, not one a block); <c>sum8</c>, <c>lrc</c> and <c>xor</c>
    /// one byte; <c>hj212</c> four upper-case hex digits, high byte first, and CR LF, as an HJ 212 frame ends, where the check covers what stands behind
    /// <c>##nnnn</c> if the data begin so, else all of them. False for any other name.
    /// </summary>
    public static bool TryAppend(string name, ReadOnlySpan<byte> data, [NotNullWhen(true)] out byte[]? withChecksum)
    {
        foreach (var row in Table)
        {
            if (row.Name == name)
            {
                withChecksum = row.Append(data);
                return true;
            }
        }

        withChecksum = null;
        return false;
    }

    private static byte[] LowFirst(ReadOnlySpan<byte> data, ushort crc) => [.. data, (byte)crc, (byte)(crc >> 8)];

    private static byte[] HighFirst(ReadOnlySpan<byte> data, ushort crc) => [.. data, (byte)(crc >> 8), (byte)crc];

    private static byte[] Hj212(ReadOnlySpan<byte> data)
    {
        const int head = 6;
        var framed = data.Length >= head && data.StartsWith("##"u8) && !data[2..head].ContainsAnyExceptInRange((byte)'0', (byte)'9');
        var crc = Hj212Crc.Compute(framed ? data[head..] : data);
        return [.. data, .. Encoding.ASCII.GetBytes(crc.ToString("X4", CultureInfo.InvariantCulture)), .. "\r\n"u8];
    }
}

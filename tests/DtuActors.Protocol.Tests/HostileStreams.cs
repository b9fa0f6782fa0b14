using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Tests;

/// <summary>Streams that make a codec look at the same bytes as often as they can: what a sender would choose who wants the server to work.</summary>
internal static class HostileStreams
{
    /// <summary>One unit for each attack, to be repeated: its name, its framing, and its bytes.</summary>
    public static IEnumerable<(string Name, FramingOptions Options, byte[] Unit)> All()
    {
        yield return ("sl651 heads that end together", new() { Codec = "sl651" }, Sl651Nested());
        yield return ("sl651 heads that end one after another", new() { Codec = "sl651" }, Sl651Chained());
        yield return ("sl651 heads without an end", new() { Codec = "sl651" }, Repeat("7E7E00000FFF02"));
        yield return ("sl651 marks behind a head", new() { Codec = "sl651" }, [.. Hex("7E7E05001122334403E8340FEF02"), .. Filled(4079, 0x7E)]);
        yield return ("sl651 ASCII heads", new() { Codec = "sl651" }, Repeat("01" + "30303030303030303030303030303030303030" + "46303002" + "0303030303"));
        yield return ("hj212 heads in one line", new() { Codec = "hj212", MaxFrame = 10240 }, Hj212Line(800, 10240));
        yield return ("hj212 heads in one line of 4096", new() { Codec = "hj212" }, Hj212Line(600, 4096));
        yield return ("hj212 heads all along a line", new() { Codec = "hj212", MaxFrame = 10240 }, Hj212Line(1700, 10240));
        yield return ("hj212 heads, then line ends", new() { Codec = "hj212", MaxFrame = 10240 }, Hj212("##9999", 800, "\r\n", 2720));
        yield return ("hj212 heads, then line ends in 4096", new() { Codec = "hj212" }, Hj212("##9999", 340, "\r\n", 1028));
        yield return ("hj212 heads, then marks", new() { Codec = "hj212", MaxFrame = 10240 }, Hj212("##9999", 800, "#", 5000, "x\r\n"));
        yield return ("hj212 heads before a long line", new() { Codec = "hj212", MaxFrame = 10240 }, Hj212("##9999", 800, "x", 5000, "&&0000\r\n"));
        yield return ("hj212 heads before a miscounted line", new() { Codec = "hj212", MaxFrame = 10240 }, Hj212("##5000", 800, "x", 5000, "&&0000\r\n##9999"));
        yield return ("hj212 lines behind a head", new() { Codec = "hj212", MaxFrame = 10240 }, Hj212Lines("x&&0000\r\n"));
        yield return ("hj212 heads in lines with tails", new() { Codec = "hj212", MaxFrame = 10240 }, Hj212Lines("x##9999&&0000\r\n"));
        yield return ("hj212 line ends", new() { Codec = "hj212", MaxFrame = 10240 }, Hj212Lines("\r\n"));
        yield return ("modbus-tcp doubtful heads", new() { Codec = "modbus-tcp" }, Repeat("01100000000002"));
        yield return ("modbus-tcp heads of seven bytes", new() { Codec = "modbus-tcp" }, Hex("01100000007BF6"));
        yield return ("start-end starts", new() { Codec = "start-end", Start = new byte[] { 0x68 }, End = new byte[] { 0x16 } }, Filled(4096, 0x68));
        yield return ("slip ends", new() { Codec = "slip" }, Filled(4096, 0xC0));

        // A read is a frame of raw's: there is nothing to decide.
        foreach (var codec in Codecs.Names.Where(name => name != "raw"))
        {
            var options = new FramingOptions
            {
                Codec = codec,
                Length = 64,
                Offset = 2,
                Start = new byte[] { 0x68, 0x68 },
                End = new byte[] { 0x16, 0x16 },
                Delimiter = new byte[] { 0x0D, 0x0A },
            };
            foreach (var (name, unit) in new (string, byte[])[]
            {
                ("00", Filled(4096, 0)),
                ("FF", Filled(4096, 0xFF)), ("01", Filled(4096, 1)), ("10", Filled(4096, 0x10)), ("23", Filled(4096, 0x23)),
                ("3A", Filled(4096, 0x3A)),
                ("68", Filled(4096, 0x68)),
                ("7E", Filled(4096, 0x7E)), ("C0", Filled(4096, 0xC0)), ("E5", Filled(4096, 0xE5)),
                ("0564", Repeat("0564")), ("68FF", Repeat("68FF")),
                ("68FFFF68", Repeat("68FFFF68")), ("0D", Filled(4096, 0x0D)),
            })
            {
                yield return ($"{codec} {name}", options, unit);
            }
        }
    }

    private static byte[] Sl651Nested()
    {
        // 300 heads, seven bytes apart, each of which ends one byte before the one before it.
        var bytes = Filled(4096, 3);
        for (var i = 0; i < 300; i++)
        {
            var at = i * 7;
            var length = 4096 - i - at - 17;
            bytes[at] = bytes[at + 1] = 0x7E;
            bytes[at + 11] = (byte)(length >> 8);
            bytes[at + 12] = (byte)length;
            bytes[at + 13] = 2;
        }

        return bytes;
    }

    private static byte[] Sl651Chained() => Repeat("7E7E0303" + "0FEC02");

    private static byte[] Hj212Line(int heads, int length)
    {
        var bytes = Filled(length, (byte)'x');
        for (var i = 0; i < heads; i++)
        {
            "##9999"u8.CopyTo(bytes.AsSpan(i * 6));
        }

        "\r\n"u8.CopyTo(bytes.AsSpan(length - 2));
        return bytes;
    }

    private static byte[] Hj212Lines(string line) =>
        [.. System.Text.Encoding.ASCII.GetBytes("##9999" + string.Concat(Enumerable.Repeat(line, 10000 / line.Length)) + "\r\n")];

    private static byte[] Hj212(string heads, int count, string filling, int times, string end = "") =>
        System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(heads, count)) + string.Concat(Enumerable.Repeat(filling, times)) + end);

    private static byte[] Repeat(string hex) => [.. Enumerable.Repeat(Hex(hex), 4096 / (hex.Length / 2)).SelectMany(bytes => bytes)];

    private static byte[] Filled(int length, byte value)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);
}

using System.Buffers.Binary;
using System.Net;
using System.Text;
using DtuActors.Protocol.Transports;
using FsCheck;
using FsCheck.Fluent;

namespace DtuActors.Protocol.Tests;

public sealed class ProxyHeaderTests
{
    private const string Longest = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";

    [Theory]
    [InlineData("PROXY TCP4 10.8.0.7 10.0.0.1 40001 9000\r\n", "10.8.0.7:40001")]
    [InlineData("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535")]
    [InlineData("PROXY TCP6 2001:db8::7 2001:db8::1 40001 9000\r\n", "[2001:db8::7]:40001")]
    [InlineData(Longest, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535")]
    [InlineData("PROXY UNKNOWN\r\n", null)]
    [InlineData("PROXY UNKNOWN ffff:f...f:ffff whatever 65535\r\n", null)]
    public void A_line_of_version_1_says_who_connects(string line, string? source)
    {
        var bytes = Encoding.ASCII.GetBytes(line);
        Assert.Equal(ProxyVerdict.Whole, ProxyHeader.Read(ProxyVersion.V1, [.. bytes, .. "data\r\n"u8], out var header));
        Assert.Equal((bytes.Length, source), (header.Length, header.Source?.ToString()));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PROXY TCP4 010.8.0.7 10.0.0.1 1 2\r\n")]
    [InlineData("proxy TCP4 10.8.0.7 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY TCP4 10.8.0.7 10.0.0.1 1\r\n")]
    [InlineData("PROXY TCP4  10.8.0.7 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY TCP4 10.8.0.7 10.0.0.1 1 2 \r\n")]
    [InlineData("PROXY TCP4 10.8.0.256 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY TCP4 10.8.7 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY TCP4 10.8.0.7 10.0.0.1 65536 2\r\n")]
    [InlineData("PROXY TCP4 10.8.0.7 10.0.0.1 -1 2\r\n")]
    [InlineData("PROXY TCP4 10.8.0.7 10.0.0.1 00443 2\r\n")]
    [InlineData("PROXY TCP4 ::1 ::1 1 2\r\n")]
    [InlineData("PROXY TCP6 10.8.0.7 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY UDP4 10.8.0.7 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY UNKNOWNS\r\n")]
    [InlineData("PROXY \r\n")]
    public void What_is_no_line_of_version_1_is_none_whatever_follows(string line) =>
        Assert.Equal(ProxyVerdict.Invalid, ProxyHeader.Read(ProxyVersion.V1, Encoding.ASCII.GetBytes(line), out _));

    [Fact]
    public void A_line_without_an_end_is_given_up_at_107_bytes()
    {
        var line = Encoding.ASCII.GetBytes("PROXY UNKNOWN " + new string('x', 200));
        Assert.Equal(ProxyVerdict.Unfinished, ProxyHeader.Read(ProxyVersion.V1, line.AsSpan(0, 106), out _));
        Assert.Equal(ProxyVerdict.Invalid, ProxyHeader.Read(ProxyVersion.V1, line.AsSpan(0, 107), out _));
    }

    [Fact]
    public void Version_2_says_who_connects_and_what_stands_behind_the_addresses_is_skipped()
    {
        byte[] four = [10, 8, 0, 7, 10, 0, 0, 1, 0x9C, 0x41, 0x23, 0x28];
        AssertV2(V2(0x21, 0x11, four), "10.8.0.7:40001", null);
        AssertV2(V2(0x21, 0x11, [.. four, 0x03, 0, 4, 1, 2, 3, 4]), "10.8.0.7:40001", null);
        var six = new byte[36];
        six[15] = 7;
        BinaryPrimitives.WriteUInt16BigEndian(six.AsSpan(32), 40001);
        AssertV2(V2(0x21, 0x21, six), "[::7]:40001", null);
        var unix = new byte[216];
        "/run/lb\n"u8.CopyTo(unix);
        AssertV2(V2(0x21, 0x31, unix), null, "/run/lb?");
        AssertV2(V2(0x21, 0x00, [1, 2, 3]), null, null);
        AssertV2(V2(0x20, 0x11, []), null, null);
        AssertV2(V2(0x20, 0x00, []), null, null);
    }

    [Theory]
    [InlineData(0x31, 0x11, 12)]
    [InlineData(0x22, 0x11, 12)]
    [InlineData(0x21, 0x12, 12)]
    [InlineData(0x21, 0x11, 11)]
    [InlineData(0x21, 0x21, 35)]
    [InlineData(0x21, 0x31, 215)]
    [InlineData(0x21, 0x41, 216)]
    [InlineData(0x21, 0x11, 4081)]
    public void What_version_2_does_not_say_is_none(byte command, byte family, int length) =>
        Assert.Equal(ProxyVerdict.Invalid, ProxyHeader.Read(ProxyVersion.V2, V2(command, family, new byte[length]).AsSpan(0, 16), out _));

    [Fact]
    public void A_datagram_s_header_is_of_a_datagram_s_families_and_whole()
    {
        byte[] four = [10, 8, 0, 7, 10, 0, 0, 1, 0x9C, 0x41, 0x23, 0x28];
        var six = new byte[36];
        six[15] = 7;
        BinaryPrimitives.WriteUInt16BigEndian(six.AsSpan(32), 40001);
        AssertDatagram(V2(0x21, 0x12, four), "10.8.0.7:40001");
        AssertDatagram(V2(0x21, 0x12, [.. four, 0x03, 0, 4, 1, 2, 3, 4]), "10.8.0.7:40001");
        AssertDatagram(V2(0x21, 0x22, six), "[::7]:40001");
        AssertDatagram(V2(0x21, 0x00, []), null);
        AssertDatagram(V2(0x20, 0x00, []), null);
        AssertDatagram(V2(0x20, 0x12, four), null);
    }

    [Theory]
    [InlineData(0x21, 0x11, 12)]
    [InlineData(0x21, 0x21, 36)]
    [InlineData(0x21, 0x32, 216)]
    [InlineData(0x21, 0x12, 11)]
    [InlineData(0x21, 0x22, 35)]
    [InlineData(0x21, 0x02, 12)]
    [InlineData(0x22, 0x12, 12)]
    public void What_a_datagram_s_header_does_not_say_is_none(byte command, byte family, int length) =>
        Assert.False(ProxyHeader.TryReadDatagram(V2(command, family, new byte[length]), out _));

    [Fact]
    public void A_datagram_that_ends_within_its_header_has_none()
    {
        var header = V2(0x21, 0x12, new byte[20]);
        Assert.All(Enumerable.Range(0, header.Length), cut => Assert.False(ProxyHeader.TryReadDatagram(header.AsSpan(0, cut), out _)));
        Assert.True(ProxyHeader.TryReadDatagram(header, out _));
    }

    [Fact]
    public void A_header_is_the_same_however_it_is_cut()
    {
        byte[][] headers =
        [
            Encoding.ASCII.GetBytes(Longest), "PROXY UNKNOWN\r\n"u8.ToArray(), "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"u8.ToArray(),
            V2(0x21, 0x11, new byte[12]), V2(0x21, 0x21, new byte[40]), V2(0x20, 0x00, []), V2(0x21, 0x31, new byte[300]),
        ];
        foreach (var header in headers)
        {
            var version = header[0] == 'P' ? ProxyVersion.V1 : ProxyVersion.V2;
            for (var cut = 0; cut < header.Length; cut++)
            {
                Assert.Equal(ProxyVerdict.Unfinished, ProxyHeader.Read(version, header.AsSpan(0, cut), out _));
            }

            Assert.Equal(ProxyVerdict.Whole, ProxyHeader.Read(version, header, out var whole));
            Assert.Equal(header.Length, whole.Length);
        }
    }

    [Fact]
    public void Any_bytes_have_a_verdict_that_more_bytes_do_not_change()
    {
        var headers = Gen.Elements<byte[]>("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"u8.ToArray(), "PROXY UNKNOWN\r\n"u8.ToArray(), V2(0x21, 0x11, new byte[12]), V2(0x21, 0x21, new byte[40]));
        var spoiled = headers.SelectMany(header => Gen.Choose(0, header.Length - 1).SelectMany(at => Gen.Choose(0, 255).Select(value =>
        {
            var bytes = header.ToArray();
            bytes[at] = (byte)value;
            return bytes;
        })));
        var soup = Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf();
        Prop.ForAll(Gen.OneOf(spoiled, soup, headers.SelectMany(header => soup.Select(more => header.Concat(more).ToArray()))).ToArbitrary(), bytes =>
            Enum.GetValues<ProxyVersion>().All(version => Holds(version, bytes))).QuickCheckThrowOnFailure();
    }

    private static bool Holds(ProxyVersion version, byte[] bytes)
    {
        ProxyVerdict? final = null;
        var length = 0;
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var verdict = ProxyHeader.Read(version, bytes.AsSpan(0, cut), out var header);
            if (final is not null && (verdict != final || header.Length != length))
            {
                return false;
            }

            if (verdict != ProxyVerdict.Unfinished && final is null)
            {
                (final, length) = (verdict, header.Length);
            }
        }

        return final is not null || bytes.Length < ProxyHeader.Most(version);
    }

    private static void AssertV2(byte[] bytes, string? source, string? path)
    {
        Assert.Equal(ProxyVerdict.Whole, ProxyHeader.Read(ProxyVersion.V2, [.. bytes, 1, 2, 3], out var header));
        Assert.Equal((bytes.Length, source, path), (header.Length, header.Source?.ToString(), header.SourcePath));
    }

    private static void AssertDatagram(byte[] bytes, string? source)
    {
        Assert.True(ProxyHeader.TryReadDatagram([.. bytes, 1, 2, 3], out var header));
        Assert.Equal((bytes.Length, source), (header.Length, header.Source?.ToString()));
    }

    private static byte[] V2(byte command, byte family, byte[] rest) =>
        [.. "\r\n\r\n\0\r\nQUIT\n"u8, command, family, (byte)(rest.Length >> 8), (byte)rest.Length, .. rest];
}

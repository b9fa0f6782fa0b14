using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Tests;

public sealed class Dnp3Tests
{
    private static readonly byte[] Ack = Recording.Hex("05640500000401 0019A6");
    private static readonly byte[] Read = Recording.Hex("056414F3010000040A3BC0C3013C02063C03063C04063C01069A12");

    [Theory]
    [InlineData("0564")]
    [InlineData("05")]
    [InlineData("0505")]
    [InlineData("0564FF")]
    [InlineData("056404C0")]
    [InlineData("0564FFC00100")]
    [InlineData("056405C001000004E9")]
    [InlineData("056405C001000004E922")]
    [InlineData("056414F3010000040A3BC0C3013C02063C03063C04063C01069A11")]
    [InlineData("0000056400FFFF")]
    public void What_stands_before_a_good_frame_costs_only_itself_without_any_silence(string garbage)
    {
        Assert.All(Recording.Cuts([.. Recording.Hex(garbage), .. Read, .. Ack]), pieces =>
        {
            var framer = Make();
            var sink = new Recording();
            Array.ForEach(pieces, piece => framer.Feed(piece, ref sink));
            Assert.Equal([Convert.ToHexString(Read), Convert.ToHexString(Ack)], sink.Frames);
            Assert.Equal(garbage.Length / 2, sink.DroppedBytes);
        });
    }

    [Fact]
    public void A_truncated_frame_right_before_a_good_one_is_found_out_by_its_block_s_CRC()
    {
        var frame = Dnp3Link.Build(0x44, 1, 1024, [.. Enumerable.Range(0, 100).Select(i => (byte)i)]);
        byte[] stream = [.. frame[..40], .. frame, .. Ack];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var framer = Make();
            var sink = new Recording();
            Array.ForEach(pieces, piece => framer.Feed(piece, ref sink));
            Assert.Equal([Convert.ToHexString(frame), Convert.ToHexString(Ack)], sink.Frames);
        });
    }

    [Theory]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(26)]
    [InlineData(27)]
    [InlineData(45)]
    public void A_wrong_CRC_of_the_header_or_any_block_is_a_bad_checksum(int at)
    {
        var frame = Dnp3Link.Build(0x44, 1, 1024, new byte[32]);
        Assert.Equal(46, frame.Length);
        frame[at] ^= 0x01;
        Assert.All(Recording.Cuts([.. frame, .. Ack]), pieces =>
        {
            var sink = Recording.Of(Make(), pieces);
            Assert.Equal([Convert.ToHexString(Ack)], sink.Frames);
            Assert.Equal(DropReasons.BadChecksum, sink.Drops[0].Reason);
            Assert.Equal(at < 10, sink.Drops.Count > 1);
            Assert.Equal(46, sink.DroppedBytes);
        });
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 13)]
    [InlineData(16, 28)]
    [InlineData(17, 31)]
    [InlineData(250, 292)]
    public void A_frame_has_a_CRC_every_16_bytes_and_comes_out_at_every_cut(int data, int length)
    {
        // Full of starts.
        byte[] content = [.. Enumerable.Range(0, data).Select(i => i % 2 == 0 ? (byte)0x05 : (byte)0x64)];
        var frame = Dnp3Link.Build(0xC4, 0xFFFF, 0x0564, content);
        Assert.Equal(length, frame.Length);
        Assert.True(Dnp3Link.IsValid(frame));
        Span<byte> read = new byte[Dnp3Link.MaxData];
        Assert.Equal(content, read[..Dnp3Link.ReadData(frame, read)].ToArray());
        Assert.All(Recording.Cuts([.. frame, .. frame]), pieces => Assert.Equal([Convert.ToHexString(frame), Convert.ToHexString(frame)], Recording.Of(Make(), pieces).Frames));
    }

    [Fact]
    public void A_frame_whose_rest_never_came_is_truncated_and_what_follows_the_silence_is_read()
    {
        var framer = Make();
        var sink = Recording.Of(framer, Read[..20]);
        Assert.Equal([(Convert.ToHexString(Read[..20]), DropReasons.Truncated)], sink.Drops);
        framer.Feed(Ack, ref sink);
        Assert.Equal([Convert.ToHexString(Ack)], sink.Frames);
    }

    [Fact]
    public void A_frame_is_built_as_opendnp3_s_and_one_too_long_is_refused()
    {
        Assert.Equal(Read, Dnp3Link.Build(0xF3, 1, 1024, Recording.Hex("C0C3013C02063C03063C04063C0106")));
        Assert.Throws<ArgumentException>(() => Dnp3Link.Build(0x44, 1, 2, new byte[251]));
        Assert.False(Dnp3Link.IsValid([]));
        Assert.False(Dnp3Link.IsValid(Read.AsSpan()[..^1]));
    }

    [Theory]
    [InlineData("056405C001000004E921", "DNP3 reset link states, 1024 -> 1")]
    [InlineData("05640549010000 04D236", "DNP3 request link status, 1024 -> 1")]
    [InlineData("056405000004010019A6", "DNP3 ack, 1 -> 1024")]
    [InlineData("05640580010000045311", "DNP3 ack, 1024 -> 1")]
    [InlineData("056414F3010000040A3BC0C3013C02063C03063C04063C01069A12", "DNP3 confirmed user data, 1024 -> 1, read, sequence 3, g60v2, 12 bytes")]
    public void A_frame_is_described_in_one_line(string hex, string line) =>
        Assert.Equal(line, Decoders.Describe("dnp3", FrameDirection.Up, Recording.Hex(hex)));

    [Theory]
    [InlineData(0x44, 1024, "C1E381960002012801000000", "DNP3 unconfirmed user data, 1 -> 1024, response, sequence 3, class 1 events, class 2 events, need time, device restart, g2v1, 7 bytes")]
    [InlineData(0x44, 65535, "C0C002", "DNP3 unconfirmed user data, 1 -> 65535 (broadcast), write, sequence 0")]
    [InlineData(0x44, 1024, "41E38100000102", "DNP3 unconfirmed user data, 1 -> 1024, segment 1, the first, response, sequence 3, 2 bytes")]
    [InlineData(0x44, 1024, "020102", "DNP3 unconfirmed user data, 1 -> 1024, segment 2, 2 bytes")]
    [InlineData(0x44, 1024, "83010203", "DNP3 unconfirmed user data, 1 -> 1024, segment 3, the last, 3 bytes")]
    [InlineData(0x44, 1024, "C0C077", "DNP3 unconfirmed user data, 1 -> 1024, function 119, sequence 0")]
    [InlineData(0x44, 1024, "C0C08200C0", "DNP3 unconfirmed user data, 1 -> 1024, unsolicited response, sequence 0, reserved indication, reserved indication")]
    [InlineData(0x44, 1024, "", "DNP3 unconfirmed user data, 1 -> 1024")]
    [InlineData(0x44, 1024, "C0", "DNP3 unconfirmed user data, 1 -> 1024, 0 bytes")]
    [InlineData(0x10, 1024, "", "DNP3 ack, 1 -> 1024, buffers full")]
    [InlineData(0x47, 1024, "01", "DNP3 primary function 7, 1 -> 1024, 1 byte")]
    [InlineData(0x05, 1024, "", "DNP3 secondary function 5, 1 -> 1024")]
    public void Odd_frames_are_described_as_far_as_they_go(byte control, int destination, string data, string line) =>
        Assert.Equal(line, Decoders.Describe("dnp3", FrameDirection.Up, Dnp3Link.Build(control, (ushort)destination, 1, Recording.Hex(data))));

    [Fact]
    public void What_is_no_DNP3_frame_is_described_as_nothing()
    {
        Assert.Null(Decoders.Describe("dnp3", FrameDirection.Up, []));
        Assert.Null(Decoders.Describe("dnp3", FrameDirection.Up, Read.AsSpan()[..^1]));
        Assert.Null(Decoders.Describe("dnp3", FrameDirection.Up, Recording.Hex("056405C001000004E922")));
    }

    private static Framer Make() => new(Codecs.Create(new FramingOptions { Codec = "dnp3" }), 4096);
}

using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Tests;

public sealed class SlipTests
{
    [Theory]
    [InlineData("0102C0", "f 0102C0")]
    [InlineData("C00102C0", "f C00102C0")]
    [InlineData("C00102C0C003C0", "f C00102C0", "f C003C0")]
    [InlineData("C00102C003C0", "f C00102C0", "f 03C0")]
    [InlineData("C0C0C001C0", "f C0C0C001C0")]
    [InlineData("01C0C0C0", "f 01C0", "d C0C0 truncated")]
    [InlineData("01DBDCDBDD02C0", "f 01DBDCDBDD02C0")]
    [InlineData("01DB02C003C0", "d 01DB02C0 garbage", "f 03C0")]
    [InlineData("C001DBC0C003C0", "d C001DBC0 garbage", "f C003C0")]
    [InlineData("DBDBDCC003C0", "d DBDBDCC0 garbage", "f 03C0")]
    [InlineData("03C00102", "f 03C0", "d 0102 truncated")]
    [InlineData("FFFFC0", "f FFFFC0")]
    public void A_frame_is_what_went_over_the_wire_and_every_end_belongs_to_one(string stream, params string[] log) =>
        Assert.All(Recording.Cuts(Recording.Hex(stream)), pieces => Assert.Equal(log, Recording.Of(Make(), pieces).Log));

    [Fact]
    public void A_packet_of_every_byte_comes_out_and_its_length_is_that_before_the_escapes()
    {
        byte[] packet = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        var frame = Slip.Build(packet);
        Assert.Equal(259, frame.Length);
        Assert.Equal(256, Slip.DecodedLength(frame));
        Assert.All(Recording.Cuts([.. frame, .. frame]), pieces => Assert.Equal([Convert.ToHexString(frame), Convert.ToHexString(frame)], Recording.Of(Make(), pieces).Frames));
    }

    [Fact]
    public void A_packet_longer_than_max_frame_is_dropped_up_to_its_end()
    {
        byte[] longer = [0xC0, .. Enumerable.Repeat((byte)1, 20), 0xC0];
        Assert.All(Recording.Cuts([.. longer, 0xC0, 2, 0xC0]), pieces =>
        {
            var sink = Recording.Of(new Framer(Codecs.Create(new FramingOptions { Codec = "slip", MaxFrame = 8 }), 8), pieces);
            Assert.Equal(["C002C0"], sink.Frames);
            Assert.Equal(longer.Length, sink.DroppedBytes);
            Assert.All(sink.Drops, drop => Assert.Equal(DropReasons.Oversize, drop.Reason));
        });
    }

    [Fact]
    public void A_heartbeat_is_a_burst_of_its_own()
    {
        var framer = new Framer(Codecs.Create(new FramingOptions { Codec = "slip" }), 4096, ["ping"u8.ToArray()]);
        Assert.Equal(["h 70696E67", "f C001C0", "h 70696E67"], Recording.Of(framer, "ping"u8.ToArray(), [0xC0, 1, 0xC0], "ping"u8.ToArray()).Log);
    }

    [Theory]
    [InlineData("0102C0", "SLIP, 2 bytes")]
    [InlineData("C0DBDCC0", "SLIP, 1 byte")]
    [InlineData("DBDDDBDC45C0", "SLIP, 3 bytes")]
    public void A_packet_is_described_by_its_length(string hex, string line) =>
        Assert.Equal(line, Decoders.Describe("slip", FrameDirection.Up, Recording.Hex(hex)));

    [Theory]
    [InlineData("")]
    [InlineData("C0")]
    [InlineData("0102")]
    [InlineData("DBC0")]
    [InlineData("DB01C0")]
    [InlineData("01C002C0")]
    public void What_is_no_packet_is_described_as_nothing(string hex) => Assert.Null(Decoders.Describe("slip", FrameDirection.Up, Recording.Hex(hex)));

    private static Framer Make() => new(Codecs.Create(new FramingOptions { Codec = "slip" }), 4096);
}

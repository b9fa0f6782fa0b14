using System.Text;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Tests;

public sealed class ModbusAsciiTests
{
    private const string Good = ":0003007C00027F\r\n";

    [Theory]
    [InlineData(Good + Good, Good, Good)]
    [InlineData(":0003007C00017F\r\n" + Good, Good)]
    [InlineData("abc" + Good, Good)]
    [InlineData(":0003" + Good, Good)]
    [InlineData("::" + Good, Good)]
    [InlineData(":0003007C00027F\r" + Good, Good)]
    [InlineData(":0003007C00027F\n" + Good, Good)]
    [InlineData(":0003007C00027\r\n" + Good, Good)]
    [InlineData(":00FF\r\n:\r\n" + Good, Good)]
    [InlineData(":0003 007C00027F\r\n" + Good + "\r\n", Good)]
    [InlineData(":0003007G00027F\r\n" + Good, Good)]
    [InlineData("\u00FF\u00FF:\u00FF" + Good + "\u00FF", Good)]
    [InlineData(":110304008d008ecd\r\n:110304008D008eCd\r\n", ":110304008d008ecd\r\n", ":110304008D008eCd\r\n")]
    [InlineData(":00100\r\n:" + "0003007C00027F\r\n:", Good)]
    public void Only_whole_frames_with_a_right_LRC_come_out_and_every_byte_is_accounted_for(string stream, params string[] frames)
    {
        var bytes = Encoding.Latin1.GetBytes(stream);
        Assert.All(Recording.Cuts(bytes), pieces =>
        {
            var sink = Recording.Of(Make(), pieces);
            Assert.Equal(frames, sink.Frames.Select(hex => Encoding.ASCII.GetString(Convert.FromHexString(hex))));
            Assert.Equal(bytes.Length, sink.FrameBytes + sink.DroppedBytes);
        });
    }

    [Fact]
    public void A_wrong_LRC_is_one_bad_checksum()
    {
        var bad = ":0003007C00017F\r\n"u8.ToArray();
        Assert.All(Recording.Cuts([.. bad, .. Bytes(Good)]), pieces =>
            Assert.Equal(
                [$"d {Convert.ToHexString(bad)} {DropReasons.BadChecksum}", "f " + Convert.ToHexString(Bytes(Good))],
                Recording.Of(Make(), pieces).Log));
    }

    [Fact]
    public void A_frame_after_a_bad_one_waits_for_its_rest()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed(":0003007C00017F\r\n:0003"u8, ref sink);
        Assert.Empty(sink.Frames);
        Assert.Equal(TimeSpan.FromSeconds(5), framer.SilenceDue);
        framer.Feed("007C00027F\r\n"u8, ref sink);
        Assert.Equal([Convert.ToHexString(Bytes(Good))], sink.Frames);
    }

    [Fact]
    public void A_frame_whose_end_never_came_is_truncated()
    {
        Assert.Equal([(Convert.ToHexString(":0003"u8), DropReasons.Truncated)], Recording.Of(Make(), [.. ":0003"u8]).Drops);
        Assert.Equal([(Convert.ToHexString(":0003007C00027F\r"u8), DropReasons.Truncated)], Recording.Of(Make(), [.. ":0003007C00027F\r"u8]).Drops);
    }

    [Fact]
    public void The_longest_frame_has_513_characters_and_a_longer_one_is_none()
    {
        var longest = ModbusAscii.Build(1, [3, .. Enumerable.Repeat((byte)0xFF, 252)]);
        Assert.Equal(ModbusAscii.MaxFrame, longest.Length);
        Assert.All(Recording.Cuts([.. longest, .. longest]), pieces => Assert.Equal(2, Recording.Of(Make(), pieces).Frames.Count));
        byte[] longer = [.. longest[..^4], .. "0000"u8, .. longest[^4..]];
        var sink = Recording.Of(Make(), [.. longer, .. Bytes(Good)]);
        Assert.Equal([Convert.ToHexString(Bytes(Good))], sink.Frames);
        Assert.Equal(longer.Length, sink.DroppedBytes);
        var endless = new Framer(Codecs.Create(new FramingOptions { Codec = "modbus-ascii" }), 4096);
        var none = new Recording();
        endless.Feed([(byte)':', .. Enumerable.Repeat((byte)'0', 10_000)], ref none);
        Assert.Equal(0, endless.Pending);
    }

    [Fact]
    public void A_heartbeat_between_frames_is_told_and_no_silence_is_needed()
    {
        byte[] stream = [0xFE, .. Bytes(Good), .. "ping"u8, .. Bytes(Good), 0xFE];
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var sink = Recording.Of(new Framer(Codecs.Create(new FramingOptions { Codec = "modbus-ascii" }), 4096, [[0xFE], "ping"u8.ToArray()]), pieces);
            Assert.Equal(["FE", "70696E67", "FE"], sink.Heartbeats);
            Assert.Equal(2, sink.Frames.Count);
            Assert.Empty(sink.Drops);
        });
    }

    [Fact]
    public void A_frame_is_built_in_capitals_and_read_in_either_case()
    {
        Assert.Equal(":110304008D008ECD\r\n"u8.ToArray(), ModbusAscii.Build(0x11, [3, 4, 0, 0x8D, 0, 0x8E]));
        Assert.True(ModbusAscii.IsValid(":110304008d008ecd\r\n"u8));
        Assert.False(ModbusAscii.IsValid(":110304008D008ECC\r\n"u8));
        Assert.False(ModbusAscii.IsValid(":0000\r\n"u8));
        Assert.False(ModbusAscii.IsValid([]));
        Span<byte> content = new byte[ModbusAscii.MaxUnitAndPdu];
        Assert.Equal(7, ModbusAscii.Read(":110304008d008ecd\r\n"u8, content));
        Assert.Equal("110304008D008E", Convert.ToHexString(content[..7]));
        Assert.Equal(0, ModbusAscii.Read("110304008d008ecd\r\n"u8, content));
        Assert.Throws<ArgumentException>(() => ModbusAscii.Build(1, []));
        Assert.Throws<ArgumentException>(() => ModbusAscii.Build(1, new byte[254]));
    }

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private static Framer Make() => new(Codecs.Create(new FramingOptions { Codec = "modbus-ascii" }), 4096);
}

using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Tests;

public sealed class DatagramFramingTests
{
    [Theory]
    [InlineData("raw")]
    [InlineData("idle-gap")]
    public void A_datagram_is_a_frame_up_to_max_frame_and_longer_ones_are_dropped_whole(string codec)
    {
        var framer = Codecs.FramerOfDatagrams(new FramingOptions { Codec = codec, MaxFrame = 8 }, ["ping"u8.ToArray()]);
        var recording = new Recording();
        foreach (var length in new[] { 1, 7, 8, 9, 10, 11, 30, 8 })
        {
            framer.Feed(new byte[length], ref recording);
            framer.Silence(ref recording);
            Assert.Equal(0, framer.Pending);
        }

        framer.Feed("ping"u8, ref recording);
        framer.Silence(ref recording);
        Assert.Equal([1, 7, 8, 8], recording.Frames.Select(hex => hex.Length / 2));
        Assert.Equal([9, 10, 11, 30], recording.Drops.Select(drop => drop.Hex.Length / 2));
        Assert.All(recording.Drops, drop => Assert.Equal(DropReasons.Oversize, drop.Reason));
        Assert.Equal(["70696E67"], recording.Heartbeats);
        Assert.Equal(codec, framer.Codec.Name);
    }

    [Fact]
    public void What_a_datagram_does_not_hold_whole_is_no_frame_and_does_not_wait_for_the_next()
    {
        var framer = Codecs.FramerOfDatagrams(new FramingOptions { Codec = "modbus-rtu", Role = ModbusRole.Responses }, []);
        var recording = new Recording();
        var frame = Recording.Hex("01 03 02 00 07 F9 86");
        foreach (var datagram in new[] { frame[..4], frame[4..], frame })
        {
            framer.Feed(datagram, ref recording);
            framer.Silence(ref recording);
        }

        Assert.Equal([Convert.ToHexString(frame)], recording.Frames);
        Assert.Equal(7, recording.DroppedBytes);
    }
}

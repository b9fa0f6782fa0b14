using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Tests;

public sealed class Sl651FramingTests() : CodecSpec("sl651")
{
    private static readonly Sl651Address Address = new(5, "0011223344", 0x03E8, 0x34);
    private static readonly byte[] Good = Sl651.Build(FrameDirection.Up, Address, [0, 0x33, 0x17, 7, 0x18, 0x11, 0, 0x14], Sl651.EndOfText);

    [Fact]
    public void A_public_frame_is_built_to_the_byte()
    {
        Assert.Equal(
            "7E7E00987654321012342F0008027E0822101110074703C3AE",
            Hex(Sl651.Build(FrameDirection.Up, new Sl651Address(0, "9876543210", 0x1234, 0x2F), Recording.Hex("7E08221011100747"), Sl651.EndOfText)));
        Assert.Equal(
            "7E7E" + "0012345678" + "12" + "0134" + "36" + "8004" + "16" + "00D002" + "AA" + "15",
            Hex(Sl651.Build(FrameDirection.Down, new Sl651Address(0x12, "0012345678", 0x0134, 0x36), [0xAA], Sl651.NotAcknowledge, (0x00D, 2))[..^2]));
    }

    [Fact]
    public void ASCII_is_the_same_fields_in_hex_digits()
    {
        var frame = Sl651.Build(FrameDirection.Up, Address, "0033170718110014"u8, Sl651.EndOfText, ascii: true);
        var text = System.Text.Encoding.ASCII.GetString(frame[..^4]);
        Assert.Equal("\u0001" + "05" + "0011223344" + "03E8" + "34" + "0010" + "\u0002" + "0033170718110014" + "\u0003", text);
        AssertOut([[.. frame, .. Good, .. frame]], frame, Good, frame);
    }

    [Theory]
    [InlineData(FrameDirection.Up, false, false)]
    [InlineData(FrameDirection.Up, true, false)]
    [InlineData(FrameDirection.Up, false, true)]
    [InlineData(FrameDirection.Down, false, false)]
    [InlineData(FrameDirection.Down, true, true)]
    [InlineData(FrameDirection.Down, true, false)]
    public void Both_directions_and_several_packets_come_out_at_every_cut(FrameDirection direction, bool several, bool ascii)
    {
        foreach (var end in (byte[])[3, 0x17, 5, 4, 6, 0x15, 0x1B])
        {
            // Marks, starts and ends in the data.
            var frame = Sl651.Build(direction, Address, [0x7E, 0x7E, 2, 3, 0x7E, 0x16, 1], end, several ? (13, 2) : null, ascii);
            Assert.All(Recording.Cuts([.. frame, .. frame]), pieces => AssertOut(pieces, frame, frame));
        }
    }

    [Fact]
    public void A_body_may_be_empty_and_as_long_as_twelve_bits_tell()
    {
        var empty = Sl651.Build(FrameDirection.Down, Address, [], Sl651.StayOnline);
        var longest = Sl651.Build(FrameDirection.Up, Address, new byte[Sl651.MaxLength], Sl651.EndOfText);
        byte[] stream = [.. empty, .. longest, .. empty];
        var sink = Recording.Of(new Framer(Codecs.Create(new FramingOptions { Codec = "sl651" }), Sl651.MaxFrame), [.. stream.Chunk(1000)]);
        Assert.Equal([Hex(empty), Hex(longest), Hex(empty)], sink.Frames);
        Assert.Throws<ArgumentException>(() => Sl651.Build(FrameDirection.Up, Address, new byte[Sl651.MaxLength + 1], Sl651.EndOfText));
        Assert.Throws<ArgumentException>(() => Sl651.Build(FrameDirection.Up, Address with { Station = "12345" }, [], Sl651.EndOfText));
    }

    [Fact]
    public void Every_wrong_bit_behind_the_head_is_one_bad_checksum_at_every_cut()
    {
        for (var at = 14; at < Good.Length; at++)
        {
            byte[] bad = [.. Good];
            bad[at] ^= 0x40;
            string[] log = [$"d {Hex(bad)} {DropReasons.BadChecksum}", "f " + Hex(Good)];
            Assert.All(Recording.Cuts([.. bad, .. Good]), pieces => Assert.Equal(log, Run(pieces).Log));
        }
    }

    [Fact]
    public void A_frame_comes_out_behind_any_beginning_of_another_without_waiting()
    {
        var larger = Sl651.Build(FrameDirection.Up, Address, new byte[300], Sl651.EndOfText);
        for (var lost = 1; lost < larger.Length; lost++)
        {
            var sink = Run([[.. larger[..lost], .. Good]]);
            Assert.Equal([Hex(Good)], sink.Frames);
            Assert.Equal(lost, sink.DroppedBytes);
        }
    }

    [Theory]
    [InlineData("7E")]
    [InlineData("7E7E")]
    [InlineData("7E7E7E7E7E")]
    [InlineData("01")]
    [InlineData("0130")]
    [InlineData("7E7E05001122334403E8340FFF02")]
    [InlineData("7E7E05001122334403E8348FFF16")]
    [InlineData("7E7E05001122334403E834700002")]
    [InlineData("7E7E05001122334403E834000216000003")]
    [InlineData("FFFFFFFFFF")]
    [InlineData("0002030405")]
    public void A_false_start_costs_itself_alone_at_every_cut(string garbage)
    {
        var bytes = Recording.Hex(garbage);
        Assert.All(Recording.Cuts([.. bytes, .. Good, .. Good]), pieces =>
        {
            var sink = Run(pieces);
            Assert.Equal([Hex(Good), Hex(Good)], sink.Frames);
            Assert.Equal(bytes.Length, sink.DroppedBytes);
        });
    }

    [Fact]
    public void An_incomplete_frame_is_truncated_when_the_line_is_silent()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed(Good.AsSpan(..^1), ref sink);
        Assert.Empty(sink.Log);
        Assert.Equal(TimeSpan.FromSeconds(5), framer.SilenceDue);
        framer.Silence(ref sink);
        Assert.Equal([$"d {Hex(Good[..^1])} {DropReasons.Truncated}"], sink.Log);
    }

    [Fact]
    public void One_byte_more_or_less_is_no_frame_to_who_asks_for_one()
    {
        Assert.True(Sl651.IsValid(Good));
        Assert.False(Sl651.IsValid([.. Good, 0]));
        Assert.False(Sl651.IsValid(Good.AsSpan(..^1)));
        Assert.False(Sl651.IsValid([]));
        Assert.False(Sl651.IsValid([0x7E]));
    }

    [Fact]
    public void An_address_shows_no_password() =>
        Assert.Equal("centre 5, station 0011223344, function 34", Address.ToString());
}

using System.Text;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Tests;

public sealed class Hj212FramingTests() : CodecSpec("hj212")
{
    private const string Segment = "QN=20160801085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"
        + "CP=&&DataTime=20160801085857;w01018-Rtd=2.5,w01018-Flag=N&&";

    private static readonly byte[] Good = Hj212.Build(Segment);

    [Fact]
    public void The_standard_s_own_example_is_built() =>
        Assert.Equal(
            "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n",
            Encoding.ASCII.GetString(Hj212.Build("QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&")));

    [Theory]
    [InlineData("0000")]
    [InlineData("0001")]
    [InlineData("0137")]
    [InlineData("0141")]
    [InlineData("0400")]
    [InlineData("9999")]
    public void A_frame_whose_length_is_counted_wrongly_is_a_frame_all_the_same_and_waits_for_nothing(string length)
    {
        var miscounted = Miscounted(length);
        Assert.All(
            Recording.Cuts([.. miscounted, .. Good, .. miscounted, .. miscounted]),
            pieces => AssertOut(pieces, miscounted, Good, miscounted, miscounted));
    }

    [Fact]
    public void A_miscounted_frame_with_a_wrong_CRC_is_a_bad_checksum_and_costs_nothing_behind_it() =>
        Assert.All(new[] { "0001", "0137", "0145", "0900" }, length =>
        {
            var bad = Miscounted(length);
            bad[20] ^= 1;
            string[] log = [$"d {Hex(bad)} {DropReasons.BadChecksum}", "f " + Hex(Good)];
            Assert.All(Recording.Cuts([.. bad, .. Good]), pieces => Assert.Equal(log, Run(pieces).Log));
        });

    [Fact]
    public void A_wrong_CRC_alone_is_told_when_the_line_is_silent_where_its_length_says_more()
    {
        var bad = Miscounted("0900");
        bad[20] ^= 1;
        Assert.All(Recording.Cuts(bad), pieces => Assert.Equal([$"d {Hex(bad)} {DropReasons.BadChecksum}"], Recording.Of(Make(), pieces).Log));
    }

    [Fact]
    public void A_right_frame_is_read_to_its_length_whatever_its_data_hold()
    {
        // A line end, another head, and what looks like a tail, inside the data.
        var frame = Hj212.Build("QN=20160801085857223;ST=32;CN=3020;MN=1;CP=&&Info=a\r\nb;x=##12;y=&&ABCD\r\n&&");
        Assert.All(Recording.Cuts([.. frame, .. Good, .. frame]), pieces => AssertOut(pieces, frame, Good, frame));
    }

    [Fact]
    public void A_head_in_data_does_not_begin_a_frame()
    {
        var frame = Hj212.Build("QN=20160801085857223;ST=32;CN=3020;MN=1;CP=&&Info=##0101 and ##0012;x=1&&");
        Assert.All(Recording.Cuts([.. frame, .. frame]), pieces => AssertOut(pieces, frame, frame));
    }

    [Fact]
    public void A_frame_comes_out_behind_any_beginning_of_another()
    {
        for (var lost = 1; lost < Good.Length; lost++)
        {
            var sink = Run([[.. Good[..lost], .. Good, .. Good]]);
            Assert.Equal([Hex(Good), Hex(Good)], sink.Frames);
            Assert.Equal(lost, sink.DroppedBytes);
        }
    }

    [Theory]
    [InlineData("#")]
    [InlineData("###")]
    [InlineData("##1")]
    [InlineData("##9999")]
    [InlineData("##0003")]
    [InlineData("##0000\r\n")]
    [InlineData("##0101\r\n")]
    [InlineData("##9999QN=1\r\n")]
    [InlineData("##12ab")]
    [InlineData("#\r\n#")]
    [InlineData("&&1C80\r\n")]
    [InlineData("\r\n\r\n")]
    public void A_false_start_costs_itself_alone(string garbage)
    {
        var bytes = Encoding.ASCII.GetBytes(garbage);
        Assert.All(Recording.Cuts([.. bytes, .. Good, .. Good]), pieces =>
        {
            var sink = Run(pieces);
            Assert.Equal([Hex(Good), Hex(Good)], sink.Frames);
            Assert.Equal(bytes.Length, sink.DroppedBytes);
        });
    }

    [Fact]
    public void An_incomplete_frame_waits_for_its_rest_and_is_truncated_when_the_line_is_silent()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed(Good.AsSpan(..^3), ref sink);
        Assert.Empty(sink.Log);
        Assert.Equal(TimeSpan.FromSeconds(5), framer.SilenceDue);
        framer.Silence(ref sink);
        Assert.Equal([$"d {Hex(Good[..^3])} {DropReasons.Truncated}"], sink.Log);
    }

    [Fact]
    public void The_longest_length_passes_where_max_frame_allows_it_and_is_oversize_where_not()
    {
        var longest = Hj212.Build("CP=&&" + new string('x', Hj212.MaxSegment - 7) + "&&");
        Assert.Equal(Hj212.MaxSegment + Hj212.Overhead, longest.Length);
        Assert.Equal([Hex(longest)], Recording.Of(Make(16384), [.. longest.Chunk(1000)]).Frames);
        var sink = Recording.Of(Make(), [.. longest, .. Good]);
        Assert.Equal([Hex(Good)], sink.Frames);
        Assert.Equal(DropReasons.Oversize, sink.Drops[0].Reason);
        Assert.Throws<ArgumentException>(() => Hj212.Build(new string('x', Hj212.MaxSegment + 1)));
    }

    [Fact]
    public void Bytes_that_are_no_ASCII_pass_unchanged_in_a_frame_and_fall_outside()
    {
        byte[] text = [.. "ST=32;CN=3020;MN=1;CP=&&Info="u8, 0xB1, 0xC3, 0xFF, 0x00, .. "&&"u8];
        var frame = Hj212.Build(text);
        byte[] fill = [0xFF, 0xFF, 0xFF, 0xB1, 0x23];
        Assert.All(Recording.Cuts([.. fill, .. frame, .. fill, .. frame]), pieces =>
        {
            var sink = Run(pieces);
            Assert.Equal([Hex(frame), Hex(frame)], sink.Frames);
            Assert.Equal(2 * fill.Length, sink.DroppedBytes);
        });
    }

    [Fact]
    public void Heartbeats_stand_between_frames() =>
        Assert.All(Recording.Cuts([.. "ping"u8, .. Good, .. "ping"u8, .. Good]), pieces =>
            Assert.Equal(
                ["h 70696E67", "f " + Hex(Good), "h 70696E67", "f " + Hex(Good)],
                Recording.Of(new Framer(Codecs.Create(new FramingOptions { Codec = "hj212" }), 4096, ["ping"u8.ToArray()]), pieces).Log));

    [Fact]
    public void One_byte_more_or_less_is_no_frame_to_who_asks_for_one()
    {
        Assert.True(Hj212.IsValid(Good));
        Assert.False(Hj212.IsValid([.. Good, 0]));
        Assert.False(Hj212.IsValid(Good.AsSpan(..^1)));
        Assert.False(Hj212.IsValid(Good.AsSpan(1..)));
        Assert.False(Hj212.IsValid([]));
        Assert.False(Hj212.IsValid("##0000\r\n"u8));
    }

    private static byte[] Miscounted(string length)
    {
        byte[] frame = [.. Good];
        Encoding.ASCII.GetBytes(length).CopyTo(frame, 2);
        return frame;
    }

    private static Framer Make(int maxFrame) => new(Codecs.Create(new FramingOptions { Codec = "hj212" }), maxFrame);
}

using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Tests;

public sealed class Jt808FramingTests() : CodecSpec("jt808")
{
    private const string Phone = "013800138000";

    private static readonly byte[] Good = Jt808.Build(0x0200, Phone, 0x007D, [0x7E, 0x7D, 0x7D, 0x02, 0x01, 0x7E]);
    private static readonly byte[] Other = Jt808.Build(0x0002, Phone, 0x007E, []);

    [Fact]
    public void Public_frames_are_built_to_the_byte()
    {
        Assert.Equal("7E000200000123456789000" + "00A817E", Hex(Jt808.Build(0x0002, "012345678900", 10, [])));
        Assert.Equal("7E00020000040021679287002B7D027E", Hex(Jt808.Build(0x0002, "040021679287", 43, [])));
    }

    [Fact]
    public void A_header_of_2019_has_a_version_and_twenty_digits()
    {
        var frame = Jt808.Build(0x0002, "00000000013800138000", 1, []);
        Assert.Equal("7E" + "0002" + "4000" + "01" + "00000000013800138000" + "0001", Hex(frame)[..36]);
        Assert.True(Jt808.IsValid(frame));
        AssertOut([[.. frame, .. Good]], frame, Good);
    }

    [Fact]
    public void Escapes_stay_as_they_went_over_the_wire_and_sub_packets_have_their_numbers()
    {
        Assert.Contains("7D027D017D0102017D02", Hex(Good), StringComparison.Ordinal);
        var part = Jt808.Build(0x0801, Phone, 1, [1, 2, 3], (5, 2));
        Assert.Equal("7E" + "0801" + "2003" + Phone + "0001" + "0005" + "0002" + "010203", Hex(part)[..40]);
        Assert.All(Recording.Cuts([.. part, .. Good, .. part]), pieces => AssertOut(pieces, part, Good, part));
    }

    [Fact]
    public void All_values_of_a_byte_come_through()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        var frame = Jt808.Build(0x0900, Phone, 1, all);
        AssertOut([.. frame.Chunk(7)], frame);
        var longest = Jt808.Build(0x0900, "00000000013800138000", 0x7E7E, [.. Enumerable.Repeat((byte)0x7E, Jt808.MaxBody)], (0x7E7E, 0x7D7D));
        Assert.True(longest.Length <= Jt808.MaxFrame);
        AssertOut([.. longest.Chunk(1000)], longest);
        Assert.Throws<ArgumentException>(() => Jt808.Build(0x0900, Phone, 1, new byte[Jt808.MaxBody + 1]));
        Assert.Throws<ArgumentException>(() => Jt808.Build(0x0900, "13800138000", 1, []));
    }

    [Fact]
    public void Frames_that_share_a_mark_are_both_whole_at_every_cut() =>
        Assert.All(Recording.Cuts([.. Good, .. Other[1..], .. Good[1..], .. Other]), pieces => AssertOut(pieces, Good, Other, Good, Other));

    [Fact]
    public void Surplus_marks_are_dropped_and_cost_no_frame() =>
        Assert.All(Recording.Cuts([0x7E, 0x7E, .. Good, 0x7E, 0x7E, .. Other, 0x7E]), pieces =>
        {
            var sink = Recording.Of(Make(), pieces);
            Assert.Equal([Hex(Good), Hex(Other)], sink.Frames);
            Assert.All(sink.Drops, drop => Assert.Equal("", drop.Hex.Replace("7E", "", StringComparison.Ordinal)));
        });

    [Fact]
    public void Every_wrong_bit_in_header_or_body_is_no_frame_and_costs_nothing_behind_it()
    {
        for (var at = 1; at < Good.Length - 1; at++)
        {
            byte[] bad = [.. Good];
            bad[at] ^= 0x20;
            Assert.All(Recording.Cuts([.. bad, .. Other]), pieces =>
            {
                var sink = Run(pieces);
                Assert.Equal([Hex(Other)], sink.Frames);
                Assert.Equal(bad.Length, sink.DroppedBytes);
            });
        }
    }

    [Fact]
    public void A_wrong_check_is_one_bad_checksum_whether_the_mark_behind_it_is_shared_or_not()
    {
        byte[] bad = [.. Other];
        bad[5] ^= 0x10;
        Assert.All(Recording.Cuts([.. Good, .. bad, .. Good]), pieces =>
            Assert.Equal(["f " + Hex(Good), $"d {Hex(bad)} {DropReasons.BadChecksum}", "f " + Hex(Good)], Run(pieces).Log));
        Assert.All(Recording.Cuts([.. Good, .. bad[1..], .. Good[1..]]), pieces =>
            Assert.Equal(["f " + Hex(Good), $"d {Hex(bad[1..^1])} {DropReasons.BadChecksum}", "f " + Hex(Good)], Run(pieces).Log));
    }

    [Fact]
    public void A_frame_comes_out_behind_any_beginning_and_any_end_of_another()
    {
        for (var cut = 1; cut < Good.Length - 1; cut++)
        {
            Assert.Equal([Hex(Other)], Run([[.. Good[..cut], .. Other]]).Frames);
            Assert.Equal([Hex(Other)], Run([[.. Good[cut..^1], .. Other]]).Frames);
            Assert.Equal([Hex(Other)], Run([[.. Good[cut..], .. Other]]).Frames);
        }
    }

    [Theory]
    [InlineData("7E")]
    [InlineData("7E7E7E")]
    [InlineData("7E7D")]
    [InlineData("7E7D037E")]
    [InlineData("7E0200")]
    [InlineData("7E020003FF")]
    [InlineData("FFFFFF")]
    [InlineData("7D02")]
    public void A_false_start_costs_itself_alone_at_every_cut(string garbage) =>
        Assert.All(Recording.Cuts([.. Recording.Hex(garbage), .. Good, .. Other]), pieces =>
        {
            var sink = Run(pieces);
            Assert.Equal([Hex(Good), Hex(Other)], sink.Frames);
            Assert.Equal(garbage.Length / 2, sink.DroppedBytes);
        });

    [Fact]
    public void Longer_than_any_frame_is_garbage_without_waiting_for_a_mark()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed([0x7E, .. new byte[Jt808.MaxFrame]], ref sink);
        Assert.Equal(Jt808.MaxFrame + 1, sink.DroppedBytes);
        Assert.All(sink.Drops, drop => Assert.Equal(DropReasons.Garbage, drop.Reason));
        Assert.Equal(0, framer.Pending);
    }

    [Fact]
    public void An_incomplete_frame_is_truncated_when_the_line_is_silent()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed(Good.AsSpan(..^1), ref sink);
        Assert.Equal(TimeSpan.FromSeconds(5), framer.SilenceDue);
        framer.Silence(ref sink);
        Assert.Equal([$"d {Hex(Good[..^1])} {DropReasons.Truncated}"], sink.Log);
    }

    [Fact]
    public void Only_exactly_one_frame_is_one_to_who_asks()
    {
        Assert.True(Jt808.IsValid(Good));
        Assert.False(Jt808.IsValid([.. Good, .. Good]));
        Assert.False(Jt808.IsValid(Good.AsSpan(1..)));
        Assert.False(Jt808.IsValid(Good.AsSpan(..^1)));
        Assert.False(Jt808.IsValid([0x7E, 0x7E]));
        Assert.False(Jt808.IsValid([0x7E]));
        Assert.False(Jt808.IsValid([]));
    }
}

using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Tests;

/// <summary>What a framer does with a frame that reaches beyond what leaves the stream: <c>|a|b|</c> are two frames.</summary>
public sealed class SharedMarkTests
{
    [Fact]
    public void Both_frames_have_the_mark_between_them_at_every_cut() =>
        Assert.All(Recording.Cuts("|a|bc|d|"u8.ToArray()), pieces =>
        {
            var sink = Recording.Of(Make(), pieces);
            Assert.Equal([Hex("|a|"), Hex("|bc|"), Hex("|d|")], sink.Frames);
            Assert.Empty(sink.Drops);
        });

    [Fact]
    public void Marks_of_their_own_cost_nothing() =>
        Assert.All(Recording.Cuts("|a||b||c|"u8.ToArray()), pieces =>
        {
            var sink = Recording.Of(Make(), pieces);
            Assert.Equal([Hex("|a|"), Hex("|b|"), Hex("|c|")], sink.Frames);
            Assert.Empty(sink.Drops);
        });

    [Fact]
    public void A_mark_that_was_told_is_pending_to_nobody()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed("|a|"u8, ref sink);
        Assert.Equal(0, framer.Pending);
        Assert.Null(framer.SilenceDue);
        framer.Silence(ref sink);
        Assert.Equal(["f " + Hex("|a|")], sink.Log);
        Assert.Equal(0, framer.Reset());
    }

    [Fact]
    public void A_mark_is_shared_however_long_the_line_was_silent_in_between()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed("|a|"u8, ref sink);
        framer.Feed("b|"u8, ref sink);
        Assert.Equal([Hex("|a|"), Hex("|b|")], sink.Frames);
    }

    [Fact]
    public void What_follows_a_frame_and_is_none_is_dropped_without_the_mark() =>
        Assert.All(Recording.Cuts("|a|xx|b|yy"u8.ToArray()), pieces =>
        {
            var sink = Recording.Of(Make(), pieces);
            Assert.Equal([Hex("|a|"), Hex("|b|")], sink.Frames);
            Assert.Equal([Hex("xx"), Hex("yy")], sink.Drops.Select(drop => drop.Hex));
        });

    [Fact]
    public void A_damaged_frame_behind_a_shared_mark_is_one_bad_checksum_without_it() =>
        Assert.All(Recording.Cuts("|a|bad|c|"u8.ToArray()), pieces =>
            Assert.Equal(
                ["f " + Hex("|a|"), $"d {Hex("bad")} {DropReasons.BadChecksum}", "f " + Hex("|c|")],
                Recording.Of(Make(), pieces).Log));

    [Fact]
    public void A_heartbeat_behind_a_frame_is_one() =>
        Assert.All(Recording.Cuts("|a|ping|b|ping"u8.ToArray()), pieces =>
        {
            var sink = Recording.Of(new Framer(new BarCodec(), 64, ["ping"u8.ToArray()]), pieces);
            Assert.Equal(["f " + Hex("|a|"), "h " + Hex("ping"), "f " + Hex("|b|"), "h " + Hex("ping")], sink.Log);
        });

    [Fact]
    public void A_reset_forgets_the_mark()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed("|a|"u8, ref sink);
        framer.Reset();
        framer.Feed("b|c|"u8, ref sink);
        Assert.Equal([Hex("|a|"), Hex("|c|")], sink.Frames);
        Assert.Equal([Hex("b")], sink.Drops.Select(drop => drop.Hex));
    }

    private static Framer Make() => new(new BarCodec(), 64);

    private static string Hex(string text) => Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(text));

    /// <summary>Frames are letters a to e between bars; "bad" has a wrong check.</summary>
    private sealed class BarCodec : Codec
    {
        public override string Name => "bar";

        public override TimeSpan? Gap => TimeSpan.FromSeconds(5);

        public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
        {
            var start = pending.IndexOf((byte)'|');
            if (start != 0)
            {
                return Cut.Drop(start < 0 ? pending.Length : start, DropReasons.Garbage);
            }

            var end = pending[1..].IndexOf((byte)'|') + 1;
            if (end == 0)
            {
                return silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait();
            }

            var inner = pending[1..end];
            return inner.SequenceEqual("bad"u8) ? Cut.Damaged(end + 1)
                : inner.IsEmpty || inner.ContainsAnyExceptInRange((byte)'a', (byte)'e') ? Cut.Drop(end, DropReasons.Garbage)
                : Cut.Frame(end, 0, end + 1);
        }
    }
}

using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Protocol.Tests;

public sealed class FramerTests
{
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(100);

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);

    private static Framer Make(FramingOptions options, params byte[][] heartbeats) =>
        new(Codecs.Create(options), options.MaxFrame, heartbeats);

    // ---- a head that is none ----

    [Theory]
    [InlineData("modbus-rtu", "0103F0", "0103020007F986")]
    [InlineData("dlt645", "681100000000666891C8", "6861010000000068910833333433593333338A16")]
    public void A_whole_frame_behind_a_head_that_waits_is_seen_to_end_the_stream_and_comes_out_at_silence(string codec, string head, string frame)
    {
        var whole = Convert.FromHexString(frame);
        var framer = Make(new FramingOptions { Codec = codec });
        var sink = new Recording();
        framer.Feed(Convert.FromHexString(head), ref sink);
        Assert.False(framer.EndsWithFrame);
        framer.Feed(whole.AsSpan(0, whole.Length - 1), ref sink);
        Assert.False(framer.EndsWithFrame);
        framer.Feed(whole.AsSpan(whole.Length - 1), ref sink);
        Assert.True(framer.EndsWithFrame);
        framer.Silence(ref sink);
        Assert.Equal([Hex(whole)], sink.Frames);
    }

    // ---- the table ----

    [Fact]
    public void The_table_knows_the_codecs_that_are_built_and_names_them_in_its_error()
    {
        string[] names =
        [
            "raw", "idle-gap", "delimiter", "fixed", "length-field", "start-end", "slip", "modbus-rtu", "modbus-ascii", "modbus-tcp", "dlt645", "cjt188", "hj212", "sl651", "iec101",
            "iec104", "dnp3", "jt808",
        ];
        Assert.Equal(names, Codecs.Names);
        Assert.All(
            Codecs.Names,
            name => Assert.Equal(name, Codecs.Create(new FramingOptions { Codec = name, Length = 4, Start = "<"u8.ToArray(), End = ">"u8.ToArray() }).Name));
        var error = Assert.Throws<ArgumentException>(() => Codecs.Create(new FramingOptions { Codec = "morse" }));
        Assert.Contains("morse", error.Message, StringComparison.Ordinal);
        Assert.Contains("modbus-rtu", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fixed", "length")]
    [InlineData("delimiter", "delimiter")]
    [InlineData("length-field", "size")]
    [InlineData("start-end", "start")]
    public void Options_a_codec_cannot_work_with_are_refused_by_their_key(string codec, string key)
    {
        var error = Assert.Throws<ArgumentException>(
            () => Codecs.Create(new FramingOptions { Codec = codec, Length = 0, Delimiter = default, Size = 5 }));
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    // ---- raw ----

    [Fact]
    public void Raw_hands_every_piece_on_at_once_and_cuts_it_at_max_frame()
    {
        var framer = Make(new FramingOptions { Codec = "raw", MaxFrame = 4 });
        var sink = new Recording();
        framer.Feed("ab"u8, ref sink);
        framer.Feed("cdefghijk"u8, ref sink);
        Assert.Equal([Hex("ab"u8), Hex("cdef"u8), Hex("ghij"u8), Hex("k"u8)], sink.Frames);
        Assert.Equal(0, framer.Pending);
        Assert.Null(framer.SilenceDue);
    }

    [Fact]
    public void With_raw_a_heartbeat_is_a_whole_piece_and_not_a_part_of_one()
    {
        var framer = Make(new FramingOptions { Codec = "raw" }, [0xFE]);
        var sink = Recording.Of(framer, [0xFE], [0xFE, 0x01], [0x01, 0xFE], [0xFE]);
        Assert.Equal(["h FE", "f FE01", "f 01FE", "h FE"], sink.Log);
    }

    // ---- idle-gap ----

    [Fact]
    public void Idle_gap_puts_together_what_came_between_two_silences()
    {
        var framer = Make(new FramingOptions { Codec = "idle-gap", Gap = Gap });
        var sink = new Recording();
        framer.Feed("ab"u8, ref sink);
        Assert.Equal(Gap, framer.SilenceDue);
        framer.Feed("c"u8, ref sink);
        Assert.Empty(sink.Log);
        framer.Silence(ref sink);
        Assert.Null(framer.SilenceDue);
        framer.Feed("d"u8, ref sink);
        framer.Silence(ref sink);
        Assert.Equal([Hex("abc"u8), Hex("d"u8)], sink.Frames);
    }

    [Fact]
    public void Idle_gap_loses_nothing_of_a_burst_longer_than_max_frame()
    {
        var stream = Enumerable.Range(0, 11).Select(i => (byte)i).ToArray();
        Assert.All(Recording.Cuts(stream), pieces =>
        {
            var sink = Recording.Of(Make(new FramingOptions { Codec = "idle-gap", MaxFrame = 4 }), pieces);
            Assert.Equal(["00010203", "04050607", "08090A"], sink.Frames);
        });
    }

    [Theory]
    [InlineData("FE", "01 03 02", "12 34 B5 33")]
    [InlineData("FE", "01", "03 02 12 34 B5 33")]
    [InlineData("70696E67", "01 03 02 12 34 B5", "33")]
    public void A_heartbeat_that_comes_by_itself_between_the_pieces_of_a_proven_frame_is_taken_out_of_it(string heartbeat, string first, string rest)
    {
        var log = new Recording();
        var framer = Make(new FramingOptions { Codec = "modbus-rtu" }, Recording.Hex(heartbeat));
        foreach (var piece in new[] { first, heartbeat, rest })
        {
            framer.Feed(Recording.Hex(piece.Replace(" ", "")), ref log);
        }

        Assert.Equal(["h " + heartbeat, "f 0103021234B533"], log.Log);
        Assert.Equal(0, framer.Pending);
    }

    [Fact]
    public void What_looks_like_a_heartbeat_stays_in_the_frame_that_it_is_a_part_of()
    {
        var frame = Protocol.Modbus.ModbusRtu.Build(1, [3, 4, 0xFE, 0xFE, 0x12, 0xFE]);
        var log = new Recording();
        var framer = Make(new FramingOptions { Codec = "modbus-rtu" }, [0xFE]);
        foreach (var value in frame)
        {
            framer.Feed([value], ref log);
        }

        Assert.Equal(["f " + Convert.ToHexString(frame)], log.Log);
        framer.Feed(frame.AsSpan(0, 3), ref log);
        framer.Feed([0xFE], ref log);
        framer.Feed(frame.AsSpan(4), ref log);
        Assert.Equal(["f " + Convert.ToHexString(frame), "f " + Convert.ToHexString(frame)], log.Log);
    }

    [Fact]
    public void With_idle_gap_a_heartbeat_is_a_whole_burst_however_it_was_cut()
    {
        byte[] ping = "ping"u8.ToArray();
        Assert.All(Recording.Cuts(ping), pieces =>
            Assert.Equal(["h " + Hex(ping)], Recording.Of(Make(new FramingOptions { Codec = "idle-gap" }, ping), pieces).Log));
        Assert.Equal(["f " + Hex("ping1"u8)], Recording.Of(Make(new FramingOptions { Codec = "idle-gap" }, ping), ping, "1"u8.ToArray()).Log);
    }

    [Fact]
    public void With_idle_gap_the_tail_of_a_burst_cut_at_max_frame_is_no_heartbeat()
    {
        var framer = Make(new FramingOptions { Codec = "idle-gap", MaxFrame = 4 }, [0xFE]);
        Assert.Equal(["f 01020304", "f FE"], Recording.Of(framer, [1, 2, 3, 4, 0xFE]).Log);
        Assert.Equal(["h FE"], Recording.Of(framer, [0xFE]).Log);
        Assert.Equal(["f 01020304"], Recording.Of(framer, [1, 2, 3, 4]).Log);
        Assert.Equal(["h FE"], Recording.Of(framer, [0xFE]).Log);
    }

    // ---- delimiter ----

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_delimiter_ends_a_frame_at_every_cut_and_is_part_of_it_where_asked(bool include)
    {
        var options = new FramingOptions { Codec = "delimiter", Delimiter = "\r\n"u8.ToArray(), Include = include };
        Assert.All(Recording.Cuts("one\r\ntwo\r\r\n\r\n3"u8.ToArray()), pieces =>
        {
            var framer = Make(options);
            var sink = new Recording();
            Array.ForEach(pieces, piece => framer.Feed(piece, ref sink));
            Assert.Equal(
                include ? [Hex("one\r\n"u8), Hex("two\r\r\n"u8), Hex("\r\n"u8)] : [Hex("one"u8), Hex("two\r"u8)],
                sink.Frames);
            Assert.Equal(1, framer.Pending);
            framer.Silence(ref sink);
            Assert.Equal([("33", DropReasons.Truncated)], sink.Drops);
        });
    }

    [Fact]
    public void A_line_longer_than_max_frame_is_dropped_up_to_its_delimiter_and_no_further()
    {
        var options = new FramingOptions { Codec = "delimiter", Delimiter = "\r\n"u8.ToArray(), MaxFrame = 6 };
        Assert.All(Recording.Cuts("much too long\r\nok\r\n"u8.ToArray()), pieces =>
        {
            var framer = Make(options);
            var sink = Recording.Of(framer, pieces);
            Assert.Equal([Hex("ok"u8)], sink.Frames);
            Assert.Equal(15, sink.DroppedBytes);
            Assert.All(sink.Drops, drop => Assert.Equal(DropReasons.Oversize, drop.Reason));
        });
    }

    [Fact]
    public void Silence_ends_a_line_that_was_too_long()
    {
        var framer = Make(new FramingOptions { Codec = "delimiter", MaxFrame = 4 });
        var sink = Recording.Of(framer, "too long"u8.ToArray());
        Assert.Null(framer.SilenceDue);
        framer.Feed("ok\n"u8, ref sink);
        Assert.Equal([Hex("ok"u8)], sink.Frames);
    }

    // ---- fixed and length-field ----

    [Fact]
    public void Fixed_frames_come_out_at_every_cut()
    {
        Assert.All(Recording.Cuts("abcdefgh"u8.ToArray()), pieces =>
        {
            var sink = Recording.Of(Make(new FramingOptions { Codec = "fixed", Length = 3 }), pieces);
            Assert.Equal([Hex("abc"u8), Hex("def"u8)], sink.Frames);
            Assert.Equal([(Hex("gh"u8), DropReasons.Truncated)], sink.Drops);
        });
    }

    [Theory]
    [InlineData(0, 1, false, 0, "02AABB")]
    [InlineData(2, 2, false, -4, "55AA0007010203")]
    [InlineData(2, 2, true, 0, "55AA0300010203")]
    [InlineData(1, 3, false, 1, "550000020102AA")]
    [InlineData(0, 4, true, -4, "0600000001AA")]
    [InlineData(0, 2, false, 0, "0000")]
    public void A_length_field_tells_the_length_at_every_cut(int offset, int size, bool littleEndian, int adjust, string hex)
    {
        var frame = Recording.Hex(hex);
        var options = new FramingOptions { Codec = "length-field", Offset = offset, Size = size, LittleEndian = littleEndian, Adjust = adjust };
        Assert.All(Recording.Cuts([.. frame, .. frame, .. frame]), pieces =>
        {
            var framer = Make(options);
            Assert.Equal([hex, hex, hex], Recording.Of(framer, pieces).Frames);
            Assert.Equal(0, framer.Pending);
        });
    }

    [Fact]
    public void A_length_beyond_max_frame_skips_that_frame_and_nothing_else()
    {
        var options = new FramingOptions { Codec = "length-field", Size = 1, MaxFrame = 8 };
        Assert.All(Recording.Cuts([0x0A, .. new byte[10], 0x01, 0xAA]), pieces =>
        {
            var sink = Recording.Of(Make(options), pieces);
            Assert.Equal(["01AA"], sink.Frames);
            Assert.Equal(11, sink.DroppedBytes);
            Assert.All(sink.Drops, drop => Assert.Equal(DropReasons.Oversize, drop.Reason));
        });
    }

    [Fact]
    public void A_damaged_length_of_two_gigabytes_costs_one_burst()
    {
        var framer = Make(new FramingOptions { Codec = "length-field", Size = 4 });
        var sink = Recording.Of(framer, [0x7F, 0xFF, 0xFF, 0xFF, .. new byte[5000]]);
        Assert.Equal(5004, sink.DroppedBytes);
        framer.Feed([0, 0, 0, 1, 0xAA], ref sink);
        Assert.Equal(["00000001AA"], sink.Frames);
    }

    [Fact]
    public void A_length_that_ends_before_its_own_field_is_garbage()
    {
        var framer = Make(new FramingOptions { Codec = "length-field", Size = 1, Adjust = -1 });
        Assert.Equal(["d 00 garbage", "f 02AA"], Recording.Of(framer, [0x00, 0x02, 0xAA]).Log);
    }

    [Theory]
    [InlineData("delimiter")]
    [InlineData("fixed")]
    [InlineData("length-field")]
    public void An_incomplete_generic_frame_waits_long_and_a_heartbeat_in_its_place_does_not(string codec)
    {
        byte[] ping = [0x09, 0x09];
        var framer = Make(new FramingOptions { Codec = codec, Length = 9, Size = 1, Gap = Gap }, ping);
        var sink = new Recording();
        framer.Feed([0x09], ref sink);
        Assert.Equal(TimeSpan.FromSeconds(5), framer.SilenceDue);
        framer.Feed([0x09], ref sink);
        Assert.Equal(Gap, framer.SilenceDue);
        framer.Silence(ref sink);
        framer.Feed(ping, ref sink);
        Assert.Equal(["h 0909", "h 0909"], sink.Log);
        Assert.Equal(0, framer.Pending);
        Assert.Equal(TimeSpan.FromSeconds(20), Codecs.Create(new FramingOptions { Codec = codec, Length = 9, Size = 1, Gap = TimeSpan.FromSeconds(2) }).Gap);
    }

    // ---- the shell ----

    [Fact]
    public void Reset_forgets_what_is_pending_and_says_how_much()
    {
        var framer = Make(new FramingOptions { Codec = "fixed", Length = 4 });
        var sink = new Recording();
        framer.Feed("abc"u8, ref sink);
        Assert.Equal(3, framer.Reset());
        Assert.Equal(0, framer.Reset());
        framer.Feed("defg"u8, ref sink);
        Assert.Equal([Hex("defg"u8)], sink.Frames);
    }

    [Fact]
    public void A_frame_in_the_piece_is_handed_on_from_the_piece_itself()
    {
        var framer = Make(new FramingOptions { Codec = "modbus-rtu" });
        var frame = ModbusRtu.Build(1, [3, 0, 0, 0, 2]);
        byte[] piece = [.. frame, .. frame];
        var sink = new SameMemory(piece);
        framer.Feed(piece, ref sink);
        Assert.Equal(2, sink.Same);

        // And behind a head that had to be put together, too.
        framer.Feed(frame.AsSpan(0, 3), ref sink);
        byte[] large = [.. frame[3..], .. Enumerable.Repeat(piece, 100).SelectMany(bytes => bytes)];
        var second = new SameMemory(large);
        framer.Feed(large, ref second);
        Assert.Equal(201, second.Frames);
        Assert.True(second.Same > 100);
    }

    [Fact]
    public void The_steady_path_allocates_nothing()
    {
        var framer = Make(new FramingOptions { Codec = "modbus-rtu" }, [0xFE]);
        var frame = ModbusRtu.Build(1, [3, 4, 0, 141, 0, 142]);
        byte[] piece = [.. frame, 0xFE, .. frame, .. frame[..4]];
        var sink = new SameMemory(piece);
        Feed(framer, piece, frame, ref sink);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Feed(framer, piece, frame, ref sink);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(303, sink.Frames);

        static void Feed(Framer framer, byte[] piece, byte[] frame, ref SameMemory sink)
        {
            framer.Feed(piece, ref sink);
            framer.Feed(frame.AsSpan(4), ref sink);
        }
    }

    [Theory]
    [InlineData("start-end", "<abc>")]
    [InlineData("modbus-ascii", ":0003007C00027F\r\n")]
    [InlineData("modbus-tcp", "\0\u0001\0\0\0\u0006\u0001\u0003\0\0\0\u0002")]
    [InlineData("dnp3", "\u0005d\u0005\u00C0\u0001\0\0\u0004\u00E9!")]
    [InlineData("slip", "\u00C0abc\u00DB\u00DC\u00C0")]
    public void No_codec_allocates_whether_frames_are_whole_or_cut(string codec, string text)
    {
        var frame = System.Text.Encoding.Latin1.GetBytes(text);
        var framer = Make(new FramingOptions { Codec = codec, Start = "<"u8.ToArray(), End = ">"u8.ToArray() });
        byte[] piece = [.. frame, .. frame, .. frame[..4]];
        var sink = new SameMemory(piece);
        var before = 0L;
        for (var i = 0; i < 200; i++)
        {
            framer.Feed(piece, ref sink);
            framer.Feed(frame.AsSpan(4), ref sink);
            before = i == 99 ? GC.GetAllocatedBytesForCurrentThread() : before;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(600, sink.Frames);
    }

    private struct SameMemory(byte[] piece) : IFrameSink
    {
        public int Same { get; private set; }

        public int Frames { get; private set; }

        public void OnFrame(ReadOnlySpan<byte> frame)
        {
            Frames++;
            Same += piece.AsSpan().Overlaps(frame) ? 1 : 0;
        }

        public readonly void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public readonly void OnDropped(ReadOnlySpan<byte> bytes, string reason) => Assert.Fail($"{bytes.Length} bytes dropped as {reason}");
    }

    [Fact]
    public void A_damaged_frame_behind_a_head_without_its_rest_is_the_same_at_every_cut()
    {
        // The 00 lies inside the damaged frame: no heartbeat.
        var logs = Recording.Cuts("TD\0."u8.ToArray()).Select(pieces => Recording.Of(new Framer(new Broken(), 16, [[0]]), pieces).Log).ToArray();
        Assert.All(logs, log => Assert.Equal(["d 54 truncated", "d 44002E bad-checksum"], log));
    }

    /// <summary>T is a head whose rest never comes, D begins a damaged frame of three bytes.</summary>
    private sealed class Broken : Codec
    {
        public override string Name => "broken";

        public override TimeSpan? Gap => TimeSpan.FromSeconds(1);

        public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent) => pending[0] switch
        {
            (byte)'T' => Cut.Drop(1, DropReasons.Truncated),
            (byte)'D' => pending.Length >= 3 ? Cut.Damaged(3) : silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait(),
            _ => Cut.Drop(1, DropReasons.Garbage),
        };
    }
}

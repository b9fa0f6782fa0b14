using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

public sealed class Iec101Tests() : CodecSpec("iec101")
{
    private static readonly byte[] Short = Iec101.BuildFixed(0x49, 1);
    private static readonly byte[] Long = Iec101.BuildFixed(0x49, 0x1234, 2);

    // The clock of the vectors.
    private static readonly byte[] Clock = Recording.Hex("68 0f 0f 68 73 01 67 01 06 01 00 00 42 86 0e 11 cb 05 0d a7 16");

    // ---- framing ----

    [Fact]
    public void What_is_built_is_what_the_vectors_hold()
    {
        Assert.Equal(Recording.Hex("10 49 01 4a 16"), Short);
        Assert.Equal(Recording.Hex("10 49 34 12 8f 16"), Long);
        Assert.Equal(Clock, Iec101.BuildVariable(0x73, 1, 1, Clock.AsSpan()[6..^2]));
    }

    [Theory]
    [InlineData(256, 1, 0)]
    [InlineData(65536, 2, 0)]
    [InlineData(-1, 1, 0)]
    [InlineData(0, 0, 0)]
    [InlineData(0, 3, 0)]
    [InlineData(0, 1, 254)]
    [InlineData(0, 2, 253)]
    public void What_no_frame_can_hold_is_not_built(int link, int width, int asdu) =>
        Assert.Throws<ArgumentException>(() => Iec101.BuildVariable(0x53, link, width, new byte[asdu]));

    [Fact]
    public void Link_addresses_of_one_byte_and_of_two_are_told_apart_by_sum_and_end() =>
        AssertLog([.. Short, .. Long, .. Long, .. Short, .. Clock, .. Long], [F(Short), F(Long), F(Long), F(Short), F(Clock), F(Long)]);

    [Fact]
    public void Every_fixed_frame_comes_out_whatever_its_control_and_address()
    {
        for (var value = 0; value < 65536; value += 37)
        {
            byte[] frame = value % 2 == 0 ? Iec101.BuildFixed((byte)(value >> 8), value & 0xFF) : Iec101.BuildFixed((byte)(value * 7), value, 2);

            // A long one whose first five bytes are a short one by chance can't be told from it.
            var chance = frame.Length == 6 && Iec101.IsValid(frame.AsSpan()[..5]);
            var sink = Recording.Of(Make(), frame);
            Assert.Equal([Convert.ToHexString(chance ? frame.AsSpan()[..5] : frame)], sink.Frames);
        }
    }

    [Fact]
    public void E5_is_a_frame_between_frames()
    {
        AssertLog([0xE5], ["f E5"]);
        AssertLog([0xE5, 0xE5], ["f E5", "f E5"]);
        AssertLog([.. Short, 0xE5, .. Clock, 0xE5, 0xE5, .. Long, 0xE5], [F(Short), "f E5", F(Clock), "f E5", "f E5", F(Long), "f E5"]);
    }

    [Fact]
    public void E5_waits_for_nothing()
    {
        var sink = new Recording();
        var framer = Make();
        framer.Feed([.. Short, 0xE5], ref sink);
        Assert.Equal([F(Short), "f E5"], sink.Log);
        Assert.Equal(0, framer.Pending);
        Assert.Null(framer.SilenceDue);
    }

    [Theory]
    [InlineData("00E5")]
    [InlineData("00E5E5E5")]
    [InlineData("0000E500E5")]
    [InlineData("10E5")]
    [InlineData("10E5E5E5E5E5E5E5")]
    [InlineData("68E5E5E5")]
    [InlineData("6805E505E5")]
    [InlineData("10000000E50000")]
    public void E5_behind_bytes_that_are_no_frame_goes_with_them(string garbage)
    {
        AssertFrames(Recording.Hex(garbage));
        AssertFrames([.. Recording.Hex(garbage), .. Short, 0xE5], Short, [0xE5]);
        AssertFrames([.. Short, .. Recording.Hex(garbage), .. Clock, 0xE5], Short, Clock, [0xE5]);
    }

    [Fact]
    public void E5_after_silence_stands_alone()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed([0x00, 0xE5], ref sink);
        framer.Silence(ref sink);
        framer.Feed([0xE5], ref sink);
        Assert.Equal([$"d 00E5 {DropReasons.Garbage}", "f E5"], sink.Log);
    }

    [Fact]
    public void E5_inside_a_frame_is_data_and_so_it_is_inside_a_damaged_one()
    {
        var good = Iec101.BuildVariable(0x53, 0xE5, 1, [0xE5, 0xE5, 0x10, 0xE5, 0x68, 0xE5, 0xE5]);
        byte[] bad = [.. good];
        bad[^2] ^= 1;
        AssertLog([.. good, 0xE5], [F(good), "f E5"]);
        AssertLog([.. bad, 0xE5, .. good], [$"d {Convert.ToHexString(bad)} {DropReasons.BadChecksum}", "f E5", F(good)]);
        var fixedGood = Iec101.BuildFixed(0x0B, 0xE5);
        AssertLog([.. fixedGood, 0xE5, .. fixedGood], [F(fixedGood), "f E5", F(fixedGood)]);
    }

    [Fact]
    public void A_wrong_sum_is_one_bad_checksum_and_the_good_frame_behind_it_comes_out()
    {
        foreach (var frame in (byte[][])[Short, Long, Clock])
        {
            byte[] bad = [.. frame];
            bad[^2] ^= 0x10;
            var dropped = $"d {Convert.ToHexString(bad)} {DropReasons.BadChecksum}";
            AssertLog(bad, [dropped]);
            AssertLog([.. bad, .. Clock], [dropped, F(Clock)]);
            AssertLog([.. bad, .. Short], [dropped, F(Short)]);
            AssertLog([.. bad, .. Long, .. bad, 0xE5], [dropped, F(Long), dropped, "f E5"]);
        }
    }

    [Fact]
    public void Every_single_flipped_byte_of_a_frame_costs_that_frame_only()
    {
        foreach (var frame in (byte[][])[Short, Long, Clock])
        {
            for (var i = 0; i < frame.Length; i++)
            {
                byte[] bad = [.. frame];
                bad[i] ^= 0x02;
                var sink = Recording.Of(Make(), [.. Clock, .. bad, .. Clock, .. Short]);
                Assert.Equal([Convert.ToHexString(Clock), Convert.ToHexString(Clock), Convert.ToHexString(Short)], sink.Frames);
                Assert.Equal(bad.Length, sink.DroppedBytes);
            }
        }
    }

    [Fact]
    public void A_frame_that_breaks_off_costs_only_itself()
    {
        for (var kept = 1; kept < Clock.Length; kept++)
        {
            AssertFrames([.. Clock[..kept], .. Clock, .. Short], Clock, Short);
        }
    }

    [Theory]
    [InlineData("68")]
    [InlineData("6868")]
    [InlineData("10")]
    [InlineData("1010")]
    [InlineData("16")]
    [InlineData("68FFFF68")]
    [InlineData("68FFFF6873016701")]
    [InlineData("68000068")]
    [InlineData("6801016801")]
    [InlineData("680F0E68")]
    [InlineData("FEFEFEFE")]
    public void A_false_start_right_before_a_frame_costs_only_itself(string hex)
    {
        AssertFrames([.. Recording.Hex(hex), .. Clock, .. Clock], Clock, Clock);
        AssertFrames([.. Recording.Hex(hex), .. Short, .. Clock], Short, Clock);
        AssertFrames([.. Recording.Hex(hex), .. Enumerable.Repeat(Clock, 14).SelectMany(frame => frame)], [.. Enumerable.Repeat(Clock, 14)]);
    }

    [Fact]
    public void A_false_start_waits_for_silence_only_as_long_as_it_can_be_one()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed([0x68, 0x0F, 0x0E, .. Short], ref sink);
        Assert.Equal([Convert.ToHexString(Short)], sink.Frames);
        framer.Feed([0x68, 0xFF, 0xFF, 0x68, .. Short], ref sink);
        Assert.Single(sink.Frames);
        Assert.Equal(TimeSpan.FromSeconds(1), framer.SilenceDue);
        framer.Silence(ref sink);
        Assert.Equal(2, sink.Frames.Count);
    }

    [Fact]
    public void The_longest_and_the_shortest_frame_come_out_in_order()
    {
        var longest = Iec101.BuildVariable(0x08, 0x6816, 2, [.. Enumerable.Repeat((byte)0x68, 252)]);
        var shortest = Iec101.BuildVariable(0x08, 1, 1, []);
        Assert.Equal((261, 8), (longest.Length, shortest.Length));
        AssertLog([.. longest, .. shortest, 0xE5, .. longest], [F(longest), F(shortest), "f E5", F(longest)]);
    }

    [Property(MaxTest = 500)]
    public void Frames_come_out_in_order_at_any_chunking((byte Kind, byte Control, byte Link, byte[] Asdu)[] frames, int[] cuts)
    {
        byte[][] built =
        [
            .. frames.Select(f => (f.Kind % 4) switch
            {
                0 => Iec101.BuildFixed(f.Control, f.Link),

                // With a high byte of 0 no short frame can stand in a long one's first five bytes: its end would have to be the sum.
                1 => Iec101.BuildFixed((byte)(f.Control | 0x40), f.Link / 8, 2),
                2 => [0xE5],
                _ => Iec101.BuildVariable(f.Control, f.Link, 1 + (f.Link % 2), f.Asdu.Length > 252 ? f.Asdu[..252] : f.Asdu),
            }),
        ];
        var sink = new Recording();
        var framer = Make();
        Array.ForEach(Recording.Cut([.. built.SelectMany(frame => frame)], cuts), piece => framer.Feed(piece, ref sink));
        Assert.Equal(built.Select(Convert.ToHexString), sink.Frames);
        Assert.Empty(sink.Drops);
        Assert.Equal(0, framer.Pending);
    }

    [Fact]
    public void Heartbeats_stand_between_frames()
    {
        AssertLog([0x00], ["h 00"], [0x00]);
        AssertLog([0x00, .. Short, 0x00, 0x00, .. Clock, 0x00], ["h 00", F(Short), "h 00", "h 00", F(Clock), "h 00"], [0x00]);
        AssertLog([0x00, 0xE5, 0x00, .. Short], ["h 00", "f E5", "h 00", F(Short)], [0x00]);
        AssertLog([.. "ping"u8, .. Short, .. "ping"u8, 0xE5], ["h 70696E67", F(Short), "h 70696E67", "f E5"], "ping"u8.ToArray());
        AssertLog([.. "xping"u8, .. Short], [$"d 78 {DropReasons.Garbage}", "h 70696E67", F(Short)], "ping"u8.ToArray());
    }

    // ---- in words ----

    private static string? Say(byte[] frame) => Decoders.Describe("iec101", FrameDirection.Up, frame);

    [Theory]
    [InlineData(0x40, "reset of link, link 1")]
    [InlineData(0x49, "request status of link, link 1")]
    [InlineData(0x5A, "request user data class 1, link 1, FCB 0")]
    [InlineData(0x7B, "request user data class 2, link 1, FCB 1")]
    [InlineData(0xC9, "request status of link, link 1")]
    [InlineData(0x4D, "function 13 of the primary, link 1")]
    [InlineData(0x00, "acknowledge, link 1")]
    [InlineData(0x01, "not acknowledged, link busy, link 1")]
    [InlineData(0x20, "acknowledge, link 1, class 1 data waiting")]
    [InlineData(0x39, "no user data, link 1, class 1 data waiting, can't take more")]
    [InlineData(0x0B, "status of link, link 1")]
    [InlineData(0x0E, "link not functioning, link 1")]
    [InlineData(0x0F, "link service not implemented, link 1")]
    [InlineData(0x05, "function 5 of the secondary, link 1")]
    public void Fixed_frames_are_said(byte control, string expected)
    {
        Assert.Equal("IEC 101 " + expected, Say(Iec101.BuildFixed(control, 1)));
        Assert.Equal("IEC 101 " + expected, Say(Iec101.BuildFixed(control, 1, 2)));
    }

    [Theory]
    [InlineData(0x73, 1, 1, "64 01 06 01 0000 14",
        "user data, to be confirmed, link 1, FCB 1, interrogation C_IC_NA_1 (100), activation, common address 1, 1 object: 0 = station")]
    [InlineData(0x08, 1, 1, "64 01 47 01 0000 15",
        "user data, link 1, interrogation C_IC_NA_1 (100), activation confirmation, negative, common address 1, 1 object: 0 = group 1")]
    [InlineData(0x28, 1, 1, "01 83 14 01 0100 01 00 81",
        "user data, link 1, class 1 data waiting, single point M_SP_NA_1 (1), interrogated by station, common address 1, "
            + "3 objects: 1 = on, 2 = off, 3 = on invalid")]
    [InlineData(0x08, 0x102, 2, "01 02 03 0201 0100 01 0500 00",
        "user data, link 258, single point M_SP_NA_1 (1), spontaneous, common address 258, 2 objects: 1 = on, 5 = off")]
    [InlineData(0x08, 3, 2, "0D 01 03 00 0300 014000 0000C03F 00",
        "user data, link 3, floating point measured value M_ME_NC_1 (13), spontaneous, common address 3, 1 object: 16385 = 1.5")]
    [InlineData(0x53, 1, 1, "2D 01 06 01 0160 81",
        "user data, to be confirmed, link 1, FCB 0, single command C_SC_NA_1 (45), activation, common address 1, 1 object: 24577 = on select")]
    [InlineData(0x08, 1, 1, "0B 01 01 01 0740 38FF 10",
        "user data, link 1, scaled measured value M_ME_NB_1 (11), periodic, common address 1, 1 object: 16391 = -200 blocked")]
    [InlineData(0x08, 1, 1, "09 01 01 01 0740 0040 01",
        "user data, link 1, normalized measured value M_ME_NA_1 (9), periodic, common address 1, 1 object: 16391 = 0.5 overflow")]
    [InlineData(0x08, 1, 1, "02 01 03 01 0100 01 42860E",
        "user data, link 1, single point with time M_SP_TA_1 (2), spontaneous, common address 1, 1 object: 1 = on at 14:34.370")]
    [InlineData(0x08, 1, 1, "1F 01 03 01 0100 02 42860E11CB050D",
        "user data, link 1, double point with time M_DP_TB_1 (31), spontaneous, common address 1, 1 object: 1 = on at 2013-05-11 17:14:34.370")]
    [InlineData(0x08, 1, 1, "0F 01 25 01 0164 2A000000 05",
        "user data, link 1, integrated totals M_IT_NA_1 (15), counters requested, common address 1, 1 object: 25601 = 42")]
    [InlineData(0x08, 1, 1, "05 01 03 01 0100 7F 00", "user data, link 1, step position M_ST_NA_1 (5), spontaneous, common address 1, 1 object: 1 = -1")]
    [InlineData(0x08, 1, 1, "64 01 2D 01 0000 14", "user data, link 1, interrogation C_IC_NA_1 (100), unknown cause, common address 1, 1 object: 0 = station")]
    [InlineData(0x08, 1, 1, "0D 05 14 01 0100 00000000 00 0200 0000803F 00 0300 00000040 00 0400 00000000 00 0500 00000000 00",
        "user data, link 1, floating point measured value M_ME_NC_1 (13), interrogated by station, common address 1, "
            + "5 objects: 1 = 0, 2 = 1, 3 = 2, 4 = 0, ...")]
    [InlineData(0x08, 1, 1, "0D 02 03 01 0100 00",
        "user data, link 1, floating point measured value M_ME_NC_1 (13), spontaneous, common address 1, 2 objects, 3 bytes of no known layout")]
    [InlineData(0x08, 1, 1, "D2 00 05 01 0100 02 03", "user data, 9 bytes of no known layout")]
    [InlineData(0x08, 1, 1, "", "user data, 1 byte of no known layout")]
    public void Variable_frames_are_said_with_the_widths_that_fit(byte control, int link, int width, string asdu, string expected) =>
        Assert.Equal("IEC 101 " + expected, Say(Iec101.BuildVariable(control, link, width, Recording.Hex(asdu))));

    [Fact]
    public void E5_is_an_acknowledgement() => Assert.Equal("IEC 101 acknowledge (E5)", Say([0xE5]));

    [Fact]
    public void What_is_no_valid_frame_is_not_said()
    {
        foreach (var frame in (byte[][])[Short, Long, Clock])
        {
            byte[] bad = [.. frame];
            bad[^2] ^= 1;
            Assert.Null(Say(bad));
            Assert.Null(Say(frame[..^1]));
            Assert.Null(Say([.. frame, 0x16]));
        }

        Assert.Null(Say([]));
        Assert.Null(Say([0xE5, 0xE5]));
        Assert.Null(Say([0x10]));
    }

    [Fact]
    public void Every_type_is_said_in_one_line_whatever_its_length()
    {
        for (var type = 0; type < 256; type++)
        {
            for (var length = 0; length < 40; length++)
            {
                byte[] asdu = [(byte)type, (byte)(1 + ((length * 43) % 130)), 3, 1, 0xFF, .. Enumerable.Repeat((byte)(length * 31), length)];
                foreach (var sent in (byte[][])[asdu, asdu[..Math.Min(asdu.Length, length)]])
                {
                    var said = Say(Iec101.BuildVariable(0x08, 1, 1, sent));
                    Assert.StartsWith("IEC 101 user data", said, StringComparison.Ordinal);
                    Assert.DoesNotContain('\n', said!);
                }
            }
        }
    }
}

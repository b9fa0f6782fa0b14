using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;
using DtuActors.Protocol.Registration;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

public sealed class Dlt645Tests() : CodecSpec("dlt645")
{
    private const string Meter = "123456789012";

    // 1234.56 kWh, as in the vectors, without preambles.
    private static readonly byte[] Reply = Recording.Hex("68 12 90 78 56 34 12 68 91 08 33 33 34 33 89 67 45 33 54 16");

    // ---- framing ----

    [Fact]
    public void What_is_built_is_what_the_vectors_hold()
    {
        Assert.Equal(Reply, Dlt645.Build(Meter, 0x91, Recording.Hex("00 00 01 00 56 34 12 00")));
        Assert.Equal(Recording.Hex("fe fe fe fe 68 aa aa aa aa aa aa 68 13 00 df 16"), Dlt645.Build("AAAAAAAAAAAA", 0x13, [], 4));
    }

    [Theory]
    [InlineData("12345678901", 0, 0)]
    [InlineData("12345678901X", 0, 0)]
    [InlineData(Meter, 256, 0)]
    [InlineData(Meter, 0, 17)]
    public void What_no_frame_can_hold_is_not_built(string meter, int data, int preambles) =>
        Assert.Throws<ArgumentException>(() => Dlt645.Build(meter, 0x11, new byte[data], preambles));

    [Theory]
    [InlineData("")]
    [InlineData("FE")]
    [InlineData("FF")]
    [InlineData("FEFEFEFE")]
    [InlineData("FFFEFFFEFE")]
    [InlineData("FEFEFEFEFEFEFEFEFEFEFEFEFEFEFEFE")]
    public void Preambles_are_part_of_the_frame(string preambles)
    {
        byte[] frame = [.. Recording.Hex(preambles), .. Reply];
        AssertLog([.. frame, .. frame], [F(frame), F(frame)]);
    }

    [Fact]
    public void More_than_sixteen_preambles_lose_their_excess() =>
        AssertFrames([.. Fill(21, 0xFE), .. Reply, .. Reply], [.. Fill(16, 0xFE), .. Reply], Reply);

    [Fact]
    public void Preambles_that_lead_to_no_frame_are_dropped_with_what_follows_them() =>
        AssertFrames([0xFE, 0xFE, 0x00, 0xFE, 0x68, 0x55, .. Reply, 0xFE, 0xFE], Reply);

    [Fact]
    public void Start_and_end_bytes_and_preambles_inside_are_data()
    {
        var inside = Dlt645.Build("681668FEFF16", 0x91, [.. Fill(40, 0x35), .. Fill(8, 0xE3), .. Fill(9, 0xCB)]);
        AssertLog([.. inside, .. Reply, .. inside], [F(inside), F(Reply), F(inside)]);
    }

    [Fact]
    public void A_frame_carried_in_another_frame_s_data_is_data()
    {
        var carried = Dlt645.Build(Meter, 0x91, [.. Reply.Select(b => (byte)(b - Dlt645.Shift))]);
        Assert.True(carried.AsSpan().IndexOf(Reply) > 0);
        AssertLog(carried, [F(carried)]);
    }

    [Fact]
    public void The_longest_frame_comes_out_in_order()
    {
        var longest = Dlt645.Build(Meter, 0x91, Fill(255, 0x68), 16);
        Assert.Equal(283, longest.Length);
        AssertLog([.. longest, .. Reply], [F(longest), F(Reply)]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_wrong_sum_is_one_bad_checksum_and_the_good_frame_behind_it_comes_out(int preambles)
    {
        var bad = Dlt645.Build(Meter, 0x91, Recording.Hex("00 00 01 00 56 34 12 00"), preambles);
        bad[^3] ^= 0x10;
        AssertLog([.. bad, .. Reply], [$"d {Convert.ToHexString(bad)} {DropReasons.BadChecksum}", F(Reply)]);
    }

    [Fact]
    public void A_wrong_end_is_no_frame_and_costs_no_other()
    {
        byte[] bad = [.. Reply];
        bad[^1] = 0x17;
        AssertLog([.. bad, .. Reply], [$"d {Convert.ToHexString(bad)} {DropReasons.Garbage}", F(Reply)]);
    }

    [Fact]
    public void Every_single_flipped_byte_of_a_frame_costs_that_frame_only()
    {
        for (var i = 0; i < Reply.Length; i++)
        {
            byte[] bad = [.. Reply];
            bad[i] ^= 0x01;
            var sink = Recording.Of(Make(), [.. Reply, .. bad, .. Reply, .. Reply]);
            Assert.Equal(3, sink.Frames.Count);
            Assert.Equal(bad.Length, sink.DroppedBytes);
        }
    }

    [Fact]
    public void A_frame_that_breaks_off_costs_only_itself()
    {
        for (var kept = 1; kept < Reply.Length; kept++)
        {
            var sink = Recording.Of(Make(), [.. Reply[..kept], .. Reply, .. Reply]);
            Assert.Equal([Convert.ToHexString(Reply), Convert.ToHexString(Reply)], sink.Frames);
            Assert.Equal(kept, sink.DroppedBytes);
        }
    }

    [Fact]
    public void A_false_start_that_promises_much_waits_for_silence_and_costs_only_itself()
    {
        // 68 in front, 68 seven bytes on, and a length of 255.
        byte[] falseStart = [0x68, 1, 2, 3, 4, 5, 6, 0x68, 0x91, 0xFF];
        byte[] stream = [.. falseStart, .. Reply, .. Reply];
        AssertFrames(stream, Reply, Reply);
        AssertFrames([0xFE, .. stream], Reply, Reply);
        AssertFrames([.. falseStart[..^1], 0xC8, .. Reply, .. Reply], Reply, Reply);
        var framer = Make();
        var sink = new Recording();
        framer.Feed(stream, ref sink);
        Assert.Empty(sink.Log);
        Assert.Equal(TimeSpan.FromSeconds(1), framer.SilenceDue);
        framer.Silence(ref sink);
        Assert.Equal([$"d {Convert.ToHexString(falseStart)} {DropReasons.Truncated}", F(Reply), F(Reply)], sink.Log);
    }

    [Fact]
    public void A_false_start_whose_bytes_have_come_does_not_wait_and_costs_only_itself()
    {
        byte[] falseStart = [0x68, 1, 2, 3, 4, 5, 6, 0x68, 0x91, 0xFF];
        byte[][] behind = [.. Enumerable.Repeat(Reply, 15)];
        var framer = Make();
        var sink = new Recording();
        framer.Feed([.. falseStart, .. behind.SelectMany(frame => frame)], ref sink);
        Assert.Equal(15, sink.Frames.Count);
        Assert.Equal(falseStart.Length, sink.DroppedBytes);
        Assert.Equal(0, framer.Pending);
    }

    [Fact]
    public void A_stray_68_seven_bytes_before_a_frame_costs_only_itself() =>
        AssertFrames([0x68, 0, 0, 0, 0, 0, 0, .. Reply, .. Reply], Reply, Reply);

    [Theory]
    [InlineData("68")]
    [InlineData("6868")]
    [InlineData("68FE68")]
    [InlineData("FEFE")]
    [InlineData("16")]
    [InlineData("E4BDA0E5A5BD")]
    [InlineData("000000000068")]
    public void Whatever_stands_before_and_behind_costs_no_frame(string hex) =>
        Assert.All(Recording.Cuts([.. Recording.Hex(hex), .. Reply, .. Recording.Hex(hex), .. Reply, .. Recording.Hex(hex)]), pieces =>
            Assert.Equal(2, Recording.Of(Make(), pieces).Frames.Count(frame => frame.EndsWith(Convert.ToHexString(Reply), StringComparison.Ordinal))));

    [Property(MaxTest = 300)]
    public void Frames_come_out_in_order_at_any_chunking((byte[] Address, byte Control, byte[] Data, byte Preambles)[] frames, int[] cuts)
    {
        byte[][] built =
        [
            .. frames.Select(f => Dlt645.Build(
                Convert.ToHexString([.. f.Address.Concat(new byte[6]).Take(6)]),
                f.Control,
                f.Data.Length > 255 ? f.Data[..255] : f.Data,
                f.Preambles % 17)),
        ];
        var sink = new Recording();
        var framer = Make();
        Array.ForEach(Recording.Cut([.. built.SelectMany(frame => frame)], cuts), piece => framer.Feed(piece, ref sink));
        Assert.Equal(built.Select(Convert.ToHexString), sink.Frames);
        Assert.Empty(sink.Drops);
        Assert.Equal(0, framer.Pending);
    }

    // ---- heartbeats ----

    [Theory]
    [InlineData("00")]
    [InlineData("70696E67")]
    public void A_heartbeat_that_begins_no_frame_is_stripped_wherever_it_is_glued(string hex)
    {
        var beat = Recording.Hex(hex);
        byte[] frame = [0xFE, .. Reply];
        AssertLog([.. beat, .. frame, .. beat, .. beat, .. frame, .. beat], ["h " + hex, F(frame), "h " + hex, "h " + hex, F(frame), "h " + hex], beat);
        AssertLog(beat, ["h " + hex], beat);
    }

    [Fact]
    public void FE_is_a_heartbeat_where_silence_follows_and_a_preamble_where_a_frame_does()
    {
        byte[] woken = [0xFE, .. Reply];
        AssertLog([0xFE], ["h FE"], [0xFE]);
        AssertLog([.. Reply, 0xFE], [F(Reply), "h FE"], [0xFE]);
        AssertLog([.. Reply, 0xFE, 0xFE], [F(Reply), "h FE", "h FE"], [0xFE]);
        AssertLog([0xFE, .. Reply], [F(woken)], [0xFE]);
        AssertLog([.. Reply, 0xFE, .. Reply, 0xFE], [F(Reply), F(woken), "h FE"], [0xFE]);
    }

    [Fact]
    public void An_FE_that_silence_made_a_heartbeat_is_not_the_next_frame_s()
    {
        var framer = Make([0xFE]);
        var sink = new Recording();
        framer.Feed([0xFE], ref sink);
        Assert.Empty(sink.Log);
        framer.Silence(ref sink);
        framer.Feed(Reply, ref sink);
        Assert.Equal(["h FE", F(Reply)], sink.Log);
    }

    [Fact]
    public void Heartbeats_of_FE_beyond_the_longest_run_of_preambles_are_heartbeats() =>
        AssertLog([.. Fill(18, 0xFE), .. Reply], ["h FE", "h FE", F([.. Fill(16, 0xFE), .. Reply])], [0xFE]);

    [Fact]
    public void Heartbeats_inside_a_frame_are_data()
    {
        var frame = Dlt645.Build("000000000000", 0x91, [.. Fill(20, 0xCB), .. Fill(20, 0xCD)]);
        AssertLog([.. frame, 0, .. frame], [F(frame), "h 00", F(frame)], [0x00], [0xFE]);
    }

    // ---- registration ----

    [Theory]
    [InlineData("000000000001", 0x91, "00000100", "000000000001")]
    [InlineData(Meter, 0x11, "00000100", Meter)]
    [InlineData("AAAAAAAAAAAA", 0x93, "010000000000", "000000000001")]
    [InlineData("000000000161", 0x93, "610100000000", "000000000161")]
    [InlineData("AAAAAAAAAAAA", 0x13, "", null)]
    [InlineData("999999999999", 0x08, "000000010124", null)]
    [InlineData("AAAAAA789012", 0x11, "00000100", null)]
    [InlineData("0000000000B1", 0x91, "00000100", null)]
    [InlineData("AAAAAAAAAAAA", 0x93, "0A0000000000", null)]
    public void The_meter_is_twelve_digits_with_their_leading_zeros(string meter, byte control, string data, string? expected)
    {
        var frame = Dlt645.Build(meter, control, Recording.Hex(data), 2);
        Assert.Equal(expected is not null, FrameFields.TryRead("dlt645", "meter", frame, out var value));
        Assert.Equal(expected, value);
    }

    [Fact]
    public void Only_a_valid_frame_has_a_meter()
    {
        Assert.Contains("meter", FrameFields.Of("dlt645"));
        byte[] bad = [.. Reply];
        bad[3] ^= 1;
        Assert.False(FrameFields.TryRead("dlt645", "meter", bad, out _));
        Assert.False(FrameFields.TryRead("dlt645", "meter", [], out _));
        Assert.False(FrameFields.TryRead("dlt645", "meter", [0xFE, 0xFE], out _));
        Assert.False(FrameFields.TryRead("dlt645", "station", Reply, out _));
    }

    // ---- in words ----

    private static string? Say(string meter, byte control, string data) =>
        Decoders.Describe("dlt645", FrameDirection.Up, Dlt645.Build(meter, control, Recording.Hex(data), 1));

    [Theory]
    [InlineData(0x11, "00000100", "read, meter 123456789012, 00010000")]
    [InlineData(0x91, "00000100 56341200", "read reply, meter 123456789012, 00010000 = 1234.56 kWh")]
    [InlineData(0xB1, "00000100 56341200", "read reply, meter 123456789012, 00010000 = 1234.56 kWh, more follows")]
    [InlineData(0x91, "00000100 FFFFFFFF", "read reply, meter 123456789012, 00010000 = no value")]
    [InlineData(0x91, "00000100 00000E00", "read reply, meter 123456789012, 00010000 = not BCD: 000E0000")]
    [InlineData(0x91, "00000100 00563412", "read reply, meter 123456789012, 00010000 = 123456.00 kWh")]
    [InlineData(0x91, "00000100 56341299", "read reply, meter 123456789012, 00010000 = 991234.56 kWh")]
    [InlineData(0x91, "00000000 26000080", "read reply, meter 123456789012, 00000000 = -0.26 kWh")]
    [InlineData(0x91, "00000300 01000000", "read reply, meter 123456789012, 00030000 = 0.01 kvarh")]
    [InlineData(0x91, "00000900 01000000", "read reply, meter 123456789012, 00090000 = 0.01 kVAh")]
    [InlineData(0x91, "00FF0100 00010000 00020000 FFFFFFFF", "read reply, meter 123456789012, 0001FF00 = 1.00 kWh; 2.00 kWh; no value")]
    [InlineData(0x91, "00000101 563412 3012110524", "read reply, meter 123456789012, 01010000 = 12.3456 kW at 2024-05-11 12:30")]
    [InlineData(0x91, "00010102 1522", "read reply, meter 123456789012, 02010100 = 221.5 V")]
    [InlineData(0x91, "00FF0102 1522 FFFF 0000", "read reply, meter 123456789012, 0201FF00 = 221.5 V; no value; 0.0 V")]
    [InlineData(0x91, "00010202 345612", "read reply, meter 123456789012, 02020100 = 125.634 A")]
    [InlineData(0x91, "00010202 345692", "read reply, meter 123456789012, 02020100 = -125.634 A")]
    [InlineData(0x91, "00000302 341280", "read reply, meter 123456789012, 02030000 = -0.1234 kW")]
    [InlineData(0x91, "00000602 0010", "read reply, meter 123456789012, 02060000 = 1.000")]
    [InlineData(0x91, "02008002 9849", "read reply, meter 123456789012, 02800002 = 49.98 Hz")]
    [InlineData(0x91, "07008002 5580", "read reply, meter 123456789012, 02800007 = -5.5 \u00b0C")]
    [InlineData(0x91, "01010004 06110524", "read reply, meter 123456789012, 04000101 = 2024-05-11, weekday 06")]
    [InlineData(0x91, "02010004 341417", "read reply, meter 123456789012, 04000102 = 17:14:34")]
    [InlineData(0x91, "01040004 010000000000", "read reply, meter 123456789012, 04000401 = 000000000001")]
    [InlineData(0x91, "0B040004 31303250535444 000000", "read reply, meter 123456789012, 0400040B = 'DTSP201'")]
    [InlineData(0x91, "00029000 50000000", "read reply, meter 123456789012, 00900200 = 0.50 yuan")]
    [InlineData(0x91, "00019000 50000000", "read reply, meter 123456789012, 00900100 = 0.50 kWh")]
    [InlineData(0x91, "01000003 000000 112233", "read reply, meter 123456789012, 03000001, 6 bytes: 000000112233")]
    [InlineData(0x91, "00000100 563412", "read reply, meter 123456789012, 00010000, 3 bytes: 563412")]
    [InlineData(0x91, "0000", "read reply, meter 123456789012, 2 bytes")]
    [InlineData(0x12, "00FF0100 01", "read more, meter 123456789012, 0001FF00, part 1")]
    [InlineData(0x92, "00FF0100 00010000 01", "read more reply, meter 123456789012, 0001FF00 = 1.00 kWh, part 1")]
    [InlineData(0x11, "00000106 05", "read, meter 123456789012, 06010000, 5 blocks")]
    [InlineData(0x11, "00000106 01 3012110524", "read, meter 123456789012, 06010000, 1 block from 2024-05-11 12:30")]
    [InlineData(0x94, "", "write reply, meter 123456789012")]
    [InlineData(0x95, "", "write address reply, meter 123456789012")]
    [InlineData(0x15, "010000000000", "write address, meter 123456789012, address 000000000001")]
    [InlineData(0x16, "00000199", "freeze, meter 123456789012, at **-01 00:00")]
    [InlineData(0x16, "99999999", "freeze, meter 123456789012, now")]
    [InlineData(0x17, "08", "change baud rate, meter 123456789012, 2400 baud")]
    [InlineData(0x97, "09", "change baud rate reply, meter 123456789012, speed 09 (odd)")]
    [InlineData(0x1B, "0200000001000000 FFFFFFFF", "clear events, meter 123456789012, all")]
    [InlineData(0x1B, "0200000001000000 00010303", "clear events, meter 123456789012, 03030100")]
    [InlineData(0x1C, "0200000001000000 1A00 595923110524", "control, meter 123456789012, disconnect, valid until 2024-05-11 23:59:59")]
    [InlineData(0x1C, "0200000001000000 1C00 595923110524", "control, meter 123456789012, reconnect, valid until 2024-05-11 23:59:59")]
    [InlineData(0x9C, "", "control reply, meter 123456789012")]
    [InlineData(0x03, "FF010007 0102030405060708", "authenticate, meter 123456789012, 070001FF, 8 bytes")]
    [InlineData(0xD1, "02", "read error reply, meter 123456789012, no such data")]
    [InlineData(0xD4, "05", "write error reply, meter 123456789012, other error, wrong password or not authorized")]
    [InlineData(0xD4, "80", "write error reply, meter 123456789012, bit 7")]
    [InlineData(0xDC, "0400", "control error reply, meter 123456789012, ESAM verification failed")]
    [InlineData(0xD1, "", "read error reply, meter 123456789012, no reason")]
    [InlineData(0xD1, "00", "read error reply, meter 123456789012, no reason")]
    [InlineData(0x00, "01", "function 00, meter 123456789012, 1 byte")]
    public void Frames_of_2007_are_said(byte control, string data, string expected) => Assert.Equal("DL/T 645 " + expected, Say(Meter, control, data));

    [Theory]
    [InlineData(0x01, "1090", "read, meter 000000000161, 9010")]
    [InlineData(0x81, "1090 56341200", "read reply, meter 000000000161, 9010 = 1234.56 kWh")]
    [InlineData(0x81, "1F90 00010000 00020000 AA", "read reply, meter 000000000161, 901F = 1.00 kWh; 2.00 kWh")]
    [InlineData(0x81, "1091 FFFFFFFF", "read reply, meter 000000000161, 9110 = no value")]
    [InlineData(0x81, "10A0 563412", "read reply, meter 000000000161, A010 = 12.3456 kW")]
    [InlineData(0x81, "11B6 2002", "read reply, meter 000000000161, B611 = 220 V")]
    [InlineData(0x81, "21B6 5012", "read reply, meter 000000000161, B621 = 12.50 A")]
    [InlineData(0x81, "30B6 341200", "read reply, meter 000000000161, B630 = 0.1234 kW")]
    [InlineData(0x81, "50B6 9909", "read reply, meter 000000000161, B650 = 0.999")]
    [InlineData(0x81, "10C0 06110524", "read reply, meter 000000000161, C010 = 2024-05-11, weekday 06")]
    [InlineData(0x81, "11C0 341417", "read reply, meter 000000000161, C011 = 17:14:34")]
    [InlineData(0x81, "32C0 010000000000", "read reply, meter 000000000161, C032 = 000000000001")]
    [InlineData(0x81, "77E7 0102", "read reply, meter 000000000161, E777, 2 bytes: 0102")]
    [InlineData(0x03, "", "read again, meter 000000000161")]
    [InlineData(0x83, "1090 56341200", "read again reply, meter 000000000161, 9010 = 1234.56 kWh")]
    [InlineData(0x0A, "010000000000", "write address, meter 000000000161, address 000000000001")]
    [InlineData(0xC1, "02", "read error reply, meter 000000000161, wrong identifier")]
    [InlineData(0x10, "02000000", "clear demand, meter 000000000161")]
    public void Frames_of_1997_are_said(byte control, string data, string expected) =>
        Assert.Equal("DL/T 645-1997 " + expected, Say("000000000161", control, data));

    [Fact]
    public void Wildcards_and_odd_addresses_are_said()
    {
        Assert.Equal("DL/T 645 broadcast time, all meters, 2024-05-11 17:14:34", Say("999999999999", 0x08, "341417110524"));
        Assert.Equal("DL/T 645 read address, any meter", Say("AAAAAAAAAAAA", 0x13, ""));
        Assert.Equal("DL/T 645 read, meter *789012, 00010000", Say("AAAAAA789012", 0x11, "00000100"));
        Assert.Equal("DL/T 645 read, meter 0000000000B1 (not BCD), 00010000", Say("0000000000B1", 0x11, "00000100"));
        Assert.Equal("DL/T 645 read address reply, any meter, address 000000000001", Say("AAAAAAAAAAAA", 0x93, "010000000000"));
    }

    [Theory]
    [InlineData(0x14, "01010004 02665544 88776655 06110524", "DL/T 645 write, meter 123456789012, 04000101 = 2024-05-11, weekday 06")]
    [InlineData(0x14, "010C0004 02665544 88776655 02332211", "DL/T 645 write, meter 123456789012, 04000C01, 4 bytes not shown")]
    [InlineData(0x14, "01010004 98665544 88776655 66554433", "DL/T 645 write, meter 123456789012, 04000101, 4 bytes not shown")]
    [InlineData(0x14, "01010004 02665544 88776655 0611", "DL/T 645 write, meter 123456789012, 04000101, 2 bytes not shown")]
    [InlineData(0x14, "01010004 02665544", "DL/T 645 write, meter 123456789012, 04000101")]
    [InlineData(0x18, "010C0004 02665544 02887766", "DL/T 645 change password, meter 123456789012, 04000C01")]
    [InlineData(0x98, "02665544", "DL/T 645 change password reply, meter 123456789012")]
    [InlineData(0x19, "02665544 88776655", "DL/T 645 clear demand, meter 123456789012")]
    [InlineData(0x1A, "02665544 88776655", "DL/T 645 clear meter, meter 123456789012")]
    [InlineData(0x1C, "02665544 88776655 77 66", "DL/T 645 control, meter 123456789012")]
    [InlineData(0x04, "10C0 02665544 06110524", "DL/T 645-1997 write, meter 123456789012, C010 = 2024-05-11, weekday 06")]
    [InlineData(0x04, "77E7 02665544", "DL/T 645-1997 write, meter 123456789012, E777")]
    [InlineData(0x04, "77E7 02665544 88776655", "DL/T 645-1997 write, meter 123456789012, E777, 4 bytes not shown")]
    [InlineData(0x0F, "02665544 02887766", "DL/T 645-1997 change password, meter 123456789012")]
    [InlineData(0x8F, "02665544", "DL/T 645-1997 change password reply, meter 123456789012")]
    public void Passwords_and_operators_are_never_shown(byte control, string data, string expected)
    {
        var said = Say(Meter, control, data);
        Assert.Equal(expected, said);
        Assert.DoesNotContain("6655", said, StringComparison.Ordinal);
        Assert.DoesNotContain("5566", said, StringComparison.Ordinal);
        Assert.DoesNotContain("4455", said, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_valid_frame_is_not_said()
    {
        byte[] bad = [.. Reply];
        bad[^2] ^= 1;
        Assert.Null(Decoders.Describe("dlt645", FrameDirection.Up, bad));
        Assert.Null(Decoders.Describe("dlt645", FrameDirection.Up, [.. Reply, 0x16]));
        Assert.Null(Decoders.Describe("dlt645", FrameDirection.Up, []));
        Assert.Null(Decoders.Describe("dlt645", FrameDirection.Up, [0xFE]));
    }

    [Fact]
    public void Every_identifier_is_said_in_one_line_whatever_length_and_bytes_it_comes_with()
    {
        byte[] seconds = [0, 1, 2, 3, 6, 7, 0x0A, 0x17, 0x46, 0x80, 0x90, 0xFF];
        foreach (var high in (byte[])[0, 1, 2, 4, 7])
        {
            foreach (var second in seconds)
            {
                for (var low = 0; low < 256; low++)
                {
                    var (third, fourth) = ((byte)(low / 16), (byte)(low % 16));
                    var length = 1 + ((low + second) % 9);
                    AssertSaid([fourth, third, second, high, .. Fill(length, (byte)(0x12 + (low * 7)))]);
                    AssertSaid([fourth, third, second, high, .. Fill(8, (byte)(0x12 + (low * 7)))]);
                    AssertSaid([fourth, third, second, high, .. Fill(32, 0xFF)]);
                }
            }
        }

        static void AssertSaid(byte[] data)
        {
            foreach (var control in (byte[])[0x91, 0x14])
            {
                var said = Decoders.Describe("dlt645", FrameDirection.Up, Dlt645.Build(Meter, control, data));
                Assert.StartsWith("DL/T 645", said, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', said!);
            }
        }
    }

    [Property(MaxTest = 200)]
    public void Every_valid_frame_is_said_in_one_line_whatever_it_holds(byte control, byte[] data, byte high)
    {
        foreach (var sent in (byte[][])[[0x10, high], [.. data.Take(100), 0x10, high, .. data.Take(100)], data])
        {
            for (var function = 0; function < 32; function++)
            {
                var said = Decoders.Describe("dlt645", FrameDirection.Up, Dlt645.Build(Meter, (byte)((control & 0xE0) | function), [.. sent.Take(255)]));
                Assert.StartsWith("DL/T 645", said, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', said!);
            }
        }
    }
}

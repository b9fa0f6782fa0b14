using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;
using DtuActors.Protocol.Registration;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

public sealed class Cjt188Tests() : CodecSpec("cjt188")
{
    private const string Meter = "00000010000192";

    // 2222.00 m3, as in the vectors.
    private static readonly byte[] Reply = Recording.Hex(
        "68 10 92 01 00 10 00 00 00 81 16 90 1f 01 00 22 22 00 2c 00 00 00 00 2c 00 00 00 00 00 00 00 00 00 fe 16");

    // ---- framing ----

    [Fact]
    public void What_is_built_is_what_the_vectors_hold()
    {
        Assert.Equal(Reply, Cjt188.Build(0x10, Meter, 0x81, Reply.AsSpan()[11..^2]));
        Assert.Equal(Recording.Hex("fe fe fe 68 10 aa aa aa aa aa aa aa 01 03 90 1f 01 d2 16"), Cjt188.Build(0x10, "AAAAAAAAAAAAAA", 1, [0x90, 0x1F, 1], 3));
    }

    [Theory]
    [InlineData("123456789012", 0, 0)]
    [InlineData("1234567890123X", 0, 0)]
    [InlineData(Meter, 256, 0)]
    [InlineData(Meter, 0, -1)]
    public void What_no_frame_can_hold_is_not_built(string meter, int data, int preambles) =>
        Assert.Throws<ArgumentException>(() => Cjt188.Build(0x10, meter, 1, new byte[data], preambles));

    [Theory]
    [InlineData("")]
    [InlineData("FE")]
    [InlineData("FF")]
    [InlineData("FFFFFEFE")]
    [InlineData("FEFEFEFEFEFEFEFEFEFEFEFEFEFEFEFE")]
    public void Preambles_are_part_of_the_frame(string preambles)
    {
        byte[] frame = [.. Recording.Hex(preambles), .. Reply];
        AssertLog([.. frame, .. frame], [F(frame), F(frame)]);
    }

    [Fact]
    public void More_than_sixteen_preambles_lose_their_excess() =>
        AssertFrames([.. Fill(30, 0xFF), .. Reply, .. Reply], [.. Fill(16, 0xFF), .. Reply], Reply);

    [Fact]
    public void Start_and_end_bytes_and_FF_inside_are_data()
    {
        var inside = Cjt188.Build(0x68, "16681668166816", 0x81, [0x68, 0x16, .. Fill(30, 0xFF), 0x68, 3, 0x16]);
        AssertLog([.. inside, .. Reply, .. inside], [F(inside), F(Reply), F(inside)]);
    }

    [Fact]
    public void The_longest_and_the_shortest_frame_come_out_in_order()
    {
        var longest = Cjt188.Build(0x20, Meter, 0x81, Fill(255, 0x16), 16);
        var shortest = Cjt188.Build(0x20, Meter, 0x81, []);
        Assert.Equal((284, 13), (longest.Length, shortest.Length));
        AssertLog([.. longest, .. shortest, .. longest], [F(longest), F(shortest), F(longest)]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void A_wrong_sum_is_one_bad_checksum_and_the_good_frame_behind_it_comes_out(int preambles)
    {
        var bad = Cjt188.Build(0x10, Meter, 0x81, Reply.AsSpan()[11..^2], preambles);
        bad[^6] ^= 0x10;
        AssertLog([.. bad, .. Reply], [$"d {Convert.ToHexString(bad)} {DropReasons.BadChecksum}", F(Reply)]);
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
        // Not the last byte alone: what remains then ends with the sum, FE, and that is a preamble of the next.
        for (var kept = 1; kept < Reply.Length - 1; kept++)
        {
            var sink = Recording.Of(Make(), [.. Reply[..kept], .. Reply, .. Reply]);
            Assert.Equal([Convert.ToHexString(Reply), Convert.ToHexString(Reply)], sink.Frames);
            Assert.Equal(kept, sink.DroppedBytes);
        }
    }

    [Theory]
    [InlineData("68")]
    [InlineData("6810")]
    [InlineData("68 10 92 01 00 10 00 00 00 81 C8")]
    [InlineData("68 10 92 01 00 10 00 00 00 81 FF")]
    [InlineData("FE 68 10 92 01 00 10 00 00 00 81 FE")]
    [InlineData("68 00 00 00 00 00 00 00 00 00 00 00 00 00")]
    public void A_false_start_right_before_a_frame_costs_only_itself(string hex)
    {
        AssertFrames([.. Recording.Hex(hex), .. Reply, .. Reply], Reply, Reply);
        AssertFrames([.. Recording.Hex(hex), .. Enumerable.Repeat(Reply, 9).SelectMany(frame => frame)], [.. Enumerable.Repeat(Reply, 9)]);
    }

    [Fact]
    public void Text_before_and_behind_costs_only_the_text() =>
        AssertFrames([.. "你好, DTU"u8, .. Reply, .. "\r\n"u8, .. Reply, .. "OK"u8], Reply, Reply);

    [Property(MaxTest = 300)]
    public void Frames_come_out_in_order_at_any_chunking((byte Type, byte[] Address, byte Control, byte[] Data, byte Preambles)[] frames, int[] cuts)
    {
        byte[][] built =
        [
            .. frames.Select(f => Cjt188.Build(
                f.Type,
                Convert.ToHexString([.. f.Address.Concat(new byte[7]).Take(7)]),
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

    [Fact]
    public void Heartbeats_stand_between_frames_and_FE_before_a_frame_is_its_preamble()
    {
        byte[] woken = [0xFE, .. Reply];
        AssertLog([0xFE], ["h FE"], [0xFE]);
        AssertLog([.. Reply, 0xFE], [F(Reply), "h FE"], [0xFE]);
        AssertLog([0xFE, .. Reply, 0xFE, 0xFE], [F(woken), "h FE", "h FE"], [0xFE]);
        AssertLog([0x00, .. Reply, 0x00, 0x00, .. woken, 0x00], ["h 00", F(Reply), "h 00", "h 00", F(woken), "h 00"], [0x00]);
    }

    // ---- registration ----

    [Theory]
    [InlineData(Meter, 0x81, Meter)]
    [InlineData("78330123456789", 0x83, "78330123456789")]
    [InlineData("AAAAAAAAAAAAAA", 0x03, null)]
    [InlineData("0000001000019B", 0x81, null)]
    public void The_meter_is_fourteen_digits_with_their_leading_zeros(string meter, byte control, string? expected)
    {
        var frame = Cjt188.Build(0x10, meter, control, [0x90, 0x1F, 0], 3);
        Assert.Equal(expected is not null, FrameFields.TryRead("cjt188", "meter", frame, out var value));
        Assert.Equal(expected, value);
        frame[^2] ^= 1;
        Assert.False(FrameFields.TryRead("cjt188", "meter", frame, out _));
        Assert.Contains("meter", FrameFields.Of("cjt188"));
    }

    // ---- in words ----

    [Theory]
    [InlineData(0x10, 0x01, "901F00", "read, cold water meter 00000010000192, 901F")]
    [InlineData(0x10, 0x01, "1F9000", "read, cold water meter 00000010000192, 901F")]
    [InlineData(0x10, 0x81, "1F9001 00222200 2C 00100000 2C 34141711052420 0000",
        "read reply, cold water meter 00000010000192, 2222.00 m3, settled 10.00 m3, at 2024-05-11 17:14:34, valve open")]
    [InlineData(0x10, 0x81, "901F01 00222200 2C 00100000 2C 00000000000000 0500",
        "read reply, cold water meter 00000010000192, 2222.00 m3, settled 10.00 m3, valve closed, battery low")]
    [InlineData(0x11, 0x81, "901F01 00222200 29 FFFFFFFF FF FFFFFFFFFFFFFF FFFF",
        "read reply, hot water meter 00000010000192, 2222.00 L, settled no value, no status")]
    [InlineData(0x30, 0x81, "901F01 000E0000 2C 00100000 77 00000000000000 0300",
        "read reply, gas meter 00000010000192, not BCD: 00000E00, settled 10.00 (unit 77), valve faulty")]
    [InlineData(0x30, 0x81, "901F01 00100000 2C", "read reply, gas meter 00000010000192, 10.00 m3")]
    [InlineData(0x40, 0x81, "901F01 00100000 05 00200000 05", "read reply, electricity meter 00000010000192, 10.00 kWh, settled 20.00 kWh")]
    [InlineData(0x12, 0x81, "901F01 00100000 2C 0102", "read reply, drinking water meter 00000010000192, 10.00 m3, 2 bytes more: 0102")]
    [InlineData(0x19, 0x81, "901F01 0010", "read reply, water meter (type 19) 00000010000192, 901F, 2 bytes: 0010")]
    [InlineData(0x10, 0x81, "20D100 00100000 2C", "read reply, cold water meter 00000010000192, settlement 1: 10.00 m3")]
    [InlineData(0x10, 0x81, "2BD100 00100000 2C", "read reply, cold water meter 00000010000192, settlement 12: 10.00 m3")]
    [InlineData(0x10, 0x81, "038100 25", "read reply, cold water meter 00000010000192, 8103 = day 25")]
    [InlineData(0x10, 0x81, "028100 0102", "read reply, cold water meter 00000010000192, 8102, 2 bytes: 0102")]
    [InlineData(0x10, 0x04, "17A000 55", "write, cold water meter 00000010000192, valve open")]
    [InlineData(0x10, 0x04, "A01700 99", "write, cold water meter 00000010000192, valve close")]
    [InlineData(0x10, 0x04, "17A000 11", "write, cold water meter 00000010000192, valve 11 (odd)")]
    [InlineData(0x10, 0x84, "17A000 0100", "write reply, cold water meter 00000010000192, A017, valve closed")]
    [InlineData(0x10, 0x04, "15A000 34141711052420", "write, cold water meter 00000010000192, time 2024-05-11 17:14:34")]
    [InlineData(0x10, 0x15, "18A000 92010010000000", "write address, cold water meter 00000010000192, address 00000010000192")]
    [InlineData(0x10, 0x95, "18A000", "write address reply, cold water meter 00000010000192, A018")]
    [InlineData(0x10, 0x04, "14A000 01 1122334455667788", "write, cold water meter 00000010000192, new key")]
    [InlineData(0x10, 0x09, "068100", "read key version, cold water meter 00000010000192, 8106")]
    [InlineData(0x10, 0xC1, "00 0400", "read error reply, cold water meter 00000010000192, valve open, battery low")]
    [InlineData(0x10, 0xC4, "00", "write error reply, cold water meter 00000010000192, 1 byte: 00")]
    [InlineData(0x10, 0xC4, "", "write error reply, cold water meter 00000010000192")]
    [InlineData(0x10, 0x81, "01", "read reply, cold water meter 00000010000192, 1 byte: 01")]
    [InlineData(0x55, 0x2A, "", "function 2A, meter of type 55 00000010000192")]
    public void Frames_are_said(byte type, byte control, string data, string expected) =>
        Assert.Equal("CJ/T 188 " + expected, Decoders.Describe("cjt188", FrameDirection.Up, Cjt188.Build(type, Meter, control, Recording.Hex(data), 2)));

    [Fact]
    public void A_heat_meter_says_everything_it_measures()
    {
        var data = Recording.Hex(
            "901F00 00100000 05 56341200 05 50020000 17 12340500 35 00222200 2C 347856 001234 785600 34141711052420 0100");
        Assert.Equal(
            "CJ/T 188 read reply, heat meter 00000010000192, 1234.56 kWh, settled 10.00 kWh, power 2.50 kW, flow 5.3412 m3/h, volume 2222.00 m3, "
                + "supply 5678.34 \u00b0C, return 3412.00 \u00b0C, 5678 h, at 2024-05-11 17:14:34, valve closed",
            Decoders.Describe("cjt188", FrameDirection.Up, Cjt188.Build(0x20, Meter, 0x81, data)));
    }

    [Fact]
    public void Wildcards_and_odd_addresses_are_said()
    {
        Assert.Equal("CJ/T 188 read address, any meter", Say(0xAA, "AAAAAAAAAAAAAA"));
        Assert.Equal("CJ/T 188 read address, any heat meter", Say(0x20, "AAAAAAAAAAAAAA"));
        Assert.Equal("CJ/T 188 read address, heat meter 0000000000000C (not BCD)", Say(0x20, "0000000000000C"));

        static string? Say(byte type, string meter) => Decoders.Describe("cjt188", FrameDirection.Down, Cjt188.Build(type, meter, 3, [0x0A, 0x81, 0]));
    }

    [Property(MaxTest = 100)]
    public void Every_valid_frame_is_said_in_one_line_whatever_it_holds(byte control, byte[] data, byte type, bool filled)
    {
        byte[] body = filled ? Fill(data.Length, 0xFF) : data;
        foreach (var identifier in (byte[][])[[], [0x90, 0x1F, 0], [0x17, 0xA0, 0], [0x20, 0xD1, 0], [0x03, 0x81, 0]])
        {
            foreach (var code in (byte[])[control, 0x81, 0x84, 0x04])
            {
                foreach (var length in (int[])[data.Length, 5, 10, 19, 43])
                {
                    byte[] sent = [.. identifier, .. body.Concat(Fill(length, type)).Take(length)];
                    var said = Decoders.Describe("cjt188", FrameDirection.Up, Cjt188.Build(type, Meter, code, [.. sent.Take(255)]));
                    Assert.StartsWith("CJ/T 188", said, StringComparison.Ordinal);
                    Assert.DoesNotContain('\n', said!);
                }
            }
        }
    }
}

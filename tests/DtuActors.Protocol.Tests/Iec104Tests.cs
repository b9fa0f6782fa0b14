using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Layouts;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

public sealed class Iec104Tests() : CodecSpec("iec104")
{
    private static readonly byte[] Start = Iec104.BuildU(Iec104.StartActivate);
    private static readonly byte[] Acknowledge = Iec104.BuildS(3);
    private static readonly byte[] Interrogation = Recording.Hex("68 0e 00 00 02 00 64 01 07 00 01 00 00 00 00 14");

    // Three points in a sequence, and a vendor's type that only what follows proves.
    private static readonly byte[] Points = Iec104.BuildI(5, 1, Recording.Hex("01 83 14 00 0100 640000 01 00 81"));
    private static readonly byte[] Vendor = Iec104.BuildI(6, 1, Recording.Hex("D2 01 05 00 0100 000000 02 0301"));

    // ---- framing ----

    [Fact]
    public void What_is_built_is_what_the_vectors_hold()
    {
        Assert.Equal(Recording.Hex("68 04 07 00 00 00"), Start);
        Assert.Equal(Recording.Hex("68 04 01 00 06 00"), Acknowledge);
        Assert.Equal(Interrogation, Iec104.BuildI(0, 1, Interrogation.AsSpan()[6..]));
        Assert.Equal(Recording.Hex("68 04 01 00 FE FF"), Iec104.BuildS(0x7FFF));
    }

    [Fact]
    public void What_no_frame_can_hold_is_not_built()
    {
        Assert.Throws<ArgumentException>(() => Iec104.BuildU(0x03));
        Assert.Throws<ArgumentException>(() => Iec104.BuildS(0x8000));
        Assert.Throws<ArgumentException>(() => Iec104.BuildI(-1, 0, new byte[10]));
        Assert.Throws<ArgumentException>(() => Iec104.BuildI(0, 0, new byte[5]));
        Assert.Throws<ArgumentException>(() => Iec104.BuildI(0, 0, new byte[250]));
    }

    [Fact]
    public void All_formats_come_out_in_order_and_wait_for_nothing()
    {
        var framer = Make();
        var sink = new Recording();
        framer.Feed([.. Start, .. Interrogation, .. Acknowledge, .. Points, .. Vendor, .. Start], ref sink);
        Assert.Equal([F(Start), F(Interrogation), F(Acknowledge), F(Points), F(Vendor), F(Start)], sink.Log);
        Assert.Equal(0, framer.Pending);
        AssertLog([.. Start, .. Interrogation, .. Acknowledge, .. Points], [F(Start), F(Interrogation), F(Acknowledge), F(Points)]);
    }

    [Theory]
    [InlineData(Iec104.StartActivate)]
    [InlineData(Iec104.StartConfirmed)]
    [InlineData(Iec104.StopActivate)]
    [InlineData(Iec104.StopConfirmed)]
    [InlineData(Iec104.TestActivate)]
    [InlineData(Iec104.TestConfirmed)]
    public void The_six_control_functions_are_frames(byte function) => AssertLog(Iec104.BuildU(function), [F(Iec104.BuildU(function))]);

    [Theory]
    [InlineData("68 04 03 00 00 00")]
    [InlineData("68 04 0F 00 00 00")]
    [InlineData("68 04 C3 00 00 00")]
    [InlineData("68 04 07 01 00 00")]
    [InlineData("68 04 07 00 01 00")]
    [InlineData("68 04 07 00 00 01")]
    [InlineData("68 05 07 00 00 00 00")]
    [InlineData("68 04 01 00 07 00")]
    [InlineData("68 04 05 00 06 00")]
    [InlineData("68 04 01 02 06 00")]
    [InlineData("68 05 01 00 06 00 00")]
    [InlineData("68 03 01 00 06")]
    [InlineData("68 00")]
    [InlineData("68 FE 00 00 00 00")]
    [InlineData("68 04 00 00 00 00")]
    [InlineData("68 08 00 00 00 00 64 01 06 00")]
    [InlineData("68 0E 00 00 03 00 64 01 07 00 01 00 00 00 00 14")]
    [InlineData("68 0E 00 00 02 00 00 01 07 00 01 00 00 00 00 14")]
    [InlineData("68 0E 00 00 02 00 64 01 40 00 01 00 00 00 00 14")]
    public void What_no_control_field_can_be_is_dropped_at_once_and_costs_no_frame(string hex)
    {
        var bytes = Recording.Hex(hex);
        var framer = Make();
        var sink = new Recording();
        framer.Feed([.. bytes, .. Start], ref sink);
        Assert.Equal([Convert.ToHexString(Start)], sink.Frames);
        Assert.Equal(0, framer.Pending);
        AssertFrames([.. bytes, .. Start, .. Interrogation], Start, Interrogation);
        AssertFrames([.. Points, .. bytes, .. Acknowledge], Points, Acknowledge);
    }

    [Fact]
    public void Start_bytes_and_whole_frames_inside_an_ASDU_are_data()
    {
        // 04 68 07 00 ...: a control function as the value of bitstrings, one address and five-byte elements.
        var inside = Iec104.BuildI(0x3434, 0x3434, [7, 0x82, 3, 0, 0x68, 0x04, 0x68, 0x04, 0x07, 0, 0, 0, 0x68, 0x04, 0x68, 0x04, 0x07, 0, 0]);
        AssertLog([.. inside, .. inside, .. Start], [F(inside), F(inside), F(Start)]);
    }

    [Fact]
    public void The_longest_frame_comes_out_in_order()
    {
        var floats = Iec104.BuildI(0x7FFF, 0x7FFF, [13, 0x80 | 48, 20, 0, 1, 0, 1, 0, 0, .. Enumerable.Repeat((byte)0x68, 240)]);
        Assert.Equal(255, floats.Length);
        AssertLog([.. floats, .. Start, .. floats], [F(floats), F(Start), F(floats)]);
    }

    [Fact]
    public void A_vendor_s_type_is_a_frame_where_another_or_silence_follows()
    {
        AssertLog(Vendor, [F(Vendor)]);
        AssertLog([.. Vendor, .. Vendor, .. Start], [F(Vendor), F(Vendor), F(Start)]);
        var framer = Make();
        var sink = new Recording();
        framer.Feed(Vendor, ref sink);
        Assert.Empty(sink.Log);
        Assert.Equal(TimeSpan.FromSeconds(1), framer.SilenceDue);
        framer.Silence(ref sink);
        Assert.Equal([F(Vendor)], sink.Log);
        Assert.Empty(Recording.Of(Make(), [.. Vendor, 0x00]).Frames);
    }

    [Fact]
    public void A_type_with_a_cause_it_can_t_have_is_a_frame_where_another_or_silence_follows()
    {
        var odd = Iec104.BuildI(0, 0, Recording.Hex("64 01 03 00 0100 000000 14"));
        AssertLog([.. odd, .. odd], [F(odd), F(odd)]);
        var framer = Make();
        var sink = new Recording();
        framer.Feed(odd, ref sink);
        Assert.Empty(sink.Log);
    }

    [Fact]
    public void An_ASDU_of_other_field_widths_is_a_frame_where_another_or_silence_follows()
    {
        // Cause of one byte, common address of one, object address of two, as an old station sends it.
        var narrow = Iec104.BuildI(0, 0, Recording.Hex("01 01 03 01 0100 01"));
        AssertLog(narrow, [F(narrow)]);
        AssertLog([.. narrow, .. narrow, .. Acknowledge], [F(narrow), F(narrow), F(Acknowledge)]);
    }

    [Theory]
    [InlineData("68")]
    [InlineData("68FD")]
    [InlineData("68FD0000")]
    [InlineData("68FD00000000")]
    [InlineData("68FD0000000001010300")]
    [InlineData("680E")]
    [InlineData("680E00000200640130")]
    [InlineData("680E000002000102")]
    [InlineData("6868")]
    [InlineData("6804")]
    [InlineData("680407")]
    [InlineData("0000000068")]
    [InlineData("E5FE10")]
    public void A_false_start_right_before_a_frame_costs_only_itself(string hex)
    {
        var bytes = Recording.Hex(hex);
        foreach (var frame in (byte[][])[Start, Acknowledge, Interrogation, Points])
        {
            AssertFrames([.. bytes, .. frame], frame);
            AssertFrames([.. bytes, .. frame, .. Start], frame, Start);
        }
    }

    [Fact]
    public void A_false_start_that_ends_where_a_frame_does_swallows_none()
    {
        // 68 FD 00 00 00 00 and an ASDU's beginning, then frames that fill what it promised to the last byte, and one more.
        byte[] falseStart = [0x68, 0xFD, 0, 0, 0, 0, 0xD2, 1, 5];
        byte[][] behind = [.. Enumerable.Repeat(Start, 41), .. Enumerable.Repeat(Interrogation, 3)];
        byte[] stream = [.. falseStart, .. behind.Take(41).SelectMany(frame => frame)];
        Assert.Equal(255, stream.Length);
        var sink = Recording.Of(Make(), [.. stream, .. behind.Skip(41).SelectMany(frame => frame)]);
        Assert.Equal(behind.Select(Convert.ToHexString), sink.Frames);
        Assert.Equal(falseStart.Length, sink.DroppedBytes);
    }

    [Fact]
    public void A_frame_that_breaks_off_costs_only_itself_if_the_next_shows_itself_in_what_was_missing()
    {
        // Without a sum, nothing tells where fewer than eight bytes of an information frame, or exactly a whole control function, fill what was missing.
        for (var missing = 8; missing < Points.Length; missing++)
        {
            AssertFrames([.. Points[..^missing], .. Interrogation, .. Start, .. Points], Interrogation, Start, Points);
        }

        foreach (var missing in (int[])[3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17])
        {
            AssertFrames([.. Points[..^missing], .. Start, .. Interrogation, .. Points], Start, Interrogation, Points);
            AssertFrames([.. Points[..^missing], .. Acknowledge, .. Start], Acknowledge, Start);
        }
    }

    [Property(MaxTest = 500)]
    public void Frames_come_out_in_order_at_any_chunking((byte Kind, ushort Number, byte Count, byte[] Values)[] frames, int[] cuts)
    {
        byte[] functions = [0x07, 0x0B, 0x13, 0x23, 0x43, 0x83];
        byte[][] built = [.. frames.Select(f => (f.Kind % 5) switch
        {
            0 => Iec104.BuildU(functions[f.Kind % functions.Length]),
            1 => Iec104.BuildS(f.Number & 0x7FFF),
            2 => Iec104.BuildI(f.Number & 0x7FFF, f.Count, [1, (byte)(0x81 + (f.Count % 100)), 20, 0, 1, 0, .. Values(f.Values, 4 + (f.Count % 100))]),
            3 => Iec104.BuildI(f.Number & 0x7FFF, f.Count, [13, (byte)(1 + (f.Count % 30)), 3, 0, 1, 0, .. Values(f.Values, 8 * (1 + (f.Count % 30)))]),
            _ => Iec104.BuildI(f.Count, f.Number & 0x7FFF, [103, 1, 6, 0, 1, 0, .. Values(f.Values, 10)]),
        })];
        var sink = new Recording();
        var framer = Make();
        Array.ForEach(Recording.Cut([.. built.SelectMany(frame => frame)], cuts), piece => framer.Feed(piece, ref sink));
        Assert.Equal(built.Select(Convert.ToHexString), sink.Frames);
        Assert.Empty(sink.Drops);
        Assert.Equal(0, framer.Pending);

        static IEnumerable<byte> Values(byte[] values, int count) => values.Concat(Enumerable.Repeat((byte)0x68, count)).Take(count);
    }

    [Fact]
    public void Heartbeats_stand_between_frames()
    {
        AssertLog([0x00], ["h 00"], [0x00]);
        AssertLog([0xFE, .. Start, 0xFE, 0xFE, .. Points, 0xFE], ["h FE", F(Start), "h FE", "h FE", F(Points), "h FE"], [0xFE]);
        AssertLog([.. "ping"u8, .. Interrogation, .. "ping"u8], ["h 70696E67", F(Interrogation), "h 70696E67"], "ping"u8.ToArray());
    }

    // ---- in words ----

    private static string? Say(byte[] frame) => Decoders.Describe("iec104", FrameDirection.Up, frame);

    [Theory]
    [InlineData(0x07, "STARTDT act")]
    [InlineData(0x0B, "STARTDT con")]
    [InlineData(0x13, "STOPDT act")]
    [InlineData(0x23, "STOPDT con")]
    [InlineData(0x43, "TESTFR act")]
    [InlineData(0x83, "TESTFR con")]
    public void Control_functions_are_said(byte function, string expected) => Assert.Equal("IEC 104 " + expected, Say(Iec104.BuildU(function)));

    [Theory]
    [InlineData("64 01 06 00 0100 000000 14", "interrogation C_IC_NA_1 (100), activation, common address 1, 1 object: 0 = station")]
    [InlineData("64 01 0A 05 0100 000000 14", "interrogation C_IC_NA_1 (100), activation termination of originator 5, common address 1, 1 object: 0 = station")]
    [InlineData("64 01 6E 00 FFFF 000000 14", "interrogation C_IC_NA_1 (100), unknown common address, negative, common address 65535, 1 object: 0 = station")]
    [InlineData("01 83 14 00 0100 640000 01 00 81",
        "single point M_SP_NA_1 (1), interrogated by station, common address 1, 3 objects: 100 = on, 101 = off, 102 = on invalid")]
    [InlineData("03 02 03 00 0100 640000 02 650000 43",
        "double point M_DP_NA_1 (3), spontaneous, common address 1, 2 objects: 100 = on, 101 = indeterminate not topical")]
    [InlineData("0D 01 03 00 0100 014000 0000BC41 00", "floating point measured value M_ME_NC_1 (13), spontaneous, common address 1, 1 object: 16385 = 23.5")]
    [InlineData("24 01 03 00 0100 014000 0000BC41 20 42860E11CB050D",
        "floating point measured value with time M_ME_TF_1 (36), spontaneous, common address 1, 1 object: 16385 = 23.5 substituted at 2013-05-11 17:14:34.370")]
    [InlineData("2E 01 06 00 0100 016000 82", "double command C_DC_NA_1 (46), activation, common address 1, 1 object: 24577 = on select")]
    [InlineData("32 01 06 00 0100 016200 0000C03F 00", "floating point set point C_SE_NC_1 (50), activation, common address 1, 1 object: 25089 = 1.5 execute")]
    [InlineData("67 01 07 00 0100 000000 42868E11CB050D",
        "clock synchronization C_CS_NA_1 (103), activation confirmation, common address 1, 1 object: 0 = 2013-05-11 17:14:34.370 invalid")]
    [InlineData("66 01 05 00 0100 640000", "read C_RD_NA_1 (102), requested, common address 1, 1 object: 100")]
    [InlineData("46 01 04 00 0100 000000 00", "end of initialization M_EI_NA_1 (70), initialized, common address 1, 1 object: 0 = cause 0")]
    [InlineData("65 01 86 00 0100 000000 05", "counter interrogation C_CI_NA_1 (101), activation, test, common address 1, 1 object: 0 = qualifier 5")]
    [InlineData("D2 01 05 00 0100 000000 02 03", "type 210, requested, common address 1, 1 object, 5 bytes of no known layout")]
    [InlineData("2A 01 03 00 0100", "type 42, spontaneous, common address 1, 1 object, 0 bytes of no known layout")]
    [InlineData("01 02 30 00 0100 640000 01", "single point M_SP_NA_1 (1), cause 48, common address 1, 2 objects, 4 bytes of no known layout")]
    public void Information_is_said(string asdu, string expected) =>
        Assert.Equal("IEC 104 I, N(S) 258, N(R) 1, " + expected, Say(Iec104.BuildI(258, 1, Recording.Hex(asdu))));

    [Fact]
    public void Acknowledgements_are_said() => Assert.Equal("IEC 104 S, N(R) 3", Say(Acknowledge));

    [Fact]
    public void What_is_no_valid_frame_is_not_said()
    {
        Assert.Null(Say([]));
        Assert.Null(Say([0x68]));
        Assert.Null(Say(Start[..5]));
        Assert.Null(Say([.. Start, 0]));
        Assert.Null(Say([0x68, 4, 3, 0, 0, 0]));
        Assert.Null(Say([0x10, .. Start[1..]]));
    }

    [Fact]
    public void Every_type_is_said_in_one_line_whatever_its_length()
    {
        for (var type = 1; type < 256; type++)
        {
            var size = Enumerable.Range(0, 40);
            foreach (var length in size)
            {
                var said = Say(Iec104.BuildI(1, 2, [(byte)type, (byte)(length % 4), 3, 0, 1, 0, .. Enumerable.Repeat((byte)(length * 37), length)]));
                Assert.StartsWith("IEC 104 I", said, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', said!);
            }
        }
    }
}

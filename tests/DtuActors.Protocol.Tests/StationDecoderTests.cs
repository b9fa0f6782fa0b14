using System.Text;
using DtuActors.Protocol.Answers;
using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Layouts;
using DtuActors.Protocol.Registration;
using FsCheck.Xunit;

namespace DtuActors.Protocol.Tests;

/// <summary>What a person reads of HJ 212, SL 651 and JT/T 808, and what a registration reads of their frames.</summary>
public sealed class StationDecoderTests
{
    private static readonly Sl651Address Station = new(5, "0011223344", 0xABCD, 0x34);

    [Theory]
    [InlineData(
        "QN=20160801085857223;ST=32;CN=2011;PW=s3cret;MN=010000A8900016F000169DC0;Flag=5;"
        + "CP=&&DataTime=20160801085700;a21005-Rtd=0.00,a21005-Flag=N;w01018-Rtd=2.5&&",
        "HJ 212 realtime data (2011), MN 010000A8900016F000169DC0, 2016-08-01 08:57:00, a21005 = 0.00 N, w01018 = 2.5")]
    [InlineData(
        "QN=20191112091100598;ST=31;CN=2051;PW=123456;MN=14513567846884;Flag=7;PNUM=2;PNO=1;"
        + "CP=&&DataTime=20230327090000;a01006-Avg=101.85,a01006-Max=101.87,a01006-Flag=N&&",
        "HJ 212 minute data (2051), MN 14513567846884, packet 1 of 2, 2023-03-27 09:00:00, a01006 Avg = 101.85 Max = 101.87 N")]
    [InlineData("ST=91;CN=9013;PW=123456;MN=8888;CP=&&QN=20040516010101001&&", "HJ 212 notification answer (9013), MN 8888, QN = 20040516010101001")]
    [InlineData("QN=20040516010101001;ST=32;CN=1072;PW=1;MN=8;Flag=5;CP=&&NewPW=654321&&", "HJ 212 set password (1072), MN 8, 2004-05-16 01:01:01, NewPW = ***")]
    [InlineData("QN=20040516010101001;ST=32;CN=1072;PW=123456;MN=8;Flag=3;CP=&&PW=654321&&", "HJ 212 set password (1072), MN 8, 2004-05-16 01:01:01, PW = ***")]
    [InlineData("ST=32;CN=7777;MN=1;CP=&&&&", "HJ 212 command 7777, MN 1")]
    [InlineData("", "HJ 212 without a command")]
    [InlineData("QN=2016;CN=2011;CP=&&a,b=,=c;;-&&", "HJ 212 realtime data (2011), (no time: 2016), a =  b =   = c, - = ")]
    public void HJ_212_is_told_with_its_command_and_its_values_and_without_its_password(string segment, string expected) =>
        Assert.Equal(expected, Decoders.Describe("hj212", FrameDirection.Up, Hj212.Build(segment)));

    [Fact]
    public void A_miscounted_length_and_many_values_are_told_in_words()
    {
        var frame = Hj212.Build("ST=32;CN=2011;MN=1;CP=&&" + string.Join(';', Enumerable.Range(0, 20).Select(i => $"a{i}-Rtd={i}")) + "&&");
        "0009"u8.CopyTo(frame.AsSpan(2));
        var line = Decoders.Describe("hj212", FrameDirection.Up, frame);
        Assert.EndsWith($", a15 = 15, 4 more (says 9 bytes, has {frame.Length - Hj212.Overhead})", line, StringComparison.Ordinal);
    }

    [Fact]
    public void An_hourly_report_of_SL_651_is_told_with_its_elements() =>
        Assert.Equal(
            "SL 651 hourly report, station 0011223344, 2017-07-18 11:00:14, serial 51, river station, at 2017-07-18 10:05, "
            + "5-minute rainfall = 0.5 0.0 0.0 0.0 2.0 - - - - - 0.0 0.0 mm, at 2017-07-18 11:00, total rainfall = 4.0 mm, at 2017-07-18 10:05, "
            + "5-minute level 1 = 0.12 0.12 0.28 0.49 0.49 - - - - - 0.49 0.49 m, at 2017-07-18 11:00, "
            + "water level = 10.490 m, rainfall = 4.0 mm, supply voltage = 10.99 V",
            Decoders.Describe("sl651", FrameDirection.Up, Recording.Hex(
                "7e7e05001122334403e8340068020033170718110014f1f1001122334448f0f01707181005f4600500000014ffffffffff0000"
                + "f0f017071811002619000040f0f01707181005f5c0000c000c001c00310031ffffffffffffffffffff00310031"
                + "f0f0170718110039230001049020190000403812109903f502")));

    [Theory]
    [InlineData("3923FF012345", "water level = -12.345 m")]
    [InlineData("3923FFFFFFFF", "water level = - m")]
    [InlineData("392300000007", "water level = 0.007 m")]
    [InlineData("39231A000007", "water level = (no number: 1A000007) m")]
    [InlineData("4520000004" + "03", "state 00000403 (mains lost) (battery low)")]
    [InlineData("0418000500" + "1A190000101A", "every 5 hours, rainfall 1 h = 1.0 mm")]
    [InlineData("0418000005" + "2012" + "00150020FFFF", "every 5 minutes, rainfall = 0.15 0.20 - mm")]
    [InlineData("04189900" + "AA", "every (no time step: 9900AA)")]
    [InlineData("8010" + "1234", "element 80 = 1234")]
    [InlineData("F3F3FFD8FFE0", "picture, 4 bytes")]
    [InlineData("F0F0179918" + "1102", "at (no time: 1799181102)")]
    [InlineData("3923" + "0001", "4 bytes that are no element")]
    [InlineData("39", "1 byte that are no element")]
    public void Elements_of_SL_651_are_told_odd_ones_in_words(string elements, string expected)
    {
        byte[] body = [.. Recording.Hex("0001170718110226F1F1001122334448"), .. Recording.Hex(elements)];
        Assert.Equal(
            $"SL 651 timed report, station 0011223344, 2017-07-18 11:02:26, serial 1, river station, {expected}",
            Decoders.Describe("sl651", FrameDirection.Up, Sl651.Build(FrameDirection.Up, Station with { Function = 0x32 }, body, Sl651.EndOfText)));
    }

    [Theory]
    [InlineData(Sl651.EndOfTransmission, " confirmed")]
    [InlineData(Sl651.StayOnline, " confirmed, stay online")]
    [InlineData(Sl651.Acknowledge, " confirmed, go on")]
    [InlineData(Sl651.NotAcknowledge, " incomplete, send again")]
    [InlineData(Sl651.Enquiry, " asked for")]
    public void What_the_centre_of_SL_651_says_is_told_by_its_end(byte end, string expected) =>
        Assert.Equal(
            $"SL 651 hourly report{expected}, station 0011223344, 2017-07-18 11:02:26, serial 1",
            Decoders.Describe("sl651", FrameDirection.Down, Sl651.Build(FrameDirection.Down, Station, Recording.Hex("0001170718110226"), end)));

    [Fact]
    public void ASCII_of_SL_651_is_told_as_it_is() =>
        Assert.Equal(
            "SL 651 timed report, station 0011223344, 2024-01-09 16:01:28, serial 4660, at 2024-01-09 16:00, PJ = 3.5, Z = 12.34, DRH01, P1 = M",
            Decoders.Describe("sl651", FrameDirection.Up, Sl651.Build(
                FrameDirection.Up,
                Station with { Function = 0x32 },
                "1234240109160128ST 0011223344 H TT 2401091600 PJ 3.5 Z 12.34 DRH01 P1 M "u8,
                Sl651.EndOfText,
                ascii: true)));

    [Fact]
    public void A_location_of_JTT_808_is_told_with_its_time_and_place() =>
        Assert.Equal(
            "JT/T 808 location report, phone 123456789012, serial 126, 2018-10-15 10:10:10, 12.222222 N 132.444444 E, 40 m, 6.0 km/h, course 0, alarms 00000001",
            Decoders.Describe("jt808", FrameDirection.Up, Recording.Hex(
                "7e02000026123456789012007d02000000010000000200ba7f0e07e4f11c0028003c00001810151010100104000000640202007d01137e")));

    [Theory]
    [InlineData(0x0001, "03E8000200", "JT/T 808 terminal answer, phone 013800138000, serial 7, to heartbeat 1000: done")]
    [InlineData(0x0102, "7365637265742D636F6465", "JT/T 808 authentication, phone 013800138000, serial 7")]
    [InlineData(0x8100, "00010073656372657" + "4", "JT/T 808 registration answer, phone 013800138000, serial 7, to serial 1: registered")]
    [InlineData(0x0900, "41010203", "JT/T 808 transparent data, phone 013800138000, serial 7, type 41, 3 bytes")]
    [InlineData(0x0F49, "01", "JT/T 808 message 0F49, phone 013800138000, serial 7, 1 byte")]
    [InlineData(0x0200, "0000", "JT/T 808 location report, phone 013800138000, serial 7, 2 bytes")]
    public void JTT_808_is_told_by_its_message_and_keeps_authentication_codes_to_itself(int id, string body, string expected) =>
        Assert.Equal(expected, Decoders.Describe("jt808", FrameDirection.Up, Jt808.Build((ushort)id, "013800138000", 7, Recording.Hex(body))));

    // ---- what a registration reads ----

    [Fact]
    public void Ids_are_read_verbatim_with_their_leading_zeros()
    {
        AssertField("hj212", "mn", Hj212.Build("ST=32;CN=2011;PW=1;MN=010000A8900016F000169DC0;CP=&&MN=9&&"), "010000A8900016F000169DC0");
        AssertField("hj212", "st", Hj212.Build("MN=1;ST=32;CN=2011;CP=&&&&"), "32");
        AssertField("sl651", "station", Sl651.Build(FrameDirection.Up, Station, [], Sl651.EndOfText), "0011223344");
        AssertField("sl651", "station", Sl651.Build(FrameDirection.Down, Station, [], Sl651.EndOfTransmission), "0011223344");
        AssertField("sl651", "station", Sl651.Build(FrameDirection.Up, Station, [], Sl651.EndOfText, ascii: true), "0011223344");
        AssertField("sl651", "centre", Sl651.Build(FrameDirection.Up, Station with { Centre = 255 }, [], Sl651.EndOfText), "255");
        AssertField("sl651", "centre", Sl651.Build(FrameDirection.Down, Station, [], Sl651.EndOfTransmission), "5");
        AssertField("jt808", "phone", Jt808.Build(2, "013800138000", 1, []), "013800138000");
        AssertField("jt808", "phone", Jt808.Build(2, "00000000013800138000", 1, []), "00000000013800138000");
        Assert.Equal(["mn", "st"], FrameFields.Of("hj212"));
        Assert.Equal(["station", "centre"], FrameFields.Of("sl651"));
        Assert.Equal(["phone"], FrameFields.Of("jt808"));

        static void AssertField(string codec, string field, byte[] frame, string expected)
        {
            Assert.True(FrameFields.TryRead(codec, field, frame, out var value));
            Assert.Equal(expected, value);
        }
    }

    [Fact]
    public void A_frame_without_the_field_or_with_a_wrong_check_says_nothing()
    {
        byte[][] frames =
        [
            Hj212.Build("ST=32;CN=2011;CP=&&MN=1&&"), Hj212.Build("ST=32;MN=;CP=&&&&"), Hj212.Build("XMN=1;CP=&&&&"),
            [.. Hj212.Build("MN=1;CP=&&&&")[..^3], .. "0\r\n"u8], [], [0x23],
        ];
        Assert.All(frames, frame => Assert.False(FrameFields.TryRead("hj212", "mn", frame, out _)));
        Assert.False(FrameFields.TryRead("sl651", "station", Hj212.Build("MN=1"), out _));
        Assert.False(FrameFields.TryRead("jt808", "phone", [0x7E, 0x7E], out _));
    }

    // ---- whatever comes in ----

    [Property(MaxTest = 1000)]
    public void Nothing_throws_and_every_valid_frame_is_told(byte[] bytes, byte function, ushort id, bool down, bool several, bool ascii)
    {
        byte[] clipped = bytes.Length > 900 ? bytes[..900] : bytes;
        var direction = down ? FrameDirection.Down : FrameDirection.Up;
        var report = Recording.Hex("0001170718110226F1F1001122334448");
        (string Codec, byte[] Frame)[] frames =
        [
            ("hj212", Hj212.Build(clipped)),
            ("hj212", Hj212.Build([.. "QN=1;ST=32;CN=2051;PW=1;MN=1;Flag=3;CP=&&"u8, .. clipped, .. "&&"u8])),
            ("hj212", Hj212.Build([.. "Flag=1;CN="u8, .. Encoding.ASCII.GetBytes(id.ToString()), .. ";QN="u8, .. clipped])),
            ("sl651", Sl651.Build(direction, Station with { Function = function }, clipped, Sl651.NotAcknowledge, several ? (function, id % 7) : null, ascii)),
            ("sl651", Sl651.Build(FrameDirection.Up, Station with { Function = (byte)(0x2F + (function % 0x25)) }, [.. report, .. clipped], Sl651.EndOfText)),
            ("jt808", Jt808.Build(id, down ? "00000000013800138000" : "013800138000", id, clipped, several ? (id, function) : null)),
            ("jt808", Jt808.Build((ushort)(id % 16 == 0 ? 0x0200 : id % 16), "013800138000", id, clipped)),
        ];
        foreach (var (codec, frame) in frames)
        {
            var line = Decoders.Describe(codec, direction, frame);
            Assert.NotNull(line);
            Assert.DoesNotContain(line, char.IsControl);
            Assert.True(line.Length < 4000);
            Assert.Null(Decoders.Describe(codec, direction, frame.AsSpan(1)));
            foreach (var name in CentreAnswers.Names)
            {
                var answers = CentreAnswers.Create(name)!;
                _ = answers.Answer(frame, DateTimeOffset.UnixEpoch);
                _ = answers.Answer(clipped, DateTimeOffset.UnixEpoch);
                _ = answers.Answered(frame);
                _ = answers.Answered(clipped);
            }

            foreach (var field in FrameFields.Of(codec))
            {
                _ = FrameFields.TryRead(codec, field, frame, out _);
                _ = FrameFields.TryRead(codec, field, clipped, out _);
            }
        }
    }
}

using System.Text;
using DtuActors.Protocol.Answers;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Tests;

public sealed class CentreAnswersTests
{
    // 15:08:09 in China.
    private static readonly DateTimeOffset Now = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);

    private static readonly Sl651Address Station = new(0x05, "0011223344", 0x03E8, 0x34);

    [Fact]
    public void The_table_makes_them_by_name()
    {
        Assert.Equal(["hj212", "sl651"], CentreAnswers.Names);
        Assert.All(CentreAnswers.Names, name => Assert.NotNull(CentreAnswers.Create(name)));
        Assert.Null(CentreAnswers.Create("off"));
        Assert.NotSame(CentreAnswers.Create("sl651"), CentreAnswers.Create("sl651"));
    }

    // ---- HJ 212 ----

    [Theory]
    [InlineData("2011", "5", "9014", "4", "")]
    [InlineData("2061", "9", "9014", "8", "")]
    [InlineData("2051", "7", "9014", "4", "")]
    [InlineData("2081", "5", "9014", "4", "")]
    [InlineData("3019", "5", "9014", "4", "")]
    [InlineData("3020", "5", "9014", "4", "")]
    [InlineData("1013", "5", "9013", "4", "")]
    [InlineData("9015", "9", "9013", "8", "")]
    [InlineData("1062", "5", "9011", "4", "QnRtn=1")]
    public void What_asks_for_an_answer_gets_the_one_for_its_command_with_the_version_s_flag(
        string command, string flag, string answer, string version, string parameters) =>
        Assert.Equal(
            $"QN=20160801085857223;ST=91;CN={answer};PW=123456;MN=010000A8900016F000169DC0;Flag={version};CP=&&{parameters}&&",
            Hj212Answer($"QN=20160801085857223;ST=32;CN={command};PW=123456;MN=010000A8900016F000169DC0;Flag={flag};PNUM=2;PNO=1;CP=&&a-Rtd=1&&"));

    [Fact]
    public void An_answer_is_a_right_frame_with_the_right_length_and_CRC()
    {
        var upload = Hj212.Build("QN=20190925181031464;ST=22;CN=2061;PW=BF470F88957588DE902D1A52;MN=Z13401000010301;Flag=5;CP=&&a=1&&");
        Assert.Equal(
            "##0096QN=20190925181031464;ST=91;CN=9014;PW=BF470F88957588DE902D1A52;MN=Z13401000010301;Flag=4;CP=&&&&CE81\r\n",
            Encoding.ASCII.GetString(CentreAnswers.Create("hj212")!.Answer(upload, Now)!));
    }

    [Theory]
    [InlineData("QN=1;ST=32;CN=2051;PW=9;MN=8;Flag=1;CP=&&a=1&&", "QN=1;ST=91;CN=9014;PW=9;MN=8;Flag=0;CP=&&QN=1;CN=2051&&")]
    [InlineData("QN=1;ST=32;CN=2051;PW=9;MN=8;Flag=3;PNUM=2;PNO=1;CP=&&a=1&&", "QN=1;ST=91;CN=9014;PW=9;MN=8;Flag=0;CP=&&QN=1;CN=2051;PNUM=2;PNO=1&&")]
    [InlineData("QN=1;ST=32;CN=1013;PW=9;MN=8;Flag=1;CP=&&&&", "QN=1;ST=91;CN=9013;PW=9;MN=8;Flag=0;CP=&&QN=1&&")]
    [InlineData("QN=1;ST=32;CN=1062;PW=9;MN=8;Flag=1;CP=&&&&", "QN=1;ST=91;CN=9011;PW=9;MN=8;Flag=0;CP=&&QN=1;QnRtn=1&&")]
    [InlineData("ST=32;CN=2011;MN=8;Flag=1;CP=&&a=1&&", "ST=91;CN=9014;MN=8;Flag=0;CP=&&CN=2011&&")]
    public void In_the_version_of_2005_the_parameters_name_what_is_answered(string segment, string expected) => Assert.Equal(expected, Hj212Answer(segment));

    [Theory]
    [InlineData("QN=1;ST=32;CN=2011;PW=9;MN=8;Flag=4;CP=&&a=1&&")]
    [InlineData("QN=1;ST=32;CN=2011;PW=9;MN=8;Flag=6;CP=&&a=1&&")]
    [InlineData("QN=1;ST=32;CN=2011;PW=9;MN=8;CP=&&Flag=5&&")]
    [InlineData("QN=1;ST=32;CN=2011;PW=9;MN=8;Flag=x;CP=&&&&")]
    [InlineData("QN=1;ST=32;PW=9;MN=8;Flag=5;CP=&&&&")]
    [InlineData("QN=1;ST=91;CN=9011;PW=9;MN=8;Flag=5;CP=&&QnRtn=1&&")]
    [InlineData("QN=1;ST=91;CN=9012;PW=9;MN=8;Flag=5;CP=&&ExeRtn=1&&")]
    [InlineData("QN=1;ST=91;CN=9013;PW=9;MN=8;Flag=5;CP=&&&&")]
    [InlineData("QN=1;ST=91;CN=9014;PW=9;MN=8;Flag=5;CP=&&&&")]
    public void Nothing_is_answered_that_does_not_ask_or_is_an_answer(string segment) => Assert.Null(Hj212Answer(segment));

    [Fact]
    public void A_miscounted_frame_is_answered_and_a_damaged_one_is_not()
    {
        var frame = Hj212.Build("QN=1;ST=32;CN=2011;PW=9;MN=8;Flag=5;CP=&&a=1&&");
        "0012"u8.CopyTo(frame.AsSpan(2));
        Assert.NotNull(CentreAnswers.Create("hj212")!.Answer(frame, Now));
        frame[20] ^= 1;
        Assert.Null(CentreAnswers.Create("hj212")!.Answer(frame, Now));
    }

    [Fact]
    public void A_value_that_is_no_value_any_more_is_not_sent_back() =>
        Assert.Equal("ST=91;CN=9014;PW=9;Flag=4;CP=&&&&", Hj212Answer($"QN={new string('1', 4000)};ST=32;CN=2011;PW=9;MN=;Flag=5;CP=&&&&"));

    [Theory]
    [InlineData("9011", true)]
    [InlineData("9013", true)]
    [InlineData("9014", true)]
    [InlineData("9012", false)]
    [InlineData("2011", false)]
    [InlineData("1012", false)]
    public void Behind_an_answer_only_answers_count_as_one_to_the_same(string command, bool expected) => Assert.Equal(
        expected,
        Hj212Answered("QN=1;ST=32;CN=2011;PW=9;MN=8;Flag=5;CP=&&a=1&&", $"QN=1;ST=91;CN={command};PW=9;MN=8;Flag=4;CP=&&&&"));

    [Theory]
    [InlineData("ST=32;CN=2011;PW=9;MN=8;CP=&&a=1&&", "ST=91;CN=9014;PW=9;MN=8;CP=&&CN=2011&&")]
    [InlineData("QN=1;ST=32;CN=2011;PW=9;MN=8;CP=&&a=1&&", "QN=1;ST=91;CN=9014;PW=9;MN=8;CP=&&QN=1;CN=2011&&")]
    [InlineData("QN=1;ST=32;CN=2011;PW=9;MN=8;Flag=4;CP=&&a=1&&", "QN=1;ST=91;CN=9014;PW=9;MN=8;Flag=4;CP=&&&&")]
    public void What_was_left_unanswered_is_the_other_centre_s_to_answer(string upload, string downlink) => Assert.False(Hj212Answered(upload, downlink));

    [Theory]
    [InlineData("QN=1;ST=32;CN=2011;MN=8;Flag=5;CP=&&a=1&&", "QN=1;ST=91;CN=9014;Flag=4;CP=&&&&", true)]
    [InlineData("QN=1;ST=32;CN=2011;MN=8;Flag=5;CP=&&a=1&&", "QN=2;ST=91;CN=9014;MN=8;Flag=4;CP=&&&&", false)]
    [InlineData("QN=1;ST=32;CN=2011;MN=8;Flag=5;CP=&&a=1&&", "QN=1;ST=91;CN=9014;MN=7;Flag=4;CP=&&&&", false)]
    [InlineData("QN=1;ST=32;CN=2011;MN=8;Flag=5;CP=&&a=1&&", "ST=91;CN=9014;MN=8;Flag=4;CP=&&&&", false)]
    [InlineData("QN=1;ST=32;CN=2051;MN=8;Flag=1;CP=&&a=1&&", "QN=99;ST=91;CN=9014;MN=8;Flag=0;CP=&&QN=1;CN=2051&&", true)]
    [InlineData("QN=1;ST=32;CN=2051;MN=8;Flag=1;CP=&&a=1&&", "ST=91;CN=9014;MN=8;Flag=0;CP=&&QN=1;CN=2061&&", false)]
    [InlineData("ST=32;CN=2011;MN=8;Flag=1;CP=&&a=1&&", "ST=91;CN=9014;MN=8;Flag=0;CP=&&CN=2011&&", true)]
    [InlineData("ST=32;CN=2011;MN=8;Flag=1;CP=&&a=1&&", "ST=91;CN=9014;MN=8;Flag=0;CP=&&CN=2051&&", false)]
    [InlineData("ST=32;CN=2011;MN=8;Flag=1;CP=&&a=1&&", "ST=91;CN=9014;MN=7;Flag=0;CP=&&CN=2011&&", false)]
    [InlineData("ST=32;CN=2011;MN=8;Flag=5;CP=&&a=1&&", "ST=91;CN=9014;MN=8;Flag=4;CP=&&&&", true)]
    [InlineData("ST=32;CN=2011;MN=8;Flag=5;CP=&&a=1&&", "ST=91;CN=9013;MN=8;Flag=4;CP=&&&&", false)]
    public void What_an_answer_is_to_is_told_by_QN_and_command_or_without_QN_by_command_and_station(string upload, string downlink, bool expected) =>
        Assert.Equal(expected, Hj212Answered(upload, downlink));

    [Fact]
    public void What_was_answered_once_is_the_centre_s_again_when_it_comes_without_asking()
    {
        var answers = CentreAnswers.Create("hj212")!;
        var answer = Hj212.Build("ST=91;CN=9014;MN=8;Flag=0;CP=&&CN=2011&&");
        Assert.NotNull(answers.Answer(Hj212.Build("ST=32;CN=2011;MN=8;Flag=1;CP=&&a=1&&"), Now));
        Assert.True(answers.Answered(answer));
        Assert.Null(answers.Answer(Hj212.Build("ST=32;CN=2011;MN=8;Flag=0;CP=&&a=1&&"), Now));
        Assert.False(answers.Answered(answer));
    }

    [Fact]
    public void The_last_thirty_two_answers_are_remembered_and_a_repeat_takes_one_place()
    {
        var answers = CentreAnswers.Create("hj212")!;
        for (var number = 0; number <= 32; number++)
        {
            Assert.NotNull(answers.Answer(Hj212.Build($"QN={number};ST=32;CN=2011;MN=8;Flag=5;CP=&&&&"), Now));
            Assert.NotNull(answers.Answer(Hj212.Build($"QN={number};ST=32;CN=2011;MN=8;Flag=5;CP=&&&&"), Now));
        }

        Assert.All(Enumerable.Range(0, 33), number => Assert.Equal(number > 0, answers.Answered(Hj212.Build($"QN={number};ST=91;CN=9014;MN=8;Flag=4;CP=&&&&"))));
    }

    // ---- SL 651: one frame ----

    [Theory]
    [InlineData(0x30)]
    [InlineData(0x31)]
    [InlineData(0x32)]
    [InlineData(0x33)]
    [InlineData(0x34)]
    [InlineData(0x35)]
    [InlineData(0x36)]
    [InlineData(0xE1)]
    public void A_report_is_confirmed_with_its_own_serial_number_and_the_time_in_China(int function)
    {
        var address = Station with { Function = (byte)function };
        var report = Sl651.Build(FrameDirection.Up, address, Recording.Hex("0033170718110014F1F1001122334448"), Sl651.EndOfText);
        var expected = Sl651.Build(FrameDirection.Down, address, Recording.Hex("0033" + "240506150809"), Sl651.StayOnline);
        Assert.Equal(Hex(expected), Hex(CentreAnswers.Create("sl651")!.Answer(report, Now)));
        Assert.Equal($"7E7E001122334405" + $"03E8{function:X2}80080200332405061508091B", Hex(expected)[..^4]);
    }

    [Fact]
    public void A_station_that_sleeps_is_told_to_leave_and_one_with_more_to_say_to_go_on()
    {
        var report = Sl651.Build(FrameDirection.Up, Station, Recording.Hex("0033170718110014"), Sl651.EndOfText);
        Assert.Equal(Sl651.EndOfTransmission, new Sl651Answers(keepOnline: false).Answer(report, Now)![^3]);
        Assert.Equal(Sl651.StayOnline, new Sl651Answers(keepOnline: true).Answer(report, Now)![^3]);
        var block = Sl651.Build(FrameDirection.Up, Station, Recording.Hex("0033170718110014"), Sl651.EndOfBlock);
        Assert.Equal(Sl651.Acknowledge, new Sl651Answers().Answer(block, Now)![^3]);
    }

    [Fact]
    public void ASCII_is_answered_in_ASCII()
    {
        var report = Sl651.Build(FrameDirection.Up, Station, "1A2B170718110014ST 0011223344 H "u8, Sl651.EndOfText, ascii: true);
        var answer = CentreAnswers.Create("sl651")!.Answer(report, Now)!;
        Assert.Equal("\u0001" + "0011223344" + "05" + "03E8" + "34" + "8010" + "\u0002" + "1A2B240506150809\u001B", Encoding.ASCII.GetString(answer[..^4]));
        Assert.True(Sl651.IsValid(answer));
    }

    [Fact]
    public void Link_maintenance_replies_to_queries_downlinks_and_damaged_frames_are_not_answered()
    {
        var answers = CentreAnswers.Create("sl651")!;
        foreach (var function in (byte[])[0x2F, 0x37, 0x38, 0x39, 0x3A, 0x40, 0x41, 0x45, 0x4A, 0x50, 0x51])
        {
            var reply = Sl651.Build(FrameDirection.Up, Station with { Function = function }, Recording.Hex("0033170718110014"), Sl651.EndOfText);
            Assert.Null(answers.Answer(reply, Now));
        }

        Assert.Null(answers.Answer(Sl651.Build(FrameDirection.Down, Station, Recording.Hex("0033170718110014"), Sl651.Enquiry), Now));
        var damaged = Sl651.Build(FrameDirection.Up, Station, Recording.Hex("0033170718110014"), Sl651.EndOfText);
        damaged[^1] ^= 1;
        Assert.Null(answers.Answer(damaged, Now));
    }

    [Fact]
    public void A_report_without_a_serial_number_is_confirmed_all_the_same() =>
        Assert.NotNull(CentreAnswers.Create("sl651")!.Answer(Sl651.Build(FrameDirection.Up, Station, [], Sl651.EndOfText), Now));

    // ---- SL 651: several packets ----

    [Fact]
    public void Several_packets_are_confirmed_once_behind_the_last()
    {
        var answers = CentreAnswers.Create("sl651")!;
        Assert.All(Enumerable.Range(1, 12), number => Assert.Null(answers.Answer(Packet(13, number), Now)));
        AssertPacketAnswer(answers.Answer(Packet(13, 13), Now), Sl651.StayOnline, "00D00D", "0005");
    }

    [Fact]
    public void Missing_packets_are_asked_for_one_by_one_until_all_are_there()
    {
        var answers = CentreAnswers.Create("sl651")!;
        Assert.All([1, 3, 4, 6], number => Assert.Null(answers.Answer(Packet(7, number), Now)));
        AssertPacketAnswer(answers.Answer(Packet(7, 7), Now), Sl651.NotAcknowledge, "007002", "0005");

        // A packet that is sent again ends with ETX.
        AssertPacketAnswer(answers.Answer(Packet(7, 2, Sl651.EndOfText), Now), Sl651.NotAcknowledge, "007005", "0005");
        AssertPacketAnswer(answers.Answer(Packet(7, 5, Sl651.EndOfText), Now), Sl651.StayOnline, "007007", "0005");
    }

    [Fact]
    public void Without_the_first_packet_there_is_no_serial_number_to_give_back()
    {
        var answers = CentreAnswers.Create("sl651")!;
        AssertPacketAnswer(answers.Answer(Packet(2, 2), Now), Sl651.NotAcknowledge, "002001", "0000");
        AssertPacketAnswer(answers.Answer(Packet(2, 1, Sl651.EndOfText), Now), Sl651.StayOnline, "002002", "0005");
    }

    [Fact]
    public void A_message_that_is_repeated_as_a_whole_is_confirmed_again()
    {
        var answers = CentreAnswers.Create("sl651")!;
        for (var i = 0; i < 3; i++)
        {
            Assert.Null(answers.Answer(Packet(2, 1), Now));
            AssertPacketAnswer(answers.Answer(Packet(2, 2), Now), Sl651.StayOnline, "002002", "0005");
        }
    }

    [Fact]
    public void Packets_of_an_older_message_do_not_complete_a_new_one()
    {
        var answers = CentreAnswers.Create("sl651")!;
        Assert.Null(answers.Answer(Packet(3, 1), Now));
        Assert.Null(answers.Answer(Packet(3, 2), Now));

        // Another serial number; another number of packets; another station; later.
        Assert.Null(answers.Answer(Packet(3, 1, serial: "0006"), Now));
        AssertPacketAnswer(answers.Answer(Packet(3, 3), Now), Sl651.NotAcknowledge, "003002", "0006");
        AssertPacketAnswer(answers.Answer(Packet(2, 2), Now), Sl651.NotAcknowledge, "002001", "0000");
        AssertPacketAnswer(answers.Answer(Packet(2, 2, station: "0000000001"), Now), Sl651.NotAcknowledge, "002001", "0000", "0000000001");
        Assert.Null(answers.Answer(Packet(2, 1), Now));
        AssertPacketAnswer(answers.Answer(Packet(2, 2), Now.AddMinutes(3)), Sl651.NotAcknowledge, "002001", "0000", time: "240506151109");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Behind_a_confirmed_message_the_rest_of_the_next_is_not_confirmed_without_its_first_packet(int total)
    {
        var answers = CentreAnswers.Create("sl651")!;
        Assert.All(Enumerable.Range(1, total - 1), number => Assert.Null(answers.Answer(Packet(total, number), Now)));
        AssertPacketAnswer(answers.Answer(Packet(total, total), Now), Sl651.StayOnline, $"{total:X3}{total:X3}", "0005");

        for (var number = 2; number < total; number++)
        {
            Assert.Null(answers.Answer(Packet(total, number, text: 0x11), Now));
        }

        AssertPacketAnswer(answers.Answer(Packet(total, total, text: 0x11), Now), Sl651.NotAcknowledge, $"{total:X3}001", "0000");
        var first = answers.Answer(Packet(total, 1, Sl651.EndOfText, serial: "0006"), Now);
        AssertPacketAnswer(first, Sl651.StayOnline, $"{total:X3}{total:X3}", "0006");
    }

    [Fact]
    public void Behind_a_confirmed_message_packets_like_its_own_begin_another_unless_it_is_the_last_again()
    {
        var answers = CentreAnswers.Create("sl651")!;
        Assert.Null(answers.Answer(Packet(3, 1), Now));
        Assert.Null(answers.Answer(Packet(3, 2), Now));
        AssertPacketAnswer(answers.Answer(Packet(3, 3), Now), Sl651.StayOnline, "003003", "0005");
        AssertPacketAnswer(answers.Answer(Packet(3, 3), Now), Sl651.StayOnline, "003003", "0005");
        Assert.Null(answers.Answer(Packet(3, 2), Now));
        AssertPacketAnswer(answers.Answer(Packet(3, 3), Now), Sl651.NotAcknowledge, "003001", "0000");
    }

    [Fact]
    public void A_packet_that_differs_from_the_one_with_its_number_begins_another_message()
    {
        var answers = CentreAnswers.Create("sl651")!;
        Assert.Null(answers.Answer(Packet(3, 1), Now));
        Assert.Null(answers.Answer(Packet(3, 2), Now));
        Assert.Null(answers.Answer(Packet(3, 2, text: 0x11), Now));
        AssertPacketAnswer(answers.Answer(Packet(3, 3, text: 0x11), Now), Sl651.NotAcknowledge, "003001", "0000");
    }

    [Fact]
    public void A_packet_that_was_asked_for_is_answered_though_it_ends_as_at_first()
    {
        var answers = CentreAnswers.Create("sl651")!;
        Assert.Null(answers.Answer(Packet(4, 1), Now));
        AssertPacketAnswer(answers.Answer(Packet(4, 4), Now), Sl651.NotAcknowledge, "004002", "0005");
        AssertPacketAnswer(answers.Answer(Packet(4, 2, Sl651.EndOfBlock), Now), Sl651.NotAcknowledge, "004003", "0005");
        AssertPacketAnswer(answers.Answer(Packet(4, 3, Sl651.EndOfBlock), Now), Sl651.StayOnline, "004004", "0005");

        // The confirmation was lost: the same again, and the last that follows in a station's order.
        AssertPacketAnswer(answers.Answer(Packet(4, 3, Sl651.EndOfBlock), Now), Sl651.StayOnline, "004004", "0005");
        AssertPacketAnswer(answers.Answer(Packet(4, 4), Now), Sl651.StayOnline, "004004", "0005");
    }

    [Fact]
    public void A_message_that_is_sent_as_a_whole_again_for_its_first_packet_is_confirmed()
    {
        var answers = CentreAnswers.Create("sl651")!;
        Assert.Null(answers.Answer(Packet(3, 2), Now));
        AssertPacketAnswer(answers.Answer(Packet(3, 3), Now), Sl651.NotAcknowledge, "003001", "0000");
        AssertPacketAnswer(answers.Answer(Packet(3, 1), Now), Sl651.StayOnline, "003003", "0005");
        Assert.Null(answers.Answer(Packet(3, 2), Now));
        AssertPacketAnswer(answers.Answer(Packet(3, 3), Now), Sl651.StayOnline, "003003", "0005");
    }

    [Fact]
    public void Packets_that_number_themselves_wrongly_are_not_answered()
    {
        var answers = CentreAnswers.Create("sl651")!;
        Assert.Null(answers.Answer(Packet(0, 0), Now));
        Assert.Null(answers.Answer(Packet(3, 4), Now));
        Assert.Null(answers.Answer(Packet(3, 0), Now));
    }

    [Fact]
    public void The_most_packets_there_can_be_are_counted()
    {
        var answers = CentreAnswers.Create("sl651")!;
        for (var number = 1; number < 4095; number++)
        {
            Assert.Null(answers.Answer(Packet(4095, number), Now));
        }

        AssertPacketAnswer(answers.Answer(Packet(4095, 4095), Now), Sl651.StayOnline, "FFFFFF", "0005");
    }

    [Theory]
    [InlineData(0x34, Sl651.EndOfTransmission, true)]
    [InlineData(0x34, Sl651.StayOnline, true)]
    [InlineData(0x34, Sl651.Acknowledge, true)]
    [InlineData(0x36, Sl651.NotAcknowledge, true)]
    [InlineData(0x36, Sl651.Enquiry, false)]
    [InlineData(0x37, Sl651.Enquiry, false)]
    [InlineData(0x4A, Sl651.EndOfTransmission, false)]
    public void A_confirmation_of_another_centre_to_what_was_confirmed_is_known_by_its_function_and_its_end(int function, byte end, bool expected)
    {
        var answers = CentreAnswers.Create("sl651")!;
        var address = Station with { Function = (byte)function };
        var frame = Sl651.Build(FrameDirection.Down, address, Recording.Hex("0033170718110014"), end);
        Assert.False(answers.Answered(frame));
        _ = answers.Answer(Sl651.Build(FrameDirection.Up, address, Recording.Hex("0033170718110014"), Sl651.EndOfText), Now);
        Assert.Equal(expected, answers.Answered(frame));
        frame[^1] ^= 1;
        Assert.False(answers.Answered(frame));
    }

    [Fact]
    public void A_confirmation_of_another_serial_number_function_or_station_is_to_something_else()
    {
        var answers = CentreAnswers.Create("sl651")!;
        Assert.NotNull(answers.Answer(Sl651.Build(FrameDirection.Up, Station, Recording.Hex("0033170718110014"), Sl651.EndOfText), Now));
        Assert.True(answers.Answered(Confirmation(Station, "0033")));
        Assert.False(answers.Answered(Confirmation(Station, "0034")));
        Assert.False(answers.Answered(Confirmation(Station with { Function = 0x32 }, "0033")));
        Assert.False(answers.Answered(Confirmation(Station with { Station = "0000000001" }, "0033")));
        Assert.False(answers.Answered(Confirmation(Station, "")));
        Assert.True(answers.Answered(Sl651.Build(FrameDirection.Down, Station, "0033240506150809"u8, Sl651.StayOnline, ascii: true)));

        static byte[] Confirmation(Sl651Address address, string serial) =>
            Sl651.Build(FrameDirection.Down, address, Recording.Hex(serial), Sl651.EndOfTransmission);
    }

    [Fact]
    public void What_is_answered_is_known_as_an_answer()
    {
        foreach (var (name, frame) in new[]
        {
            ("hj212", Hj212.Build("QN=1;ST=32;CN=2011;PW=9;MN=8;Flag=5;CP=&&a=1&&")),
            ("hj212", Hj212.Build("QN=1;ST=32;CN=1013;PW=9;MN=8;Flag=1;CP=&&a=1&&")),
            ("sl651", Sl651.Build(FrameDirection.Up, Station, Recording.Hex("0033170718110014"), Sl651.EndOfText)),
            ("sl651", Packet(2, 2)),
        })
        {
            var answers = CentreAnswers.Create(name)!;
            var answer = answers.Answer(frame, Now)!;
            Assert.True(answers.Answered(answer));
            Assert.False(answers.Answered(frame));
            Assert.False(CentreAnswers.Create(name)!.Answered(answer));
            Assert.Null(answers.Answer(answer, Now));
        }
    }

    private static bool Hj212Answered(string upload, string downlink)
    {
        var answers = CentreAnswers.Create("hj212")!;
        _ = answers.Answer(Hj212.Build(upload), Now);
        return answers.Answered(Hj212.Build(downlink));
    }

    private static string? Hj212Answer(string segment)
    {
        var answer = CentreAnswers.Create("hj212")!.Answer(Hj212.Build(segment), Now);
        if (answer is null)
        {
            return null;
        }

        Assert.True(Hj212.IsValid(answer));
        var text = Encoding.ASCII.GetString(answer);
        Assert.Equal($"##{text.Length - Hj212.Overhead:D4}", text[..6]);
        return text[6..^6];
    }

    private static byte[] Packet(int total, int number, byte? end = null, string serial = "0005", string? station = null, byte text = 0xD8) => Sl651.Build(
        FrameDirection.Up,
        Station with { Function = 0x36, Station = station ?? Station.Station },
        number == 1 ? Recording.Hex(serial + "170718110014F1F1001122334448") : [0xFF, text, 0xFF],
        end ?? (number == total ? Sl651.EndOfText : Sl651.EndOfBlock),
        (total, number));

    private static void AssertPacketAnswer(byte[]? answer, byte end, string packets, string serial, string station = "0011223344", string time = "240506150809")
    {
        Assert.NotNull(answer);
        Assert.True(Sl651.IsValid(answer));
        Assert.Equal($"7E7E{station}0503E836800B16{packets}{serial}{time}{end:X2}", Hex(answer)[..^4]);
    }

    private static string Hex(byte[]? bytes) => Convert.ToHexString(bytes ?? []);
}

using System.Text;
using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Recording;
using DtuActors.Routing;

namespace DtuActors.Tests.Sessions;

/// <summary>What a session makes of the forms of registration: replies, repetitions, prefixes, questions, several profiles.</summary>
public sealed class SessionRegistrationSpec : SessionSpec
{
    private static ProfileOptions Profile(RegistrationForm form, bool everyPacket = false, string reply = "", FramingOptions? framing = null) =>
        Options.Profile() with
        {
            Framing = framing ?? new FramingOptions(),
            Registration = new RegistrationOptions { Form = form, EveryPacket = everyPacket, Reply = Encoding.ASCII.GetBytes(reply) },
        };

    private static Regex Whole(string pattern) => new($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking);

    private static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    private string Data() => Convert.ToHexString(Uplink().Frame!.Payload.Span);

    private IActorRef Registered(ProfileOptions profile, string id, params byte[][] pieces)
    {
        var session = Opened(profile, id, pieces);
        Socket.FishForMessage(message => message is Tcp.ResumeReading);
        Settle(session);
        return session;
    }

    /// <summary>A session that is open; what it wrote with its opening is still to be looked at.</summary>
    private IActorRef Opened(ProfileOptions profile, string id, params byte[][] pieces)
    {
        var session = Connect(profile);
        foreach (var piece in pieces)
        {
            Socket.FishForMessage(message => message is Tcp.ResumeReading);
            Receive(session, piece);
        }

        Grant(session, id);
        Router.ExpectMsg<Registry.SessionOpened>();
        return session;
    }

    [Fact]
    public void A_JSON_registration_is_answered_and_again_the_same_is_a_heartbeat_that_is_answered_too()
    {
        byte[] json = [.. """{"csq":9,"imei":"861234567890123"}"""u8];
        var session = Connect(Profile(new JsonForm(), reply: "OK"));
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, [.. json, 1, 3]);
        Grant(session, "861234567890123");
        Assert.Equal("OK", Encoding.ASCII.GetString(Written(session)));
        Router.ExpectMsg<Registry.SessionOpened>();
        Assert.Equal("0103", Data());
        Receive(session, json);
        Assert.Equal("OK", Encoding.ASCII.GetString(Written(session)));
        Receive(session, [5]);
        Assert.Equal("05", Data());
    }

    [Fact]
    public void A_registration_before_every_packet_is_taken_off_at_any_cut_and_what_is_left_is_data()
    {
        var form = new PatternForm { Pattern = Whole("(?<id>[0-9]{11})"), Length = 11 };
        var session = Registered(Profile(form, everyPacket: true), "13800138000", [.. "13800138000"u8, 1, 3, 2]);
        Assert.Equal("010302", Data());
        Receive(session, "13800"u8.ToArray());
        Receive(session, [.. "138000"u8, 7, 8]);
        Assert.Equal("0708", Data());
        Receive(session, [.. "13800138000"u8, 9, .. "13800138000"u8, 10]);
        Assert.Equal("09", Data());
        Assert.Equal("0A", Data());
    }

    [Fact]
    public void Bytes_that_only_begin_like_the_prefix_are_data_once_the_line_is_silent()
    {
        var form = new PatternForm { Pattern = Whole("(?<id>[0-9]{11})"), Length = 11 };
        var session = Registered(Profile(form, everyPacket: true), "13800138000", "13800138000"u8.ToArray());
        Receive(session, [7, 0x31, 0x33]);
        Settle(session);
        Router.ExpectNoMsg(TimeSpan.Zero);
        Advance(TimeSpan.FromMilliseconds(600));
        Assert.Equal("073133", Data());
    }

    [Fact]
    public void With_a_protocol_s_codec_the_prefix_stands_between_frames_and_inside_them_it_is_data()
    {
        var form = new PatternForm { IsHex = true, Pattern = Whole("(?<id>[0-9A-F]{4})"), Length = 2 };
        var framing = new FramingOptions { Codec = "modbus-rtu", Role = ModbusRole.Responses };
        var answer = Protocol.Modbus.ModbusRtu.Build(1, [3, 2, 0x3E, 0xA0]);
        var session = Registered(Profile(form, everyPacket: true, framing: framing), "3EA0", [0x3E, 0xA0, .. answer]);
        Assert.Equal(Convert.ToHexString(answer), Data());
        Receive(session, [0x3E, 0xA0, .. answer, 0x3E, 0xA0, .. answer]);
        Assert.Equal(Convert.ToHexString(answer), Data());
        Assert.Equal(Convert.ToHexString(answer), Data());
    }

    [Fact]
    public void Another_DTU_s_registration_before_a_packet_ends_the_session()
    {
        var form = new PatternForm { Pattern = Whole("##(?<id>[0-9]{4})"), Length = 6 };
        var session = Registered(Profile(form, everyPacket: true), "1001", "##1001"u8.ToArray());
        Receive(session, [.. "##1002"u8, 1, 3]);
        Assert.Equal("id-changed", Recorder.FishForMessage<RefusedConnection>(_ => true).Reason);
        Socket.FishForMessage(message => message is Tcp.Close);
        Router.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_DTU_with_its_registration_before_every_packet_has_its_heartbeat_s_time_to_register()
    {
        var profile = Profile(new PatternForm { Pattern = Whole("(?<id>[0-9]{4})"), Length = 4 }, everyPacket: true) with { Heartbeat = new HeartbeatOptions { Timeout = TimeSpan.FromSeconds(120) } };
        var session = Connect(profile);
        Advance(TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(10));
        Recorder.ExpectNoMsg(TimeSpan.Zero);
        Advance(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10));
        Assert.Equal("timeout", Recorder.FishForMessage<RefusedConnection>(_ => true).Reason);
        Assert.NotNull(session);
    }

    [Fact]
    public void A_probe_is_asked_at_once_and_again_until_it_is_answered_and_its_answer_is_no_data()
    {
        var form = new ProbeForm { Ask = new byte[] { 0x68, 0x16 }, Answer = new AnswerForm { Pattern = Whole("9116(?<id>[0-9A-F]{4})"), Length = 4 } };
        var session = Connect(Profile(form));
        Assert.Equal("6816", Convert.ToHexString(Written(session)));
        Advance(TimeSpan.FromSeconds(5.1), TimeSpan.FromSeconds(1));
        Assert.Equal("6816", Convert.ToHexString(Written(session)));
        Receive(session, Hex("91 16 00 07 55"));
        Grant(session, "0007");
        Router.ExpectMsg<Registry.SessionOpened>();
        Assert.Equal("55", Data());

        // It was asked twice: the second answer is the gateway's own as well, a third is not.
        Receive(session, Hex("91 16 00 07"));
        Receive(session, Hex("91 16 00 07"));
        Assert.Equal("91160007", Data());
        Advance(TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(1));
        Router.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void An_address_is_a_DTU_before_it_says_anything()
    {
        var session = Connect(Profile(new AddressForm { Pattern = Whole("(?<id>.+)") }));
        Grant(session, "10.8.0.7");
        Router.ExpectMsg<Registry.SessionOpened>();
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, "10.8.0.7");
        Assert.Equal(Convert.ToHexString("10.8.0.7"u8), Data());
    }

    [Fact]
    public void On_a_listener_with_several_profiles_the_one_whose_registration_matches_is_the_session_s()
    {
        var hongdian = Options.Profile() with { Name = "hongdian", Envelope = Envelopes.Find("ddp"), Registration = new RegistrationOptions { Form = new EnvelopeForm() } };
        var json = Profile(new JsonForm(), framing: new FramingOptions { Codec = "idle-gap" }) with { Name = "json" };
        var session = Connect([hongdian, json]);
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, """{"imei":"77"}""");
        Grant(session, "77");
        Router.ExpectMsg<Registry.SessionOpened>();
        Receive(session, [1]);
        Settle(session);
        Router.ExpectNoMsg(TimeSpan.Zero);
        Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal("idle-gap", Uplink().Frame!.Codec);
    }

    [Fact]
    public void Where_the_listener_names_the_DTU_an_envelope_s_units_are_opened_and_answered_under_the_DTU_s_own_id()
    {
        var profile = Options.Profile() with { Envelope = Envelopes.Find("ddp"), Registration = new RegistrationOptions { Form = new NoForm() } };
        var session = Connect(profile, dtu: "pump-7");
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, Ddp.Build(DdpType.Register, "13403154329", new byte[6]));
        Grant(session, "pump-7");
        Assert.Equal("7B81001031333430333135343332397B", Convert.ToHexString(Written(session)));
        Router.ExpectMsg<Registry.SessionOpened>();
        session.Tell(Delivery(TestActor, "123"u8.ToArray()) with { Dtu = Protocol.DtuId.Parse("pump-7") });
        Assert.Equal("7B8900133133343033313534333239" + "3132337B", Convert.ToHexString(Written(session)));
    }

    [Fact]
    public void Where_the_listener_names_the_DTU_a_registration_is_data_like_everything_else()
    {
        var session = Connect(Profile(new PatternForm { Pattern = Whole("LOGIN:(?<id>[0-9]+)") }), dtu: "pump-7");
        Grant(session, "pump-7");
        Router.ExpectMsg<Registry.SessionOpened>();
        Receive(session, "LOGIN:1001");
        Assert.Equal(Convert.ToHexString("LOGIN:1001"u8), Data());
    }

    [Fact]
    public void Data_that_come_while_a_bare_text_is_being_claimed_are_not_lost()
    {
        var session = Connect();
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, "dtu-1");
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Advance(TimeSpan.FromMilliseconds(600));
        var announce = Directory.ExpectMsg<Holding.Announce>();
        Receive(session, [1, 3, 2]);
        announce.Connection.Tell(new Holding.Granted(FirstEpoch, Owner));
        Router.ExpectMsg<Registry.SessionOpened>();
        Assert.Equal("010302", Data());
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Socket.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void An_envelope_that_holds_back_the_end_of_a_frame_costs_no_frame_whatever_its_gap()
    {
        var profile = Options.Profile() with
        {
            Envelope = Envelopes.Find("jbt"),
            Registration = new RegistrationOptions { Form = new EnvelopeForm() },
            Framing = new FramingOptions { Codec = "modbus-rtu", Gap = TimeSpan.FromMilliseconds(20) },
        };
        byte[] head = [.. Hex("A8 81 31 33 38 30 30 31 33 38 30 30 31 30 30 30 30 01 00 13")];
        var session = Opened(profile, "13800138001", [.. head, .. Hex("01 03 02 00 6E 39 A8")]);
        for (var i = 0; i < 12; i++)
        {
            Settle(session);
            Advance(TimeSpan.FromMilliseconds(10));
        }

        Assert.Equal("010302006E39A8", Data());
    }

    [Fact]
    public void Another_DTU_s_object_ends_a_JSON_session_and_the_same_DTU_s_in_other_words_is_data()
    {
        var session = Registered(Profile(new JsonForm()), "1", """{"imei":"1","csq":9}"""u8.ToArray());
        Receive(session, """{"imei":"1","t":21.5}""");
        Assert.Equal(Convert.ToHexString("""{"imei":"1","t":21.5}"""u8), Data());
        Receive(session, """{"imei":"2"}""");
        var refused = Recorder.FishForMessage<RefusedConnection>(_ => true);
        Assert.Equal(("id-changed", """{"imei":"2"}"""), (refused.Reason, Encoding.ASCII.GetString(refused.FirstBytes.Span)));
    }

    [Fact]
    public void What_is_not_the_instrument_s_is_counted_and_goes_to_no_endpoint()
    {
        var hongdian = Options.Profile() with { Envelope = Envelopes.Find("ddp"), Registration = new RegistrationOptions { Form = new EnvelopeForm() } };
        var session = Registered(hongdian, "330", Ddp.Build(DdpType.Register, "330", new byte[6]));
        Receive(session, Ddp.Build(DdpType.ParametersRead, "330", "abc"u8));
        Receive(session, Ddp.Build(DdpType.Register, "330", new byte[6]));
        Receive(session, Ddp.Build(DdpType.Data, "330", "x"u8));
        Assert.Equal("78", Data());
        Advance(TimeSpan.FromSeconds(1.1));
        var report = Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.FramesUp == 1).Report;
        Assert.Equal((1, 1), (report.DroppedUp["not-carried"], report.Heartbeats));
    }

    [Fact]
    public void What_a_registration_dropped_stands_in_the_books()
    {
        var hongdian = Options.Profile() with { Envelope = Envelopes.Find("ddp"), Registration = new RegistrationOptions { Form = new EnvelopeForm() } };
        Registered(hongdian, "330", [0x55, .. Ddp.Build(DdpType.Data, "330", "x"u8)]);
        Advance(TimeSpan.FromSeconds(1.1));
        var seen = Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.FramesUp == 1);
        Assert.Equal(1, seen.Report.DroppedUp["garbage"]);
    }

    // ---- frames that register, and the centre's own answers

    private static readonly byte[] Upload = Message("QN=20240101120000001;ST=32;CN=2011;PW=123456;MN=0001;Flag=5;CP=&&DataTime=20240101120000&&");
    private static readonly byte[] Answered = Message("QN=20240101120000001;ST=91;CN=9014;PW=123456;MN=0001;Flag=4;CP=&&&&");

    private static byte[] Message(string segment) => Protocol.Layouts.Hj212.Build(Encoding.ASCII.GetBytes(segment));

    private static ProfileOptions Station(bool byCentre = false)
    {
        Assert.True(IdTemplate.TryParse("{mn}", out var id, out _));
        var framing = new FramingOptions { Codec = "hj212" };
        return Profile(new FrameForm { Framing = framing, Id = id }, framing: framing) with { Application = new ApplicationOptions { Answer = "hj212", ByCentre = byCentre } };
    }

    [Fact]
    public void A_station_s_first_frame_registers_is_data_and_is_answered_by_the_gateway()
    {
        var session = Opened(Station(), "0001", Upload[..30], Upload[30..]);
        Assert.Equal(Convert.ToHexString(Upload), Data());
        Assert.Equal(Convert.ToHexString(Answered), Convert.ToHexString(Written(session)));
    }

    [Fact]
    public void Another_station_s_frame_on_the_same_connection_ends_it()
    {
        var session = Registered(Station(), "0001", Upload);
        Receive(session, Message("QN=20240101120000001;ST=32;CN=2011;PW=123456;MN=0002;Flag=5;CP=&&&&"));
        Assert.Equal("id-changed", Recorder.FishForMessage<RefusedConnection>(_ => true).Reason);
    }

    [Fact]
    public void Where_the_gateway_answers_another_centre_s_answer_is_withheld_and_counted()
    {
        var session = Opened(Station(), "0001", Upload);
        Assert.Equal(Convert.ToHexString(Answered), Convert.ToHexString(Written(session)));
        session.Tell(Delivery(TestActor, Answered, ackWanted: true) with { Dtu = Protocol.DtuId.Parse("0001") });
        ExpectMsg<Flow.Taken>();
        var command = Message("QN=20240101120000002;ST=32;CN=1011;PW=123456;MN=0001;Flag=5;CP=&&&&");
        session.Tell(Delivery(TestActor, command) with { Dtu = Protocol.DtuId.Parse("0001") });
        Assert.Equal(Convert.ToHexString(command), Convert.ToHexString(Written(session)));
        Advance(TimeSpan.FromSeconds(1.1));
        var down = Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.Down.Dropped.Count > 0).Report.Down;
        Assert.Equal(1, down.Dropped["answered-here"]);
    }

    [Fact]
    public void Where_the_centre_answers_the_gateway_says_nothing()
    {
        var session = Registered(Station(byCentre: true), "0001", Upload);
        session.Tell(Delivery(TestActor, Answered) with { Dtu = Protocol.DtuId.Parse("0001") });
        Assert.Equal(Convert.ToHexString(Answered), Convert.ToHexString(Written(session)));
        Socket.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void What_a_request_is_answered_with_is_not_confirmed_where_its_endpoint_is_too_slow_to_take_it()
    {
        var quiet = Message($"QN=20240101120000001;ST=32;CN=2011;PW=123456;MN=0001;Flag=4;CP=&&Note={new string('x', 900)}&&");
        var session = Opened(Station() with { Bus = new BusOptions { Mode = BusMode.RequestResponse } }, "0001", quiet);
        session.Tell(new Flow.PathAdded(new Destination(CreateTestProbe("port"), 1)));
        Receive(session, [.. Enumerable.Repeat(quiet, 70).SelectMany(bytes => bytes)]);
        Router.FishForMessage<Relay.Uplink>(uplink => uplink.Frame is null);
        Settle(session);
        Advance(TimeSpan.FromSeconds(32), TimeSpan.FromSeconds(1));
        session.Tell(Delivery(TestActor, Message("QN=20240101120000002;ST=32;CN=1011;PW=123456;MN=0001;Flag=5;CP=&&&&")) with { Dtu = Protocol.DtuId.Parse("0001") });
        Written(session);
        Receive(session, Upload);
        Assert.Equal("destination-slow", Recorder.FishForMessage<FramePassed>(passed => passed.Verdict is not null).Verdict);
        Settle(session);
        while (Socket.HasMessages)
        {
            Socket.ExpectMsg<Tcp.ResumeReading>();
        }
    }

    [Fact]
    public void Through_an_envelope_the_centre_s_answer_is_wrapped_like_every_downlink()
    {
        var profile = Station() with { Envelope = Envelopes.Find("ddp"), Registration = new RegistrationOptions { Form = new EnvelopeForm() } };
        var session = Opened(profile, "330", Ddp.Build(DdpType.Data, "330", Upload));
        Assert.Equal(Convert.ToHexString(Ddp.Build(DdpType.CentreData, "330", Answered)), Convert.ToHexString(Written(session)));
    }
}

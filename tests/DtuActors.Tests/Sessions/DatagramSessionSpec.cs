using System.Globalization;
using System.Net;
using System.Text;
using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>A session whose socket carries datagrams.</summary>
public sealed class DatagramSessionSpec : SessionSpec
{
    private static readonly byte[] Answer = Convert.FromHexString("010302000FF840");

    private static readonly ProfileOptions Ddp = Options.Profile() with
    {
        Envelope = Envelopes.ForDatagrams(Envelopes.Find("ddp")),
        Registration = new RegistrationOptions { Form = new EnvelopeForm() },
    };

    public DatagramSessionSpec() => Carrier = Carrier.Datagrams;

    [Fact]
    public void A_registration_needs_no_line_end_and_no_silence()
    {
        var session = Connect(Options.Profile(reply: "OK"));
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Say(session, "dtu-1");
        Grant(session, "dtu-1");
        Router.ExpectMsg<Registry.SessionOpened>();
        Assert.Equal("OK", Encoding.ASCII.GetString(Written(session)));
    }

    [Fact]
    public void A_datagram_is_one_uplink_and_what_is_asked_for_is_one_more()
    {
        var session = Registered(Options.Profile());
        Say(session, "one");
        Assert.Equal("one"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Socket.ExpectNoMsg(TimeSpan.Zero);
        Say(session, "two");
        Assert.Equal("two"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal("dtu-1onetwo".Length, Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.FramesUp == 2).Report.BytesUp);
    }

    [Fact]
    public void Frames_never_span_datagrams_and_what_is_left_of_one_is_counted_as_truncated()
    {
        var framing = new FramingOptions { Codec = "length-field", Offset = 0, Size = 1 };
        var session = Registered(Options.Profile(framing: framing));
        Say(session, "\u0003ab");
        Say(session, "c\u0001x");
        Say(session, "\u0001y");
        Assert.Equal("\u0001y"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
        Advance(TimeSpan.FromSeconds(1.1));
        var report = Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.FramesUp == 1).Report;
        Assert.Equal(2, report.DroppedUp["truncated"]);
    }

    [Fact]
    public void A_frame_that_ends_at_silence_ends_with_its_datagram()
    {
        var session = Registered(Options.Profile(framing: new FramingOptions { Codec = "idle-gap" }));
        Say(session, "one");
        Assert.Equal("one"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
    }

    [Fact]
    public void Data_behind_a_registration_are_a_frame_of_their_own()
    {
        var form = new PatternForm { Pattern = new(@"\A(?:(?<id>[0-9]{11}))\z", System.Text.RegularExpressions.RegexOptions.NonBacktracking), Length = 11 };
        var session = Connect(Options.Profile() with { Registration = new RegistrationOptions { Form = form, EveryPacket = true } });
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Say(session, "13800138000one");
        Grant(session, "13800138000");
        Router.ExpectMsg<Registry.SessionOpened>();
        Assert.Equal("one"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
        Say(session, "13800138000two");
        Assert.Equal("two"u8.ToArray(), Uplink().Frame!.Payload.ToArray());

        // The beginning of a registration at a datagram's end is data: the rest of one never follows.
        Say(session, "13800138000three138");
        Assert.Equal("three138"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
    }

    [Fact]
    public void Each_downlink_leaves_alone_however_many_wait()
    {
        var session = Registered(Options.Profile());
        foreach (var (payload, through) in new[] { ("a", 1), ("bb", 3), ("ccc", 6) })
        {
            session.Tell(Delivery(TestActor, Encoding.ASCII.GetBytes(payload), through: through));
        }

        Assert.Equal(["a", "bb", "ccc"], Enumerable.Range(0, 3).Select(_ => Encoding.ASCII.GetString(Written(session))));
    }

    [Fact]
    public void What_no_datagram_carries_is_refused_and_counted()
    {
        var session = Registered(Options.Profile());
        session.Tell(new Asking.Send(Protocol.DtuId.Parse("dtu-1"), new byte[Carrier.MostPerDatagram + 1], 7, "api", TestActor));
        Assert.Equal((7, RefusalReason.TooLong), (ExpectMsg<Asking.Refused>().Correlation, LastRefusal(session)));
        session.Tell(new Asking.Send(Protocol.DtuId.Parse("dtu-1"), new byte[Carrier.MostPerDatagram], 9, "api", TestActor));
        Assert.Equal(Carrier.MostPerDatagram, Written(session).Length);
        Assert.Equal(9, ExpectMsg<Asking.Sent>().Correlation);
        Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(2, Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.Down.Written == 1).Report.Down.Dropped["oversize"]);
    }

    [Fact]
    public void DDP_goes_down_in_its_datagram_form_and_a_long_downlink_as_several_units()
    {
        var session = RegisteredByDdp();
        session.Tell(Delivery(TestActor, "123"u8.ToArray()) with { Dtu = Protocol.DtuId.Parse("13912345678") });
        Assert.Equal("7B890010" + "3133393132333435363738" + "7B313233", Convert.ToHexString(Written(session)));
        session.Tell(Delivery(TestActor, new byte[1025], through: 1028) with { Dtu = Protocol.DtuId.Parse("13912345678") });
        Assert.Equal([16 + 1024, 17], new[] { Written(session).Length, Written(session).Length });
    }

    [Fact]
    public void DDP_s_data_are_the_rest_of_the_datagram_and_a_broken_datagram_is_garbage()
    {
        var session = RegisteredByDdp();
        Say(session, DdpDatagram.Build(DdpType.Data, "13912345678", Answer));
        Assert.Equal(Answer, Uplink().Frame!.Payload.ToArray());
        Say(session, DdpDatagram.Build(DdpType.Data, "13912345678", Answer)[1..]);
        Assert.Equal("garbage", Event<FramePassed>(passed => passed.Verdict is not null).Verdict);
    }

    [Fact]
    public void A_DDP_DTU_that_takes_its_leave_ends_its_session()
    {
        var session = RegisteredByDdp();
        Say(session, DdpDatagram.Build(DdpType.Unregister, "13912345678", []));
        Socket.FishForMessage(message => message is Tcp.Close);
        session.Tell(Tcp.Closed.Instance, Socket);
        Assert.Equal("closed", Event<DtuOffline>().Reason);
    }

    [Fact]
    public void An_address_that_moved_shows_as_remote_and_is_no_event()
    {
        var session = RegisteredByDdp();
        Event<DtuOnline>();
        session.Tell(new Datagrams.Moved(Peer.Of(new IPEndPoint(IPAddress.Parse("10.8.0.9"), 7))));
        Advance(TimeSpan.FromSeconds(1.1));
        var seen = Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.Remote == "10.8.0.9:7");
        Assert.Equal(FirstEpoch, seen.Report.Session.Epoch);
        Recorder.ExpectNoMsg(TimeSpan.Zero);
        session.Tell(PoisonPill.Instance);
        Assert.Equal("10.8.0.9:7", Event<DtuOffline>().Remote);
    }

    [Theory]
    [InlineData(DuplicatesPolicy.Newest, "00:00:10")]
    [InlineData(DuplicatesPolicy.HoldFirst, null)]
    public void In_a_conflict_the_address_is_held_as_the_policy_says_and_rivals_are_counted_and_told(DuplicatesPolicy policy, string? stay)
    {
        var session = RegisteredByDdp(new DuplicatesOptions { Policy = policy });
        session.Tell(new Holding.Contested("10.8.0.9:7"));
        session.Tell(new Holding.Contested("10.8.0.9:7"));
        Assert.Equal(stay is null ? TimeSpan.MaxValue : TimeSpan.Parse(stay, CultureInfo.InvariantCulture), Held());
        session.Tell(new Datagrams.Rival("xyz"u8.ToArray(), Peer.Of(new IPEndPoint(IPAddress.Parse("10.8.0.9"), 8))));
        Assert.Equal(new Holding.StillAlive(DtuId.Parse("13912345678"), FirstEpoch, "10.8.0.9:8"), Directory.FishForMessage<Holding.StillAlive>(_ => true));
        Advance(TimeSpan.FromSeconds(1.1));
        Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.DroppedUp.GetValueOrDefault("conflict") == 1);
        session.Tell(new Holding.Contested(null));
        Assert.Equal(TimeSpan.Zero, Held());
    }

    private TimeSpan Held() => Socket.FishForMessage<Datagrams.Hold>(_ => true).Stay;

    [Theory]
    [InlineData("BA", "B")]
    [InlineData("BAB", "B,A")]
    [InlineData("BCABC", "C,A,B")]
    public void An_address_that_comes_back_is_another_device_s_and_the_one_it_came_from_is_alive(string moves, string alive)
    {
        var session = RegisteredByDdp();
        Move(session, 'A');
        Moves(moves).ForEach(at => Move(session, at));
        Assert.Equal(alive.Split(','), Alive(session));
    }

    [Fact]
    public void A_NAT_that_gives_ever_new_addresses_is_one_device()
    {
        var session = RegisteredByDdp();
        Moves("ABCDEFGHIJKLMNOPQRSTUVWXYZ").ForEach(at => Move(session, at));
        Assert.Empty(Alive(session));
    }

    [Fact]
    public void Who_holds_the_session_is_told_with_its_address_and_a_session_that_ended_says_nothing()
    {
        var session = RegisteredByDdp();
        Move(session, 'A');
        var announce = Directory.ExpectMsg<Holding.Announce>();
        Assert.Equal((FirstEpoch, "10.8.0.9:65"), (announce.Epoch, announce.Remote));
        session.Tell(new Asking.Kick(Protocol.DtuId.Parse("13912345678"), 1, TestActor));
        Move(session, 'B');
        Settle(session);
        Directory.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void One_that_is_displaced_hears_its_old_address_and_says_that_it_is_alive()
    {
        var session = RegisteredByDdp();
        session.Tell(new Holding.Superseded("10.8.0.9:1"));
        Settle(session);
        Advance(TimeSpan.FromMilliseconds(600));
        Socket.FishForMessage(message => message is Tcp.ConfirmedClose);
        Directory.ExpectMsg<Holding.Released>();
        Say(session, DdpDatagram.Build(DdpType.Data, "13912345678", Answer));
        Assert.Equal((FirstEpoch, Remote.Text), Directory.ExpectMsg<Holding.StillAlive>() is var found ? (found.Epoch, found.Remote) : default);
        Advance(TimeSpan.FromSeconds(2.1));
        Socket.FishForMessage(message => message is Tcp.Abort);
        session.Tell(Tcp.Aborted.Instance);
        ExpectTerminated(session);
        Assert.Equal(1, Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report.DroppedUp["stale-session"]);
    }

    [Fact]
    public void What_was_dropped_while_it_did_not_read_stands_in_its_own_count()
    {
        var session = Registered(Options.Profile());
        session.Tell(new Datagrams.Dropped("late"u8.ToArray(), "too-old"));
        Assert.Equal("too-old", Event<FramePassed>().Verdict);
        Settle(session);
        Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(1, Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.DroppedUp.Count > 0).Report.DroppedUp["too-old"]);
    }

    [Fact]
    public void Silence_beyond_the_profile_s_time_ends_it()
    {
        Registered(Options.Profile(heartbeat: new HeartbeatOptions { Timeout = TimeSpan.FromSeconds(10) }));
        Advance(TimeSpan.FromSeconds(11));
        Socket.FishForMessage(message => message is Tcp.Abort);
    }

    private static void Say(IActorRef session, string text) => Say(session, Encoding.ASCII.GetBytes(text));

    private static void Say(IActorRef session, byte[] datagram) => session.Tell(new Tcp.Received(ByteString.FromBytes(datagram)));

    private static List<char> Moves(string addresses) => [.. addresses];

    private static void Move(IActorRef session, char port) => session.Tell(new Datagrams.Moved(Peer.Of(new IPEndPoint(IPAddress.Parse("10.8.0.9"), port))));

    // The ports, as letters, of which the directory heard that they are alive.
    private List<string> Alive(IActorRef session)
    {
        Settle(session);
        return [.. Directory.ReceiveWhile(TimeSpan.FromSeconds(5), TimeSpan.Zero, message => message, 100)
            .OfType<Holding.StillAlive>().Select(alive => ((char)IPEndPoint.Parse(alive.Remote).Port).ToString())];
    }

    private IActorRef Registered(ProfileOptions profile)
    {
        var session = Connect(profile);
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Say(session, "dtu-1");
        Opened(session, "dtu-1");
        return session;
    }

    private IActorRef RegisteredByDdp(DuplicatesOptions? duplicates = null)
    {
        var session = Connect(Ddp with { Duplicates = duplicates ?? new DuplicatesOptions() });
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Say(session, DdpDatagram.Build(DdpType.Register, "13912345678", []));
        Opened(session, "13912345678");
        Assert.Equal("7B810010" + "3133393132333435363738" + "7B", Convert.ToHexString(Written(session)));
        return session;
    }

    private void Opened(IActorRef session, string id)
    {
        Grant(session, id);
        Router.ExpectMsg<Registry.SessionOpened>();
        if (id == "dtu-1")
        {
            Socket.ExpectMsg<Tcp.ResumeReading>();
        }

        Settle(session);
    }

    private RefusalReason LastRefusal(IActorRef session)
    {
        session.Tell(new Asking.Send(Protocol.DtuId.Parse("dtu-1"), new byte[Carrier.MostPerDatagram + 1], 8, "api", TestActor));
        return ExpectMsg<Asking.Refused>().Reason;
    }

    private T Event<T>(Predicate<T> fits)
        where T : FieldEvent => (T)Recorder.FishForMessage(message => message is T found && fits(found));
}

using Akka.Actor;
using Akka.IO;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Protocol.Modbus;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>What a session asks by itself. Chance is 0.5 in a SessionSpec: a first run is in the middle of its period, keep-warm waits nine tenths.</summary>
public sealed class PollSpec : SessionSpec
{
    private static readonly byte[] Question = ModbusRtu.Build(1, [3, 0, 0, 0, 1]);
    private static readonly byte[] Answer = ModbusRtu.Build(1, [3, 2, 0x12, 0x34]);

    private readonly TestProbe _settled;

    public PollSpec() => _settled = CreateTestProbe("settled");

    private static PollOptions Poll(string name = "p1", string? dtu = "dtu-*", byte[]? payload = null, double? every = 60) => new()
    {
        Name = name,
        Dtu = dtu,
        Payload = payload ?? Question,
        Every = every is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
    };

    private static BusOptions RequestResponse { get; } = new() { Mode = BusMode.RequestResponse };

    private IActorRef Online(ProfileOptions profile, params PollOptions[] polls) =>
        Online("dtu-1", profile, Options.Gateway(profile) with { Polls = [.. polls] });

    // Step by step: what the session does at one moment stands before the next one begins.
    private void Pass(IActorRef session, double seconds, double step = 0.5)
    {
        for (var passed = 0.0; passed < seconds; passed += step)
        {
            Clock.Advance(TimeSpan.FromSeconds(step));
            session.Tell(new Identify(null), _settled);
            _settled.ExpectMsg<ActorIdentity>();
        }
    }

    private void WroteNothing(IActorRef session)
    {
        Settle(session);
        while (Socket.HasMessages)
        {
            Assert.IsNotType<Tcp.Write>(Socket.ReceiveOne(TimeSpan.Zero));
        }
    }

    [Fact]
    public void A_session_takes_up_polls_that_changed_and_what_waits_on_its_bus_stays()
    {
        var table = new PollTable([]);
        var profile = Options.Profile(bus: RequestResponse);
        Polls = table;
        var session = Online(profile);
        Pass(session, 60);
        WroteNothing(session);
        table.Use([Poll(every: 10)]);
        session.Tell(Polling.Changed.Instance);
        Settle(session);
        Pass(session, 5);
        Assert.Equal(Question, Written(session));
        table.Use([]);
        session.Tell(Polling.Changed.Instance);
        Receive(session, Answer);
        Assert.Equal(Answer, Uplink().Frame!.Payload.ToArray());
        Pass(session, 60);
        WroteNothing(session);
        Assert.Empty(Report(session).Polls);
    }

    [Theory]
    [InlineData(BusMode.Transparent, "raw")]
    [InlineData(BusMode.RequestResponse, "raw")]
    [InlineData(BusMode.RequestResponse, "modbus-rtu")]
    public void A_poll_is_asked_and_its_answer_is_every_routes_exactly_once(BusMode mode, string codec)
    {
        var session = Online(Options.Profile(bus: new BusOptions { Mode = mode }, framing: new() { Codec = codec, Role = Protocol.Framing.ModbusRole.Responses }), Poll());
        Pass(session, 29);
        WroteNothing(session);
        Pass(session, 2);
        Assert.Equal(Question, Written(session));
        Receive(session, Answer);
        var uplink = Uplink();
        Assert.Equal(Answer, uplink.Frame!.Payload.ToArray());
        Assert.Null(uplink.Only);
        Settle(session);
        Router.ExpectNoMsg(TimeSpan.Zero);

        var down = Event<FramePassed>();
        Assert.Equal((FrameDirection.Down, "poll:p1"), (down.Direction, down.Source));
        Assert.Equal(FrameDirection.Up, Event<FramePassed>().Direction);
        Pass(session, 58);
        WroteNothing(session);
        Pass(session, 3);
        Assert.Equal(Question, Written(session));
    }

    [Fact]
    public void A_dtu_that_matches_no_poll_is_asked_nothing()
    {
        var session = Online(Options.Profile(), Poll(dtu: "pump-*"), Poll("p2", dtu: "dtu-10"));
        Pass(session, 200);
        WroteNothing(session);
        Assert.Empty(Report(session).Polls);
    }

    [Fact]
    public void A_poll_waits_its_turn_and_a_later_request_waits_for_it()
    {
        var session = Online(Options.Profile(bus: RequestResponse), Poll());
        session.Tell(Delivery(TestActor, "first"u8.ToArray(), from: "com"));
        Assert.Equal("first"u8.ToArray(), Written(session));
        Pass(session, 3);
        Receive(session, "one");
        Assert.Equal("com", Uplink().Only);
        Pass(session, 25);
        session.Tell(Delivery(TestActor, "second"u8.ToArray(), from: "com"));
        Assert.Equal("second"u8.ToArray(), Written(session));
        Pass(session, 3);
        session.Tell(Delivery(TestActor, "third"u8.ToArray(), from: "com"));
        WroteNothing(session);
        Receive(session, "two");
        Assert.Equal("com", Uplink().Only);
        Assert.Equal(Question, Written(session));
        WroteNothing(session);
        Receive(session, "to the poll");
        Assert.Null(Uplink().Only);
        Assert.Equal("third"u8.ToArray(), Written(session));
    }

    [Fact]
    public void A_poll_that_nobody_answers_is_counted_and_is_no_error_of_the_session()
    {
        var session = Online(Options.Profile(), Poll(every: 10));
        Pass(session, 5);
        Written(session);
        Pass(session, 6);
        var report = Report(session);
        var poll = Assert.Single(report.Polls);
        Assert.Equal(("p1", 1L, 0L, 1L, "no answer in time"), (poll.Name, poll.Sent, poll.Answered, poll.Failed, poll.LastError));
        Assert.NotNull(poll.LastAt);
        Assert.Null(report.LastError);
        Assert.Equal((1, 1, 0), (report.Down.Accepted, report.Down.Written, report.Down.Waiting));

        Pass(session, 5);
        Written(session);
        Receive(session, "late but there");
        Assert.Equal(1, Assert.Single(Report(session).Polls).Answered);
    }

    [Fact]
    public void A_poll_is_never_on_its_way_twice()
    {
        var bus = new BusOptions { ResponseTimeout = TimeSpan.FromSeconds(30), QueueWait = TimeSpan.FromMinutes(5) };
        var session = Online(Options.Profile(bus: bus), Poll(every: 2));
        Pass(session, 2);
        Written(session);
        Pass(session, 20);
        WroteNothing(session);
        Assert.Equal(0, Report(session).Queued);
    }

    [Fact]
    public void A_poll_that_finds_the_queue_full_is_refused_counted_and_tried_again()
    {
        var session = Online(Options.Profile(bus: RequestResponse with { Queue = 1, ResponseTimeout = TimeSpan.FromMinutes(5), QueueWait = TimeSpan.FromMinutes(5) }), Poll(every: 10));
        session.Tell(Delivery(TestActor, "first"u8.ToArray()));
        Written(session);
        session.Tell(Delivery(TestActor, "second"u8.ToArray(), from: "other"));
        Pass(session, 6);
        var report = Report(session);
        Assert.Equal((0L, 1L), (report.Polls[0].Sent, report.Polls[0].Failed));
        Assert.Equal(1, report.Down.Dropped[RelayDrops.QueueFull]);
        Receive(session, "one");
        Assert.Equal("second"u8.ToArray(), Written(session));
        Receive(session, "two");
        Pass(session, 10);
        Assert.Equal(Question, Written(session));
    }

    [Fact]
    public void A_poll_of_all_slaves_expects_no_answer_and_does_not_hold_the_bus()
    {
        var session = Online(Options.Profile(), Poll(payload: ModbusRtu.Build(0, [6, 0, 1, 0, 2]), every: 10));
        Pass(session, 5);
        Written(session);
        session.Tell(Delivery(TestActor, "at once"u8.ToArray()));
        Assert.Equal("at once"u8.ToArray(), Written(session));
        var poll = Assert.Single(Report(session).Polls);
        Assert.Equal((1L, 0L, 0L), (poll.Sent, poll.Answered, poll.Failed));
    }

    [Fact]
    public void All_polls_that_match_apply_and_keep_their_order()
    {
        var session = Online(Options.Profile(bus: RequestResponse), Poll("a", payload: "a"u8.ToArray()), Poll("b", dtu: "dtu-1", payload: "b"u8.ToArray()));
        Pass(session, 31);
        for (var round = 0; round < 3; round++)
        {
            foreach (var name in (string[])["a", "b"])
            {
                Assert.Equal(System.Text.Encoding.ASCII.GetBytes(name), Written(session));
                Receive(session, name);
                Assert.Null(Uplink().Only);
            }

            Pass(session, 60);
        }
    }

    [Fact]
    public void The_books_add_up_when_the_session_ends_in_the_middle_of_a_poll()
    {
        var session = Online(Options.Profile(bus: RequestResponse), Poll("a"), Poll("b"));
        Pass(session, 31);
        Written(session);
        session.Tell(Tcp.PeerClosed.Instance);
        ExpectTerminated(session);
        var ended = (DtuActors.Directory.Fleet.SessionEnded)Fleet.FishForMessage(message => message is DtuActors.Directory.Fleet.SessionEnded);
        Assert.Equal((2, 1, 0), (ended.Report.Down.Accepted, ended.Report.Down.Written, ended.Report.Down.Waiting));
        Assert.Equal(1, ended.Report.Down.Dropped[RelayDrops.DestinationLost]);
        Assert.All(ended.Report.Polls, poll => Assert.Equal(("the session ended", 1L), (poll.LastError, poll.Failed)));
    }

    // ---- keep-warm

    private static ProfileOptions Warm(double every = 240, HeartbeatOptions? heartbeat = null, BusOptions? bus = null) =>
        Options.Profile(heartbeat: heartbeat ?? new HeartbeatOptions { Timeout = null }, bus: bus) with { KeepWarm = new KeepWarmOptions(TimeSpan.FromSeconds(every), "warm") };

    [Fact]
    public void A_dtu_that_restarts_when_it_hears_nothing_for_five_minutes_stays_up_an_hour()
    {
        var session = Online(Warm(), Poll("warm", dtu: null, every: null));
        var (heard, polls) = (Sys.Scheduler.Now, 0);
        for (var second = 0; second < 3600; second += 2)
        {
            Pass(session, 2, step: 2);
            while (Socket.HasMessages)
            {
                if (Socket.ReceiveOne(TimeSpan.Zero) is Tcp.Write write)
                {
                    Assert.Equal(Question, write.Data.ToArray());
                    session.Tell(write.Ack, Socket);
                    Receive(session, Answer);
                    (heard, polls) = (Sys.Scheduler.Now, polls + 1);
                }
            }

            Assert.True(Sys.Scheduler.Now - heard < TimeSpan.FromSeconds(300), $"the watchdog fires after {second} s");
        }

        Assert.Equal(16, polls);
        Assert.Equal(Answer, Uplink().Frame!.Payload.ToArray());
    }

    [Fact]
    public void Where_anything_else_is_sent_keep_warm_says_nothing()
    {
        var heartbeat = new HeartbeatOptions { Match = ["ping"u8.ToArray()], Reply = "pong"u8.ToArray(), Timeout = null };
        var session = Online(Warm(heartbeat: heartbeat), Poll("warm", dtu: null, every: null));
        for (var minute = 0; minute < 60; minute++)
        {
            Pass(session, 60, step: 10);
            if (minute % 2 == 0)
            {
                Receive(session, "ping");
                Assert.Equal("pong"u8.ToArray(), Written(session));
            }
            else
            {
                session.Tell(Delivery(TestActor, "data"u8.ToArray()));
                Assert.Equal("data"u8.ToArray(), Written(session));
            }
        }

        Assert.Equal(0, Assert.Single(Report(session).Polls).Sent);
    }

    [Fact]
    public void Keep_warm_goes_out_although_nobody_ever_answers_it()
    {
        var session = Online(Warm(every: 10), Poll("warm", dtu: null, every: null));
        for (var i = 0; i < 5; i++)
        {
            Pass(session, 9);
            Assert.Equal(Question, Written(session));
        }

        Pass(session, 6);
        var warm = Assert.Single(Report(session).Polls);
        Assert.Equal((5L, 5L), (warm.Sent, warm.Failed));
    }
}

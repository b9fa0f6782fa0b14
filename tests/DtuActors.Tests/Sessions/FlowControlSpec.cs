using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol.Framing;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>A session that its destinations slow, and the books of one that anything happens to.</summary>
public sealed class FlowControlSpec : SessionSpec
{
    private Destination Port { get; }

    public FlowControlSpec() => Port = new Destination(CreateTestProbe("port"), 1);

    /// <summary>Fills the one window: nothing is read from here on.</summary>
    private IActorRef Paused(ProfileOptions profile)
    {
        var session = Online(profile: profile);
        session.Tell(new Flow.PathAdded(Port));
        Receive(session, new byte[OutboundWindows.DefaultWindow]);
        Router.FishForMessage<Relay.Uplink>(uplink => uplink.Frame is null);
        Settle(session);
        return session;
    }

    private void Pass(IActorRef session, double seconds)
    {
        for (var passed = 0.0; passed < seconds; passed += 0.5)
        {
            Clock.Advance(TimeSpan.FromSeconds(0.5));
            Settle(session);
        }
    }

    private static ProfileOptions Impatient { get; } = Options.Profile(heartbeat: new HeartbeatOptions { Timeout = TimeSpan.FromSeconds(10) });

    [Fact]
    public void A_throttled_dtu_is_not_silent_and_its_time_begins_when_it_is_listened_to_again()
    {
        var session = Paused(Impatient);
        Pass(session, 19.5);
        session.Tell(new Flow.Taken(Port, OutboundWindows.DefaultWindow));
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Pass(session, 9);
        Socket.ExpectNoMsg(TimeSpan.Zero);
        Pass(session, 2);
        Socket.ExpectMsg<Tcp.Abort>();
        session.Tell(Tcp.Aborted.Instance);
        ExpectTerminated(session);
        Assert.Equal("silent", Event<DtuOffline>().Reason);
    }

    [Fact]
    public void A_session_whose_paths_are_forgotten_is_held_up_by_none_of_them()
    {
        var session = Paused(Options.Profile());
        session.Tell(Flow.PathsForgotten.Instance);
        Socket.ExpectMsg<Tcp.ResumeReading>();
    }

    [Fact]
    public void A_dtu_that_says_nothing_is_silent_at_its_time_though_a_window_closed_meanwhile()
    {
        var session = Paused(Impatient);
        Pass(session, 30);
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Pass(session, 11);
        Socket.ExpectMsg<Tcp.Abort>();
        session.Tell(Tcp.Aborted.Instance);
        ExpectTerminated(session);
    }

    [Fact]
    public void A_gap_is_no_gap_while_nobody_reads()
    {
        var framing = new FramingOptions { Codec = "idle-gap", Gap = TimeSpan.FromSeconds(2), MaxFrame = OutboundWindows.DefaultWindow };
        var session = Online(profile: Options.Profile(framing: framing));
        session.Tell(new Flow.PathAdded(Port));
        Receive(session, [.. new byte[OutboundWindows.DefaultWindow], .. "begin"u8]);
        var through = Router.FishForMessage<Relay.Uplink>(uplink => uplink.Frame is null).Through;
        Settle(session);
        while (Socket.HasMessages)
        {
            Socket.ReceiveOne(TimeSpan.Zero);
        }

        Pass(session, 10);
        session.Tell(new Flow.Taken(Port, through));
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, " and end");
        Pass(session, 3);
        Assert.Equal("begin and end"u8.ToArray(), Router.FishForMessage<Relay.Uplink>(uplink => uplink.Frame is not null).Frame!.Payload.ToArray());
    }

    [Fact]
    public void While_it_is_paused_it_asks_each_second_and_a_word_that_was_lost_costs_no_more_than_that()
    {
        var session = Paused(Options.Profile());
        Pass(session, 3);
        var probes = 0;
        while (Router.HasMessages)
        {
            Assert.Null(Router.ExpectMsg<Relay.Uplink>().Frame);
            probes++;
        }

        Assert.Equal(3, probes);
        session.Tell(new Flow.Taken(Port, OutboundWindows.DefaultWindow));
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Pass(session, 3);
        Router.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_destination_that_was_restarted_takes_the_earlier_ones_window_along()
    {
        var session = Paused(Options.Profile());
        session.Tell(new Flow.PathAdded(Port with { Incarnation = 2 }));
        session.Tell(new Flow.PathRemoved(Port));
        Socket.ExpectMsg<Tcp.ResumeReading>();
    }

    [Theory]
    [InlineData(1, BusMode.Transparent)]
    [InlineData(2, BusMode.Transparent)]
    [InlineData(3, BusMode.RequestResponse)]
    [InlineData(4, BusMode.RequestResponse)]
    public void The_books_add_up_at_any_moment_and_nothing_waits_when_the_session_is_over(int seed, BusMode mode)
    {
        var random = new Random(seed);
        var bus = new BusOptions { Mode = mode, Queue = 3, Retries = 1, ResponseTimeout = TimeSpan.FromSeconds(1), QueueWait = TimeSpan.FromSeconds(3) };
        var poll = new PollOptions { Name = "p", Dtu = "*", Payload = new byte[] { 9, 9 }, Every = TimeSpan.FromSeconds(2), Jitter = TimeSpan.FromSeconds(2) };
        var profile = Options.Profile(bus: bus, heartbeat: new HeartbeatOptions { Timeout = null });
        var session = Online("dtu-1", profile, Options.Gateway(profile) with { Polls = [poll] });
        var unacknowledged = new Queue<Tcp.Write>();
        long accepted = 0;
        for (var i = 0; i < 150; i++)
        {
            switch (random.Next(6))
            {
                case 0:
                    session.Tell(Delivery(TestActor, new byte[random.Next(1, 50)]));
                    break;
                case 1:
                    session.Tell(new Asking.Request(Protocol.DtuId.Parse("dtu-1"), new byte[] { 1, 2 }, null, AnswerRule.ByMode, i, "api", ActorRefs.Nobody));
                    break;
                case 2:
                    session.Tell(new Asking.Send(Protocol.DtuId.Parse("dtu-1"), new byte[] { 3 }, i, "api", ActorRefs.Nobody));
                    break;
                case 3:
                    Receive(session, "answer");
                    break;
                case 4:
                    Pass(session, 1);
                    break;
                case 5 when unacknowledged.TryDequeue(out var write):
                    session.Tell(write.Ack, Socket);
                    break;
            }

            var down = Report(session, unacknowledged).Down;
            Assert.Equal(down.Accepted, down.Written + down.Dropped.Values.Sum() + down.Waiting);
            Assert.InRange(down.Waiting, 0, down.Accepted);
            Assert.True(down.Accepted >= accepted);
            accepted = down.Accepted;
        }

        session.Tell(new Holding.Superseded("10.8.0.8:40002"));
        session.Tell(Delivery(TestActor, new byte[7]), Router);
        Router.FishForMessage<Relay.StaleSession>(_ => true);
        session.Tell(Tcp.Aborted.Instance);
        ExpectTerminated(session);
        var end = Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report.Down;
        Assert.Equal((0, 0), (end.Waiting, end.WaitingBytes));
        Assert.Equal(end.Accepted, end.Written + end.Dropped.Values.Sum());
        Assert.Equal(accepted, end.Accepted);
    }

    private SessionReport Report(IActorRef session, Queue<Tcp.Write> writes)
    {
        Settle(session);
        while (Socket.HasMessages)
        {
            if (Socket.ReceiveOne(TimeSpan.Zero) is Tcp.Write write)
            {
                writes.Enqueue(write);
            }
        }

        return Report(session);
    }
}

using Akka.Actor;
using Akka.IO;
using DtuActors.Directory;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>A session that a newer one displaced: it makes room at once, and finds out whether somebody was there.</summary>
public sealed class DisplacedSpec : SessionSpec
{
    [Fact]
    public void It_makes_room_before_its_socket_is_closed()
    {
        var session = Displaced();
        Assert.Equal("replaced", Event<DtuOffline>().Reason);
        Assert.Equal(FirstEpoch, Directory.ExpectMsg<Holding.Released>().Epoch);
        Router.ExpectNoMsg(TimeSpan.Zero);
        session.Tell(Tcp.ConfirmedClosed.Instance);
        ExpectTerminated(session);
        Assert.Equal(FirstEpoch, Router.ExpectMsg<Registry.SessionClosed>().Session.Epoch);
        var ended = Fleet.FishForMessage<Fleet.SessionEnded>(_ => true);
        Assert.Equal(("replaced", "10.8.0.9:1 registered as dtu-1 and took over"), (ended.Reason, ended.Report.LastError));
        Recorder.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Theory]
    [InlineData("closes in return")]
    [InlineData("speaks")]
    public void A_peer_that_does_anything_was_alive(string how)
    {
        var session = Displaced();
        Directory.ExpectMsg<Holding.Released>();
        switch (how)
        {
            case "closes in return":
                session.Tell(Tcp.ConfirmedClosed.Instance);
                break;
            default:
                Receive(session, "still talking");
                Receive(session, "and more");
                session.Tell(Tcp.ConfirmedClosed.Instance);
                break;
        }

        Assert.Equal("10.8.0.7:40001", Directory.ExpectMsg<Holding.StillAlive>().Remote);
        ExpectTerminated(session);
        Directory.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void One_that_had_hung_up_or_spoken_before_it_was_displaced_proves_nothing_by_what_arrives_late()
    {
        var session = Online();
        Displace(session);
        Receive(session, "on its way");
        session.Tell(Tcp.PeerClosed.Instance);
        ExpectTerminated(session);
        Directory.ExpectMsg<Holding.Released>();
        Directory.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void A_peer_that_is_silent_was_dead_and_its_socket_is_aborted_after_two_seconds()
    {
        var session = Displaced();
        Directory.ExpectMsg<Holding.Released>();
        Advance(TimeSpan.FromSeconds(2.1));
        Socket.FishForMessage(message => message is Tcp.Abort);
        session.Tell(Tcp.Aborted.Instance);
        ExpectTerminated(session);
        Directory.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void A_peer_that_answers_with_a_reset_knows_nothing_of_the_socket()
    {
        var session = Displaced();
        Directory.ExpectMsg<Holding.Released>();
        session.Tell(new Tcp.ErrorClosed("connection reset by peer"));
        ExpectTerminated(session);
        Directory.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void What_was_not_read_before_may_be_older_than_the_newer_session_and_proves_nothing()
    {
        var session = Online();
        session.Tell(new Flow.PathAdded(new Destination(CreateTestProbe("port"), 1)));
        Receive(session, new byte[OutboundWindows.DefaultWindow]);
        Settle(session);
        Displace(session);
        Socket.FishForMessage(message => message is Tcp.ResumeReading);
        Receive(session, "from before");
        session.Tell(Tcp.ConfirmedClosed.Instance);
        ExpectTerminated(session);
        Directory.ExpectMsg<Holding.Released>();
        Directory.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void What_it_still_hears_is_dropped_and_counted()
    {
        var session = Displaced();
        Receive(session, "ghost");
        var passed = Event<FramePassed>();
        Assert.Equal(("stale-session", "ghost"), (passed.Verdict, System.Text.Encoding.ASCII.GetString(passed.Payload.Span)));
        session.Tell(Tcp.ConfirmedClosed.Instance);
        Assert.Equal(1, Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report.DroppedUp["stale-session"]);
        Router.FishForMessage(message => message is Registry.SessionClosed);
    }

    [Fact]
    public void What_waited_to_be_written_is_written_before_its_half_is_closed()
    {
        var session = Online();
        session.Tell(Delivery(TestActor, "one"u8.ToArray()));
        session.Tell(Delivery(TestActor, "two"u8.ToArray()));
        Settle(session);
        Displace(session);
        Assert.Equal("one"u8.ToArray(), Written(session));
        Assert.Equal("two"u8.ToArray(), Written(session));
        Settle(session);
        Advance(TimeSpan.FromMilliseconds(600));
        Socket.FishForMessage(message => message is Tcp.ConfirmedClose);
        session.Tell(Tcp.ConfirmedClosed.Instance);
        var down = Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report.Down;
        Assert.Equal((2, 2, 0), (down.Accepted, down.Written, down.Waiting));
    }

    [Fact]
    public void A_frame_that_reaches_it_goes_back_to_the_router_and_to_the_newer_session()
    {
        var session = Displaced();
        var late = Delivery(TestActor, "late"u8.ToArray());
        session.Tell(late, Router);
        var stale = Router.ExpectMsg<Relay.StaleSession>();
        Assert.Equal((FirstEpoch, late), (stale.Stale.Epoch, stale.Delivery));
    }

    [Fact]
    public void A_shut_down_does_not_wait_for_it()
    {
        var session = Displaced();
        session.Tell(ShutDown.Drain.Instance);
        Socket.FishForMessage(message => message is Tcp.Abort);
        session.Tell(Tcp.Aborted.Instance);
        ExpectTerminated(session);
    }

    [Fact]
    public void A_session_that_is_closing_already_makes_room_too_and_keeps_its_reason()
    {
        var session = Online();
        session.Tell(new Asking.Kick(Protocol.DtuId.Parse("dtu-1"), 7, CreateTestProbe()));
        Displace(session);
        Assert.Equal("kicked", Event<DtuOffline>().Reason);
        Directory.ExpectMsg<Holding.Released>();
        session.Tell(Tcp.Closed.Instance);
        Assert.Equal("kicked", Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Reason);
    }

    [Fact]
    public void A_conflict_shows_in_its_report_until_it_is_over()
    {
        var session = Online();
        session.Tell(new Holding.Contested("10.8.0.9:1"));
        Settle(session);
        Advance(TimeSpan.FromSeconds(1.1));
        var report = Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.ConflictWith is not null).Report;
        Assert.Equal(("10.8.0.9:1", "conflict: 10.8.0.9:1 registers under the same id"), (report.ConflictWith, report.LastError));
        session.Tell(new Holding.Contested(null));
        Settle(session);
        Advance(TimeSpan.FromSeconds(1.1));
        Fleet.FishForMessage<Fleet.SessionSeen>(seen => seen.Report.ConflictWith is null);
    }

    private IActorRef Displaced()
    {
        var session = Online();
        Displace(session);
        Settle(session);
        Advance(TimeSpan.FromMilliseconds(600));
        Socket.FishForMessage(message => message is Tcp.ConfirmedClose);
        return session;
    }

    private static void Displace(IActorRef session) => session.Tell(new Holding.Superseded("10.8.0.9:1"));
}

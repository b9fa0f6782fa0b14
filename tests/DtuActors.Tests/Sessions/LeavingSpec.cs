using Akka.Actor;
using Akka.IO;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>A session whose socket is gone, while the router still sends to it.</summary>
public sealed class LeavingSpec : SessionSpec
{
    private static readonly DtuId Dtu = DtuId.Parse("dtu-1");

    public LeavingSpec() => RouterForgets = false;

    [Fact]
    public void Who_asks_a_session_whose_socket_is_gone_is_refused()
    {
        var session = Gone();
        session.Tell(new Asking.Request(Dtu, new byte[1], null, AnswerRule.ByMode, 1, "api", TestActor));
        session.Tell(new Asking.Send(Dtu, new byte[1], 2, "api", TestActor));
        session.Tell(new Asking.Kick(Dtu, 3, TestActor));
        Assert.Equal(new Asking.Refused(1, RefusalReason.SessionEnded), ExpectMsg<Asking.Refused>());
        Assert.Equal(new Asking.Refused(2, RefusalReason.SessionEnded), ExpectMsg<Asking.Refused>());
        Assert.Equal(3, ExpectMsg<Asking.Sent>().Correlation);
    }

    [Fact]
    public void What_reaches_a_session_whose_socket_is_gone_is_counted_and_acknowledged()
    {
        var session = Gone();
        session.Tell(Delivery(TestActor, "late"u8.ToArray(), ackWanted: true));
        Assert.Equal(4, ExpectMsg<Flow.Taken>().Through);
        session.Tell(Registry.SessionForgotten.Instance);
        var down = Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report.Down;
        Assert.Equal((1L, 1L, 0L), (down.Accepted, down.Dropped[RelayDrops.DestinationLost], down.Waiting));
    }

    [Fact]
    public void It_makes_room_before_it_asks_to_be_forgotten_and_ends_when_it_is()
    {
        var session = Gone();
        Assert.Equal(FirstEpoch, Directory.ExpectMsg<Holding.Released>().Epoch);
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        session.Tell(Registry.SessionForgotten.Instance);
        ExpectTerminated(session);
    }

    [Fact]
    public void A_router_that_does_not_answer_is_asked_again_and_waited_for_for_half_a_minute()
    {
        var session = Gone();
        for (var second = 1; second < 30; second++)
        {
            Settle(session);
            Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(session, Router.FishForMessage<Registry.SessionClosed>(_ => true).Session.Connection);
        }

        // However long that took: what it had sent is answered.
        session.Tell(new Asking.Request(Dtu, new byte[1], null, AnswerRule.ByMode, 1, "api", TestActor));
        Assert.Equal(new Asking.Refused(1, RefusalReason.SessionEnded), ExpectMsg<Asking.Refused>());
        Advance(TimeSpan.FromSeconds(1));
        ExpectTerminated(session);
        Fleet.FishForMessage<Fleet.SessionEnded>(_ => true);
    }

    [Fact]
    public void A_frame_for_a_displaced_session_goes_back_also_when_its_socket_is_gone()
    {
        var session = Online();
        session.Tell(new Holding.Superseded("10.8.0.9:1"));
        session.Tell(Tcp.ConfirmedClosed.Instance);
        Router.FishForMessage(message => message is Registry.SessionClosed);
        session.Tell(Delivery(TestActor, "late"u8.ToArray()), Router);
        Router.ExpectMsg<Relay.StaleSession>();
    }

    [Fact]
    public void What_the_dtu_says_while_its_session_closes_is_counted()
    {
        var session = Online();
        session.Tell(new Asking.Kick(Dtu, 3, TestActor));
        Receive(session, "and");
        session.Tell(Tcp.Closed.Instance);
        var ended = Ended(session);
        Assert.Equal((1L, "dtu-1\nand".Length), (ended.DroppedUp[RelayDrops.SessionEnded], ended.BytesUp));
    }

    [Fact]
    public void A_frame_that_only_waited_for_silence_goes_its_way_when_the_dtu_hangs_up()
    {
        var session = Online(profile: Options.Profile(framing: new FramingOptions { Codec = "idle-gap" }));
        Receive(session, "last words");
        session.Tell(Tcp.PeerClosed.Instance);
        Assert.Equal("last words"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
        Router.ExpectMsg<Registry.SessionClosed>();
    }

    [Fact]
    public void Half_a_frame_is_counted_when_the_dtu_hangs_up()
    {
        var session = Online(profile: Options.Profile(framing: new FramingOptions { Codec = "length-field", Offset = 0, Size = 1 }));
        Receive(session, "\u0003ab");
        session.Tell(Tcp.PeerClosed.Instance);
        Assert.Equal(1, Ended(session).DroppedUp["truncated"]);
    }

    [Fact]
    public void What_came_behind_a_registration_that_is_refused_is_counted()
    {
        using var counted = new System.Diagnostics.Metrics.MeterListener();
        var dropped = new System.Collections.Concurrent.ConcurrentQueue<long>();
        counted.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument == GatewayMetrics.FramesDropped)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        counted.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            if (tags.ToArray().Any(tag => tag.Value is RelayDrops.SessionEnded))
            {
                dropped.Enqueue(count);
            }
        });
        counted.Start();
        var session = Connect();
        Socket.FishForMessage(message => message is Tcp.ResumeReading);
        Receive(session, "dtu-1\nglued");
        Directory.ExpectMsg<Holding.Announce>();
        Receive(session, "early");
        session.Tell(new Holding.Refused("10.8.0.9:1"));
        session.Tell(Tcp.Closed.Instance);
        ExpectTerminated(session);
        Assert.True(dropped.Count >= 2);
    }

    private SessionReport Ended(IActorRef session)
    {
        session.Tell(Registry.SessionForgotten.Instance);
        return Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report;
    }

    private IActorRef Gone()
    {
        var session = Online();
        session.Tell(Tcp.PeerClosed.Instance);
        Router.FishForMessage(message => message is Registry.SessionClosed);
        return session;
    }
}

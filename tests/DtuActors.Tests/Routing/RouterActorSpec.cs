using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Routing;

public sealed class RouterActorSpec : RoutingSpec
{
    [Fact]
    public void An_uplink_goes_to_every_route_of_its_dtu_and_to_nobody_else()
    {
        var router = Router([Options.Route("dtu-1", "com"), Options.Route("dtu-*", "scada"), Options.Route("other", "com")]);
        var session = Open(router, "dtu-1");
        Up(router, session, "hello");
        Assert.Equal("hello"u8.ToArray(), Delivered(Com));
        Assert.Equal("hello"u8.ToArray(), Delivered(Scada));

        Up(router, Open(router, "elsewhere"), "nowhere");
        Com.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Of_two_routes_to_one_endpoint_the_more_specific_counts_and_the_frame_arrives_once()
    {
        var router = Router([Options.Route("*", "com", RouteDirection.Down), Options.Route("dtu-1", "com", RouteDirection.Up)]);
        var session = Open(router, "dtu-1");
        Up(router, session, "once");
        Delivered(Com);
        Com.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Down(router, Com, "com", "not this way");
        session.Probe.FishForMessage<Flow.PathAdded>(_ => true);
        session.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void A_downlink_goes_to_the_only_dtu_that_is_online()
    {
        var router = Router([Options.Route("dtu-1", "com")]);
        var session = Open(router, "dtu-1");
        Down(router, Com, "com", "hi");
        var delivery = session.Probe.FishForMessage<Relay.Deliver>(_ => true);
        Assert.Equal("hi"u8.ToArray(), delivery.Frame!.Payload.ToArray());
        Assert.Equal(session.Ref.Epoch, delivery.Epoch);
        Assert.Equal(Com.Ref, delivery.Source);
    }

    [Theory]
    [InlineData(DownlinkSelect.Broadcast, true)]
    [InlineData(DownlinkSelect.LastSpeaker, false)]
    public void Of_several_dtus_select_says_which(DownlinkSelect select, bool both)
    {
        var router = Router([Options.Route("dtu-*", "com")], select: select);
        var first = Open(router, "dtu-1");
        var second = Open(router, "dtu-2");
        Up(router, second, "I spoke");
        Delivered(Com);
        Up(router, first, "I spoke last");
        Delivered(Com);
        Down(router, Com, "com", "hi");
        first.Probe.FishForMessage<Relay.Deliver>(_ => true);
        if (both)
        {
            second.Probe.FishForMessage<Relay.Deliver>(_ => true);
        }
        else
        {
            second.Probe.FishForMessage<Flow.PathAdded>(_ => true);
            second.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        }
    }

    [Fact]
    public void Windows_are_held_towards_exclusive_destinations_and_never_towards_shared_ones()
    {
        var router = Router([Options.Route("dtu-1", "com"), Options.Route("dtu-1", "scada")]);
        var session = Open(router, "dtu-1");
        Assert.Equal(Com.Ref, session.Probe.FishForMessage<Flow.PathAdded>(_ => true).Destination.Ref);
        session.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Assert.Equal(session.Probe.Ref, Com.FishForMessage<Flow.PathAdded>(_ => true).Destination.Ref);

        router.Tell(new Registry.EndpointStarted("com", new Destination(Com, 2), true, DownlinkSelect.None));
        Assert.Equal(1, session.Probe.ExpectMsg<Flow.PathRemoved>().Destination.Incarnation);
        Assert.Equal(2, session.Probe.ExpectMsg<Flow.PathAdded>().Destination.Incarnation);
    }

    [Fact]
    public void A_newer_session_replaces_an_older_one_whose_late_frames_are_refused()
    {
        var router = Router([Options.Route("dtu-1", "com")]);
        var old = Open(router, "dtu-1", epoch: 1);
        var current = Open(router, "dtu-1", epoch: 2);
        Up(router, old, "late");
        Up(router, current, "new");
        Assert.Equal("new"u8.ToArray(), Delivered(Com));
        router.Tell(new Registry.SessionClosed(old.Ref));
        Down(router, Com, "com", "to the new one");
        current.Probe.FishForMessage<Relay.Deliver>(_ => true);
    }

    [Fact]
    public void A_frame_of_a_superseded_session_is_late_where_its_successor_has_ended_too()
    {
        var router = Router([Options.Route("dtu-1", "com")]);
        var old = Open(router, "dtu-1", epoch: 1);
        var successor = Open(router, "dtu-1", epoch: 2);
        Up(router, successor, "new");
        Assert.Equal("new"u8.ToArray(), Delivered(Com));
        router.Tell(new Registry.SessionClosed(successor.Ref));
        Up(router, old, "late");
        router.Tell(new Registry.SessionOpened(old.Ref));
        Up(router, old, "later");
        Up(router, Open(router, "dtu-1", epoch: 3), "newest");
        Assert.Equal("newest"u8.ToArray(), Delivered(Com));
    }

    [Fact]
    public void A_frame_that_a_superseded_session_gives_back_reaches_the_new_one()
    {
        var router = Router([Options.Route("dtu-1", "com")]);
        var old = Open(router, "dtu-1", epoch: 1);
        Down(router, Com, "com", "again");
        var delivery = old.Probe.FishForMessage<Relay.Deliver>(_ => true);
        router.Tell(new Relay.StaleSession(old.Ref, delivery));
        Assert.Equal("dtu-1", Directory.FishForMessage<Holding.Find>(_ => true).Dtu.Value);
        var current = NewSession("dtu-1", 2);
        router.Tell(new Holding.Found(current.Ref.Id, current.Ref));
        var again = current.Probe.FishForMessage<Relay.Deliver>(_ => true);
        Assert.Equal((current.Ref.Epoch, "again"), (again.Epoch, System.Text.Encoding.ASCII.GetString(again.Frame!.Payload.Span)));
    }

    [Fact]
    public void A_frame_thatComes_back_behind_a_later_one_of_its_source_is_dropped_and_another_sources_is_not()
    {
        var router = Router([Options.Route("dtu-1", "com"), Options.Route("dtu-1", "scada")]);
        var old = Open(router, "dtu-1", epoch: 1);
        Down(router, Com, "com", "com one");
        Down(router, Scada, "scada", "scada one");
        var (fromCom, fromScada) = (old.Probe.FishForMessage<Relay.Deliver>(_ => true), old.Probe.FishForMessage<Relay.Deliver>(_ => true));
        var current = Open(router, "dtu-1", epoch: 2);
        Down(router, Com, "com", "com two");
        router.Tell(new Relay.StaleSession(old.Ref, fromCom));
        router.Tell(new Relay.StaleSession(old.Ref, fromScada));
        Assert.Equal(["com two", "scada one"], Heard(current.Probe, 2));
        current.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void While_the_newer_session_is_looked_for_later_frames_and_requests_wait_behind_what_came_back()
    {
        var router = Router([Options.Route("dtu-1", "com")]);
        var old = Open(router, "dtu-1", epoch: 1);
        Down(router, Com, "com", "one");
        Down(router, Com, "com", "two");
        var (one, two) = (old.Probe.FishForMessage<Relay.Deliver>(_ => true), old.Probe.FishForMessage<Relay.Deliver>(_ => true));
        router.Tell(new Relay.StaleSession(old.Ref, one));
        Down(router, Com, "com", "three");
        router.Tell(new Asking.Request(DtuId.Parse("dtu-1"), new byte[1], null, AnswerRule.ByMode, 4, "api", TestActor));
        router.Tell(new Relay.StaleSession(old.Ref, two));
        var current = Open(router, "dtu-1", epoch: 2);
        Assert.Equal(["one", "two", "three"], Heard(current.Probe, 3));
        current.Probe.ExpectMsg<Asking.Request>();
        old.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_newer_session_that_nobody_finds_ends_the_wait_and_the_older_one(bool isFoundAgain)
    {
        var router = Router([Options.Route("dtu-1", "com")]);
        var old = Open(router, "dtu-1", epoch: 1);
        Down(router, Com, "com", "one");
        router.Tell(new Relay.StaleSession(old.Ref, old.Probe.FishForMessage<Relay.Deliver>(_ => true)));
        router.Tell(new Asking.Request(DtuId.Parse("dtu-1"), new byte[1], null, AnswerRule.ByMode, 4, "api", TestActor));
        router.Tell(new Holding.Found(old.Ref.Id, isFoundAgain ? old.Ref : null));
        Assert.Equal(RefusalReason.Offline, ExpectMsg<Asking.Refused>().Reason);
        Com.FishForMessage<Flow.PathRemoved>(_ => true);
        old.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void A_request_for_an_unknown_dtu_asks_theDirectory_once_and_is_refused_as_offline()
    {
        var router = Router([]);
        var request = new Asking.Request(DtuId.Parse("dtu-9"), new byte[1], null, AnswerRule.ByMode, 4, "api", TestActor);
        router.Tell(request);
        router.Tell(request with { Correlation = 5 });
        Directory.FishForMessage<Holding.Find>(_ => true);
        Directory.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        router.Tell(new Holding.Found(request.Dtu, null));
        Assert.Equal((4L, RefusalReason.Offline), Refused());
        Assert.Equal((5L, RefusalReason.Offline), Refused());

        (long, RefusalReason) Refused()
        {
            var refused = ExpectMsg<Asking.Refused>();
            return (refused.Correlation, refused.Reason);
        }
    }

    [Fact]
    public void A_lookup_that_nobody_answers_ends()
    {
        var router = Router([]);
        router.Tell(new Asking.Kick(DtuId.Parse("dtu-9"), 1, TestActor));
        Directory.FishForMessage<Holding.Find>(_ => true);
        Settle(router);
        Advance(TimeSpan.FromSeconds(1.2));
        Assert.Equal(RefusalReason.Offline, ExpectMsg<Asking.Refused>().Reason);
    }

    [Fact]
    public void A_session_that_closes_hears_that_nothing_moreComes_behind_all_that_was_sent_to_it()
    {
        var router = Router([Options.Route("dtu-1", "com")]);
        var session = Open(router, "dtu-1");
        Down(router, Com, "com", "last");
        router.Tell(new Registry.SessionClosed(session.Ref));
        Down(router, Com, "com", "too late");
        session.Probe.FishForMessage<Relay.Deliver>(_ => true);
        session.Probe.ExpectMsg<Registry.SessionForgotten>();
        session.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void A_session_that_dies_without_a_word_is_forgotten()
    {
        var router = Router([Options.Route("dtu-1", "com")]);
        var session = Open(router, "dtu-1");
        Com.FishForMessage<Flow.PathAdded>(_ => true);
        Sys.Stop(session.Probe);
        Assert.Equal(session.Probe.Ref, Com.FishForMessage<Flow.PathRemoved>(_ => true).Destination.Ref);
    }

    [Fact]
    public void A_restarted_router_asks_for_endpoints_and_sessions_and_loses_no_frame_meanwhile()
    {
        var parent = CreateTestProbe("parent");
        var router = parent.ChildActorOf(RouterActor.Props(new Admission(Options.Gateway()), Directory, Fleet));
        parent.ExpectMsg<RouterActor.WhatIsThere>();
        var session = NewSession("dtu-1", 1);
        Up(router, session, "early");
        router.Tell(new RouterActor.Reroute([Options.Route("dtu-1", "com")], [("com", Com.Ref)]));
        Com.ExpectMsg<Registry.AnnounceYourself>();
        Assert.Equal("early"u8.ToArray(), Delivered(Com));
    }

    [Fact]
    public void A_mirror_holds_no_window_hears_how_the_DTU_registered_and_gets_its_heartbeats()
    {
        var router = Router([Options.Route("dtu-1", "com", RouteDirection.Up), Options.Route("dtu-2", "com")]);
        router.Tell(new Registry.EndpointStarted("com", new Destination(Com, 1), true, DownlinkSelect.None, WantsSessions: true, MirrorsUp: true));
        var (mirrored, both) = (NewSession("dtu-1", 1), NewSession("dtu-2", 1));
        var registration = new Replaying.Registration(mirrored.Ref, "dtu-1"u8.ToArray(), default, false, TimeSpan.Zero, null);
        router.Tell(new Registry.SessionOpened(mirrored.Ref, registration));
        router.Tell(new Registry.SessionOpened(both.Ref));
        Assert.Equal(new Registry.SessionSeen(mirrored.Ref, true, false, registration), Com.FishForMessage<Registry.SessionSeen>(_ => true));
        Assert.Equal(new Registry.SessionSeen(both.Ref, true, true), Com.FishForMessage<Registry.SessionSeen>(_ => true));
        both.Probe.ExpectMsg<Flow.PathAdded>();
        Assert.False(mirrored.Probe.HasMessages);

        var heartbeat = new Replaying.Heartbeat("ping"u8.ToArray(), default);
        router.Tell(new Relay.Uplink(mirrored.Ref, null, 0, false, "com", heartbeat));
        Assert.Same(heartbeat, Com.FishForMessage<Relay.Deliver>(_ => true).Heartbeat);
    }
}

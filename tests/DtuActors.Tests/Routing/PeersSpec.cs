using Akka.Actor;
using Akka.TestKit;
using DtuActors.Clustering.Wire;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Routing;

/// <summary>Two routers that know each other, as on two nodes: <c>com</c> and <c>scada</c> are at A, <c>scada</c> at B as well.</summary>
public sealed class PeersSpec : RoutingSpec
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Tenth = TimeSpan.FromSeconds(0.1);
    private readonly IActorRef _a;
    private readonly IActorRef _b;
    private readonly TestProbe _scadaB;

    public PeersSpec()
    {
        _scadaB = CreateTestProbe("scada-b");
        RouteOptions[] routes = [Options.Route("dtu-1", "com"), Options.Route("dtu-*", "scada"), Options.Route("dtu-3", "dtu:dtu-4")];
        _a = Node("a", routes, Both);
        _b = Node("b", routes, ("scada", _scadaB.Ref));
        _a.Tell(new Registry.EndpointStarted("com", new Destination(Com, 1), Exclusive: true, DownlinkSelect.None));
        _a.Tell(new Registry.EndpointStarted("scada", new Destination(Scada, 1), Exclusive: false, DownlinkSelect.None));
        _b.Tell(new Registry.EndpointStarted("scada", new Destination(_scadaB, 1), Exclusive: false, DownlinkSelect.None));
        Meet();
    }

    [Fact]
    public void An_uplink_reaches_the_endpoints_of_every_node_and_a_COM_port_elsewhere_slows_it()
    {
        var session = Open(_b, "dtu-1");
        Assert.Equal(Com.Ref, session.Probe.FishForMessage<Flow.PathAdded>(_ => true).Destination.Ref);
        Up(_b, session, "up");
        Assert.Equal("up"u8.ToArray(), Delivered(Com));
        Assert.Equal("up"u8.ToArray(), Delivered(Scada));
        Assert.Equal("up"u8.ToArray(), Delivered(_scadaB));
    }

    [Fact]
    public void A_downlink_reaches_a_DTU_elsewhere_once_and_its_answer_comes_back_to_the_one_that_asked()
    {
        var session = Open(_b, "dtu-1");
        SettleBoth();
        Down(_a, Com, "com", "ask");
        var delivery = session.Probe.FishForMessage<Relay.Deliver>(_ => true);
        Assert.Equal(("com@a", "ask", session.Ref.Epoch), (delivery.SourceName, TextOf(delivery), delivery.Epoch));
        Up(_b, session, "answer", only: "com@a");
        Assert.Equal("answer"u8.ToArray(), Delivered(Com));
        Assert.Empty(Told(_b, _scadaB).OfType<Relay.Deliver>());
        Assert.Empty(Told(_a, Scada).OfType<Relay.Deliver>());
    }

    [Fact]
    public void An_endpoint_hears_the_answer_under_its_own_name_after_its_command_went_over_another_node()
    {
        var session = Open(_a, "dtu-1");
        Up(_a, session, "answer", only: "com@a");
        Assert.Equal("answer"u8.ToArray(), Delivered(Com));
        Assert.Empty(Told(_a, Scada).OfType<Relay.Deliver>());
    }

    [Fact]
    public void DTUs_on_two_nodes_talk_to_each_other()
    {
        var (three, four) = (Open(_a, "dtu-3"), Open(_b, "dtu-4"));
        SettleBoth();
        Up(_a, three, "to four");
        Up(_b, four, "to three");
        Assert.Equal(["to four"], Heard(four.Probe, 1));
        Assert.Equal(["to three"], Heard(three.Probe, 1));
    }

    [Fact]
    public void A_session_that_closes_is_gone_from_every_node_and_a_newer_one_elsewhere_takes_its_place()
    {
        var old = Open(_b, "dtu-1", epoch: 1);
        SettleBoth();
        var newer = Open(_a, "dtu-1", epoch: 2);
        _b.Tell(new Registry.SessionClosed(old.Ref));
        SettleBoth();
        Down(_a, Com, "com", "ask");
        Assert.Equal(["ask"], Heard(newer.Probe, 1));
        Assert.Empty(Told(_b, old.Probe).OfType<Relay.Deliver>());
        _a.Tell(new Registry.SessionClosed(newer.Ref));
        SettleBoth();
        Down(_b, _scadaB, "scada", "nobody");
        Assert.Empty(Told(_b, newer.Probe).OfType<Relay.Deliver>());
    }

    [Fact]
    public void A_node_out_of_reach_has_no_endpoints_and_no_sessions_until_it_is_met_again()
    {
        var session = Open(_b, "dtu-1");
        session.Probe.FishForMessage<Flow.PathAdded>(_ => true);
        SettleBoth();
        _b.Tell(new Peering.Part("a"));
        Assert.Equal(Com.Ref, session.Probe.FishForMessage<Flow.PathRemoved>(_ => true).Destination.Ref);
        Up(_b, session, "lost");
        Assert.Equal("lost"u8.ToArray(), Delivered(_scadaB));
        Assert.Empty(Told(_b, Com).OfType<Relay.Deliver>());
        _a.Tell(new Peering.Part("b"));
        Assert.Equal(session.Probe.Ref, Com.FishForMessage<Flow.PathRemoved>(_ => true).Destination.Ref);
        Meet();
        Assert.Equal(Com.Ref, session.Probe.FishForMessage<Flow.PathAdded>(_ => true).Destination.Ref);
        Assert.Equal(session.Probe.Ref, Com.FishForMessage<Flow.PathAdded>(_ => true).Destination.Ref);
    }

    [Fact]
    public void Where_only_one_side_had_lost_the_other_both_ask_anew()
    {
        var session = Open(_b, "dtu-1");
        session.Probe.FishForMessage<Flow.PathAdded>(_ => true);
        _a.Tell(new Peering.Part("b"));
        SettleBoth();
        var late = Open(_a, "dtu-4");
        _a.Tell(new Peering.Meet("b", Somewhere("b"), _b));
        SettleBoth();
        var three = Open(_b, "dtu-3");
        SettleBoth();
        Up(_b, three, "to four");
        Assert.Equal(["to four"], Heard(late.Probe, 1));
        Assert.Equal(session.Probe.Ref, Com.FishForMessage<Flow.PathAdded>(path => Com.HasMessages).Destination.Ref);
    }

    [Fact]
    public void What_is_asked_of_a_session_elsewhere_is_answered_once_by_it_or_by_the_loss_of_its_node()
    {
        var session = Open(_b, "dtu-1");
        SettleBoth();
        _a.Tell(Request(1));
        var asked = session.Probe.FishForMessage<Asking.Request>(_ => true);
        asked.ReplyTo.Tell(new Asking.Answered(asked.Correlation, Text("answer", FrameDirection.Up), Second));
        Assert.Equal(1, ExpectMsg<Asking.Answered>().Correlation);
        _a.Tell(Request(2));
        var lost = session.Probe.FishForMessage<Asking.Request>(_ => true);
        _a.Tell(new Peering.Part("b"));
        Assert.Equal(new Asking.Refused(2, RefusalReason.SessionEnded), ExpectMsg<Asking.Refused>());
        lost.ReplyTo.Tell(new Asking.Answered(lost.Correlation, Text("late", FrameDirection.Up), Second));
        Settle(_a);
        ExpectNoMsg(TimeSpan.Zero);
    }

    // What the session had heard it has answered; one that is lost with it is nobody's but this router's.
    [Fact]
    public void A_request_that_a_session_elsewhere_never_heard_ends_soon_after_it()
    {
        var session = Open(_b, "dtu-1");
        SettleBoth();
        _a.Tell(Request(1));
        var asked = session.Probe.FishForMessage<Asking.Request>(_ => true);
        _b.Tell(new Registry.SessionClosed(session.Ref));
        SettleBoth();
        Advance(TimeSpan.FromSeconds(4));
        Settle(_a);
        ExpectNoMsg(TimeSpan.Zero);
        Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(new Asking.Refused(1, RefusalReason.SessionEnded), ExpectMsg<Asking.Refused>());

        // An answer that is later still finds nobody.
        asked.ReplyTo.Tell(new Asking.Sent(asked.Correlation));
        Settle(_a);
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_request_or_an_answer_that_a_broken_connection_between_nodes_took_along_is_missed_within_seconds()
    {
        var session = Open(_b, "dtu-1");
        SettleBoth();
        _a.Tell(Request(1));
        _a.Tell(Request(2));
        var lost = session.Probe.FishForMessage<Asking.Request>(_ => true);
        var held = session.Probe.FishForMessage<Asking.Request>(_ => true);
        Advance(Asking.AskAgainEvery + Tenth);
        var question = session.Probe.FishForMessage<Asking.AreHeld>(_ => true);
        Assert.Equal<long>([lost.Correlation, held.Correlation], question.Correlations);
        question.ReplyTo.Tell(new Asking.NotHeld(lost.Correlation, WasHeard: false));
        Assert.Equal(new Asking.Refused(1, RefusalReason.SessionEnded), ExpectMsg<Asking.Refused>());

        Advance(Asking.AskAgainEvery);
        Assert.Equal(held.Correlation, Assert.Single(session.Probe.FishForMessage<Asking.AreHeld>(_ => true).Correlations));
        held.ReplyTo.Tell(new Asking.Answered(held.Correlation, Text("answer", FrameDirection.Up), Second));
        Assert.Equal(2, ExpectMsg<Asking.Answered>().Correlation);
        Advance(Asking.AskAgainEvery);
        Settle(_a);
        session.Probe.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_session_elsewhere_that_no_route_concerns_is_found_although_the_directory_does_not_answer()
    {
        var session = Open(_b, "meter-1");
        SettleBoth();
        _a.Tell(Request(1, "meter-1"));
        Assert.Equal("meter-1", session.Probe.FishForMessage<Asking.Request>(_ => true).Dtu.Value);
    }

    [Fact]
    public void A_DTU_is_offline_once_the_directory_and_every_node_have_said_so()
    {
        _a.Tell(Request(1, "meter-1"));
        Directory.FishForMessage<Holding.Find>(_ => true);
        SettleBoth();
        ExpectNoMsg(TimeSpan.Zero);
        _a.Tell(new Holding.Found(DtuId.Parse("meter-1"), null), Directory);
        Assert.Equal(new Asking.Refused(1, RefusalReason.Offline), ExpectMsg<Asking.Refused>());
    }

    [Fact]
    public void What_waits_at_a_session_elsewhere_is_taken_back_under_the_askers_number()
    {
        var session = Open(_b, "dtu-1");
        SettleBoth();
        _a.Tell(Request(7));
        var asked = session.Probe.FishForMessage<Asking.Request>(_ => true);
        var operatorProbe = CreateTestProbe();
        _a.Tell(new Asking.Withdraw(session.Ref.Id, 7, TestActor, operatorProbe));
        var withdraw = session.Probe.FishForMessage<Asking.Withdraw>(_ => true);
        Assert.Equal((asked.Correlation, asked.ReplyTo), (withdraw.Correlation, withdraw.ReplyTo));
        asked.ReplyTo.Tell(new Asking.Refused(asked.Correlation, RefusalReason.Withdrawn));
        withdraw.ReplyTo.Tell(new Asking.WithdrawEnded(WasWaiting: true, withdraw.For, withdraw.Correlation));
        Assert.Equal(new Asking.Refused(7, RefusalReason.Withdrawn), ExpectMsg<Asking.Refused>());
        Assert.Equal(new Asking.WithdrawEnded(WasWaiting: true, operatorProbe, 7), ExpectMsg<Asking.WithdrawEnded>());
    }

    [Fact]
    public void A_send_elsewhere_that_is_followed_tells_each_of_its_steps()
    {
        var session = Open(_b, "dtu-1");
        SettleBoth();
        _a.Tell(new Asking.Send(session.Ref.Id, "x"u8.ToArray(), 3, "api", TestActor, Follows: true));
        var send = session.Probe.FishForMessage<Asking.Send>(_ => true);
        send.ReplyTo.Tell(new Asking.Begun(send.Correlation));
        send.ReplyTo.Tell(new Asking.Sent(send.Correlation, AwaitsAnswer: true));
        send.ReplyTo.Tell(new Asking.Refused(send.Correlation, RefusalReason.NoAnswer));
        Assert.Equal(3, ExpectMsg<Asking.Begun>().Correlation);
        Assert.Equal(3, ExpectMsg<Asking.Sent>().Correlation);
        Assert.Equal(new Asking.Refused(3, RefusalReason.NoAnswer), ExpectMsg<Asking.Refused>());
    }

    [Fact]
    public void An_endpoint_that_follows_sessions_hears_of_one_elsewhere_before_what_it_says()
    {
        _a.Tell(new Registry.EndpointStarted("com", new Destination(Com, 2), Exclusive: true, DownlinkSelect.None, WantsSessions: true));
        SettleBoth();
        var session = Open(_b, "dtu-1");
        Up(_b, session, "first");
        Assert.Equal(session.Ref, Com.FishForMessage<Registry.SessionSeen>(_ => true).Session);
        Assert.Equal("first"u8.ToArray(), Delivered(Com));
    }

    [Fact]
    public void An_endpoint_that_speaks_to_the_last_speaker_knows_who_spoke_elsewhere()
    {
        _a.Tell(new Registry.EndpointStarted("scada", new Destination(Scada, 2), Exclusive: false, DownlinkSelect.LastSpeaker));
        var (here, there) = (Open(_a, "dtu-5"), Open(_b, "dtu-6"));
        SettleBoth();
        Up(_a, here, "here");
        Up(_b, there, "there");
        SettleBoth();
        Down(_a, Scada, "scada", "to the last");
        Assert.Equal(["to the last"], Heard(there.Probe, 1));
        Up(_a, here, "here again");
        Down(_a, Scada, "scada", "to the last");
        Assert.Equal(["to the last"], Heard(here.Probe, 1));
    }

    [Fact]
    public void A_missing_change_is_noticed_and_everything_is_asked_for_anew()
    {
        var peer = CreateTestProbe("peer");
        var session = NewSession("dtu-1", 1);
        _a.Tell(new Peering.Meet("c", Somewhere("c"), peer.Ref));
        var hello = peer.FishForMessage<Peering.Hello>(_ => true);
        Assert.Equal(("a", WireProtocol.Version), (hello.Node, hello.Version));
        _a.Tell(new Peering.Whole("c", 5, [], []), peer);
        _a.Tell(new Peering.Changed("c", 5, 2, [], [], [session.Ref], []), peer);
        peer.FishForMessage<Peering.Hello>(_ => true);
        _a.Tell(new Peering.Whole("c", 5, [], [session.Ref]), peer);
        Assert.Equal(session.Probe.Ref, Com.FishForMessage<Flow.PathAdded>(_ => true).Destination.Ref);
        _a.Tell(new Peering.Changed("c", 5, 1, [], [], [], [session.Ref]), peer);
        Assert.Equal(session.Probe.Ref, Com.FishForMessage<Flow.PathRemoved>(_ => true).Destination.Ref);
    }

    [Fact]
    public void What_comes_while_a_pack_is_under_way_goes_together_once_it_came_or_its_word_is_lost()
    {
        var (peer, session) = PeerWithScada();
        Up(_b, session, "1");
        Assert.Equal([1L, 0L, "1"], Packed(peer));
        Up(_b, session, "2");
        Up(_b, session, "3");
        Assert.Empty(Told(_b, peer));
        _b.Tell(new Peering.Pack("c", 7, 1, []), peer);
        Assert.Equal([2L, 7L, "2", "3"], Packed(peer));
        Up(_b, session, "4");
        for (var i = 0; i < 2; i++)
        {
            // The first time it is the pack before that was watched.
            Settle(_b);
            Advance(TimeSpan.FromMilliseconds(110));
        }

        Assert.Equal([3L, 7L, "4"], Packed(peer));
        Up(_b, session, "5");
        _b.Tell(new Peering.Pack("c", 8, 2, []), peer);
        Assert.Equal([0L, 8L], Packed(peer));
        _b.Tell(new Peering.Pack("c", 0, 3, []), peer);
        Assert.Equal([4L, 8L, "5"], Packed(peer));
    }

    [Fact]
    public void A_full_pack_leaves_in_any_case_and_what_a_session_said_leaves_before_the_word_that_it_closed()
    {
        var (peer, session) = PeerWithScada();
        for (var i = 0; i < 600; i++)
        {
            Up(_b, session, $"{i}");
        }

        _b.Tell(new Registry.SessionClosed(session.Ref));
        var told = Told(_b, peer);
        var packs = told.OfType<Peering.Pack>().ToList();
        Assert.InRange(packs.Count, 3, 5);
        Assert.All(packs, pack => Assert.InRange(pack.Items.Length, 1, 256));
        Assert.Equal(Enumerable.Range(0, 600).Select(i => $"{i}"), packs.SelectMany(pack => pack.Items).Select(item => TextOf(item.Delivery)));
        var closed = Assert.Single(told.OfType<Peering.Changed>());
        Assert.Equal(session.Ref, Assert.Single(closed.Closed));
        Assert.True(Array.IndexOf(told, closed) > Array.IndexOf(told, packs[^1]));
    }

    [Fact]
    public void Many_sessions_come_in_pieces_that_a_message_between_nodes_can_carry()
    {
        var peer = CreateTestProbe("peer");
        var sessions = Enumerable.Range(0, 1200).Select(i => NewSession($"dtu-{i}", 1).Ref).ToList();
        sessions.ForEach(session => _b.Tell(new Registry.SessionOpened(session)));
        _b.Tell(new Peering.Meet("c", Somewhere("c"), peer.Ref));
        _b.Tell(new Peering.Whole("c", 5, [new Peering.EndpointThere("scada", new Destination(Scada, 1), false, DownlinkSelect.None, false, false)], []), peer);
        _b.Tell(new Peering.Hello("c", 5, WireProtocol.Version, Tells: true), peer);
        var told = peer.FishForMessage<Peering.Whole>(_ => true).Sessions.ToList();
        for (var number = 1L; told.Count < sessions.Count; number++)
        {
            var changed = peer.FishForMessage<Peering.Changed>(_ => true);
            Assert.Equal(number, changed.Number);
            Assert.InRange(changed.Opened.Length, 1, PeerRouter.MostPerMessage);
            told.AddRange(changed.Opened);
        }

        Assert.Equal(sessions.Order(Comparer<SessionRef>.Create((one, other) => one.Id.CompareTo(other.Id))), told.Order(Comparer<SessionRef>.Create((one, other) => one.Id.CompareTo(other.Id))));
    }

    private (TestProbe Peer, (TestProbe Probe, SessionRef Ref) Session) PeerWithScada()
    {
        var peer = CreateTestProbe("peer");
        var session = Open(_b, "dtu-9");
        _b.Tell(new Peering.Part("a"));
        _b.Tell(new Peering.Meet("c", Somewhere("c"), peer.Ref));
        _b.Tell(new Peering.Whole("c", 5, [new Peering.EndpointThere("scada", new Destination(Scada, 1), false, DownlinkSelect.None, false, false)], []), peer);
        _b.Tell(new Peering.Hello("c", 5, WireProtocol.Version, Tells: true), peer);
        Told(_b, peer);
        return (peer, session);
    }

    // Its number, the other's last one, and what is in it.
    private static object[] Packed(TestProbe peer)
    {
        var pack = peer.ExpectMsg<Peering.Pack>();
        return [pack.Number, pack.Taken, .. pack.Items.Select(item => TextOf(item.Delivery))];
    }

    private Asking.Request Request(long correlation, string dtu = "dtu-1") =>
        new(DtuId.Parse(dtu), "?"u8.ToArray(), Second, AnswerRule.ByMode, correlation, "api", TestActor);

    private void Meet()
    {
        _a.Tell(new Peering.Meet("b", Somewhere("b"), _b));
        _b.Tell(new Peering.Meet("a", Somewhere("a"), _a));
        SettleBoth();
    }

    // What one tells the other, and what that makes it tell.
    private void SettleBoth()
    {
        for (var i = 0; i < 4; i++)
        {
            Settle(_a);
            Settle(_b);
        }
    }

    private static Address Somewhere(string node) => new("akka.tcp", "dtu", node, 4053);

    private IActorRef Node(string name, RouteOptions[] routes, params (string, IActorRef)[] endpoints)
    {
        var router = Sys.ActorOf(RouterActor.Props(new Admission(Options.Gateway()), Directory, Fleet, name), $"router-{name}");
        router.Tell(new RouterActor.Reroute([.. routes], [.. endpoints]), ActorRefs.NoSender);
        return router;
    }
}

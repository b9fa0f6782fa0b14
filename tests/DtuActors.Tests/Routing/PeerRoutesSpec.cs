using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Registering;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Routing;

/// <summary>Routes to other DTUs and to groups: who hears whom, who waits for whom, and what becomes of that as DTUs come and go.</summary>
public sealed class PeerRoutesSpec : RoutingSpec
{
    [Theory]
    [InlineData(RouteDirection.Both, true, true)]
    [InlineData(RouteDirection.Up, true, false)]
    [InlineData(RouteDirection.Down, false, true)]
    public void Two_ends_of_a_cable_hear_each_other_as_far_as_the_direction_says_and_hold_windows_that_way(RouteDirection direction, bool up, bool down)
    {
        var router = Router([Options.Route("a", "dtu:b", direction)]);
        var (a, b) = (Open(router, "a"), Open(router, "b"));
        Up(router, a, "from a");
        Up(router, b, "from b");
        var (toA, toB) = (Told(router, a.Probe), Told(router, b.Probe));
        Assert.Equal(If(up, new Flow.PathAdded(new Destination(b.Probe, 0), b.Ref.Id)), toA.OfType<Flow.PathAdded>());
        Assert.Equal(If(down, new Flow.PathAdded(new Destination(a.Probe, 0), a.Ref.Id)), toB.OfType<Flow.PathAdded>());
        Assert.Equal(If(down, "from b"), toA.OfType<Relay.Deliver>().Select(TextOf));
        var delivered = toB.OfType<Relay.Deliver>().ToArray();
        Assert.Equal(If(up, "from a"), delivered.Select(TextOf));
        Assert.All(delivered, delivery => Assert.Equal((a.Probe.Ref, "dtu:a", b.Ref.Id, b.Ref.Epoch, false), (delivery.Source, delivery.SourceName, delivery.Dtu, delivery.Epoch, delivery.IsAnswer)));
    }

    [Fact]
    public void A_cable_that_is_configured_at_both_ends_and_by_a_group_carries_each_frame_once()
    {
        var router = Router([Options.Route("a", "dtu:b"), Options.Route("b", "dtu:a"), Options.Route("a", "group:g")], admission: Groups(("b", "g")));
        var (a, b) = (Open(router, "a"), Open(router, "b"));
        Up(router, a, "one");
        Up(router, b, "two");
        Up(router, a, "three");
        Assert.Equal(["one", "three"], Told(router, b.Probe).OfType<Relay.Deliver>().Select(TextOf));
        Assert.Equal(["two"], Told(router, a.Probe).OfType<Relay.Deliver>().Select(TextOf));
    }

    [Fact]
    public void What_finds_the_other_end_offline_is_counted_and_holds_nobody_up()
    {
        var router = Router([Options.Route("a", "dtu:b"), Options.Route("a", "group:g")]);
        var a = Open(router, "a");
        Up(router, a, "into the void");
        Assert.Empty(Told(router, a.Probe));
        var b = Open(router, "b");
        Up(router, a, "to b");
        router.Tell(new Registry.SessionClosed(a.Ref));
        Up(router, b, "a is gone");
        var routes = Routes(router);
        Assert.Equal(("up", null, 0, 1L, 1L, 0L, 1L), Row(routes[0]));
        Assert.Equal(("down", "no member of the group is online", 0, 0L, 2L, 0L, 0L), Row(routes[1]));

        static (string, string?, int, long, long, long, long) Row(RouteStatus route) =>
            (route.State, route.LastError, route.Online, route.FramesUp, route.DroppedUp, route.FramesDown, route.DroppedDown);
    }

    [Fact]
    public void An_answer_goes_to_the_DTU_that_asked_and_says_that_it_is_one()
    {
        var router = Router([Options.Route("m*", "dtu:slave"), Options.Route("slave", "com")]);
        var (first, second, slave) = (Open(router, "m1"), Open(router, "m2"), Open(router, "slave"));
        Up(router, slave, "for m2", only: "dtu:m2");
        Assert.Empty(Told(router, first.Probe).OfType<Relay.Deliver>());
        Assert.Empty(Told(router, Com).OfType<Relay.Deliver>());
        var answer = Assert.Single(Told(router, second.Probe).OfType<Relay.Deliver>());
        Assert.Equal(("for m2", true), (TextOf(answer), answer.IsAnswer));
    }

    [Fact]
    public void Many_wait_for_the_one_at_the_cable_s_end_which_waits_for_none_of_them()
    {
        var router = Router([Options.Route("sensor-*", "dtu:master")]);
        var (one, two, master) = (Open(router, "sensor-1"), Open(router, "sensor-2"), Open(router, "master"));
        Up(router, master, "poll");
        Assert.All([one, two], sensor =>
        {
            var told = Told(router, sensor.Probe);
            Assert.Equal(master.Probe.Ref, Assert.Single(told.OfType<Flow.PathAdded>()).Destination.Ref);
            Assert.Equal("poll", TextOf(Assert.Single(told.OfType<Relay.Deliver>())));
        });
        Assert.Empty(Told(router, master.Probe).OfType<Flow.PathAdded>());
    }

    [Fact]
    public void A_probe_asks_those_whose_windows_it_is_about()
    {
        var router = Router([Options.Route("a", "dtu:b"), Options.Route("a", "group:g"), Options.Route("a", "scada")], admission: Groups(("m", "g")));
        var (a, b, m) = (Open(router, "a"), Open(router, "b"), Open(router, "m"));
        router.Tell(new Relay.Uplink(a.Ref, null, 70_000, AckWanted: true));
        var probe = Assert.Single(Told(router, b.Probe).OfType<Relay.Deliver>());
        Assert.Equal((null, 70_000L, true), (probe.Frame, probe.Through, probe.AckWanted));
        Assert.Empty(Told(router, m.Probe).OfType<Relay.Deliver>());
        Assert.Empty(Told(router, Scada).OfType<Relay.Deliver>());
    }

    [Fact]
    public void A_takeover_of_one_end_gives_the_other_a_new_window_and_what_was_under_way_comes_first_or_not_at_all()
    {
        var router = Router([Options.Route("a", "dtu:b")]);
        var (a, old) = (Open(router, "a"), Open(router, "b", epoch: 1));
        Up(router, a, "one");
        Up(router, a, "two");
        var underWay = Told(router, old.Probe).OfType<Relay.Deliver>().ToArray();
        Told(router, a.Probe);
        var current = Open(router, "b", epoch: 2);
        Assert.Equal(
            [new Flow.PathRemoved(new Destination(old.Probe, 0), old.Ref.Id), new Flow.PathAdded(new Destination(current.Probe, 0), old.Ref.Id)],
            Told(router, a.Probe));
        router.Tell(new Relay.StaleSession(old.Ref, underWay[0]));
        Up(router, a, "three");
        router.Tell(new Relay.StaleSession(old.Ref, underWay[1]));
        Assert.Equal(["one", "three"], Told(router, current.Probe).OfType<Relay.Deliver>().Select(TextOf));

        // The same holds where the source has come back meanwhile: it is the DTU's bytes that keep their order.
        var again = Open(router, "a", epoch: 2);
        Up(router, a, "too late");
        Up(router, again, "four");
        router.Tell(new Relay.StaleSession(old.Ref, underWay[1]));
        Assert.Equal(["four"], Told(router, current.Probe).OfType<Relay.Deliver>().Select(TextOf));
    }

    [Fact]
    public void A_group_hears_the_one_and_the_one_hears_its_members_but_nobody_hears_itself_or_holds_a_window()
    {
        var router = Router([Options.Route("a", "group:g")], admission: Groups(("a", "g"), ("m1", "g"), ("m2", "g"), ("other", "h")));
        var (a, one, two, other) = (Open(router, "a"), Open(router, "m1"), Open(router, "m2"), Open(router, "other"));
        Up(router, a, "all");
        Up(router, one, "one");
        Up(router, other, "nobody");
        Assert.Equal(["one"], Told(router, a.Probe).Cast<Relay.Deliver>().Select(TextOf));
        Assert.Equal(["all"], Told(router, one.Probe).Cast<Relay.Deliver>().Select(TextOf));
        Assert.Equal(["all"], Told(router, two.Probe).Cast<Relay.Deliver>().Select(TextOf));
        Assert.Empty(Told(router, other.Probe));
        Assert.Equal((2L, 1L), Routes(router).Select(route => (route.FramesUp, route.FramesDown)).Single());
    }

    [Fact]
    public void An_edited_row_puts_a_live_session_into_a_group_and_takes_it_out()
    {
        var admission = new Admission(Options.Gateway());
        var router = Router([Options.Route("a", "group:g")], admission: admission);
        var (a, m) = (Open(router, "a"), Open(router, "m"));
        Up(router, a, "before");
        Settle(router);
        Regroup("g");
        Up(router, a, "as a member");
        Up(router, m, "answer");
        Settle(router);
        Regroup("h");
        Up(router, a, "after");
        Assert.Equal(["as a member"], Told(router, m.Probe).Cast<Relay.Deliver>().Select(TextOf));
        Assert.Equal(["answer"], Told(router, a.Probe).Cast<Relay.Deliver>().Select(TextOf));

        void Regroup(string group)
        {
            admission.Use(Register.Of([new RegisteredDtu { Id = m.Ref.Id, Groups = [group] }]));
            router.Tell(new Registry.MembershipsChanged([m.Ref.Id]));
            Settle(router);
        }
    }

    [Fact]
    public void A_restarted_router_makes_sessions_forget_paths_to_those_that_ended_meanwhile()
    {
        var parent = CreateTestProbe("parent");
        var router = parent.ChildActorOf(RouterActor.Props(new Admission(Options.Gateway()), Directory, Fleet), new OneForOneStrategy(_ => Directive.Restart));
        Start();
        var (a, b) = (Open(router, "a"), Open(router, "b"));
        Assert.Equal(b.Probe.Ref, Assert.IsType<Flow.PathAdded>(Assert.Single(Told(router, a.Probe))).Destination.Ref);

        // Two endpoints of one name: no configuration says that.
        router.Tell(new RouterActor.Reroute([], [("x", Com.Ref), ("x", Com.Ref)]), ActorRefs.NoSender);
        Start();
        router.Tell(new Registry.SessionOpened(a.Ref));
        Assert.IsType<Flow.PathsForgotten>(Assert.Single(Told(router, a.Probe)));

        void Start()
        {
            parent.ExpectMsg<RouterActor.WhatIsThere>();
            router.Tell(new RouterActor.Reroute([Options.Route("a", "dtu:b")], []), ActorRefs.NoSender);
        }
    }

    private static IEnumerable<T> If<T>(bool holds, T what) => holds ? [what] : [];

    private RouteStatus[] Routes(IActorRef router)
    {
        Told(router, Fleet);
        router.Tell(DtuActors.Directory.Fleet.TellAgain.Instance);
        return [.. Fleet.ExpectMsg<Fleet.RoutesSeen>().Routes];
    }
}

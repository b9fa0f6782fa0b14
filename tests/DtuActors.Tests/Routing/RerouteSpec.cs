using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Registering;
using DtuActors.Routing;
using DtuActors.Sessions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace DtuActors.Tests.Routing;

/// <summary>Routes and endpoints that change while frames pass: who is not concerned hears nothing of it, and everybody knows what holds.</summary>
public sealed class RerouteSpec : RoutingSpec
{
    private static readonly string[] Ids = ["a", "b", "c1", "c2"];

    private static readonly RouteOptions[] Pool =
    [
        Options.Route("a", "dtu:b"), Options.Route("b", "dtu:a", RouteDirection.Up), Options.Route("c*", "dtu:b"), Options.Route("c1", "dtu:b", RouteDirection.Down),
        Options.Route("*", "com"), Options.Route("a", "com", RouteDirection.Up), Options.Route("*", "scada", RouteDirection.Up), Options.Route("a", "group:g"),
        Options.Route("b", "group:g", RouteDirection.Up), Options.Route("c2", "dtu:c1"),
    ];

    [Fact]
    public void A_route_that_stays_keeps_its_counters_its_place_and_its_windows_and_a_changed_one_begins_anew()
    {
        var (kept, changed) = (Options.Route("a", "com"), Options.Route("a", "scada"));
        var router = Router([kept, changed]);
        var a = Open(router, "a");
        Up(router, a, "one");
        Told(router, Com);
        Told(router, a.Probe);
        Told(router, Fleet);
        Reroute(router, changed with { Direction = RouteDirection.Up }, kept);
        Assert.Equal([(0L, "a -> scada"), (1L, "a -> com")], Fleet.ExpectMsg<Fleet.RoutesSeen>().Routes.Select(route => (route.FramesUp, route.Name)));
        Assert.Empty(Told(router, Com));
        Assert.Empty(Told(router, a.Probe));
        Assert.Equal(new Flow.PathRemoved(new Destination(a.Probe, 0), a.Ref.Id), Told(router, Scada).Last());
    }

    [Fact]
    public void An_endpoint_that_is_new_is_asked_who_it_is_and_one_that_goes_leaves_no_window_behind()
    {
        var router = Router([Options.Route("a", "com")]);
        var a = Open(router, "a");
        Told(router, a.Probe);
        Told(router, Scada);
        var next = CreateTestProbe("next");
        router.Tell(new RouterActor.Reroute([Options.Route("a", "com")], [("com", next.Ref), ("scada", Scada.Ref)]), TestActor);
        ExpectMsg<RouterActor.Rerouted>();
        next.ExpectMsg<Registry.AnnounceYourself>();
        Assert.Equal(new Destination(Com, 1), Assert.IsType<Flow.PathRemoved>(Assert.Single(Told(router, a.Probe))).Destination);
        Assert.Empty(Told(router, Scada));

        // The old one's last word must not be taken for the new one's.
        router.Tell(new Registry.EndpointStarted("com", new Destination(Com, 2), Exclusive: true, DownlinkSelect.None));
        Assert.Empty(Told(router, a.Probe));
        router.Tell(new Registry.EndpointStarted("com", new Destination(next, 1), Exclusive: true, DownlinkSelect.None));
        Assert.Equal(new Destination(next, 1), Assert.IsType<Flow.PathAdded>(Assert.Single(Told(router, a.Probe))).Destination);
        Assert.Equal(new Flow.PathAdded(new Destination(a.Probe, 0), a.Ref.Id), next.ExpectMsg<Flow.PathAdded>());
        Up(router, a, "hello");
        Assert.Equal("hello"u8.ToArray(), Delivered(next));
    }

    [Fact]
    public void An_endpoint_that_wants_sessions_hears_of_those_that_come_to_it_change_their_way_and_go()
    {
        var router = Router([]);
        router.Tell(new Registry.EndpointStarted("com", new Destination(Com, 1), Exclusive: false, DownlinkSelect.None, WantsSessions: true));
        var a = Open(router, "a");
        Told(router, Com);
        Reroute(router, Options.Route("a", "com", RouteDirection.Up));
        Assert.Equal([new Registry.SessionSeen(a.Ref, true, false)], Told(router, Com));
        Reroute(router, Options.Route("a", "com", RouteDirection.Up), Options.Route("b", "com"));
        Assert.Empty(Told(router, Com));
        Reroute(router, Options.Route("a", "com"));
        Assert.Equal([new Registry.SessionSeen(a.Ref, true, true), new Flow.PathAdded(new Destination(a.Probe, 0), a.Ref.Id)], Told(router, Com));
        Reroute(router);
        Assert.Equal([new Flow.PathRemoved(new Destination(a.Probe, 0), a.Ref.Id), new Registry.SessionGone(a.Ref)], Told(router, Com));
    }

    [Property(MaxTest = 60)]
    public Property Whatever_changes_under_traffic_each_frame_reaches_whom_it_is_for_once_and_in_order_and_no_word_about_windows_is_one_too_many(byte[] steps)
    {
        var world = new World(this);
        for (var i = 0; i < steps.Length; i++)
        {
            world.Take(steps[i] % 8, with: (byte)((steps[i] / 8) + (31 * i)));
            world.Look();
        }

        world.Stop();
        return (world.Problems.Count == 0).Label(string.Join("; ", world.Problems.Take(3)));
    }

    /// <summary>What routes, members and sessions there are, and what by that everybody should have been told: worked out anew each time, from nothing but them.</summary>
    private sealed class World
    {
        private readonly RerouteSpec _spec;
        private readonly Admission _admission = Groups(("a", "g"), ("c1", "g"));
        private readonly IActorRef _router;
        private readonly Dictionary<string, Peer> _online = [];
        private RouteOptions[] _routes = [];
        private bool _isMember;
        private long _epoch;
        private int _said;

        public World(RerouteSpec spec)
        {
            _spec = spec;
            _router = spec.Router([], admission: _admission);
        }

        public List<string> Problems { get; } = [];

        public void Stop() => _spec.Sys.Stop(_router);

        public void Take(int what, byte with)
        {
            var id = Ids[with % Ids.Length];
            switch (what)
            {
                case 0:
                    _routes = [.. Pool.Where((_, i) => ((with * 2654435761L >> i) & 1) == 1)];
                    _spec.Reroute(_router, _routes);
                    break;
                case 1:
                    // The last end of a newer session's predecessor is its own affair: nobody asks what it hears.
                    var (probe, session) = _spec.Open(_router, id, ++_epoch);
                    _online[id] = new Peer(probe, session);
                    break;
                case 2 when _online.Remove(id, out var gone):
                    _router.Tell(new Registry.SessionClosed(gone.Session));
                    break;
                case 3:
                    _isMember = !_isMember;
                    var row = new RegisteredDtu { Id = Protocol.DtuId.Parse("b"), Groups = _isMember ? ["g"] : [] };
                    _admission.Use(Register.Of([row]));
                    _router.Tell(new Registry.MembershipsChanged([row.Id]));
                    break;
                case > 3 when _online.TryGetValue(id, out var peer):
                    var text = $"{++_said}";
                    var meant = _online.Where(other => Hears(id, other.Key)).Select(other => other.Value).ToList();
                    meant.ForEach(other => other.Expected.Add($"dtu:{id} {text}"));
                    Up(_router, (peer.Probe, peer.Session), text);
                    break;
            }
        }

        public void Look()
        {
            foreach (var (id, peer) in _online)
            {
                peer.Hear(_spec.Told(_router, peer.Probe), Problems);
                var due = _online.Where(other => Awaits(id, other.Key)).Select(other => other.Value.Probe.Ref)
                    .Concat(Chosen(id, "com") is { Direction: not RouteDirection.Down } ? [_spec.Com.Ref] : []).ToHashSet();
                if (!due.SetEquals(peer.Windows))
                {
                    Problems.Add($"{id} holds {peer.Windows.Count} windows, not {due.Count}");
                }

                if (!peer.Heard.SequenceEqual(peer.Expected))
                {
                    Problems.Add($"{id} heard [{string.Join(',', peer.Heard)}], not [{string.Join(',', peer.Expected)}]");
                }
            }
        }

        private RouteOptions? Chosen(string dtu, string to) => _routes.Where(route => route.To == to && (route.Dtu == dtu || route.Dtu == "*" || (route.Dtu == "c*" && dtu[0] == 'c')))
            .OrderByDescending(route => route.Dtu == dtu).ThenByDescending(route => route.Dtu.Length).FirstOrDefault();

        private string[] NamesOf(string dtu) => dtu is "a" or "c1" || (dtu == "b" && _isMember) ? [$"dtu:{dtu}", "group:g"] : [$"dtu:{dtu}"];

        private bool Hears(string from, string other) => from != other
            && (NamesOf(other).Any(name => Chosen(from, name) is { Direction: not RouteDirection.Down })
                || NamesOf(from).Any(name => Chosen(other, name) is { Direction: not RouteDirection.Up }));

        private bool Awaits(string from, string other) => from != other
            && (Chosen(from, $"dtu:{other}") is { Direction: not RouteDirection.Down }
                || (Chosen(other, $"dtu:{from}") is { Direction: not RouteDirection.Up } back && back.Dtu == other));
    }

    private sealed class Peer(TestProbe probe, SessionRef session)
    {
        public TestProbe Probe => probe;

        public SessionRef Session => session;

        public HashSet<IActorRef> Windows { get; } = [];

        public List<string> Expected { get; } = [];

        public List<string> Heard { get; } = [];

        public void Hear(object[] told, List<string> problems)
        {
            foreach (var message in told)
            {
                var isNews = message switch
                {
                    Flow.PathAdded added => Windows.Add(added.Destination.Ref),
                    Flow.PathRemoved removed => Windows.Remove(removed.Destination.Ref),
                    _ => true,
                };
                if (!isNews)
                {
                    problems.Add($"{session.Id} was told again: {message}");
                }

                if (message is Relay.Deliver delivery)
                {
                    Heard.Add($"{delivery.SourceName} {TextOf(delivery)}");
                }
            }
        }
    }
}

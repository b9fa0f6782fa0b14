using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering.Wire;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>
/// The routers of other nodes. Their endpoints and sessions are parties here like those of this node, but that their own router tells them of windows and of each other; what a
/// node's parties say goes from its router to that of whoever hears it, so that a frame crosses the network once. A node that is out of reach has no parties until it is heard
/// again.
/// </summary>
public sealed partial class RouterActor
{
    private static readonly TimeSpan HelloEvery = TimeSpan.FromSeconds(1);

    // What a connection between nodes loses when it breaks is missed then, whether anything changes or not.
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(5);

    private readonly string? _node;
    private readonly long _life = Random.Shared.NextInt64();
    private readonly Dictionary<string, PeerRouter> _peers = new(StringComparer.Ordinal);

    // Sessions of this node that came, went, or stand elsewhere now.
    private readonly HashSet<SessionParty> _moved = [];
    private bool _willTell;

    private void Peers()
    {
        Receive<Peering.Meet>(OnMeet);
        Receive<Peering.Part>(part => OnPart(part.Node));
        Receive<HelloDue>(_ => SayHello());
        Receive<Peering.Hello>(OnHello);
        Receive<Peering.Whole>(OnWhole);
        Receive<Peering.Changed>(OnChanged);
        Receive<Peering.Whose>(whose => Sender.Tell(new Holding.Found(whose.Dtu, _sessions.TryGetValue(whose.Dtu, out var session) && session.IsHere ? session.Session : null)));
        Receive<TellPeersDue>(_ => TellPeers());
        Receive<CountDue>(_ => TellCount());
    }

    private PeerRouter PeerOf(string node)
    {
        if (!_peers.TryGetValue(node, out var peer))
        {
            peer = new PeerRouter(node);
            _peers.Add(node, peer);
        }

        return peer;
    }

    /// <summary>The other node that an actor is on; null: it is here.</summary>
    private string? NodeOf(IActorRef actor) => PeerAt(actor)?.Node;

    /// <summary>False: its node is gone, or does not answer.</summary>
    private bool IsWithinReach(IActorRef actor) => _node is null || actor.Path.Address.HasLocalScope || PeerAt(actor) is { Router: not null };

    private PeerRouter? PeerAt(IActorRef actor) => _peers.Values.FirstOrDefault(peer => actor.Path.Address.Equals(peer.Address));

    /// <summary>How an endpoint of this node is called elsewhere; anything else as it is.</summary>
    private string Abroad(string name) => _node is not null && _endpoints.ContainsKey(name) ? EndpointNames.At(name, _node) : name;

    // ---- asking

    private void OnMeet(Peering.Meet meet)
    {
        if (_peers.TryGetValue(meet.Node, out var before) && before.Address is { } other && !other.Equals(meet.Address))
        {
            // A new process under the same name.
            OnPart(meet.Node);
        }

        var peer = PeerOf(meet.Node);
        (peer.Address, peer.Router) = (meet.Address, meet.Router);
        SayHello();
    }

    private void SayHello()
    {
        var isWaiting = false;
        foreach (var peer in _peers.Values)
        {
            if (peer is { Router: { } router, Teller: null })
            {
                router.Tell(new Peering.Hello(_node!, _life, WireProtocol.Version, Tells: peer.Asker is not null), Self);
                isWaiting = true;
            }
        }

        if (isWaiting)
        {
            Timers.StartSingleTimer(HelloDue.Instance, HelloDue.Instance, HelloEvery);
        }
    }

    private void OnPart(string node)
    {
        if (_peers.Remove(node, out var peer))
        {
            LosePacked(peer);
            ForgetParties(peer);
            EndErrands(errand => errand.Node == node);
        }
    }

    private void ForgetParties(PeerRouter peer)
    {
        peer.Teller = null;
        foreach (var endpoint in peer.Endpoints.Values.ToList())
        {
            RemovePeerEndpoint(peer, endpoint);
        }

        foreach (var session in _sessions.Values.Where(session => session.Node == peer.Node).ToList())
        {
            CloseSession(session.Ref);
        }

        Acquaint();
    }

    // ---- hearing

    private void OnWhole(Peering.Whole whole)
    {
        if (!_peers.TryGetValue(whole.Node, out var peer) || peer.Router is null)
        {
            return;
        }

        ForgetParties(peer);
        (peer.Teller, peer.Life, peer.Heard) = (Sender, whole.Life, 0);
        Take(peer, whole.Endpoints, whole.Sessions);
    }

    private void OnChanged(Peering.Changed changed)
    {
        if (!_peers.TryGetValue(changed.Node, out var peer) || peer.Teller is null)
        {
            return;
        }

        if (changed.Life != peer.Life || changed.Number != peer.Heard + 1)
        {
            peer.Teller = null;
            SayHello();
            return;
        }

        peer.Heard = changed.Number;
        foreach (var closed in changed.Closed)
        {
            CloseSession(closed.Connection);
        }

        foreach (var ended in changed.Ended)
        {
            if (peer.Endpoints.TryGetValue(ended, out var endpoint))
            {
                RemovePeerEndpoint(peer, endpoint);
            }
        }

        Take(peer, changed.Started, changed.Opened);
    }

    private void Take(PeerRouter peer, ImmutableArray<Peering.EndpointThere> started, ImmutableArray<SessionRef> opened)
    {
        foreach (var there in started)
        {
            TakePeerEndpoint(peer, there);
        }

        foreach (var session in opened)
        {
            Open(session, node: peer.Node);
        }

        Acquaint();
    }

    private void TakePeerEndpoint(PeerRouter peer, Peering.EndpointThere there)
    {
        if (peer.Endpoints.TryGetValue(there.Name, out var known) && !known.Ref.Equals(there.Destination.Ref))
        {
            RemovePeerEndpoint(peer, known);
            known = null;
        }

        if (known is null)
        {
            var target = TargetOf(there.Name);
            known = new EndpointParty(there.Name, there.Destination.Ref, peer.Node) { Place = new Place([], [target]) };
            peer.Endpoints.Add(there.Name, known);
            target.Far.Add(known);
            NoteMoved(target);
        }

        known.Announced = new Registry.EndpointStarted(there.Name, there.Destination, there.Exclusive, there.Select, there.WantsSessions, there.MirrorsUp);
        MeetAll(known);
    }

    private void RemovePeerEndpoint(PeerRouter peer, EndpointParty endpoint)
    {
        MeetAll(endpoint);
        peer.Endpoints.Remove(endpoint.To);
        var target = endpoint.Place.Ends[0];
        target.Far.Remove(endpoint);
        NoteMoved(target);
        endpoint.Place = Place.Nowhere;
    }

    private void NoteMoved(RouteTarget target)
    {
        foreach (var near in target.Near.Keys)
        {
            NoteMoved(near);
        }
    }

    private void NoteMoved(SessionParty session)
    {
        if (_peers.Count > 0 && session.IsHere)
        {
            _moved.Add(session);
        }
    }

    // ---- telling

    private void OnHello(Peering.Hello hello)
    {
        if (_node is null || hello.Node == _node)
        {
            return;
        }

        var peer = PeerOf(hello.Node);
        peer.ForgetTold();
        peer.Asker = Sender;
        if (!hello.Tells && peer.Teller is not null)
        {
            peer.Teller = null;
            SayHello();
        }

        foreach (var session in _sessions.Values)
        {
            NoteFor(peer, session);
        }

        ImmutableArray<Peering.EndpointThere> endpoints = [.. _endpoints.Values.Select(There).OfType<Peering.EndpointThere>()];
        peer.ToldEndpoints.UnionWith(endpoints.Select(endpoint => endpoint.Name));
        Sender.Tell(new Peering.Whole(_node, _life, endpoints, TakeFirst(peer.Opened)));
        TellNews(peer);
        if (!Timers.IsTimerActive(CountDue.Instance))
        {
            Timers.StartPeriodicTimer(CountDue.Instance, CountDue.Instance, CountEvery);
        }
    }

    private void NoteEndpoint(string name)
    {
        foreach (var peer in _peers.Values)
        {
            if (peer.Asker is not null)
            {
                TellPacked(peer);
                peer.EndpointNews.Add(name);
                TellPeersSoon();
            }
        }
    }

    /// <summary>Whoever moved is told to those nodes where somebody talks with it now, and to those where somebody did.</summary>
    private void NoteMovedToPeers()
    {
        if (_moved.Count == 0)
        {
            return;
        }

        foreach (var peer in _peers.Values)
        {
            if (peer.Asker is not null)
            {
                TellPacked(peer);
                foreach (var session in _moved)
                {
                    NoteFor(peer, session);
                }
            }
        }

        _moved.Clear();
        if (_peers.Values.Any(peer => peer.HasNews))
        {
            TellPeersSoon();
        }
    }

    private void NoteFor(PeerRouter peer, SessionParty session)
    {
        if (Concerns(peer, session))
        {
            if (peer.ToldSessions.Add(session))
            {
                peer.Opened.Add(session.Session);
            }
        }
        else if (peer.ToldSessions.Remove(session) && !peer.Opened.Remove(session.Session))
        {
            peer.Closed.Add(session.Session);
        }
    }

    private static bool Concerns(PeerRouter peer, SessionParty session)
    {
        if (!session.IsHere)
        {
            return false;
        }

        foreach (var (_, target) in session.Place.Ways)
        {
            if (target.IsOfDtus || peer.Endpoints.ContainsKey(target.To))
            {
                return true;
            }
        }

        return !session.Place.Ends.IsEmpty;
    }

    // By a message to itself: what else has come meanwhile goes along.
    private void TellPeersSoon()
    {
        if (!_willTell)
        {
            _willTell = true;
            Self.Tell(TellPeersDue.Instance);
        }
    }

    private void TellPeers()
    {
        _willTell = false;
        foreach (var peer in _peers.Values)
        {
            TellNews(peer);
            TellPackOrThatOneCame(peer);
        }
    }

    private void TellNews(PeerRouter peer)
    {
        while (peer is { HasNews: true, Asker: { } asker })
        {
            ImmutableArray<Peering.EndpointThere> started = [.. peer.EndpointNews.Select(name => _endpoints.TryGetValue(name, out var there) ? There(there) : null).OfType<Peering.EndpointThere>()];
            ImmutableArray<string> ended = [.. peer.EndpointNews.Where(name => peer.ToldEndpoints.Contains(name)).Except(started.Select(there => there.Name))];
            peer.ToldEndpoints.UnionWith(started.Select(there => there.Name));
            peer.ToldEndpoints.ExceptWith(ended);
            peer.EndpointNews.Clear();
            asker.Tell(new Peering.Changed(_node!, _life, ++peer.Told, started, ended, TakeFirst(peer.Opened), TakeFirst(peer.Closed)));
        }
    }

    private void TellCount()
    {
        foreach (var peer in _peers.Values)
        {
            peer.Asker?.Tell(new Peering.Changed(_node!, _life, ++peer.Told, [], [], [], []));
        }
    }

    private static Peering.EndpointThere? There(EndpointParty endpoint) => endpoint.Announced is { } announced
        ? new Peering.EndpointThere(endpoint.To, announced.Destination, announced.Exclusive, announced.Select, announced.MirrorsUp, announced.WantsSessions)
        : null;

    private static ImmutableArray<SessionRef> TakeFirst(List<SessionRef> sessions)
    {
        var count = Math.Min(sessions.Count, PeerRouter.MostPerMessage);
        ImmutableArray<SessionRef> first = [.. sessions.Take(count)];
        sessions.RemoveRange(0, count);
        return first;
    }

    private sealed record HelloDue : INoSerializationVerificationNeeded
    {
        public static readonly HelloDue Instance = new();
    }

    private sealed record CountDue : INoSerializationVerificationNeeded
    {
        public static readonly CountDue Instance = new();
    }

    private sealed record TellPeersDue : INoSerializationVerificationNeeded
    {
        public static readonly TellPeersDue Instance = new();
    }
}

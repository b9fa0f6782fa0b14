using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using DtuActors.Alarming;
using DtuActors.Clustering;
using DtuActors.Clustering.Desks;
using DtuActors.Clustering.Observing;
using DtuActors.Clustering.Presence;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Endpoints;
using DtuActors.Registering;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors;

/// <summary>
/// A gateway that is one of several: it opens for DTUs once the cluster has let it in, has those endpoints that are on its node, and what there is once in the cluster
/// (endpoints whose home is <c>one</c>, dialled DTUs) while it is the owner.
/// </summary>
public sealed partial class GatewayActor
{
    private const string RouterName = "router";
    private const string DeskName = "desk";
    private static readonly object LetGoKey = new();

    // Who was online at a node that is gone is back elsewhere by then, or is offline.
    private static readonly TimeSpan BackElsewhereWithin = TimeSpan.FromSeconds(15);

    // Whoever is to have ended before the owner's place is another node's.
    private readonly HashSet<IActorRef> _lettingGo = [];
    private readonly Dictionary<IActorRef, string> _dialers = [];
    private readonly bool _clustered;
    private readonly ClaimPace? _pace;
    private IActorRef _membership = ActorRefs.Nobody;
    private IActorRef _owner = ActorRefs.Nobody;
    private IActorRef _desk = ActorRefs.Nobody;
    private IActorRef _exchange = ActorRefs.Nobody;
    private IActorRef _presence = ActorRefs.Nobody;

    // Those that said that they leave: their sessions end in good order.
    private readonly HashSet<Address> _saidGoodbye = [];

    // By name: a node that came back has another address, and the old one goes later.
    private readonly Dictionary<string, Address> _withinReach = new(StringComparer.Ordinal);
    private bool _joined;
    private bool _hasShards;
    private bool _owning;
    private bool _releasing;
    private int _letGoAfter;

    private void Clusters()
    {
        Receive<Membership.Joined>(_ => OnJoined());
        Receive<Membership.NotJoined>(OnNotJoined);
        Receive<DtuRegion.Ready>(_ => OnShards());
        Receive<Desk.WhoIsThere>(_ => MeetNodes());
        Receive<Membership.NodeUp>(up => OnWithinReach(up.Node.Name, up.Node.Address), up => !up.Node.IsSelf);
        Receive<Membership.NodeUp>(_ => { });
        Receive<Membership.NodeReachable>(reachable => OnWithinReach(reachable.Name, reachable.Address));
        Receive<Membership.NodeUnreachable>(unreachable => OnOutOfReach(unreachable.Name, unreachable.Address));
        Receive<Membership.NodeLeaving>(leaving => _saidGoodbye.Add(leaving.Address));
        Receive<Presence.WhoIsThere>(_ => MeetNodes(withPresence: true));
        Receive<LossDue>(OnLossDue);
        Receive<Membership.NodeGone>(OnNodeGone);
        Receive<Owning.Yours>(_ => OnYours());
        Receive<Owning.NotYours>(_ => OnNotYours());
        Receive<LetGoOverdue>(_ => OnLetGoOverdue());
    }

    private void JoinCluster()
    {
        if (_clustered)
        {
            _desk = Watched(DeskActor.Props(_options.Node.Name, _topics), DeskName);
            _exchange = Watched(EventExchangeActor.Props(_options.Node.Name, _desk, _monitors), "exchange");
            _presence = Watched(PresenceActor.Props(_fleet, new OtherNodes(Task.FromResult<IActorRef?>(_desk), _topics), _inlet), "presence");
            _membership = Watched(MembershipActor.Props(_options.Node.Name, _options.Cluster), "membership");
        }
    }

    // On the desk's thread.
    private void ListenToOthers()
    {
        if (_clustered)
        {
            var (register, exchange) = (_register, _exchange);
            _topics.Listen(RegisterActor.ChangedTopic, (_, _) => register.Tell(Editing.Changed.Instance, ActorRefs.NoSender));
            _topics.Listen(EventExchange.EventsTopic, (node, body) => exchange.Tell(new EventExchange.Came(node, body), ActorRefs.NoSender));
            _topics.Answer(EventExchange.WantedTopic, async body =>
            {
                var wanted = JsonSerializer.Deserialize<EventsWanted>(body.Span, DeskJson.Options)!;
                await exchange.Ask<EventExchange.Follows>(new EventExchange.Wants(wanted), DeskActor.AnswerWithin).ConfigureAwait(false);
                return default;
            });
        }
    }

    /// <summary>Whether an endpoint is on this node, now.</summary>
    private bool IsHere(EndpointOptions endpoint) => !_clustered || endpoint.Home.IsOn(_options.Node.Name, _owning);

    private bool Owns => !_clustered || _owning;

    private void OnJoined()
    {
        if (_joined || _stopping)
        {
            return;
        }

        _joined = true;
        _startUp.TryWrite(new StartUpEvent.Bound("cluster", "akka", ClusterSetup.BoundAddress(Context.System, _options.Cluster)));
        ClusterSetup.TakePart(Context.System, Self);
        Enter();
    }

    private void OnShards()
    {
        _hasShards = true;
        Enter();
    }

    // ---- other nodes

    private void OnWithinReach(string node, Address address)
    {
        if (_withinReach.TryGetValue(node, out var before) && !before.Equals(address))
        {
            // A new process under the same name.
            OnOutOfReach(node, before);
        }

        _withinReach[node] = address;
        Meet(node, address);
        _presence.Tell(new Presence.Meet(node));
    }

    private void MeetNodes(bool withPresence = false)
    {
        foreach (var (node, address) in _withinReach)
        {
            Meet(node, address);
            if (withPresence)
            {
                _presence.Tell(new Presence.Meet(node));
            }
        }
    }

    private void Meet(string node, Address address)
    {
        var there = new RootActorPath(address) / Self.Path.Elements;
        _router.Tell(new Peering.Meet(node, address, Context.ActorSelection(there / RouterName)));
        _desk.Tell(new Desk.Meet(node, Context.ActorSelection(there / DeskName)));
        _exchange.Tell(new EventExchange.Met(node));
    }

    private void OnOutOfReach(string node, Address address)
    {
        if (_withinReach.TryGetValue(node, out var known) && known.Equals(address))
        {
            _withinReach.Remove(node);
            _router.Tell(new Peering.Part(node));
            _desk.Tell(new Desk.Part(node, StaysMember: true));
            _exchange.Tell(new EventExchange.Parted(node));
            _presence.Tell(new Presence.Part(node, _saidGoodbye.Contains(address) ? EndReasons.Stopping : EndReasons.NodeLost));
        }
    }

    private void OnNodeGone(Membership.NodeGone gone)
    {
        OnOutOfReach(gone.Name, gone.Address);
        _saidGoodbye.Remove(gone.Address);
        if (!_withinReach.ContainsKey(gone.Name))
        {
            _desk.Tell(new Desk.Part(gone.Name));
        }

        if (gone.WasDowned)
        {
            Timers.StartSingleTimer(new LossDue(gone.Name), new LossDue(gone.Name), BackElsewhereWithin);
        }

        WakeQueues();
    }

    // The queues of a node that is gone have to be woken; the journal knows of which DTUs. The owner does it, also where the node that is gone was the owner.
    private void WakeQueues()
    {
        if (_owning && _journalOpened)
        {
            _journal.Tell(CommandJournalActor.Again.Instance);
        }
    }

    private void OnLossDue(LossDue due)
    {
        if (_owning)
        {
            _presence.Tell(new Presence.SayLost(due.Node));
        }
    }

    private void OnNotJoined(Membership.NotJoined not)
    {
        _log.Error("{0}: {1}", not.KeyPath, not.Problem);
        _startUp.TryWrite(new StartUpEvent.NotJoined(not.KeyPath, not.Problem));
    }

    // ---- what there is once

    private void OnYours()
    {
        if (_stopping)
        {
            // Its watch on this actor is the answer.
            return;
        }

        _owner = Sender;
        _owning = true;
        _releasing = false;
        _log.Info("this node has what there is once in the cluster");
        _alarms.Tell(new Alarms.SpeakForAll(Does: true));
        StartOwned();
        WakeQueues();
    }

    /// <summary>Starts what is this node's as the owner and does not run, unless it is ending still, or a reload is about to say what there is.</summary>
    private void StartOwned()
    {
        if (!_clustered || !_owning || _stopping || _lettingGo.Count > 0 || _reload is not null)
        {
            return;
        }

        var started = false;
        foreach (var endpoint in _options.Endpoints.Where(endpoint => endpoint.Home.Kind is HomeKind.One && !_leaving.ContainsKey(endpoint.Name) && !_endpoints.Exists(one => one.Name == endpoint.Name)))
        {
            StartEndpoint(endpoint);
            if (!_ready && EndpointTable.Listens(endpoint))
            {
                _unbound.Add(endpoint.Name);
            }

            started = true;
        }

        if (started)
        {
            Reroute();
        }

        if (_entered)
        {
            StartDialers();
        }
    }

    private void StartDialers()
    {
        if (!Owns || _lettingGo.Count > 0)
        {
            return;
        }

        var shared = SharedSetup();
        foreach (var dialer in _options.Dialers.Where(dialer => !_dialers.ContainsValue(dialer.Name)))
        {
            _dialers[AddEntrance("dialer-", dialer.Name, Listening.DialerActor.Props(Setup(dialer, shared)))] = dialer.Name;
        }
    }

    private void OnNotYours()
    {
        _owner = Sender;
        _owning = false;
        if (_stopping)
        {
            return;
        }

        _releasing = true;
        _alarms.Tell(new Alarms.SpeakForAll(Does: false));
        _log.Info("another node gets what there is once in the cluster");
        foreach (var name in _options.Endpoints.Where(endpoint => endpoint.Home.Kind is HomeKind.One).Select(endpoint => endpoint.Name))
        {
            if (_endpoints.FindIndex(endpoint => endpoint.Name == name) is >= 0 and var index)
            {
                _leaving[name] = (_endpoints[index].Ref, null);
                _endpoints.RemoveAt(index);
            }

            if (_leaving.TryGetValue(name, out var leaving))
            {
                _lettingGo.Add(leaving.Ref);
            }
        }

        foreach (var dialer in _dialers.Keys)
        {
            _entrances.Remove(dialer);
            _lettingGo.Add(dialer);
            dialer.Tell(ShutDown.Drain.Instance);
        }

        Timers.StartSingleTimer(LetGoKey, LetGoOverdue.Instance, OwnerActor.LetGoWithin);
        Reroute();
        _letGoAfter = _reroutes;
        AnswerIfLetGo();
    }

    // Whatever the router sent them is before this in their mailboxes.
    private void DrainLetGo()
    {
        if (_letGoAfter > 0)
        {
            _letGoAfter = 0;
            foreach (var endpoint in _lettingGo.Where(one => !_dialers.ContainsKey(one)))
            {
                endpoint.Tell(ShutDown.Drain.Instance);
            }
        }
    }

    /// <summary>Whether it was a dialer that was let go.</summary>
    private bool OnLetGoEnded(IActorRef ended)
    {
        var wasLetGo = _lettingGo.Remove(ended);
        var wasDialer = wasLetGo && _dialers.Remove(ended, out var name) && Forget(name);
        if (wasDialer)
        {
            _withSockets.Remove(ended);
        }

        if (wasLetGo)
        {
            AnswerIfLetGo();
            StartOwned();
        }

        return wasDialer;

        bool Forget(string dialer)
        {
            _fleet.Tell(new Fleet.ListenerGone(dialer));
            return true;
        }
    }

    private void OnLetGoOverdue()
    {
        foreach (var late in _lettingGo)
        {
            Context.Stop(late);
        }
    }

    private void AnswerIfLetGo()
    {
        if (_releasing && _lettingGo.Count == 0)
        {
            _releasing = false;
            Timers.Cancel(LetGoKey);
            _owner.Tell(Owning.LetGo.Instance);
        }
    }

    private sealed record LossDue(string Node) : INoSerializationVerificationNeeded;

    private sealed record LetGoOverdue : INoSerializationVerificationNeeded
    {
        public static readonly LetGoOverdue Instance = new();
    }
}

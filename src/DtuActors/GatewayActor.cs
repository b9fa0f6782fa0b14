using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Event;
using DtuActors.Alarming;
using DtuActors.Clustering.Desks;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Dispatching;
using DtuActors.Endpoints;
using DtuActors.Listening;
using DtuActors.Recording;
using DtuActors.Registering;
using DtuActors.Routing;
using DtuActors.Sessions;
using DtuActors.Storage;
using DtuActors.Transfers;

namespace DtuActors;

/// <summary>
/// The tree's root: who is started, in which order, and in which order it all ends. Start: those who remember, the directory and the router, endpoints, then,
/// once the register is read, listeners and dialers, so that a first byte finds its way and no listed DTU is refused. End: sessions first (unbinding would reset them), endpoints write what
/// waits, the history what it holds, then all else.
/// Where it fails itself, the process ends.
/// </summary>
public sealed partial class GatewayActor : ReceiveActor, IWithTimers
{
    /// <summary>The parts that the facade talks to: one <see cref="Parts"/> to the sender.</summary>
    public sealed record GetParts : INoSerializationVerificationNeeded;

    /// <param name="Queues">Who takes commands that are stored; null: none is.</param>
    /// <param name="Desk">Where other nodes are asked; null: there is no cluster.</param>
    /// <param name="Membership">Who knows the nodes; null: there is no cluster.</param>
    public sealed record Parts(
        IActorRef Router,
        IActorRef Fleet,
        IActorRef Recorder,
        IActorRef Monitors,
        IActorRef Register,
        IActorRef Alarms,
        IActorRef Commands,
        IActorRef Transfers,
        IActorRef? Queues,
        IActorRef? Desk,
        IActorRef? Membership)
        : INoSerializationVerificationNeeded;

    // Together under the 5 s in which a stop has to be over; a session's own close takes 2 s at most, and history that waits is written in a tenth of a second.
    private static readonly TimeSpan SessionsLimit = TimeSpan.FromMilliseconds(2500);
    private static readonly TimeSpan EndpointsLimit = TimeSpan.FromMilliseconds(1600);
    private static readonly TimeSpan HistoryLimit = TimeSpan.FromMilliseconds(400);
    private static readonly object LimitKey = new();

    // A part that fails again and again is no accident: the process ends, and whoever runs it hears of it.
    private const int MostRestarts = 20;
    private static readonly TimeSpan RestartsWithin = TimeSpan.FromSeconds(10);

    // Behind a start all DTUs come back at once, and want the processor more than the second that it takes of it.
    private static readonly TimeSpan WarmUpAfter = TimeSpan.FromSeconds(10);

    private readonly Admission _admission;
    private readonly PollTable _polls;
    private readonly EventInlet _inlet = new();
    private readonly HistoryBuffer _unwritten = new();
    private readonly ChannelWriter<StartUpEvent> _startUp;
    private readonly ChannelWriter<StartUpEvent.Bound> _boundLater;
    private readonly ChannelWriter<AlarmStatus>? _alarmOutbox;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<string> _unbound = [];
    private readonly List<(string Name, IActorRef Ref)> _endpoints = [];
    private readonly List<IActorRef> _entrances = [];
    private readonly List<IActorRef> _followers = [];
    private readonly HashSet<IActorRef> _withSockets = [];
    private readonly HashSet<IActorRef> _draining = [];
    private readonly StorageHealth _storage;
    private readonly Topics _topics;
    private CommandStorage? _stored;
    private GatewayOptions _options;
    private bool _registerOpened;
    private bool _journalOpened;
    private bool _knownTold;
    private bool _entered;
    private bool _ready;
    private bool _stopping;
    private IActorRef _router = ActorRefs.Nobody;
    private IActorRef _commands = ActorRefs.Nobody;
    private IActorRef _transfers = ActorRefs.Nobody;
    private IActorRef _fleet = ActorRefs.Nobody;
    private IActorRef _history = ActorRefs.Nobody;
    private IActorRef _recorder = ActorRefs.Nobody;
    private IActorRef _monitors = ActorRefs.Nobody;
    private IActorRef _directory = ActorRefs.Nobody;
    private IActorRef _register = ActorRefs.Nobody;
    private IActorRef _journal = ActorRefs.Nobody;
    private IActorRef _alarms = ActorRefs.Nobody;

    public GatewayActor(
        GatewayOptions options, ChannelWriter<StartUpEvent> startUp, ChannelWriter<StartUpEvent.Bound> boundLater, ChannelWriter<AlarmStatus>? alarmOutbox, StorageHealth storage,
        Topics topics)
    {
        _topics = topics;
        _options = options;
        _startUp = startUp;
        _boundLater = boundLater;
        _alarmOutbox = alarmOutbox;
        _storage = storage;
        _clustered = options.Cluster.Enabled;
        _pace = _clustered ? new ClaimPace() : null;
        _admission = new Admission(options);
        _polls = new PollTable(options.Polls);

        Receive<Editing.Opened>(_ => OnRegisterOpened());
        Receive<Editing.OpenFailed>(OnRegisterFailed);
        Receive<Records.KnownTold>(_ => OnKnownTold());
        Receive<CommandJournalActor.Opened>(OnJournalOpened);
        Receive<CommandJournalActor.OpenFailed>(OnJournalFailed);
        Receive<Binding.SocketBound>(OnBound);
        Receive<Binding.PortBound>(OnPortBound);
        Receive<Binding.RangeBound>(OnRangeBound);
        Receive<Binding.BindFailed>(OnBindFailed);
        Receive<RouterActor.WhatIsThere>(_ => OnWhatIsThere());
        Receive<Fleet.TellAgain>(OnTellAgain);
        Receive<GetParts>(_ => Sender.Tell(new Parts(_router, _fleet, _recorder, _monitors, _register, _alarms, _commands, _transfers, _stored is null ? null : _directory, _desk.IsNobody() ? null : _desk, _membership.IsNobody() ? null : _membership)));
        Receive<ShutDown.Drain>(_ => DrainSessions());
        Receive<WarmUpDue>(_ => Context.ActorOf(JournalWarmUp.Props()));
        Receive<Terminated>(OnTerminated);
        Receive<LimitReached>(_ => NextPhase());
        Reloads();
        Clusters();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="options">What to run.</param>
    /// <param name="startUp">Hears how the start goes.</param>
    /// <param name="boundLater">Hears what is bound after it.</param>
    /// <param name="alarmOutbox">Takes what alarms raise and clear, for whoever sends it on; null: nobody does.</param>
    /// <param name="storage">Hears how storing goes, and is read by alarms.</param>
    /// <param name="topics">What this node answers other nodes.</param>
    public static Props Props(
        GatewayOptions options, ChannelWriter<StartUpEvent> startUp, ChannelWriter<StartUpEvent.Bound> boundLater, ChannelWriter<AlarmStatus>? alarmOutbox, StorageHealth storage,
        Topics topics) =>
        Maker.Of(
            (options, startUp, boundLater, alarmOutbox, storage, topics),
            static from => new GatewayActor(from.options, from.startUp, from.boundLater, from.alarmOutbox, from.storage, from.topics));

    protected override void PreStart()
    {
        _monitors = Watched(MonitorActor.Props(_inlet, _clustered ? _options.Node.Name : null).OnDataPath(Context.System), "monitors");
        var database = Database.OfHistory(_options.Storage, _clustered ? _options.Node.Name : null);
        if (database is not null)
        {
            _history = Watched(HistoryActor.Props(database, _options.Storage, _unwritten, _storage), "history");
        }

        var unwritten = database is null ? null : _unwritten;
        _recorder = Watched(RecorderActor.Props(_inlet, _monitors, unwritten, _history).OnDataPath(Context.System), "recorder");
        _fleet = Watched(FleetView.Props(_options, unwritten), "fleet");
        _alarms = Watched(AlarmActor.Props(_options, _fleet, _inlet, _storage, _alarmOutbox), "alarms");
        _stored = Stored();
        _directory = Watched(_clustered ? DtuRegion.Props(_stored) : DtuDirectory.Props(_stored), "directory");
        _router = Watched(RouterActor.Props(_admission, _directory, _fleet, _clustered ? _options.Node.Name : null).OnDataPath(Context.System), RouterName);
        _commands = Watched(CommandsActor.Props(_inlet, _router), "commands");
        _transfers = Watched(TransfersActor.Props(_router), "transfers");
        JoinCluster();
        foreach (var endpoint in _options.Endpoints.Where(IsHere))
        {
            StartEndpoint(endpoint);
            if (EndpointTable.Listens(endpoint))
            {
                _unbound.Add(endpoint.Name);
            }
        }

        if (_stored is not null)
        {
            _journal = Watched(CommandJournalActor.Props(Database.Of(_options.Storage)!), "journal");
        }

        _register = Watched(RegisterActor.Props(_options, _storage, _admission, _fleet, _router, _desk), "register");
        ListenToOthers();
    }

    // An actor system that was not set up for it keeps commands in memory.
    private CommandStorage? Stored() =>
        _options.Storage.Provider is not StorageProvider.None && Context.System.Settings.Config.HasPath(CommandJournal.JournalPlugin)
            ? new CommandStorage { Events = _inlet, Fleet = _fleet, Health = _storage }
            : null;

    // Broken parts begin anew with what they can ask others for. Whoever has accepted sockets below it is never restarted: Akka restarts the children
    // along with it, and the sockets would be reset.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(MostRestarts, (int)RestartsWithin.TotalMilliseconds, failure =>
    {
        var failed = Sender;
        _log.Error(failure, "{0} failed", failed.Path.Name);
        if (failed.Equals(_membership))
        {
            // Of what happens to nodes meanwhile nobody would ever hear.
            return Directive.Escalate;
        }

        return _withSockets.Contains(failed) ? Directive.Resume : Directive.Restart;
    }, loggingEnabled: false);

    protected override void PostStop()
    {
        _startUp.TryComplete();
        _boundLater.TryComplete();
    }

    private static IActorRef Watched(Props props, string name) => Context.Watch(Context.ActorOf(props, name));

    // ---- start

    // At each start of the register's: it does not remember who follows it.
    private void OnRegisterOpened()
    {
        foreach (var follower in _followers)
        {
            _register.Tell(new Editing.Follow(follower));
        }

        _registerOpened = true;
        Enter();
    }

    // At each start of the journal's actor. A queue that is there already hears of it and does nothing.
    private void OnJournalOpened(CommandJournalActor.Opened opened)
    {
        _storage.Works(CommandQueueActor.HealthPart);
        foreach (var dtu in opened.Open)
        {
            _directory.Tell(new Queueing.Wake(dtu));
        }

        if (!_journalOpened)
        {
            _journalOpened = true;
            Timers.StartSingleTimer(WarmUpDue.Instance, WarmUpDue.Instance, WarmUpAfter);
        }

        Enter();
    }

    private void OnJournalFailed(CommandJournalActor.OpenFailed failed)
    {
        _log.Error("{0}: {1}: {2}", failed.KeyPath, failed.Place, failed.Problem);
        _storage.Failed(CommandQueueActor.HealthPart, failed.Problem);
        if (!_entered)
        {
            _startUp.TryWrite(new StartUpEvent.NotStored(failed.KeyPath, failed.Place, failed.Problem));
        }
    }

    private void OnKnownTold()
    {
        _knownTold = true;
        Enter();
    }

    // A first DTU finds its row of the register, and its commands; a first question those that were seen before.
    private void Enter()
    {
        if (!_entered && !_stopping && _registerOpened && (!_clustered || (_joined && _hasShards)) && (_journalOpened || _stored is null) && (_knownTold || _history.IsNobody()))
        {
            _entered = true;
            StartEntrances();
            ReadyIfBound();
        }
    }

    private void OnRegisterFailed(Editing.OpenFailed failed)
    {
        if (!_entered)
        {
            _startUp.TryWrite(new StartUpEvent.NotStored(failed.KeyPath, failed.Place, failed.Problem));
        }
    }

    private void StartEndpoint(EndpointOptions endpoint)
    {
        var surroundings = new EndpointSurroundings(_router, _fleet, _inlet, StoresCommands: _stored is not null);
        var actor = Watched(EndpointTable.Props(endpoint, surroundings).OnDataPath(Context.System), "endpoint-" + Uri.EscapeDataString(endpoint.Name));
        _endpoints.Add((endpoint.Name, actor));
        if (EndpointTable.KeepsSockets(endpoint))
        {
            _withSockets.Add(actor);
        }

        if (EndpointTable.FollowsRegister(endpoint))
        {
            _followers.Add(actor);
            _register.Tell(new Editing.Follow(actor));
        }
    }

    // A reload that waits for a router that began anew meanwhile hears of this one.
    private void OnWhatIsThere()
    {
        Reroute();
        _entrances.ForEach(entrance => entrance.Tell(Registry.AnnounceYourself.Instance));
        MeetNodes();
    }

    private void StartEntrances()
    {
        var shared = SharedSetup();
        foreach (var listener in _options.Listeners)
        {
            _unbound.Add(listener.Name);
            AddEntrance("listener-", listener.Name, Entrance(listener, shared));
        }

        StartDialers();
    }

    private SessionSetup SharedSetup() => new()
    {
        Listener = "",
        Candidates = [],
        Profiles = _options.Profiles,
        Admission = _admission,
        Polls = _polls,
        Pace = _pace,
        Router = _router,
        Directory = _directory,
        Fleet = _fleet,
        Recorder = _recorder,
        Events = _inlet,
    };

    private IActorRef AddEntrance(string kind, string name, Props props)
    {
        var entrance = Watched(props, kind + Uri.EscapeDataString(name));
        _entrances.Add(entrance);
        _withSockets.Add(entrance);
        return entrance;
    }

    // What carries the bytes is chosen here and nowhere else.
    private Props Entrance(ListenerOptions listener, SessionSetup shared)
    {
        ProfileOptions[] candidates = [.. listener.Profiles.Select(name => _options.Profiles[name])];
        var session = shared with { Listener = listener.Name, Candidates = candidates, Dtu = listener.Dtu, IdPrefix = listener.IdPrefix };
        if (listener is not UdpListenerOptions udp)
        {
            return ListenerActor.Props(ListenerTransports.Setup(
                (StreamListenerOptions)listener, Keepalive.Of(candidates[0]), _fleet, _recorder, (socket, remote) => ConnectionActor.Props(session, socket, remote)));
        }

        var datagrams = session with { Candidates = [.. candidates.Select(UdpEntrance.ForDatagrams)], Carrier = Carrier.Datagrams };
        return UdpListenerActor.Props(
            ListenerTransports.Setup(udp, _fleet, _recorder, (socket, remote) => ConnectionActor.Props(datagrams, socket, remote)), datagrams, udp.ProxyProtocol is not null);
    }

    private DialerSetup Setup(DialerOptions dialer, SessionSetup shared)
    {
        var profile = _options.Profiles[dialer.Profile];
        var session = shared with { Listener = dialer.Name, Candidates = [profile], Dtu = dialer.Dtu, IdPrefix = dialer.IdPrefix };
        return new DialerSetup
        {
            Options = dialer,
            Fleet = _fleet,
            SocketOptions = Keepalive.Of(profile),
            Handler = (socket, remote) => ConnectionActor.Props(session, socket, remote),
        };
    }

    private void OnBound(Binding.SocketBound bound)
    {
        if (_unbound.Remove(bound.Name))
        {
            _startUp.TryWrite(new StartUpEvent.Bound(bound.Name, bound.Transport, bound.Address));
            ReadyIfBound();
        }
        else if (_ready)
        {
            SayBoundLater(bound.Name, bound.Transport, bound.Address);
            OnReloadBound(bound);
        }
    }

    private void OnPortBound(Binding.PortBound bound)
    {
        if (_unbound.Contains(bound.Name))
        {
            _startUp.TryWrite(new StartUpEvent.Bound(bound.Name, bound.Transport, bound.Address));
        }
        else if (_ready)
        {
            SayBoundLater(bound.Name, bound.Transport, bound.Address);
        }
    }

    private void SayBoundLater(string name, string transport, string address)
    {
        _log.Info("{0} listens on {1}", name, address);
        _boundLater.TryWrite(new StartUpEvent.Bound(name, transport, address));
    }

    private void OnRangeBound(Binding.RangeBound bound)
    {
        if (_unbound.Remove(bound.Name))
        {
            ReadyIfBound();
        }
        else
        {
            OnReloadRangeBound(bound);
        }
    }

    private void ReadyIfBound()
    {
        if (_entered && _unbound.Count == 0 && _startUp.TryWrite(new StartUpEvent.Ready()))
        {
            _startUp.TryComplete();
            _ready = true;
            if (_reload is not null)
            {
                Check();
            }
        }
    }

    // At start-up whoever starts the gateway decides what that means; later the binder backs off, and its state says so.
    private void OnBindFailed(Binding.BindFailed failed)
    {
        _log.Warning("{0}: {1}: {2}", failed.KeyPath, failed.Address, failed.Problem);
        if (_unbound.Contains(failed.Name))
        {
            _startUp.TryWrite(new StartUpEvent.Failed(failed.KeyPath, failed.Address, failed.Problem, failed.AddressInUse));
        }

        OnReloadBindFailed(failed);
    }

    private void OnTellAgain(Fleet.TellAgain again)
    {
        _fleet.Tell(new Fleet.DtusConfigured(_options.Dtus));
        if (!_history.IsNobody())
        {
            _history.Tell(new Records.TellKnown(_fleet));
        }

        foreach (var teller in _entrances.Concat(_endpoints.Select(endpoint => endpoint.Ref)).Append(_router).Append(_register))
        {
            teller.Tell(again);
        }

        _presence.Tell(again);
        Context.System.EventStream.Publish(again);
    }

    // ---- end: sessions, then endpoints, then everybody else with this actor; each phase has its time

    private void DrainSessions()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        _log.Info("stopping");
        if (_reload is not null)
        {
            End(new Reloading.Refused("the gateway is stopping"));
        }

        Drain(_entrances.Concat(_dialers.Keys).Distinct(), SessionsLimit);
    }

    private void Drain(IEnumerable<IActorRef> those, TimeSpan limit)
    {
        foreach (var one in those)
        {
            _draining.Add(one);
            one.Tell(ShutDown.Drain.Instance);
        }

        Timers.StartSingleTimer(LimitKey, LimitReached.Instance, _draining.Count == 0 ? TimeSpan.Zero : limit);
    }

    private void OnTerminated(Terminated terminated)
    {
        var hasLeft = OnEndpointLeft(terminated.ActorRef);
        hasLeft |= OnLetGoEnded(terminated.ActorRef);
        if (hasLeft && !_stopping)
        {
            return;
        }

        if (!_stopping)
        {
            throw new InvalidOperationException($"{terminated.ActorRef.Path.Name} failed {MostRestarts} times within {RestartsWithin.TotalSeconds} s");
        }

        if (_draining.Remove(terminated.ActorRef) && _draining.Count == 0)
        {
            NextPhase();
        }
    }

    private void NextPhase()
    {
        _draining.Clear();
        IActorRef[] endpoints = [.. _endpoints.Select(endpoint => endpoint.Ref), .. _leaving.Values.Select(leaving => leaving.Ref)];
        if (endpoints.Length == 0)
        {
            DrainHistory();
            return;
        }

        _endpoints.Clear();
        _leaving.Clear();
        Drain(endpoints, EndpointsLimit);
    }

    // Once: whatever comes of it, this is the end.
    private void DrainHistory()
    {
        if (_history.IsNobody())
        {
            Context.Stop(Self);
            return;
        }

        _draining.Add(_history);
        _fleet.Tell(new Fleet.EndedSoFar(_recorder));
        _history = ActorRefs.Nobody;
        Timers.StartSingleTimer(LimitKey, LimitReached.Instance, HistoryLimit);
    }

    private sealed record WarmUpDue : INoSerializationVerificationNeeded
    {
        public static readonly WarmUpDue Instance = new();
    }

    private sealed record LimitReached : INoSerializationVerificationNeeded
    {
        public static readonly LimitReached Instance = new();
    }
}

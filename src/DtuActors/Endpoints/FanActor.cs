using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>One DTU's part of an endpoint: its frames settle as the fan's, and its downlinks are for that DTU alone.</summary>
public sealed record Branch(Destination Fan, DtuId Dtu);

/// <summary>
/// An endpoint that is one to routes and one a DTU to the other side: a port, or an upstream connection, of each DTU's own. Each branch is an endpoint of its own
/// below this actor, which hands on by DTU what the router says, and adds up how its branches stand. One hop more than an endpoint without branches, so that a
/// branch may come and go while its DTU's frames keep their order.
/// </summary>
public abstract class FanActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan PublishEvery = TimeSpan.FromSeconds(1);
    private static readonly object PublishKey = new();

    private readonly EndpointSurroundings _surroundings;
    private readonly bool _exclusive;
    private readonly bool _wantsSessions;
    private readonly bool _mirrorsUp;
    private readonly EndpointBooks _own = new();
    private readonly Dictionary<DtuId, BranchEntry> _branches = [];

    // All of them, those too that end while another one has taken their place.
    private readonly Dictionary<IActorRef, BranchEntry> _entries = [];
    private readonly Dictionary<DtuId, Destination> _paths = [];
    private readonly Dictionary<string, int> _inState = new(StringComparer.Ordinal);
    private long _endedRefused;
    private BranchEntry? _worst;
    private TrafficCounters _endedUp = new();
    private TrafficCounters _endedDown = new();
    private string _state = EndpointStates.Connecting;
    private string? _lastError;
    private DateTimeOffset _since;

    protected FanActor(EndpointOptions options, EndpointSurroundings surroundings, bool exclusive, bool wantsSessions, bool mirrorsUp = false)
    {
        Options = options;
        _surroundings = surroundings;
        _exclusive = exclusive;
        _wantsSessions = wantsSessions;
        _mirrorsUp = mirrorsUp;
        Me = new Destination(Self, _own.NextIncarnation());

        Receive<Relay.Deliver>(OnDeliver);
        Receive<Flow.PathAdded>(OnPathAdded);
        Receive<Flow.PathRemoved>(OnPathRemoved);
        Receive<Registry.EndpointStarted>(_ => OnBranchStarted());
        Receive<Registry.AnnounceYourself>(_ => OnAnnounceYourself());
        Receive<Fleet.EndpointSeen>(OnBranchSeen);
        Receive<Fleet.TellAgain>(_ => Publish());
        Receive<PublishDue>(_ => Publish());
        Receive<ShutDown.Drain>(_ => OnDrain());
        Receive<Terminated>(ended => OnTerminated(ended.ActorRef), ended => _entries.ContainsKey(ended.ActorRef));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected EndpointOptions Options { get; }

    /// <summary>This life of the fan, as the windows of its sources know it; its branches settle in its name.</summary>
    protected Destination Me { get; }

    protected ILoggingAdapter Log { get; } = Context.GetLogger();

    protected IActorRef Router => _surroundings.Router;

    protected bool Draining { get; private set; }

    protected DateTimeOffset Now => SteadyTime.Now(Context.System.Scheduler);

    private DateTimeOffset At => Context.System.Scheduler.Now;

    protected IEnumerable<DtuId> Branches => _branches.Keys;

    /// <summary>What the status says where the endpoint has no branch.</summary>
    protected abstract string StateWithoutBranches { get; }

    /// <summary>Whether every branch that is to be there is.</summary>
    protected virtual bool IsComplete => true;

    /// <summary>The range or address, for status.</summary>
    protected virtual string? Where => null;

    protected override void PreStart()
    {
        _since = At;
        _state = StateWithoutBranches;
        GatewayMetrics.EndpointUp.Set(Options.Name, _state == EndpointStates.Up);
        Announce();
        Publish();
    }

    protected override void PostStop() => GatewayMetrics.EndpointUp.Remove(Options.Name);

    // A branch that fails is stopped or goes on by its own kind's rule; the fan itself is resumed by its parent, for its branches hold sockets.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        Log.Error(failure, "{0}: the branch of {1} failed", Options.KeyPath, DtuOf(Sender)?.Value ?? Sender.Path.Name);
        return Directive.Resume;
    }, loggingEnabled: false);

    /// <summary>Starts the branch of a DTU; <paramref name="props"/> gets the surroundings that make an endpoint a branch.</summary>
    protected IActorRef StartBranch(DtuId dtu, Func<EndpointSurroundings, Props> props)
    {
        var branch = Context.Watch(Context.ActorOf(props(_surroundings with { Fleet = Self, Branch = new Branch(Me, dtu) }).OnDataPath(Context.System)));
        var entry = new BranchEntry(dtu, branch);
        _branches.Add(dtu, entry);
        _entries.Add(branch, entry);
        PublishSoon();
        return branch;
    }

    /// <summary>Lets a branch write what waits and end. What comes for its DTU from now on has no reader.</summary>
    protected void EndBranch(DtuId dtu)
    {
        if (_branches.TryGetValue(dtu, out var branch) && !branch.IsEnding)
        {
            branch.IsEnding = true;
            branch.Ref.Tell(ShutDown.Drain.Instance);
        }
    }

    /// <summary>Ends a branch that says that it has nothing left; another one of the same DTU may start at once.</summary>
    protected void StopBranch(DtuId dtu)
    {
        if (_branches.Remove(dtu, out var entry))
        {
            Context.Stop(entry.Ref);
        }
    }

    /// <summary>The branch of a DTU, or null.</summary>
    protected IActorRef? BranchOf(DtuId dtu) => _branches.GetValueOrDefault(dtu)?.Ref;

    /// <summary>The DTU of a branch, or null.</summary>
    protected DtuId? DtuOf(IActorRef branch) => _entries.TryGetValue(branch, out var entry) ? entry.Dtu : null;

    /// <summary>Looks anew at how the branches stand, where <see cref="IsComplete"/> or <see cref="StateWithoutBranches"/> may say something else now.</summary>
    protected void LookAtState() => LookAtState(null);

    private void LookAtState(BranchEntry? moved)
    {
        var state = WorstState();
        if (_worst is null ? state != _state : !IsWorst(_worst, state) || !_entries.ContainsKey(_worst.Ref))
        {
            _worst = state == EndpointStates.Up ? null : _entries.Values.FirstOrDefault(branch => IsWorst(branch, state));
        }
        else if (_worst is null && moved is not null && IsWorst(moved, state))
        {
            _worst = moved;
        }

        var lastError = _worst is { } worst ? $"{worst.Dtu}: {worst.Status!.LastError}" : null;
        if (state == _state && lastError == _lastError)
        {
            return;
        }

        var hasChanged = state != _state;
        (_state, _lastError) = (state, lastError);
        _surroundings.Events.Offer(new EndpointChanged(At, Options.Name, Options.Kind, state, lastError));
        if (hasChanged)
        {
            _since = At;
            GatewayMetrics.EndpointUp.Set(Options.Name, state == EndpointStates.Up);
            Publish();
        }
        else
        {
            PublishSoon();
        }
    }

    private static bool IsWorst(BranchEntry branch, string state) =>
        state != EndpointStates.Up && branch.Status is { LastError: not null } status && status.State == state;

    /// <summary>A branch is gone, drained or failed, and none has taken its place.</summary>
    protected virtual void OnBranchEnded(DtuId dtu)
    {
    }

    private void Announce() =>
        Router.Tell(new Registry.EndpointStarted(Options.Name, Me, _exclusive, Options.Select, _wantsSessions, _mirrorsUp));

    private void OnDeliver(Relay.Deliver delivery)
    {
        // One that ends gets nothing more: it may be gone before it counted it.
        if (_branches.TryGetValue(delivery.Dtu, out var branch) && !branch.IsEnding)
        {
            branch.Ref.Forward(delivery);
            return;
        }

        if (delivery.Frame is { } frame)
        {
            _own.Up.Accept(frame.Payload.Length);
            _own.Up.Drop(frame.Payload.Length, Draining ? RelayDrops.DestinationLost : RelayDrops.NoReader);
            PublishSoon();
        }

        if (delivery.AckWanted)
        {
            delivery.Source.Tell(new Flow.Taken(Me, delivery.Through));
        }
    }

    // At the beginning of each of its lives: it knows no path.
    private void OnBranchStarted()
    {
        if (DtuOf(Sender) is { } dtu && _paths.TryGetValue(dtu, out var session))
        {
            Sender.Tell(new Flow.PathAdded(session, dtu));
        }
    }

    private void OnPathAdded(Flow.PathAdded added)
    {
        if (added.Dtu is { } dtu)
        {
            _paths[dtu] = added.Destination;
            BranchOf(dtu)?.Forward(added);
        }
    }

    private void OnPathRemoved(Flow.PathRemoved removed)
    {
        if (removed.Dtu is { } dtu)
        {
            if (_paths.GetValueOrDefault(dtu) == removed.Destination)
            {
                _paths.Remove(dtu);
            }

            BranchOf(dtu)?.Forward(removed);
        }
    }

    // A router that asks knows nothing yet: it names every path anew, and each branch begins its windows anew.
    private void OnAnnounceYourself()
    {
        _paths.Clear();
        foreach (var branch in _branches.Values)
        {
            branch.Ref.Forward(Registry.AnnounceYourself.Instance);
        }

        Announce();
    }

    private void OnBranchSeen(Fleet.EndpointSeen seen)
    {
        if (_entries.TryGetValue(Sender, out var branch))
        {
            var before = branch.Status;
            branch.Status = seen.Status;
            if (before?.State != seen.Status.State || before.LastError != seen.Status.LastError)
            {
                CountState(before, -1);
                CountState(seen.Status, 1);
                LookAtState(branch);
            }

            PublishSoon();
        }
    }

    private void OnTerminated(IActorRef branch)
    {
        if (!_entries.Remove(branch, out var ended))
        {
            return;
        }

        var isCurrent = _branches.GetValueOrDefault(ended.Dtu) == ended;
        if (isCurrent)
        {
            _branches.Remove(ended.Dtu);
        }

        if (ended.Status is { } last)
        {
            // What still waited in it went with it, and is said so: the books add up for ever.
            _endedUp = _endedUp.Plus(last.Up.WithWaitingDropped(RelayDrops.DestinationLost));
            _endedDown = _endedDown.Plus(last.Down.WithWaitingDropped(RelayDrops.DestinationLost));
            _endedRefused += last.Refused;
            CountState(last, -1);
        }

        LookAtState();
        PublishSoon();
        if (Draining)
        {
            StopWhenDrained();
        }
        else if (isCurrent)
        {
            OnBranchEnded(ended.Dtu);
        }
    }

    private void OnDrain()
    {
        if (Draining)
        {
            return;
        }

        Draining = true;
        foreach (var dtu in _branches.Keys.ToList())
        {
            EndBranch(dtu);
        }

        StopWhenDrained();
    }

    private void StopWhenDrained()
    {
        if (_entries.Count == 0)
        {
            Context.Stop(Self);
        }
    }

    // Down before connecting before up. Counted, for a range has thousands of branches, and each tells how it stands.
    private string WorstState()
    {
        if (_inState.GetValueOrDefault(EndpointStates.Down) > 0)
        {
            return EndpointStates.Down;
        }

        if (!IsComplete || _inState.GetValueOrDefault(EndpointStates.Connecting) > 0)
        {
            return EndpointStates.Connecting;
        }

        return _inState.GetValueOrDefault(EndpointStates.Up) > 0 ? EndpointStates.Up : StateWithoutBranches;
    }

    private void CountState(EndpointStatus? status, int by)
    {
        if (status is not null)
        {
            _inState[status.State] = _inState.GetValueOrDefault(status.State) + by;
        }
    }

    private void PublishSoon()
    {
        if (!Timers.IsTimerActive(PublishKey))
        {
            Timers.StartSingleTimer(PublishKey, PublishDue.Instance, PublishEvery);
        }
    }

    /// <summary>Says now how it stands.</summary>
    protected void Publish()
    {
        Timers.Cancel(PublishKey);
        var (up, down, clients, refused) = (_own.Up.Snapshot().Plus(_endedUp), _own.Down.Snapshot().Plus(_endedDown), 0, _endedRefused);
        var branches = ImmutableArray.CreateBuilder<BranchStatus>(_entries.Count);
        foreach (var branch in _entries.Values)
        {
            if (branch.Status is { } status)
            {
                (up, down, clients, refused) = (up.Plus(status.Up), down.Plus(status.Down), clients + status.Clients, refused + status.Refused);
                branches.Add(new BranchStatus { Dtu = branch.Dtu.Value, State = status.State, LastError = status.LastError, Where = status.Where, Clients = status.Clients });
            }
        }

        branches.Sort((left, right) => string.CompareOrdinal(left.Dtu, right.Dtu));
        _surroundings.Fleet.Tell(new Fleet.EndpointSeen(new EndpointStatus
        {
            Name = Options.Name,
            Kind = Options.Kind,
            State = _state,
            LastError = _lastError,
            Since = _since,
            Where = Where,
            Clients = clients,
            Refused = refused,
            Up = up,
            Down = down,
            Branches = branches.ToImmutable(),
        }));
    }

    private sealed class BranchEntry(DtuId dtu, IActorRef branch)
    {
        public DtuId Dtu => dtu;

        public IActorRef Ref => branch;

        public bool IsEnding { get; set; }

        /// <summary>Null until it said how it stands.</summary>
        public EndpointStatus? Status { get; set; }
    }

    private sealed record PublishDue : INoSerializationVerificationNeeded
    {
        public static readonly PublishDue Instance = new();
    }
}

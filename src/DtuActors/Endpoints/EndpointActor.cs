using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Recording;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>
/// The shell that every endpoint is: it lives always, and a child owns the resource. It announces itself to the router, tells how it stands, keeps the
/// books of both directions over its restarts, and slows what it reads by the windows of the DTUs it feeds.
/// </summary>
public abstract partial class EndpointActor : ReceiveActor, IWithTimers
{
    /// <summary>What shut-down allows for writing what waits: with the closing behind it, within what the gateway allows its endpoints.</summary>
    protected static readonly TimeSpan FlushTime = TimeSpan.FromMilliseconds(1200);

    private static readonly TimeSpan PublishEvery = TimeSpan.FromSeconds(1);

    private readonly EndpointSurroundings _surroundings;
    private readonly bool _exclusive;
    private readonly UnitMap? _units;

    private TurnClock _clock = new(Context.System.Scheduler);
    private string _state = EndpointStates.Connecting;
    private string? _lastError;
    private DateTimeOffset _since;

    protected EndpointActor(EndpointOptions options, EndpointSurroundings surroundings, EndpointBooks books, bool exclusive)
    {
        Options = options;
        _surroundings = surroundings;
        Books = books;
        _exclusive = exclusive;
        _units = options is StreamEndpointOptions { Select: DownlinkSelect.UnitMap } line ? new UnitMap(line.Units, line.Framing.Codec) : null;
        Me = NextLife();

        Receive<Relay.Deliver>(OnDeliverOrDrain);
        Receive<Flow.Taken>(OnTaken);
        Receive<Flow.PathAdded>(OnPathAdded);
        Receive<Flow.PathRemoved>(OnPathRemoved);
        Receive<Registry.AnnounceYourself>(_ => OnAnnounceYourself());
        Receive<Fleet.TellAgain>(_ => Publish());
        Receive<Tick>(OnTick);
        Receive<ShutDown.Drain>(_ => OnDrainOnce());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected EndpointOptions Options { get; }

    protected EndpointBooks Books { get; }

    /// <summary>This life of the endpoint, as windows know it; the fan's, where it is a branch.</summary>
    protected Destination Me { get; private set; }

    protected ILoggingAdapter Log { get; } = Context.GetLogger();

    protected IActorRef Router => _surroundings.Router;

    /// <summary>Whether commands are stored, and may wait.</summary>
    protected bool StoresCommands => _surroundings.StoresCommands;

    protected string State => _state;

    protected bool Draining { get; private set; }

    protected DateTimeOffset Now => _clock.Now;

    protected DateTimeOffset At => _clock.At;

    /// <summary>The device, link or address, for status.</summary>
    protected virtual string? Where => null;

    protected virtual int Clients => 0;

    /// <summary>Whether it hears which DTUs of its routes are online, and mirrors those whose route only leads up (<see cref="Registry.EndpointStarted"/>).</summary>
    protected virtual bool KnowsItsDtus => false;

    protected virtual long Refused => Books.Refused;

    protected override bool AroundReceive(Receive receive, object message)
    {
        _clock.Renew();
        return base.AroundReceive(receive, message);
    }

    public override void AroundPostStop()
    {
        _clock.Renew();
        base.AroundPostStop();
    }

    protected override void PreStart()
    {
        _since = At;
        Record(_state == EndpointStates.Up);
        Announce();
        Publish();
    }

    protected override void PostStop()
    {
        if (_surroundings.Branch is null)
        {
            GatewayMetrics.EndpointUp.Remove(Options.Name);
        }
        else
        {
            // The fan keeps these books on, and hears this before it hears of the end.
            Books.Up.DropWaiting(RelayDrops.DestinationLost);
            Books.Down.DropWaiting(RelayDrops.DestinationLost);
            Publish();
        }
    }

    /// <summary>Begins a new life without the children's ending: forgets what this one knew, all but its state and its books.</summary>
    protected virtual void Renew()
    {
        Timers.CancelAll();
        Me = NextLife();
        _windows = new OutboundWindows();
        _pause = new WindowPause();
        _held.Clear();
        _heldBytes = 0;
        PreStart();
        if (Draining)
        {
            OnDrain();
        }
    }

    /// <summary>A DTU's frame, or a probe: write it or drop it, in order, and <see cref="Settle"/> it then.</summary>
    protected abstract void OnDeliver(Relay.Deliver delivery);

    /// <summary>Reading stood still, and may go on.</summary>
    protected virtual void OnMayReadAgain()
    {
    }

    /// <summary>The router begins anew: sessions that it does not name again are gone.</summary>
    protected virtual void OnRouterStarted()
    {
    }

    /// <summary>Take nothing new, write what waits within <see cref="FlushTime"/>, close the resource, stop.</summary>
    protected abstract void OnDrain();

    /// <summary>Tells the source that this frame, and all before it, is written or dropped.</summary>
    protected void Settle(Relay.Deliver delivery)
    {
        CountersMoved();
        if (delivery.AckWanted)
        {
            delivery.Source.Tell(new Flow.Taken(Me, delivery.Through), Self);
        }
    }

    /// <summary>Accepts a frame and drops it at once.</summary>
    protected void Refuse(Relay.Deliver delivery, string reason)
    {
        if (delivery.Frame is { } frame)
        {
            Books.Up.Accept(frame.Payload.Length);
            Books.Up.Drop(frame.Payload.Length, reason);
        }

        Settle(delivery);
    }

    protected void ChangeState(string state, string? lastError)
    {
        if (state == _state && lastError == _lastError)
        {
            return;
        }

        if (state != _state)
        {
            Trace(state, lastError);
            _since = At;
            Record(state == EndpointStates.Up);
        }

        _state = state;
        _lastError = lastError;
        if (_surroundings.Branch is null)
        {
            _surroundings.Events.Offer(new EndpointChanged(At, Options.Name, Options.Kind, state, lastError));
        }

        Publish();
    }

    /// <summary>Says within a second how the counters stand.</summary>
    protected void CountersMoved()
    {
        if (!Timers.IsTimerActive(Tick.Publish))
        {
            Timers.StartSingleTimer(Tick.Publish, Tick.Publish, PublishEvery);
        }
    }

    private Destination NextLife() => _surroundings.Branch?.Fan ?? new Destination(Self, Books.NextIncarnation());

    // A branch's state is its fan's to tell: no metric has a DTU's id in its label.
    private void Record(bool isUp)
    {
        if (_surroundings.Branch is null)
        {
            GatewayMetrics.EndpointUp.Set(Options.Name, isUp);
        }
    }

    private void Trace(string state, string? lastError)
    {
        if (state == EndpointStates.Up || _state == EndpointStates.Up)
        {
            GatewayTraces.Endpoint(Options.Name, Options.Kind, state == EndpointStates.Up, lastError, _since, At);
        }
    }

    // Routes know the fan, not its branches: a branch hears its path from the fan.
    private void Announce() => (_surroundings.Branch is null ? Router : _surroundings.Fleet).Tell(
        new Registry.EndpointStarted(Options.Name, Me, _exclusive, Options.Select, KnowsItsDtus, KnowsItsDtus), Self);

    private void Publish()
    {
        Timers.Cancel(Tick.Publish);
        _surroundings.Fleet.Tell(new Fleet.EndpointSeen(new EndpointStatus
        {
            Name = Options.Name,
            Kind = Options.Kind,
            State = _state,
            LastError = _lastError,
            Since = _since,
            Where = Where,
            Clients = Clients,
            Refused = Refused,
            Up = Books.Up.Snapshot(),
            Down = Books.Down.Snapshot(),
        }), Self);
    }

    private void OnDeliverOrDrain(Relay.Deliver delivery)
    {
        if (Draining)
        {
            Refuse(delivery, RelayDrops.DestinationLost);
        }
        else if (_units is null || delivery.Frame is not { } frame)
        {
            OnDeliver(delivery);
        }
        else if (_units.Up(delivery.Dtu, frame.Payload) is { } named)
        {
            OnDeliver(delivery with { Frame = frame with { Payload = named } });
        }
        else
        {
            // Dropped at once, and acknowledged in its turn, as a probe is.
            Books.Up.Accept(frame.Payload.Length);
            Books.Up.Drop(frame.Payload.Length, RelayDrops.NoUnit);
            OnDeliver(delivery with { Frame = null });
        }
    }

    private void OnDrainOnce()
    {
        if (!Draining)
        {
            Draining = true;
            OnDrain();
        }
    }

    // A router that asks knows nothing yet, and will name every path anew; one that ended meanwhile it could not take back.
    private void OnAnnounceYourself()
    {
        _windows.Clear();
        LookAtWindows();
        OnRouterStarted();
        Announce();
    }

    private void OnTick(Tick tick)
    {
        if (tick == Tick.Publish)
        {
            Publish();
        }
        else if (tick == Tick.Probe)
        {
            Probe();
            if (_pause.IsOver(Now))
            {
                DropHeld();
                OnMayReadAgain();
            }
        }
    }

    /// <summary>The shell's timers: key and message in one.</summary>
    private sealed record Tick(string Name) : INoSerializationVerificationNeeded
    {
        public static readonly Tick Publish = new("publish");
        public static readonly Tick Probe = new("probe");
    }
}

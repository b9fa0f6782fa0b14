using Akka.Actor;
using Akka.Event;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>
/// The endpoint of an MQTT broker: publishes the uplinks and states of the DTUs that routes lead to it, writes what is published for them and says what became of it. It
/// keeps what waits while a MqttLinkActor owns the connection, and starts the next one with back-off, for ever.
/// </summary>
/// <remarks>
/// It is shared: it holds no window, and beyond its buffer it loses the oldest. What the broker has not acknowledged is published again on the next connection, in order, so
/// it may come twice. States: connecting (first connection) → up ⇄ down.
/// A broker can hold one last will a connection, which is the gateway's own state: where that is <c>offline</c>, no DTU's state is known. What a run that was killed left
/// as <c>online</c> the next one corrects; it knows its own by a user property, for other gateways may share the prefix.
/// </remarks>
public sealed partial class MqttActor : EndpointActor
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    // After SUBACK a broker sends what it retained at once; a slow one with many may take a while.
    private static readonly TimeSpan RetainedWithin = TimeSpan.FromSeconds(5);

    // Sessions that outlived a router announce themselves to the new one at once.
    private static readonly TimeSpan DoubtFor = TimeSpan.FromSeconds(5);

    // Beside the time for flushing, within what the gateway allows its endpoints.
    private static readonly TimeSpan CloseTime = TimeSpan.FromMilliseconds(300);

    private readonly MqttEndpointOptions _options;
    private readonly Func<bool, Props> _linkProps;
    private readonly MqttTopics _topics;
    private readonly Backoff _backoff;
    private readonly MqttOutbox _outbox;
    private readonly MqttPresence _presence = new();
    private readonly MqttDownlinks _downlinks = new();

    private IActorRef _link = ActorRefs.Nobody;
    private MqttLimits? _limits;
    private DateTimeOffset _progressAt;
    private string? _problem;
    private bool _older;
    private bool _isRepaired;

    public MqttActor(MqttEndpointOptions options, EndpointSurroundings surroundings, EndpointBooks books, Func<bool, Props> linkProps)
        : base(options, surroundings, books, exclusive: false)
    {
        _options = options;
        _linkProps = linkProps;
        _topics = new MqttTopics(options.TopicPrefix, options.Node);
        _backoff = new Backoff(options.Reopen);
        _outbox = new MqttOutbox(books.Up, options.Buffer);

        Receive<Linking.Opened>(OnOpened, _ => Sender.Equals(_link));
        Receive<Linking.Taken>(OnTaken, _ => Sender.Equals(_link));
        Receive<Linking.Rejected>(OnRejected, _ => Sender.Equals(_link));
        Receive<Linking.Subscribed>(OnSubscribed, _ => Sender.Equals(_link));
        Receive<Linking.Came>(OnCame, _ => Sender.Equals(_link));
        Receive<Linking.Lost>(OnLost, _ => Sender.Equals(_link));
        Receive<Terminated>(_ => OnLinkEnded(), ended => ended.ActorRef.Equals(_link));
        Receive<Terminated>(_ => { });
        Receive<Registry.SessionSeen>(OnSessionSeen);
        Receive<Registry.SessionGone>(OnSessionGone);
        Receive<Asking.Sent>(OnSent);
        Receive<Asking.Refused>(refused => OnRefused(refused.Correlation, refused.Reason));
        Receive<Queueing.Taken>(OnTaken);
        Receive<Queueing.Refused>(OnNotTaken);
        Receive<Queueing.Ended>(OnStoredEnded);
        Receive<Due>(OnDue);
    }

    protected override string? Where => $"{_options.Host}:{_options.Port}";

    protected override bool KnowsItsDtus => true;

    private bool IsOpen => _limits is not null;

    public static Props Props(MqttEndpointOptions options, EndpointSurroundings surroundings)
    {
        var will = new MqttTopics(options.TopicPrefix, options.Node).Gateway;
        return Props(options, surroundings, older => MqttLinkActor.Props(options, will, older));
    }

    /// <param name="options">The broker.</param>
    /// <param name="surroundings">Whom it talks to.</param>
    /// <param name="linkProps">Makes one connection, of MQTT 3.1.1 where it is told so.</param>
    internal static Props Props(MqttEndpointOptions options, EndpointSurroundings surroundings, Func<bool, Props> linkProps) =>
        Akka.Actor.Props.Create<MqttActor>(options, surroundings, new EndpointBooks(), linkProps);

    protected override void PreStart()
    {
        Books.Up.DropWaiting(RelayDrops.Restarted);
        Books.Down.DropWaiting(RelayDrops.Restarted);
        base.PreStart();
        Timers.StartPeriodicTimer(Due.Watch, Due.Watch, WatchEvery);
        Connect();
    }

    // A failing link is not restarted in place: its end is seen, told, and answered with back-off.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        Log.Error(failure, "{0}: the connection failed and is opened anew", Options.KeyPath);
        _problem = failure.Message;
        return Directive.Stop;
    }, loggingEnabled: false);

    // ---- the connection

    private void Connect()
    {
        _problem = null;
        _link = Context.Watch(Context.ActorOf(_linkProps(_older)));
    }

    private void OnOpened(Linking.Opened opened)
    {
        _limits = opened.Limits;
        _backoff.Reset();
        _progressAt = Now;
        ChangeState(EndpointStates.Up, null);
        _link.Tell(new Linking.Subscribe(_topics.AllDown));
        if (!_isRepaired && opened.Limits.IsFive)
        {
            _link.Tell(new Linking.Subscribe(_topics.AllStates));
        }

        // The broker may have forgotten, and its will has spoken: all is told anew, and then what happened meanwhile.
        _outbox.RepeatState(default, isOnline: true, Now);
        foreach (var dtu in _presence.Offline)
        {
            _outbox.RepeatState(dtu, isOnline: false, Now);
        }

        foreach (var dtu in _presence.Online)
        {
            _outbox.RepeatState(dtu, isOnline: true, Now);
        }

        Pump();
    }

    private void OnSubscribed(Linking.Subscribed subscribed)
    {
        if (subscribed.Problem is { } problem)
        {
            Log.Warning("{0}: {1}", Options.KeyPath, problem);
            ChangeState(EndpointStates.Up, problem);
        }

        if (subscribed.Filter == _topics.AllStates)
        {
            Timers.StartSingleTimer(Due.Repaired, Due.Repaired, RetainedWithin);
        }
    }

    private void OnLost(Linking.Lost lost)
    {
        _problem ??= lost.Problem;
        _older = lost.WantsOlder || (_older && !IsOpen);
    }

    private void OnLinkEnded()
    {
        _link = ActorRefs.Nobody;
        _limits = null;
        Timers.Cancel(Due.Repaired);
        _outbox.OnLost(isAtMostOnce: _options.Qos == 0);
        CountersMoved();
        if (Draining)
        {
            End();
            return;
        }

        ChangeState(EndpointStates.Down, _problem ?? "the connection ended");
        Timers.StartSingleTimer(Due.Reopen, Due.Reopen, _backoff.Next());
    }

    // A broker that hangs keeps its socket open, and takes what is written until buffers are full.
    private void OnWatch()
    {
        _outbox.DropOlderThan(Now - _options.BufferAge);
        if (_outbox.InFlight > 0)
        {
            CountersMoved();
            if (IsOpen && Now - _progressAt >= MqttLinkActor.AnswerLimit)
            {
                _problem = $"the broker acknowledged nothing for {MqttLinkActor.AnswerLimit.TotalSeconds:0} s";
                Context.Stop(_link);
            }
        }

        foreach (var lost in _downlinks.OlderThan(Now - Asking.MostWait))
        {
            EndDownlink(lost, RelayDrops.DestinationLost, "unknown-outcome", "nobody said what became of it");
        }
    }

    private void OnDue(Due due)
    {
        if (due == Due.Watch)
        {
            OnWatch();
        }
        else if (due == Due.Reopen)
        {
            Connect();
        }
        else if (due == Due.Pump)
        {
            Pump();
        }
        else if (due == Due.Repaired)
        {
            _isRepaired = true;
            _link.Tell(new Linking.Unsubscribe(_topics.AllStates));
        }
        else if (due == Due.DoubtOver)
        {
            foreach (var dtu in _presence.EndDoubt())
            {
                WentOffline(dtu);
            }

            Pump();
        }
        else if (due == Due.Flushed)
        {
            // Cut off rather than taken leave of: then the broker publishes the will, and nobody trusts what could not be said.
            Context.Stop(_link);
        }
    }

    // ---- publishing

    protected override void OnDeliver(Relay.Deliver delivery)
    {
        if (delivery.Frame is { } frame)
        {
            Books.Up.Accept(frame.Payload.Length);
            _outbox.AddUplink(delivery.Dtu, frame, Now);
            Pump();
        }

        Settle(delivery);
    }

    private void Pump()
    {
        if (_limits is not { } limits)
        {
            return;
        }

        var most = _options.Qos == 0 ? MqttOutbox.MostInFlight : Math.Min(MqttOutbox.MostInFlight, limits.ReceiveMaximum);
        while (_outbox.InFlight < most && _outbox.Next() is { } next)
        {
            _progressAt = _outbox.InFlight == 1 ? Now : _progressAt;
            var message = MessageOf(next.Item);
            if (PacketOf(message) > limits.MostPacket)
            {
                _outbox.Drop(next.Number, DropReasons.Oversize);
                CountersMoved();
            }
            else
            {
                _link.Tell(new Linking.Publish(next.Number, message));
            }
        }

        if (Draining && _outbox.IsEmpty)
        {
            _link.Tell(Linking.Close.Instance);
            Timers.StartSingleTimer(Due.Flushed, Due.Flushed, CloseTime);
        }
    }

    private MqttMessage MessageOf(MqttOutbox.Item item)
    {
        if (item.Frame is { } frame)
        {
            return new MqttMessage(_topics.Up(item.Dtu), MqttPayloads.Up(_options.Payload, item.Dtu, frame));
        }

        return item.Result ?? new MqttMessage(
            item.Dtu == default ? _topics.Gateway : _topics.State(item.Dtu),
            item.Online is true ? "online"u8.ToArray() : "offline"u8.ToArray(),
            Retain: true,
            Node: _options.Node);
    }

    // Header, lengths and properties take less than a hundred bytes beside the texts.
    private static long PacketOf(MqttMessage message) =>
        100 + message.Payload.Length + message.Correlation.Length + System.Text.Encoding.UTF8.GetByteCount(message.Topic) + (message.Node?.Length * 4 ?? 0);

    private void OnTaken(Linking.Taken taken)
    {
        _progressAt = Now;
        _outbox.Taken(taken.Number, Now);
        CountersMoved();
        Pump();
    }

    private void OnRejected(Linking.Rejected rejected)
    {
        _progressAt = Now;
        _outbox.Drop(rejected.Number, RelayDrops.Rejected);
        CountersMoved();
        ChangeState(EndpointStates.Up, rejected.Problem);
        Pump();
    }

    // ---- who is online

    protected override void OnRouterStarted()
    {
        _presence.Doubt();
        Timers.StartSingleTimer(Due.DoubtOver, Due.DoubtOver, DoubtFor);
    }

    private void OnSessionSeen(Registry.SessionSeen seen)
    {
        _presence.Seen(seen);
        if (!Draining)
        {
            _outbox.AddState(seen.Session.Id, isOnline: true, Now);
            Pump();
        }
    }

    private void OnSessionGone(Registry.SessionGone gone)
    {
        if (_presence.Gone(gone.Session))
        {
            WentOffline(gone.Session.Id);

            // A session that took over is seen next: then nothing has changed.
            Self.Tell(Due.Pump);
        }
    }

    private void WentOffline(DtuId dtu)
    {
        _outbox.AddState(dtu, isOnline: false, Now);
        if (_presence.Remember(dtu) is { } forgotten)
        {
            _outbox.Forget(forgotten);
        }
    }

    // ---- the end

    protected override void OnDrain()
    {
        Timers.Cancel(Due.Reopen);
        if (!IsOpen)
        {
            End();
            return;
        }

        _link.Tell(new Linking.Unsubscribe(_topics.AllDown));
        foreach (var dtu in _presence.Online)
        {
            _outbox.AddState(dtu, isOnline: false, Now);
        }

        _outbox.AddState(default, isOnline: false, Now);
        Timers.StartSingleTimer(Due.Flushed, Due.Flushed, FlushTime);
        Pump();
    }

    private void End()
    {
        _outbox.DropAll(RelayDrops.DestinationLost);
        Books.Down.DropWaiting(RelayDrops.DestinationLost);
        Context.Stop(Self);
    }

    /// <summary>Timers, and a word to itself: key and message in one.</summary>
    private sealed record Due(string Name) : INoSerializationVerificationNeeded
    {
        public static readonly Due Watch = new("watch");
        public static readonly Due Reopen = new("reopen");
        public static readonly Due Repaired = new("repaired");
        public static readonly Due DoubtOver = new("doubt-over");
        public static readonly Due Flushed = new("flushed");
        public static readonly Due Pump = new("pump");
    }
}

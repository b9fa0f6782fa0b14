using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Listening;

/// <summary>
/// Owns one bound UDP socket, and is Akka.IO's connection to the sessions behind it: each knows this actor as its socket, and this actor knows each by its reference, its address
/// and its id. Registers no DTU itself: it only sees whose a datagram is. Sessions have no connection that could break, so they outlive the socket: where that dies, it
/// is bound anew with back-off. Akka.IO's own UDP ends on any error (see akka.md), so the socket is read and written here, without blocking.
/// </summary>
public sealed partial class UdpListenerActor : ReceiveActor, IWithTimers
{
    private static readonly object RebindKey = new();
    private static readonly object PublishKey = new();
    private static readonly TimeSpan PublishEvery = TimeSpan.FromSeconds(1);

    private readonly ListenerSetup _setup;
    private readonly UdpEntrance _entrance;
    private readonly bool _isProxied;
    private readonly Backoff _backoff;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly SortedDictionary<string, long> _dropped = new(StringComparer.Ordinal);

    private Reception? _reception;
    private IPEndPoint _address;
    private string _state = "connecting";
    private string? _lastError;
    private int _connections;
    private long _accepted;
    private long _refused;
    private bool _draining;

    public UdpListenerActor(ListenerSetup setup, SessionSetup sessions, bool isProxied)
    {
        _setup = setup;
        _entrance = new UdpEntrance(sessions);
        _isProxied = isProxied;
        _unknown = new UnknownSenders();
        _address = (IPEndPoint)setup.Address;
        _backoff = new Backoff(setup.Rebind);

        Receive<Arrived>(OnArrived);
        Receive<ReceiveOn>(OnReceiveOn);
        Receive<Tcp.ResumeReading>(_ => PeerOf(Sender)?.Read(Now));
        Receive<Datagrams.Hold>(hold => PeerOf(Sender)?.Hold = hold.Stay);
        Receive<Tcp.Write>(OnWrite);
        Receive<SentOff>(OnSentOff);
        Receive<Tcp.Register>(_ => { });
        Receive<Tcp.CloseCommand>(OnClose);
        Receive<Terminated>(OnTerminated);
        Receive<Rebind>(_ => Bind());
        Receive<Publish>(_ => Observe());
        Receive<Fleet.TellAgain>(OnTellAgain);
        Receive<ShutDown.Drain>(_ => OnDrain());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    /// <param name="setup">What is bound.</param>
    /// <param name="sessions">What its sessions are made of.</param>
    /// <param name="isProxied">Whether a balancer writes the DTU's address before each datagram (PROXY protocol, version 2).</param>
    public static Props Props(ListenerSetup setup, SessionSetup sessions, bool isProxied) =>
        Akka.Actor.Props.Create<UdpListenerActor>(setup, sessions, isProxied);

    protected override void PreStart() => Bind();

    protected override void PostStop() => _reception?.Dispose();

    // One broken session is that session's end and nobody else's.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        _log.Error(failure, "a session of {0} failed and is closed", _setup.Name);
        return Directive.Stop;
    }, loggingEnabled: false);

    // ---- the socket

    private void Bind()
    {
        try
        {
            var self = Self;
            _reception = Reception.Bind(
                _address, reception => self.Tell(new Arrived(reception), ActorRefs.NoSender));
        }
        catch (SocketException failure)
        {
            OnBindFailed(failure);
            return;
        }

        // A port that was chosen by the system stays the same when it has to be bound again.
        _address = (IPEndPoint)_reception.Socket.LocalEndPoint!;
        _backoff.Reset();
        _lastError = null;
        Context.Parent.Tell(new Binding.SocketBound(_setup.Name, _setup.Transport, _address.ToString()));
        Become("up");
        Listen(_reception);
    }

    private void OnBindFailed(SocketException failure)
    {
        _lastError = failure.Message;
        Context.Parent.Tell(new Binding.BindFailed(
            _setup.Name, _setup.KeyPath, _address.ToString(), _lastError, failure.SocketErrorCode is SocketError.AddressAlreadyInUse));
        BindLater();
    }

    private void OnSocketFailed(SocketException failure)
    {
        _reception?.Dispose();
        _reception = null;
        _lastError = $"the socket failed ({failure.Message}); binding anew";
        _log.Warning("{0}: {1}", _setup.KeyPath, _lastError);
        BindLater();
    }

    private void BindLater()
    {
        Become("down");
        Timers.StartSingleTimer(RebindKey, Rebind.Instance, _backoff.Next());
    }

    // ---- end: the sessions first, each in its own good order; what they still say leaves by the socket

    private void OnDrain()
    {
        _draining = true;
        foreach (var child in Context.GetChildren())
        {
            child.Tell(ShutDown.Drain.Instance);
        }

        StopWhenEmpty();
    }

    private void StopWhenEmpty()
    {
        if (_draining && _connections == 0)
        {
            Context.Stop(Self);
        }
    }

    private void OnTerminated(Terminated terminated)
    {
        _connections--;
        if (PeerOf(terminated.ActorRef) is { } peer)
        {
            Forget(peer);
        }

        PublishSoon();
        StopWhenEmpty();
    }

    // ---- how it stands

    private void OnTellAgain(Fleet.TellAgain again)
    {
        Observe();
        foreach (var child in Context.GetChildren())
        {
            child.Tell(again);
        }
    }

    private void Become(string state)
    {
        _state = state;
        Observe();
    }

    private void PublishSoon()
    {
        if (!Timers.IsTimerActive(PublishKey))
        {
            Timers.StartSingleTimer(PublishKey, Publish.Instance, PublishEvery);
        }
    }

    private void Observe()
    {
        Timers.Cancel(PublishKey);
        _setup.Observer.Tell(new Fleet.ListenerSeen(new ListenerStatus
        {
            Name = _setup.Name,
            Kind = _setup.Transport,
            State = _state,
            LastError = _lastError,
            Address = _address.ToString(),
            Profile = _setup.Profile,
            Connections = _connections,
            Accepted = _accepted,
            Refused = _refused,
            Dropped = _dropped.ToImmutableSortedDictionary(StringComparer.Ordinal),
        }));
    }

    private void Drop(string reason)
    {
        _dropped[reason] = _dropped.GetValueOrDefault(reason) + 1;
        GatewayMetrics.FramesDropped.Add(1, new KeyValuePair<string, object?>("reason", reason));
        PublishSoon();
    }

    private sealed record Arrived(Reception Reception) : INoSerializationVerificationNeeded;

    private sealed record ReceiveOn(Reception Reception) : INoSerializationVerificationNeeded;

    private sealed record SentOff(IActorRef Session, Tcp.Event Ack, bool Failed) : INoSerializationVerificationNeeded;

    private sealed record Rebind : INoSerializationVerificationNeeded
    {
        public static readonly Rebind Instance = new();
    }

    private sealed record Publish : INoSerializationVerificationNeeded
    {
        public static readonly Publish Instance = new();
    }
}

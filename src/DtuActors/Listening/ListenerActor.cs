using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;

namespace DtuActors.Listening;

/// <summary>What a <see cref="ListenerActor"/> binds, and what it makes of a socket.</summary>
public sealed record ListenerSetup
{
    public required string Name { get; init; }

    /// <summary>For messages: <c>dtu.listeners.main</c>.</summary>
    public required string KeyPath { get; init; }

    /// <summary>As start-up prints it.</summary>
    public required string Transport { get; init; }

    public required IPEndPoint Address { get; init; }

    public required int MaxConnections { get; init; }

    /// <summary>Shown in status only.</summary>
    public string? Profile { get; init; }

    /// <summary>
    /// Makes the actor of one socket: it gets the connection, which speaks Akka.IO's words, and who is at its other end, and registers itself there from its PreStart. Use
    /// <c>Props.Create&lt;T&gt;(args)</c>: an expression is compiled at each call.
    /// </summary>
    public required Func<IActorRef, Peer, Props> Handler { get; init; }

    /// <summary>Hears <see cref="Fleet.ListenerSeen"/>: the FleetView, or the endpoint whose port this is.</summary>
    public required IActorRef Observer { get; init; }

    /// <summary>The read buffer that Akka.IO holds for each connection's life, in bytes.</summary>
    public int ReadBuffer { get; init; } = 4096;

    public ReopenOptions Rebind { get; init; } = new();

    /// <summary>Set on each accepted socket.</summary>
    public IEnumerable<Inet.SocketOption> SocketOptions { get; init; } = [];
}

/// <summary>
/// Owns one bound address and spawns an actor per accepted socket: a ConnectionActor for a DTU, a client's actor for an endpoint.
/// It is Akka.IO's bind handler, whose end would reset every socket it accepted, so it does next to nothing, and its parent supervises it with Resume.
/// Where Akka's own listener dies (it does so silently on some accept errors), it binds anew with back-off; the sockets it had accepted die with that listener.
/// </summary>
public sealed class ListenerActor : ReceiveActor, IWithTimers
{
    private static readonly object RebindKey = new();
    private static readonly object PublishKey = new();
    private static readonly TimeSpan PublishEvery = TimeSpan.FromSeconds(1);

    private readonly ListenerSetup _setup;
    private readonly Backoff _backoff;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    private IActorRef _socket = ActorRefs.Nobody;
    private IPEndPoint _address;
    private string _state = "connecting";
    private string? _lastError;
    private int _connections;
    private long _accepted;
    private long _refused;
    private bool _draining;

    public ListenerActor(ListenerSetup setup)
    {
        _setup = setup;
        _address = setup.Address;
        _backoff = new Backoff(setup.Rebind);

        Receive<Tcp.Bound>(OnBound);
        Receive<Tcp.CommandFailed>(OnBindFailed, failed => failed.Cmd is Tcp.Bind);
        Receive<Tcp.Connected>(OnConnected);
        Receive<Terminated>(OnTerminated);
        Receive<Rebind>(_ => Bind());
        Receive<Publish>(_ => Observe());
        Receive<Fleet.TellAgain>(OnTellAgain);
        Receive<ShutDown.Drain>(_ => OnDrain());
        Receive<Tcp.Unbound>(_ => Context.Stop(Self));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ListenerSetup setup) => Akka.Actor.Props.Create<ListenerActor>(setup);

    protected override void PreStart() => Bind();

    // One broken session is that session's end and nobody else's: its socket closes and the DTU comes back.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        _log.Error(failure, "a connection of {0} failed and is closed", _setup.Name);
        return Directive.Stop;
    }, loggingEnabled: false);

    private void Bind() => Context.System.Tcp().Tell(
        new Tcp.Bind(Self, new IPEndPoint(_setup.Address.Address, _address.Port), backlog: 4096, options: _setup.SocketOptions, pullMode: true)
        {
            TcpSettings = TcpSettings.Create(Context.System) with { MaxFrameSizeBytes = _setup.ReadBuffer },
        });

    private void OnBound(Tcp.Bound bound)
    {
        _socket = Context.Watch(Sender);

        // A port that was chosen by the system stays the same when it has to be bound again.
        _address = (IPEndPoint)bound.LocalAddress;
        _backoff.Reset();
        _lastError = null;
        Context.Parent.Tell(new Binding.SocketBound(_setup.Name, _setup.Transport, _address.ToString()));
        Become("up");
        if (_draining)
        {
            UnbindWhenEmpty();
        }
    }

    private void OnBindFailed(Tcp.CommandFailed failed)
    {
        var isInUse = SocketFailure.Of(failed)?.SocketErrorCode is SocketError.AddressAlreadyInUse;
        _lastError = SocketFailure.Words(failed, "bind failed");
        Context.Parent.Tell(new Binding.BindFailed(
            _setup.Name, _setup.KeyPath, _setup.Address.ToString(), _lastError, isInUse));
        if (_draining)
        {
            Context.Stop(Self);
            return;
        }

        Become("down");
        Timers.StartSingleTimer(RebindKey, Rebind.Instance, _backoff.Next());
    }

    private void OnConnected(Tcp.Connected connected)
    {
        if (_draining || _connections >= _setup.MaxConnections)
        {
            _refused++;
            Sender.Tell(Tcp.Abort.Instance);
            PublishSoon();
            return;
        }

        _accepted++;
        _connections++;
        Context.Watch(Context.ActorOf(_setup.Handler(Sender, Peer.Of(connected.RemoteAddress))));
        PublishSoon();
    }

    private void OnTerminated(Terminated terminated)
    {
        if (!terminated.ActorRef.Equals(_socket))
        {
            _connections--;
            PublishSoon();
            UnbindWhenEmpty();
            return;
        }

        _socket = ActorRefs.Nobody;
        if (_draining)
        {
            Context.Stop(Self);
            return;
        }

        _lastError = "the listening socket ended; binding anew";
        _log.Warning("{0}: {1}", _setup.KeyPath, _lastError);
        Become("down");
        Timers.StartSingleTimer(RebindKey, Rebind.Instance, _backoff.Next());
    }

    private void OnTellAgain(Fleet.TellAgain again)
    {
        Observe();
        foreach (var child in Context.GetChildren())
        {
            child.Tell(again);
        }
    }

    // Unbinding resets every live socket, so the sessions end first, each in its own good order.
    private void OnDrain()
    {
        _draining = true;
        foreach (var child in Context.GetChildren())
        {
            child.Tell(ShutDown.Drain.Instance);
        }

        UnbindWhenEmpty();
    }

    private void UnbindWhenEmpty()
    {
        if (!_draining || _connections > 0)
        {
            return;
        }

        if (_socket.IsNobody())
        {
            Context.Stop(Self);
        }
        else
        {
            Context.Unwatch(_socket);
            _socket.Tell(Tcp.Unbind.Instance);
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
        }));
    }

    private sealed record Rebind : INoSerializationVerificationNeeded
    {
        public static readonly Rebind Instance = new();
    }

    private sealed record Publish : INoSerializationVerificationNeeded
    {
        public static readonly Publish Instance = new();
    }
}

using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Dispatching;
using DtuActors.Listening.Streams;

namespace DtuActors.Listening;

/// <summary>What a <see cref="ListenerActor"/> binds, and what it makes of a socket.</summary>
public sealed record ListenerSetup
{
    public required string Name { get; init; }

    /// <summary>The key of what is bound, for messages: <c>dtu.listeners.main</c>.</summary>
    public required string KeyPath { get; init; }

    /// <summary>As start-up prints it.</summary>
    public required string Transport { get; init; }

    public required EndPoint Address { get; init; }

    public required int MaxConnections { get; init; }

    /// <summary>The most connections of one remote address; null: no limit.</summary>
    public int? MaxPerAddress { get; init; }

    /// <summary>Connections begun per second; more wait, already accepted. Null: no limit.</summary>
    public int? AcceptRate { get; init; }

    /// <summary>Shown in status only.</summary>
    public string? Profile { get; init; }

    /// <summary>
    /// Makes the actor of one socket: it gets the connection, which speaks Akka.IO's words, and who is at its other end, and registers itself there from its PreStart. Use
    /// <c>Props.Create&lt;T&gt;(args)</c>: an expression is compiled at each call.
    /// </summary>
    public required Func<IActorRef, Peer, Props> Handler { get; init; }

    /// <summary>Hears <see cref="Fleet.ListenerSeen"/>: the FleetView, or the endpoint whose port this is.</summary>
    public required IActorRef Observer { get; init; }

    /// <summary>Hears <see cref="RefusedConnection"/> of sockets that never became a connection.</summary>
    public IActorRef Inbox { get; init; } = ActorRefs.Nobody;

    /// <summary>What carries the connections.</summary>
    public Binder Binder { get; init; } = new AkkaIoBinder();

    public ReopenOptions Rebind { get; init; } = new();
}

/// <summary>
/// Owns one bound address and spawns an actor per accepted socket: a ConnectionActor for a DTU, a client's actor for an endpoint; no more than its limits, and no faster than
/// its accept rate: in a storm accepted sockets wait for their turn here.
/// It is the bind handler, whose end would reset every socket that Akka.IO accepted, so it does next to nothing, and its parent supervises it with Resume.
/// Where Akka's own listener dies (it does so silently on some accept errors), it binds anew with back-off; the sockets it had accepted die with that listener.
/// </summary>
public sealed class ListenerActor : ListenerShell
{
    private static readonly object AdmitKey = new();

    // Beyond the longest wait for its turn, whoever was to register has failed.
    private static readonly TimeSpan RegisterTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);

    private readonly ConnectionLimits _limits;
    private readonly TokenBucket? _ramp;
    private readonly Queue<(IActorRef Socket, Peer Peer)> _waiting = new();
    private readonly Dictionary<IActorRef, IPAddress?> _handlers = [];
    private readonly Grumble _refusals = new();
    private readonly Grumble _troubleLog = new();
    private readonly SortedDictionary<string, string> _troubles = new(StringComparer.Ordinal);

    private IActorRef _socket = ActorRefs.Nobody;
    private string? _trouble;

    public ListenerActor(ListenerSetup setup)
        : base(setup)
    {
        _limits = new ConnectionLimits(setup.MaxConnections, setup.MaxPerAddress);
        _ramp = setup.AcceptRate is { } rate ? new TokenBucket(rate, Now) : null;

        Receive<Tcp.Bound>(OnBound);
        Receive<Tcp.CommandFailed>(OnBindFailed, failed => failed.Cmd is Tcp.Bind);
        Receive<Tcp.Connected>(OnConnected);
        Receive<Terminated>(OnTerminated);
        Receive<StreamTalk.Refused>(OnRefused);
        Receive<StreamTalk.Trouble>(OnTrouble);
        Receive<Admit>(_ => AdmitWaiting());
        Receive<Tcp.Unbound>(_ => Context.Stop(Self));
    }

    public static Props Props(ListenerSetup setup) => Akka.Actor.Props.Create<ListenerActor>(setup);

    // One broken session is that session's end and nobody else's: its socket closes and the DTU comes back. The stream transport's listener goes on.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        var isSession = _handlers.ContainsKey(Sender);
        Log.Error(failure, isSession ? "a connection of {0} failed and is closed" : "{0}: the listener failed and goes on", Setup.Name);
        return isSession ? Directive.Stop : Directive.Resume;
    }, loggingEnabled: false);

    protected override void Bind() => Setup.Binder.Bind(Context, Address, RegisterTimeout());

    private TimeSpan RegisterTimeout()
    {
        var longest = RegisterTime.TotalSeconds + (Setup.AcceptRate is { } rate ? (double)Setup.MaxConnections / rate : 0);
        return TimeSpan.FromSeconds(Math.Min(longest, LongestTimer.TotalSeconds));
    }

    private void OnBound(Tcp.Bound bound)
    {
        _socket = Context.Watch(Sender);
        _troubles.Clear();
        IsBound(bound.LocalAddress);
        if (Draining)
        {
            UnbindWhenEmpty();
        }
    }

    private void OnBindFailed(Tcp.CommandFailed failed)
    {
        var isInUse = SocketFailure.Of(failed)?.SocketErrorCode is SocketError.AddressAlreadyInUse;
        TellBindFailed(Setup.Address, SocketFailure.Words(failed, "bind failed"), isInUse);
        if (Draining)
        {
            Context.Stop(Self);
            return;
        }

        BindLater();
    }

    // ---- connections

    private void OnConnected(Tcp.Connected connected)
    {
        var peer = Peer.Of(connected.RemoteAddress);
        var problem = Draining ? "the gateway is stopping" : Setup.Binder.Objection() ?? _limits.Enter(peer.Address);
        if (problem is not null)
        {
            Sender.Tell(Tcp.Abort.Instance);
            Refuse(peer, problem);
            return;
        }

        Accepted++;
        _waiting.Enqueue((Sender, peer));
        AdmitWaiting();
        PublishSoon();
    }

    private void AdmitWaiting()
    {
        while (_waiting.Count > 0 && _ramp?.TryTake(Now) is not false)
        {
            var (socket, peer) = _waiting.Dequeue();
            _handlers.Add(Context.Watch(Context.ActorOf(Setup.Handler(socket, peer).OnDataPath(Context.System))), peer.Address);
        }

        if (_waiting.Count > 0 && !Timers.IsTimerActive(AdmitKey))
        {
            Timers.StartSingleTimer(AdmitKey, Admit.Instance, _ramp!.UntilNext(Now));
        }
    }

    private void Refuse(Peer peer, string problem)
    {
        Refused++;
        LastError = $"a connection from {peer.Text} was refused: {problem}";
        PublishSoon();
        if (_refusals.IsDue(Now, out var times))
        {
            Log.Warning("{0}: {1} ({2} refused since this was last said)", Setup.KeyPath, LastError, times);
        }
    }

    private void OnRefused(StreamTalk.Refused refused)
    {
        Refuse(refused.Peer, $"{refused.Reason}: {refused.Problem}");
        Setup.Inbox.Tell(new RefusedConnection(At, Setup.Name, refused.Peer.Text, refused.FirstBytes, refused.Reason));
    }

    private void OnTrouble(StreamTalk.Trouble trouble)
    {
        PublishSoon();
        if (trouble.Problem is not { } problem)
        {
            _troubles.Remove(trouble.With);
            LastError = _troubles.Values.FirstOrDefault();
            return;
        }

        _troubles[trouble.With] = LastError = problem;
        if (_troubleLog.IsDue(Now, out _) || problem != _trouble)
        {
            _trouble = problem;
            Log.Warning("{0}: {1}", Setup.KeyPath, problem);
        }
    }

    private void OnTerminated(Terminated terminated)
    {
        if (_handlers.Remove(terminated.ActorRef, out var address))
        {
            _limits.Leave(address);
            PublishSoon();
            UnbindWhenEmpty();
        }
        else if (terminated.ActorRef.Equals(_socket))
        {
            OnSocketEnded();
        }
    }

    private void OnSocketEnded()
    {
        _socket = ActorRefs.Nobody;
        if (Draining)
        {
            Context.Stop(Self);
            return;
        }

        IsLost("the listening socket ended; binding anew");
    }

    // Unbinding resets every live socket of Akka.IO's, so the sessions end first, each in its own good order.
    protected override void OnDrain()
    {
        Draining = true;
        TellSessions(ShutDown.Drain.Instance);
        while (_waiting.TryDequeue(out var waiting))
        {
            waiting.Socket.Tell(Tcp.Abort.Instance);
            _limits.Leave(waiting.Peer.Address);
        }

        UnbindWhenEmpty();
    }

    private void UnbindWhenEmpty()
    {
        if (!Draining || _handlers.Count > 0)
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

    protected override ListenerStatus Counted(ListenerStatus status) => status with { Connections = _limits.Count };

    protected override void TellSessions(object message)
    {
        foreach (var handler in _handlers.Keys)
        {
            handler.Tell(message);
        }
    }

    private sealed record Admit : INoSerializationVerificationNeeded
    {
        public static readonly Admit Instance = new();
    }
}

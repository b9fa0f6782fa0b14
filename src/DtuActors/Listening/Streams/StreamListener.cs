using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Dispatching;

namespace DtuActors.Listening.Streams;

/// <summary>
/// Takes the place of Akka.IO's TcpListener: binds, accepts, and makes a <see cref="StreamConnection"/> of each socket. Unlike Akka's it goes on after any accept error,
/// and neither unbinding nor an error of the listening socket touches the connections it accepted: it ends when it is unbound and they are gone.
/// </summary>
/// <remarks><code>binding ──▶ accepting ⇄ pausing (an error, few descriptors, or too many handshakes at once) ──unbind──▶ unbound ──last connection──▶ (stopped)</code></remarks>
internal sealed class StreamListener : ReceiveActor, IWithTimers
{
    /// <summary>Connection → listener.</summary>
    public sealed record Opened : INoSerializationVerificationNeeded
    {
        public static readonly Opened Instance = new();
    }

    /// <summary>Connection → listener, its last word.</summary>
    /// <param name="Failure">What it failed by, or null.</param>
    public sealed record Gone(Exception? Failure) : INoSerializationVerificationNeeded
    {
        public static readonly Gone Quietly = new(Failure: null);
    }

    /// <summary>A storm meets the backlog, not a refusal; the system may cut it (net.core.somaxconn). A SYN that finds it full waits a second for the next.</summary>
    public const int Backlog = 4096;

    /// <summary>Sockets that listen, each with its backlog: together they hold what one process serves, while the collector holds it up or other work does.</summary>
    public const int MostDoors = 4;

    /// <summary>Sockets whose PROXY header or handshake is not through: a handshake costs a millisecond of CPU and tens of kB. More wait in the backlog.</summary>
    public const int MostOpening = 1024;

    /// <summary>Of one address, where no balancer stands for all: its silent sockets hold the door shut for nobody else.</summary>
    public const int ShareOfAddress = 256;

    // Sockets taken in one go, before other messages get their turn.
    private const int Burst = 64;

    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MostPause = TimeSpan.FromSeconds(1);
    private static readonly object PauseKey = new();
    private static readonly object UnclaimedKey = new();
    private static readonly Peer Nobody = new("", null);

    private readonly StreamSetup _setup;
    private readonly IActorRef _handler;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Tcp.Bind _bind = null!;
    private EndPoint _address = null!;
    private Doors _doors = Doors.None;
    private TimeSpan _pause = LeastPause;
    private bool _troubled;
    private bool _unbound;
    private readonly OpeningShares<Socket> _shares = new(ShareOfAddress, Backlog);
    private readonly Dictionary<StreamConnection, IPAddress?> _opening = [];

    // Those that wait for a handler, the first of them first.
    private readonly Queue<(StreamConnection Connection, DateTimeOffset Until)> _unclaimed = new();
    private long _made;
    private int _connections;

    public StreamListener(StreamSetup setup, IActorRef handler)
    {
        _setup = setup;
        _handler = handler;
        Receive<Tcp.Bind>(OnBind);
        Receive<Bound>(OnBound);
        Receive<BindFailed>(OnBindFailed);
        Receive<Accepted>(OnAccepted);
        Receive<AcceptFailed>(OnAcceptFailed);
        Receive<GoOn>(_ => OnGoOn());
        Receive<Opened>(_ => OnOpened());
        Receive<Gone>(OnGone);
        Receive<LookAtUnclaimed>(_ => StopUnclaimed());
        Receive<Tcp.Unbind>(_ => OnUnbind());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    // Where a connection was gone before it was taken, only its own door pauses.
    private bool IsShut => _troubled && Timers.IsTimerActive(PauseKey);

    public static Props Props(StreamSetup setup, IActorRef handler) => Akka.Actor.Props.Create<StreamListener>(setup, handler);

    // Those that have a handler end with it.
    protected override void PostStop()
    {
        _doors.Close();
        DisposeWaiting();
        foreach (var connection in _opening.Keys.Concat(_unclaimed.Select(unclaimed => unclaimed.Connection)).Where(connection => !connection.HasHandler).ToList())
        {
            connection.Stop();
        }
    }

    // ---- binding

    private void OnBind(Tcp.Bind bind)
    {
        _bind = bind;
        _address = bind.LocalAddress;
        BindSocket();
    }

    private void BindSocket() => ListeningSocket.BindAsync(_address, Backlog, _setup.Doors).PipeTo(
        Self, success: sockets => new Bound(sockets), failure: problem => new BindFailed(problem));

    private void OnBound(Bound bound)
    {
        _doors = new Doors(bound.Sockets);
        _address = bound.Sockets[0].LocalEndPoint!;
        _handler.Tell(new Tcp.Bound(_address));
        try
        {
            _setup.Tls?.ReportTo(Self, _handler, Context.System.Scheduler.Now);
        }
        finally
        {
            Self.Tell(GoOn.Instance);
        }

        if (_unbound)
        {
            OnUnbind();
        }
    }

    private void OnBindFailed(BindFailed failed)
    {
        if (_connections > 0)
        {
            Pause(failed.Problem);
            return;
        }

        _handler.Tell(new Tcp.CommandFailed(_bind, failed.Problem));
        Context.Stop(Self);
    }

    // ---- accepting

    // Whatever a socket did here, the next one is taken.
    private void AcceptOn()
    {
        var isDone = false;
        try
        {
            isDone = AcceptWaiting();
        }
        finally
        {
            if (!isDone)
            {
                Self.Tell(GoOn.Instance);
            }
        }
    }

    // False where more may be there.
    private bool AcceptWaiting()
    {
        for (var taken = 0; taken < Burst; taken++)
        {
            if (_unbound || IsShut || _shares.Opening >= MostOpening || _doors.Next() is not { } door)
            {
                return true;
            }

            var next = door.Socket.AcceptAsync(CancellationToken.None);
            if (next.IsCompletedSuccessfully)
            {
                Take(next.Result);
            }
            else
            {
                door.IsAwaited = true;
                next.AsTask().PipeTo(Self, success: socket => new Accepted(door, socket), failure: problem => new AcceptFailed(door, problem));
            }
        }

        return false;
    }

    private void OnAccepted(Accepted accepted)
    {
        accepted.Door.IsAwaited = false;
        try
        {
            Take(accepted.Socket);
        }
        finally
        {
            AcceptOn();
        }
    }

    private void Take(Socket socket)
    {
        if (_unbound)
        {
            socket.Dispose();
            return;
        }

        _pause = LeastPause;
        if (_troubled)
        {
            _troubled = false;
            _handler.Tell(new StreamTalk.Trouble(StreamTalk.Accepting, null));
        }

        // The rest waits in the backlog. Several doors may have let one in each before that was known.
        if (_setup.Descriptors.ShortageAfter(socket) is { } shortage)
        {
            Pause(shortage);
            if (_setup.Descriptors.IsReserved(socket))
            {
                Refuse(socket, PeerOf(socket), StreamTalk.Descriptors, shortage);
                return;
            }
        }

        if (!_setup.Opens)
        {
            AwaitHandler(Begin(socket));
            return;
        }

        var peer = PeerOf(socket);
        if (_shares.Enter(peer.Address, socket, out var problem))
        {
            BeginOpening(socket, peer.Address);
        }
        else if (problem is not null)
        {
            Refuse(socket, peer, StreamTalk.Handshake, problem);
        }
    }

    private void Refuse(Socket socket, Peer peer, string reason, string problem)
    {
        socket.Dispose();
        _handler.Tell(new StreamTalk.Refused(peer, reason, problem, default));
    }

    // Behind a balancer all addresses are its own; a socket that is gone already has none.
    private Peer PeerOf(Socket socket)
    {
        try
        {
            return _setup.Proxy is null ? Peer.Of(socket.RemoteEndPoint!) : Nobody;
        }
        catch (SocketException)
        {
            return Nobody;
        }
    }

    private StreamConnection Begin(Socket socket)
    {
        _connections++;
        var connection = new StreamConnection(Self, _made++, Context.System.Scheduler, _setup, new SocketStream(socket), _address, _handler);
        connection.Open();
        return connection;
    }

    private void BeginOpening(Socket socket, IPAddress? address) => _opening.Add(Begin(socket), address);

    // ---- waiting for a handler

    private void AwaitHandler(StreamConnection connection)
    {
        _unclaimed.Enqueue((connection, SteadyTime.Now(Context.System.Scheduler) + _setup.RegisterTimeout));
        ForgetClaimed();
        if (_unclaimed.Count > 0 && !Timers.IsTimerActive(UnclaimedKey))
        {
            Timers.StartSingleTimer(UnclaimedKey, LookAtUnclaimed.Instance, _setup.RegisterTimeout);
        }
    }

    private void ForgetClaimed()
    {
        while (_unclaimed.TryPeek(out var first) && !first.Connection.IsWaiting)
        {
            _unclaimed.Dequeue();
        }
    }

    private void StopUnclaimed()
    {
        var now = SteadyTime.Now(Context.System.Scheduler);
        for (ForgetClaimed(); _unclaimed.TryPeek(out var first); ForgetClaimed())
        {
            if (first.Until > now)
            {
                Timers.StartSingleTimer(UnclaimedKey, LookAtUnclaimed.Instance, first.Until - now);
                return;
            }

            first.Connection.Stop();
        }
    }

    // Out of descriptors or memory, a connection that was gone before it was taken: none is a reason to stop listening.
    private void OnAcceptFailed(AcceptFailed failed)
    {
        failed.Door.IsAwaited = false;
        if (_unbound || !_doors.Contains(failed.Door))
        {
            return;
        }

        var isLost = failed.Problem is ObjectDisposedException
            or SocketException { SocketErrorCode: SocketError.NotSocket or SocketError.InvalidArgument or SocketError.OperationAborted };
        if (isLost)
        {
            CloseDoors();
        }

        Pause(failed.Problem);
    }

    private void Pause(Exception problem) =>
        Pause(problem is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted } ? null : problem.Message);

    // Without a problem nobody needs to hear of it.
    private void Pause(string? problem)
    {
        if (problem is not null)
        {
            _troubled = true;
            _handler.Tell(new StreamTalk.Trouble(StreamTalk.Accepting, $"accepting pauses: {problem}"));
        }

        Timers.StartSingleTimer(PauseKey, GoOn.Instance, _pause);
        _pause = _pause * 2 < MostPause ? _pause * 2 : MostPause;
    }

    private void OnGoOn()
    {
        if (_doors.IsEmpty && !_unbound)
        {
            BindSocket();
        }
        else if (_setup.Descriptors.Shortage() is { } shortage && !_unbound)
        {
            Pause(shortage);
        }
        else
        {
            AcceptOn();
        }
    }

    private void OnOpened()
    {
        var connection = (StreamConnection)Sender;
        if (!_opening.Remove(connection, out var address))
        {
            return;
        }

        if (connection.IsWaiting)
        {
            AwaitHandler(connection);
        }

        if (_shares.Leave(address) is { } next)
        {
            BeginOpening(next, address);
        }

        if (!Timers.IsTimerActive(PauseKey))
        {
            AcceptOn();
        }
    }

    // ---- end

    private void OnGone(Gone gone)
    {
        if (gone.Failure is { } failure)
        {
            _log.Error(failure, "a connection of {0} failed and is reset", _address);
        }

        _connections--;
        StopIfOver();
    }

    private void OnUnbind()
    {
        _unbound = true;
        Timers.Cancel(PauseKey);
        CloseDoors();
        DisposeWaiting();
        _handler.Tell(Tcp.Unbound.Instance);
        StopIfOver();
    }

    private void CloseDoors()
    {
        _doors.Close();
        _doors = Doors.None;
    }

    private void DisposeWaiting()
    {
        foreach (var socket in _shares.Clear())
        {
            socket.Dispose();
        }
    }

    private void StopIfOver()
    {
        if (_unbound && _connections == 0)
        {
            Context.Stop(Self);
        }
    }

    private sealed record Bound(ImmutableArray<Socket> Sockets) : INoSerializationVerificationNeeded;

    private sealed record BindFailed(Exception Problem) : INoSerializationVerificationNeeded;

    private sealed record Accepted(Door Door, Socket Socket) : INoSerializationVerificationNeeded;

    private sealed record AcceptFailed(Door Door, Exception Problem) : INoSerializationVerificationNeeded;

    private sealed record LookAtUnclaimed : INoSerializationVerificationNeeded
    {
        public static readonly LookAtUnclaimed Instance = new();
    }

    private sealed record GoOn : INoSerializationVerificationNeeded
    {
        public static readonly GoOn Instance = new();
    }
}

using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Listening;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>
/// One connection to another centre: what waits for it, what comes from it. A <see cref="DialerActor"/> below it dials and dials again, and a
/// <see cref="TcpClientActor"/> below that owns the socket; the buffer stays when they go.
/// </summary>
/// <remarks>
/// What was in flight when a connection ended is <c>destination-lost</c>: it may have arrived in part, and is never written twice. A centre that takes no byte of a write
/// for <see cref="WriteLimit"/> is hung up on.
/// <code>no link ──dial──▶ connecting ⇄ joined ──greeted──▶ writing ──connection ended──▶ connecting</code>
/// </remarks>
public abstract class UpstreamActor : BufferedEndpointActor
{
    /// <summary>A kernel that does not take one write for so long has no peer that reads.</summary>
    public static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(30);

    private const int MostPerWrite = 64 * 1024;

    private readonly CentreEndpointOptions _options;
    private readonly IActorRef? _turns;
    private IActorRef _dialer = ActorRefs.Nobody;
    private IActorRef? _client;
    private bool _isGreeting;
    private bool _isReady;
    private bool _isHangingUp;
    private bool _readOwed;

    /// <param name="options">Where the centre is.</param>
    /// <param name="surroundings">Whom it talks to.</param>
    /// <param name="books">Its books.</param>
    /// <param name="turns">Whose turn each attempt to dial waits for (<see cref="DialTurnsActor"/>); null: none does.</param>
    protected UpstreamActor(CentreEndpointOptions options, EndpointSurroundings surroundings, EndpointBooks books, IActorRef? turns = null)
        : base(options, surroundings, books)
    {
        _options = options;
        _turns = turns;
        Receive<Fleet.ListenerSeen>(OnDialerSeen);
        Receive<ClientTalk.Joined>(_ => OnJoined());
        Receive<ClientTalk.Came>(OnCame);
        Receive<ClientTalk.Wrote>(_ => OnWrote(), _ => Sender.Equals(_client));
        Receive<ClientTalk.Wrote>(_ => { });
        Receive<Terminated>(_ => OnDialerEnded(), ended => ended.ActorRef.Equals(_dialer));
        Receive<Terminated>(_ => OnLinkLost(RelayDrops.DestinationLost), ended => ended.ActorRef.Equals(_client));
        Receive<Terminated>(_ => { });
        Receive<Due>(OnDue);
    }

    protected override string? Where => $"{_options.Host}:{_options.Port}";

    protected override bool IsOpen => _client is not null;

    /// <summary>Whether a connection is there, or is being made.</summary>
    protected bool HasLink => !_dialer.IsNobody();

    /// <summary>What stands between a connection's bytes and the frames in it, one object for each.</summary>
    protected virtual Func<PortProtocol> Protocol => static () => new PortProtocol();

    /// <summary>What is said before all else on a new connection; empty for nothing.</summary>
    protected virtual ReadOnlyMemory<byte> Greeting => default;

    /// <summary>How long nothing follows the greeting.</summary>
    protected virtual TimeSpan SilenceAfterGreeting => TimeSpan.Zero;

    /// <summary>The connection was given up by <see cref="HangUp"/>, and no other is dialled.</summary>
    protected abstract void OnHungUp();

    /// <summary>A piece of what the centre sends: a frame, or bytes that are none.</summary>
    private protected abstract void OnPiece(ClientTalk.Piece piece);

    /// <summary>What waits, as it goes over the wire.</summary>
    protected virtual ReadOnlyMemory<byte> Dress(Relay.Deliver delivery, ReadOnlyMemory<byte> bytes) => bytes;

    /// <summary>A new connection is there, and nothing is said on it yet.</summary>
    protected virtual void OnLinked()
    {
    }

    /// <summary>The greeting is about to be written.</summary>
    protected virtual void OnGreeting()
    {
    }

    /// <summary>Frames are about to be written.</summary>
    protected virtual void OnWriting()
    {
    }

    /// <summary>All that waited is the kernel's.</summary>
    protected virtual void OnFlushed()
    {
    }

    protected void Dial()
    {
        _isHangingUp = false;
        var (self, framing, protocol) = (Self, _options.Framing, Protocol);
        _dialer = Context.Watch(Context.ActorOf(DialerActor.Props(new DialerSetup
        {
            Options = new DialerOptions { Name = _options.Name, KeyPath = _options.KeyPath, Host = _options.Host, Port = _options.Port, Reopen = _options.Reopen },
            Handler = (connection, remote) => TcpClientActor.Props(connection, remote, self, framing, protocol),

            // A centre whose machine is gone would hold the windows closed.
            SocketOptions = [new Keepalive(new KeepaliveOptions())],
            Fleet = self,
            Turns = _turns,
        })));
    }

    /// <summary>Closes the connection, or stops dialling, as soon as nothing is in flight; what waits stays.</summary>
    protected void HangUp()
    {
        if (!HasLink)
        {
            OnHungUp();
        }
        else if (!_isHangingUp)
        {
            _isHangingUp = true;
            if (!_isGreeting && !Outlet.IsWriting)
            {
                _dialer.Tell(ShutDown.Drain.Instance);
            }
        }
    }

    protected override void WriteNext()
    {
        if (_isReady && !_isHangingUp && Outlet.Next(MostPerWrite, Dress) is { } bytes)
        {
            OnWriting();
            Write(bytes);
        }
    }

    protected override void OnMayReadAgain()
    {
        if (_readOwed)
        {
            ReadOn();
        }
    }

    protected override void OnDrain()
    {
        if (_client is null || Outlet.IsEmpty)
        {
            HangUpForGood();
        }
        else
        {
            Timers.StartSingleTimer(Due.Flushed, Due.Flushed, FlushTime);
        }
    }

    private void HangUpForGood()
    {
        if (HasLink)
        {
            _isHangingUp = true;
            _dialer.Tell(ShutDown.Drain.Instance);
        }
        else
        {
            End();
        }
    }

    private void End()
    {
        Outlet.DropAll(RelayDrops.DestinationLost);
        Context.Stop(Self);
    }

    // What the dialer says of the connection is how this stands; one that is given up on purpose is no failure.
    private void OnDialerSeen(Fleet.ListenerSeen seen)
    {
        if (Sender.Equals(_dialer) && !_isHangingUp)
        {
            ChangeState(seen.Status.State, seen.Status.LastError);
        }
    }

    private void OnJoined()
    {
        if (Sender.Equals(_client))
        {
            return;
        }

        if (_client is not null)
        {
            OnLinkLost(RelayDrops.DestinationLost);
        }

        _client = Context.Watch(Sender);
        StopWaiting();
        OnLinked();
        ReadOn();
        if (Greeting is { IsEmpty: false } greeting)
        {
            _isGreeting = true;
            OnGreeting();
            Write(greeting);
        }
        else
        {
            Begin();
        }
    }

    private void Begin()
    {
        _isReady = true;
        WriteNext();
        LookWhetherFlushed();
    }

    private void Write(ReadOnlyMemory<byte> bytes)
    {
        _client!.Tell(new ClientTalk.Write(bytes));
        Timers.StartSingleTimer(Due.Written, Due.Written, WriteLimit);
    }

    private void OnWrote()
    {
        Timers.Cancel(Due.Written);
        if (_isGreeting)
        {
            OnGreetingWritten();
            return;
        }

        Outlet.Wrote(Now);
        CountersMoved();
        if (_isHangingUp)
        {
            _dialer.Tell(ShutDown.Drain.Instance);
            return;
        }

        WriteNext();
        LookWhetherFlushed();
    }

    private void OnGreetingWritten()
    {
        _isGreeting = false;
        if (_isHangingUp)
        {
            _dialer.Tell(ShutDown.Drain.Instance);
        }
        else if (SilenceAfterGreeting is var silence && silence > TimeSpan.Zero)
        {
            Timers.StartSingleTimer(Due.Greeted, Due.Greeted, silence);
        }
        else
        {
            Begin();
        }
    }

    private void LookWhetherFlushed()
    {
        if (!Outlet.IsEmpty)
        {
            return;
        }

        if (Draining)
        {
            HangUpForGood();
        }
        else
        {
            OnFlushed();
        }
    }

    private void OnCame(ClientTalk.Came came)
    {
        foreach (var piece in came.Pieces)
        {
            OnPiece(piece);
        }

        if (came.IsRead && Sender.Equals(_client))
        {
            ReadOn();
        }
    }

    private void ReadOn()
    {
        _readOwed = !MayRead;
        if (!_readOwed)
        {
            _client?.Tell(ClientTalk.ReadOn.Instance);
        }
    }

    // The dialer sees it too, and dials again.
    private void OnLinkLost(string reason)
    {
        if (_client is null)
        {
            return;
        }

        Context.Unwatch(_client);
        _client = null;
        (_isGreeting, _isReady, _readOwed) = (false, false, false);
        Timers.Cancel(Due.Written);
        Timers.Cancel(Due.Greeted);
        Outlet.DropInFlight(reason);
        CountersMoved();
        WaitForResource();
        if (_isHangingUp)
        {
            // It waited for a write that never ends now.
            _dialer.Tell(ShutDown.Drain.Instance);
        }
    }

    private void OnDialerEnded()
    {
        OnLinkLost(RelayDrops.DestinationLost);
        _dialer = ActorRefs.Nobody;
        if (Draining)
        {
            End();
        }
        else if (_isHangingUp)
        {
            OnHungUp();
        }
        else
        {
            Dial();
        }
    }

    private void OnDue(Due due)
    {
        if (due == Due.Greeted)
        {
            Begin();
        }
        else if (due == Due.Flushed)
        {
            HangUpForGood();
        }
        else if (_client is { } hung)
        {
            Log.Warning("{0}: the centre took nothing for {1} s and is hung up on", Options.KeyPath, WriteLimit.TotalSeconds);
            hung.Tell(ClientTalk.Leave.Instance);
            OnLinkLost(RelayDrops.DestinationSlow);
        }
    }

    /// <summary>Timers: key and message in one.</summary>
    private sealed record Due(string Name) : INoSerializationVerificationNeeded
    {
        public static readonly Due Greeted = new("greeted");
        public static readonly Due Written = new("written");
        public static readonly Due Flushed = new("flushed");
    }
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Akka.Actor;
using Akka.IO;
using DtuActors.Listening.Streams.Polling;
using DtuActors.Protocol.Transports;
using static DtuActors.Listening.Streams.StreamSteps;

namespace DtuActors.Listening.Streams;

/// <summary>
/// One accepted socket that speaks Akka.IO's words: reads once per <see cref="Tcp.ResumeReading"/>, writes in order and acknowledges what the kernel has, ends by
/// <see cref="Tcp.Close"/>, <see cref="Tcp.ConfirmedClose"/> or <see cref="Tcp.Abort"/>. Before it says <see cref="Tcp.Connected"/> it reads the PROXY header and does
/// the TLS handshake, each under a time limit. As with Akka.IO, the peer's end is noticed by a read, and a handler that ends resets the socket. Until it has a handler it is
/// its listener's, which stops it when that comes too late.
/// </summary>
/// <remarks>
/// <code>
/// header ──▶ handshake ──▶ waiting ──Register──▶ open ──Close──▶ closing (what waits is written) ──▶ (stopped)
///    └──────────┴─▶ (refused)                      └──FIN, kept open──▶ open, finished
/// </code>
/// </remarks>
internal sealed partial class StreamConnection : DirectRef
{
    // A proxy writes its header with the connection, or is none.
    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(5);

    private readonly IScheduler _scheduler;
    private readonly StreamSetup _setup;
    private readonly Socket _socket;
    private readonly EndPoint _local;
    private readonly SocketStream _plain;
    private Stream _stream;
    private Peer _peer;
    private IActorRef _handler;
    private volatile State _state;
    private ICancelable? _timeout;
    private bool _keepOpen;

    public StreamConnection(IActorRef listener, long number, IScheduler scheduler, StreamSetup setup, SocketStream stream, EndPoint local, IActorRef handler)
        : base(listener, number)
    {
        _scheduler = scheduler;
        _setup = setup;
        _socket = stream.Socket;
        _local = local;
        _handler = handler;
        _plain = stream;
        _stream = stream;
        _peer = Unknown;
    }

    private enum State
    {
        Header,
        Handshake,
        Waiting,
        Open,
        Closing,

        // Nothing is to be written any more; the peer's end is waited for.
        HalfClosed,
        Ended,
    }

    private static Peer Unknown { get; } = new("", null);

    /// <summary>Whether it is told of and nobody has registered yet.</summary>
    public bool IsWaiting => _state == State.Waiting;

    /// <summary>Whether it is its handler's, to the end.</summary>
    public bool HasHandler => _state > State.Waiting;

    /// <summary>Once, before anybody else knows of it.</summary>
    public void Open() => Tell(StreamSteps.Begin.Instance, ActorRefs.NoSender);

    protected override void OnStopped(Exception? failure)
    {
        if (_setup.Opens && _state is State.Header or State.Handshake)
        {
            Parent.Tell(StreamListener.Opened.Instance, this);
        }

        _state = State.Ended;
        _timeout?.Cancel();
        CloseSocket(reset: true);
        Parent.Tell(failure is null ? StreamListener.Gone.Quietly : new StreamListener.Gone(failure), this);
    }

    protected override void OnTold(object message, IActorRef sender)
    {
        switch (message)
        {
            case SocketReady ready:
                OnReady(ready);
                break;
            case Tcp.Received received when _state >= State.Open:
                _reading = false;
                _handler.Tell(received, this);
                break;
            case Sent:
                OnSent();
                break;
            case Tcp.ResumeReading when _state >= State.Open:
                Read();
                break;
            case Tcp.WriteCommand write:
                OnWrite(write, sender);
                break;
            case Finished:
                OnFinished();
                break;
            case Broken broken:
                OnBroken(broken);
                break;
            case Tcp.Register register when _state == State.Waiting:
                OnRegister(register);
                break;
            case Tcp.CloseCommand close:
                OnClose(close, sender);
                break;
            case Said:
                OnSaidGoodbye();
                break;
            case HeaderRead read when _state == State.Header:
                OnHeader(read);
                break;
            case HandshakeDone done when _state == State.Handshake:
                OnHandshake(done);
                break;
            case NotOpened problem:
                Refuse(problem.Reason, problem.Problem, problem.FirstBytes);
                break;
            case Overdue overdue when overdue.For == _state:
                OnOverdue();
                break;
            case StreamSteps.Begin:
                OnBegin();
                break;
        }
    }

    // ---- opening

    private void OnBegin()
    {
        try
        {
            Prepare();
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The peer hung up before its socket was set up.
            Stop();
            return;
        }

        if (_setup.Proxy is { } version)
        {
            Await(State.Header, HeaderTimeout);
            _ = ReadHeaderAsync(_plain, version, this);
        }
        else
        {
            Shake();
        }
    }

    private void Prepare()
    {
        _peer = Peer.Of(_socket.RemoteEndPoint!) with { Came = SocketAge.Came(_socket) };
        if (_socket.AddressFamily != AddressFamily.Unix)
        {
            _socket.NoDelay = true;
        }

        foreach (var option in _setup.SocketOptions)
        {
            option.AfterConnect(_socket);
        }
    }

    private void OnHeader(HeaderRead read)
    {
        _plain.PutBack(read.Rest);
        _peer = read.Header switch
        {
            { Source: { } source } => Peer.Of(source),
            { SourcePath: { } path } => new Peer(path.Length == 0 ? "unix" : $"unix:{path}", null),
            _ => _peer,
        } with { Came = _peer.Came };
        Shake();
    }

    private void Shake()
    {
        if (_setup.Tls is not { } tls)
        {
            Announce();
            return;
        }

        Await(State.Handshake, tls.HandshakeTimeout);
        var stream = new SslStream(_plain, leaveInnerStreamOpen: true);
        _stream = stream;
        _ = HandshakeAsync(stream, tls, _scheduler.Now, this);
    }

    private void OnHandshake(HandshakeDone done)
    {
        _peer = _peer with { Identity = done.Identity };
        Announce();
    }

    private void Announce()
    {
        _timeout?.Cancel();
        _state = State.Waiting;
        if (_setup.Opens)
        {
            Parent.Tell(StreamListener.Opened.Instance, this);
        }

        _handler.Tell(new Tcp.Connected(new PeerEndPoint(_peer), _local), this);
    }

    private void Await(State state, TimeSpan limit)
    {
        _timeout?.Cancel();
        _state = state;
        _timeout = _scheduler.ScheduleTellOnceCancelable(limit, this, new Overdue(state), ActorRefs.NoSender);
    }

    private void OnOverdue()
    {
        if (_state == State.Header)
        {
            Refuse(StreamTalk.ProxyHeader, $"no PROXY header within {HeaderTimeout.TotalSeconds:0} s", default);
        }
        else
        {
            Refuse(StreamTalk.Handshake, $"no handshake within {_setup.Tls!.HandshakeTimeout.TotalSeconds:0.###} s", default);
        }
    }

    private void Refuse(string reason, string problem, ReadOnlyMemory<byte> firstBytes)
    {
        _handler.Tell(new StreamTalk.Refused(_peer, reason, problem, firstBytes), this);
        Stop();
    }

    private void OnRegister(Tcp.Register register)
    {
        _state = State.Open;
        _handler = register.Handler;
        _keepOpen = register.KeepOpenOnPeerClosed;
        EndWith(_handler);
    }

    /// <summary>The time for what that state waits for is over.</summary>
    private sealed record Overdue(State For) : INoSerializationVerificationNeeded;
}

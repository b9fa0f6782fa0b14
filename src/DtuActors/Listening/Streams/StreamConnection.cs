using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Akka.Actor;
using Akka.IO;
using DtuActors.Protocol.Transports;
using static DtuActors.Listening.Streams.StreamSteps;

namespace DtuActors.Listening.Streams;

/// <summary>
/// One accepted socket that speaks Akka.IO's words: reads once per <see cref="Tcp.ResumeReading"/>, writes in order and acknowledges what the kernel has, ends by
/// <see cref="Tcp.Close"/>, <see cref="Tcp.ConfirmedClose"/> or <see cref="Tcp.Abort"/>. Before it says <see cref="Tcp.Connected"/> it reads the PROXY header and does
/// the TLS handshake, each under a time limit. As with Akka.IO, the peer's end is noticed by a read, and a handler that ends resets the socket.
/// </summary>
/// <remarks>
/// <code>
/// header ──▶ handshake ──▶ waiting ──Register──▶ open ──Close──▶ closing (what waits is written) ──▶ (stopped)
///    └──────────┴─▶ (refused)                      └──FIN, kept open──▶ open, finished
/// </code>
/// </remarks>
internal sealed partial class StreamConnection : UntypedActor
{
    // A proxy writes its header with the connection, or is none.
    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(5);

    private readonly StreamSetup _setup;
    private readonly Socket _socket;
    private readonly EndPoint _local;
    private readonly SocketStream _plain;
    private Stream _stream;
    private Peer _peer;
    private IActorRef _handler;
    private State _state;
    private bool _keepOpen;

    public StreamConnection(StreamSetup setup, SocketStream stream, EndPoint local, IActorRef handler)
    {
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
    }

    private static Peer Unknown { get; } = new("", null);

    public static Props Props(StreamSetup setup, SocketStream stream, EndPoint local, IActorRef handler) =>
        Maker.Of((setup, stream, local, handler), static from => new StreamConnection(from.setup, from.stream, from.local, from.handler));

    protected override void PreStart()
    {
        try
        {
            Prepare();
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The peer hung up before its socket was set up.
            Context.Stop(Self);
            return;
        }

        Begin();
    }

    protected override void PostStop()
    {
        if (_setup.Opens && _state is State.Header or State.Handshake)
        {
            Context.Parent.Tell(StreamListener.Opened.Instance);
        }

        CloseSocket(reset: true);
        Context.Parent.Tell(StreamListener.Gone.Instance);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tcp.Received received when _state >= State.Open:
                _reading = false;
                _handler.Tell(received);
                break;
            case Sent:
                OnSent();
                break;
            case Tcp.ResumeReading when _state >= State.Open:
                Read();
                break;
            case Tcp.WriteCommand write:
                OnWrite(write);
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
                OnClose(close);
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
            case ReceiveTimeout:
                OnTimeout();
                break;
            case Terminated:
                Context.Stop(Self);
                break;
        }
    }

    // ---- opening

    private void Prepare()
    {
        _peer = Peer.Of(_socket.RemoteEndPoint!);
        if (_socket.AddressFamily != AddressFamily.Unix)
        {
            _socket.NoDelay = true;
        }

        foreach (var option in _setup.SocketOptions)
        {
            option.AfterConnect(_socket);
        }
    }

    private void Begin()
    {
        if (_setup.Proxy is { } version)
        {
            _state = State.Header;
            SetReceiveTimeout(HeaderTimeout);
            _ = ReadHeaderAsync(_plain, version, Self);
        }
        else
        {
            Shake();
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
        };
        Shake();
    }

    private void Shake()
    {
        if (_setup.Tls is not { } tls)
        {
            Announce();
            return;
        }

        _state = State.Handshake;
        SetReceiveTimeout(tls.HandshakeTimeout);
        var stream = new SslStream(_plain, leaveInnerStreamOpen: true);
        _stream = stream;
        _ = HandshakeAsync(stream, tls, Context.System.Scheduler.Now, Self);
    }

    private void OnHandshake(HandshakeDone done)
    {
        _peer = _peer with { Identity = done.Identity };
        Announce();
    }

    private void Announce()
    {
        if (_setup.Opens)
        {
            Context.Parent.Tell(StreamListener.Opened.Instance);
        }

        _state = State.Waiting;
        SetReceiveTimeout(_setup.RegisterTimeout);
        _handler.Tell(new Tcp.Connected(new PeerEndPoint(_peer), _local));
    }

    private void OnTimeout()
    {
        switch (_state)
        {
            case State.Header:
                Refuse(StreamTalk.ProxyHeader, $"no PROXY header within {HeaderTimeout.TotalSeconds:0} s", default);
                break;
            case State.Handshake:
                Refuse(StreamTalk.Handshake, $"no handshake within {_setup.Tls!.HandshakeTimeout.TotalSeconds:0.###} s", default);
                break;
            case State.Waiting:
                Context.Stop(Self);
                break;
        }
    }

    private void Refuse(string reason, string problem, ReadOnlyMemory<byte> firstBytes)
    {
        _handler.Tell(new StreamTalk.Refused(_peer, reason, problem, firstBytes));
        Context.Stop(Self);
    }

    private void OnRegister(Tcp.Register register)
    {
        SetReceiveTimeout(null);
        _handler = Context.Watch(register.Handler);
        _keepOpen = register.KeepOpenOnPeerClosed;
        _state = State.Open;
    }
}

using System.Buffers;
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
internal sealed class StreamConnection : UntypedActor
{
    /// <summary>Bytes that wait to be written. A write beyond it fails, and so do all after it: a stream has no holes.</summary>
    public const int MostWaiting = 1024 * 1024;

    private const int MostPerWrite = 64 * 1024;

    // A proxy writes its header with the connection, or is none.
    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(5);
    private static readonly LingerOption Reset = new(true, 0);

    private readonly StreamSetup _setup;
    private readonly Socket _socket;
    private readonly EndPoint _local;
    private readonly SocketStream _plain;
    private readonly Queue<Waiting> _waiting = new(2);
    private Stream _stream;
    private Peer _peer;
    private IActorRef _handler;
    private IActorRef _closer = ActorRefs.Nobody;
    private Tcp.ConnectionClosed? _closing;
    private State _state;
    private long _waitingBytes;
    private int _inFlight;
    private bool _reading;
    private bool _finished;
    private bool _refusesWrites;
    private bool _keepOpen;
    private bool _closed;

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

    /// <summary>Not an expression: that would be compiled once per connection.</summary>
    public static Props Props(StreamSetup setup, SocketStream stream, EndPoint local, IActorRef handler) =>
        Akka.Actor.Props.Create<StreamConnection>(setup, stream, local, handler);

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

    // ---- reading

    private void Read()
    {
        if (!_reading && !_finished)
        {
            _reading = true;
            _ = ReadAsync(_stream, Self);
        }
    }

    private void OnFinished()
    {
        _reading = false;
        _finished = true;
        switch (_state)
        {
            case State.Open when _keepOpen:
                _handler.Tell(Tcp.PeerClosed.Instance);
                break;
            case State.Open:
                CloseWhenWritten(Tcp.PeerClosed.Instance, ActorRefs.Nobody);
                break;
            case State.HalfClosed:
                End(_closing!);
                break;
        }
    }

    private void OnBroken(Broken broken)
    {
        if (_state >= State.Open)
        {
            End(new Tcp.ErrorClosed(broken.Problem));
        }
    }

    // ---- writing

    private void OnWrite(Tcp.WriteCommand command)
    {
        if (_state != State.Open || command is not Tcp.Write write || _refusesWrites || _waitingBytes + write.Data.Count > MostWaiting)
        {
            _refusesWrites = true;
            Sender.Tell(new Tcp.CommandFailed(command).WithCause(new IOException(_state == State.Open ? "too much waits to be written" : "the connection is not open")));
            return;
        }

        _waiting.Enqueue(new Waiting(write, Sender));
        _waitingBytes += write.Data.Count;
        WriteNext();
    }

    // What waits leaves in one send, and one record of TLS.
    private void WriteNext()
    {
        if (_inFlight > 0 || _waiting.Count == 0)
        {
            return;
        }

        var bytes = 0;
        foreach (var (write, _) in _waiting)
        {
            if (_inFlight > 0 && bytes + write.Data.Count > MostPerWrite)
            {
                break;
            }

            bytes += write.Data.Count;
            _inFlight++;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(bytes, 1));
        var at = 0;
        foreach (var (write, _) in _waiting)
        {
            if (at == bytes)
            {
                break;
            }

            var room = buffer.AsSpan(at, write.Data.Count);
            at += write.Data.CopyTo(ref room);
        }

        _ = WriteAsync(_stream, buffer, bytes, Self);
    }

    private void OnSent()
    {
        for (; _inFlight > 0; _inFlight--)
        {
            var (write, from) = _waiting.Dequeue();
            _waitingBytes -= write.Data.Count;
            if (write.WantsAck)
            {
                from.Tell(write.Ack);
            }
        }

        WriteNext();
        if (_state == State.Closing && _inFlight == 0)
        {
            SayGoodbye();
        }
    }

    // ---- closing

    private void OnClose(Tcp.CloseCommand close)
    {
        if (close is Tcp.Abort)
        {
            _closer = Sender;
            CloseSocket(reset: true);
            End(Tcp.Aborted.Instance);
        }
        else if (_state is State.Waiting or State.Open)
        {
            CloseWhenWritten(close.Event, Sender);
        }
    }

    private void CloseWhenWritten(Tcp.ConnectionClosed how, IActorRef closer)
    {
        SetReceiveTimeout(null);
        _closing = how;
        _closer = closer;
        _state = State.Closing;
        if (_inFlight == 0)
        {
            SayGoodbye();
        }
    }

    // The peer hears that nothing more comes: by TLS, where there is one, and by TCP.
    private void SayGoodbye()
    {
        _state = State.HalfClosed;
        _ = SayGoodbyeAsync(_stream, _socket, Self);
    }

    private void OnSaidGoodbye()
    {
        if (_closing is not Tcp.ConfirmedClosed || _finished)
        {
            End(_closing!);
        }
    }

    private void End(Tcp.ConnectionClosed how)
    {
        CloseSocket(reset: how is Tcp.ErrorClosed or Tcp.Aborted);
        _handler.Tell(how);
        if (!_closer.IsNobody() && !_closer.Equals(_handler))
        {
            _closer.Tell(how);
        }

        Context.Stop(Self);
    }

    private void CloseSocket(bool reset)
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        if (reset && _socket.AddressFamily != AddressFamily.Unix)
        {
            try
            {
                _socket.LingerState = Reset;
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
            {
                // There is nobody to reset.
            }
        }

        _socket.Dispose();
        if (_stream is SslStream tls)
        {
            tls.Dispose();
        }
    }

    private readonly record struct Waiting(Tcp.Write Write, IActorRef From);
}

using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using Akka.Actor;
using Akka.IO;
using DtuActors.Listening.Streams.Polling;
using static DtuActors.Listening.Streams.StreamSteps;

namespace DtuActors.Listening.Streams;

/// <summary>Open: one read at a time, writes in order, and how it ends.</summary>
internal sealed partial class StreamConnection
{
    /// <summary>Bytes that wait to be written. A write beyond it fails, and so do all after it: a stream has no holes.</summary>
    public const int MostWaiting = 1024 * 1024;

    private const int MostPerWrite = 64 * 1024;
    private static readonly LingerOption Reset = new(true, 0);

    // Most connections are only read, so what writes is made by the first write.
    private Queue<Waiting>? _waiting;
    private PolledSocket? _polled;
    private SocketReader? _reader;
    private IActorRef _closer = ActorRefs.Nobody;
    private Tcp.ConnectionClosed? _closing;
    private long _waitingBytes;
    private int _inFlight;
    private int _sentOfFirst;
    private bool _reading;
    private bool _finished;
    private bool _refusesWrites;
    private bool _closed;

    private bool HasWritten => _inFlight == 0 && _waiting is not { Count: > 0 };

    // Where bytes go to the socket as they are, and the system has loops.
    private PolledSocket? Polled => _polled ??= _stream == _plain && _setup.Proxy is null && SocketLoop.Next() is { } loop ? new PolledSocket(_socket, loop, this) : null;

    // ---- reading

    private void Read()
    {
        if (_reading || _finished)
        {
            return;
        }

        _reading = true;
        if (Polled is { } polled)
        {
            ReadNow(polled);
        }
        else if (_stream == _plain && !_plain.HasAhead)
        {
            (_reader ??= new SocketReader(_socket, this)).Read();
        }
        else
        {
            _ = ReadAsync(_stream, this);
        }
    }

    private void OnReady(SocketReady ready)
    {
        var polled = _polled!;
        polled.Hear(ready);
        if (ready.CanWrite && !HasWritten)
        {
            SendWaiting(polled);
        }

        if (_reading && !_closed)
        {
            ReadNow(polled);
        }
    }

    private void ReadNow(PolledSocket polled)
    {
        if (polled.Receive(out var outcome) is not { } buffer)
        {
            return;
        }

        if (outcome > 0)
        {
            _reading = false;
            _handler.Tell(new Tcp.Received(ByteString.CopyFrom(buffer, 0, outcome)), this);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        if (outcome == 0)
        {
            OnFinished();
        }
        else if (outcome < 0)
        {
            OnBroken(new Broken(LinuxSockets.Words(outcome)));
        }
    }

    private void OnFinished()
    {
        _reading = false;
        _finished = true;
        switch (_state)
        {
            case State.Open when _keepOpen:
                _handler.Tell(Tcp.PeerClosed.Instance, this);
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

    private void OnWrite(Tcp.WriteCommand command, IActorRef sender)
    {
        // Whoever writes to a connection that is closing has not heard of its end yet; that is the answer, and no failure.
        if (_state > State.Open)
        {
            return;
        }

        if (_state < State.Open || command is not Tcp.Write write || _refusesWrites || _waitingBytes + write.Data.Count > MostWaiting)
        {
            _refusesWrites = true;
            sender.Tell(new Tcp.CommandFailed(command).WithCause(new IOException(_state == State.Open ? "too much waits to be written" : "the connection is not open")), this);
            return;
        }

        if (Polled is { } polled)
        {
            SendNow(polled, write, sender);
            return;
        }

        Wait(write, sender);
        WriteNext();
    }

    private void Wait(Tcp.Write write, IActorRef sender)
    {
        (_waiting ??= new Queue<Waiting>(2)).Enqueue(new Waiting(write, sender));
        _waitingBytes += write.Data.Count;
    }

    // Nearly always the kernel has room.
    private void SendNow(PolledSocket polled, Tcp.Write write, IActorRef sender)
    {
        if (!HasWritten || !Send(polled, write))
        {
            Wait(write, sender);
        }
        else if (write.Ack is not AckAtOnce atOnce || !atOnce.Give())
        {
            Acknowledge(write, sender);
        }
    }

    private void SendWaiting(PolledSocket polled)
    {
        while (_waiting!.TryPeek(out var first))
        {
            if (!Send(polled, first.Write))
            {
                return;
            }

            _waiting.Dequeue();
            _waitingBytes -= first.Write.Data.Count;
            Acknowledge(first.Write, first.From);
        }

        if (_state == State.Closing)
        {
            SayGoodbye();
        }
    }

    // Whether the kernel has all of the first one; it tells when it takes more. What fails is the connection's end.
    private bool Send(PolledSocket polled, Tcp.Write write)
    {
        var rest = write.Data.ToReadOnlySpan()[_sentOfFirst..];
        var sent = rest.IsEmpty ? 0 : polled.Send(rest);
        if (sent < 0)
        {
            OnBroken(new Broken(LinuxSockets.Words(sent)));
            return false;
        }

        _sentOfFirst = sent == rest.Length ? 0 : _sentOfFirst + sent;
        return sent == rest.Length;
    }

    private void Acknowledge(Tcp.Write write, IActorRef from)
    {
        if (write.WantsAck)
        {
            from.Tell(write.Ack, this);
        }
    }

    // What waits leaves in one send, and one record of TLS.
    private void WriteNext()
    {
        if (_inFlight > 0 || _waiting is not { Count: > 0 })
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

        _ = WriteAsync(_stream, buffer, bytes, this);
    }

    private void OnSent()
    {
        for (; _inFlight > 0; _inFlight--)
        {
            var (write, from) = _waiting!.Dequeue();
            _waitingBytes -= write.Data.Count;
            Acknowledge(write, from);
        }

        WriteNext();
        if (_state == State.Closing && _inFlight == 0)
        {
            SayGoodbye();
        }
    }

    // ---- closing

    private void OnClose(Tcp.CloseCommand close, IActorRef sender)
    {
        if (close is Tcp.Abort)
        {
            _closer = sender;
            CloseSocket(reset: true);
            End(Tcp.Aborted.Instance);
        }
        else if (_state is State.Waiting or State.Open)
        {
            CloseWhenWritten(close.Event, sender);
        }
    }

    private void CloseWhenWritten(Tcp.ConnectionClosed how, IActorRef closer)
    {
        _closing = how;
        _closer = closer;
        _state = State.Closing;
        if (HasWritten)
        {
            SayGoodbye();
        }
    }

    // The peer hears that nothing more comes: by TLS, where there is one, and by TCP.
    private void SayGoodbye()
    {
        _state = State.HalfClosed;
        _ = SayGoodbyeAsync(_stream, _socket, this);
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
        _handler.Tell(how, this);
        if (!_closer.IsNobody() && !_closer.Equals(_handler))
        {
            _closer.Tell(how, this);
        }

        Stop();
    }

    private void CloseSocket(bool reset)
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        _polled?.Dispose();
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
        _reader?.Dispose();
        if (_stream is SslStream tls)
        {
            tls.Dispose();
        }
    }

    private readonly record struct Waiting(Tcp.Write Write, IActorRef From);
}

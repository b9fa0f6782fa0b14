using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>
/// Owns one client's socket of a TCP endpoint: reads when the endpoint asks, takes off the port's protocol, cuts what is left into frames; writes what it is
/// told, in the protocol, and says when the kernel has it. A client that sends its FIN is closed once what it sent is handed on.
/// </summary>
internal sealed class TcpClientActor : ClientSocketActor
{
    /// <summary>Bytes of the protocol's own answers that may wait for a client that does not read; it is not read then.</summary>
    public const int MostAnswers = 4096;

    private readonly IActorRef _endpoint;
    private readonly string _remote;
    private readonly PortProtocol _protocol;
    private readonly Framer _framer;
    private LineSettings _line = LineSettings.Usual;

    // What the endpoint told to write: it waits for an answer that is on its way, or is on its way itself.
    private ReadOnlyMemory<byte>? _data;
    private bool _dataInFlight;
    private bool _readOwed;
    private bool _joinOwed;

    public TcpClientActor(IActorRef connection, Peer remote, IActorRef endpoint, FramingOptions framing, Func<PortProtocol> protocol)
        : base(connection)
    {
        _remote = remote.Text;
        _endpoint = endpoint;
        _protocol = protocol();
        _framer = new Framer(Codecs.Create(framing), framing.MaxFrame);
        Receive<ClientTalk.ReadOn>(_ => OnReadOn());
        Receive<ClientTalk.Write>(OnWrite);
        Receive<ClientTalk.LineIs>(OnLineIs);
        Receive<ClientTalk.Purged>(OnPurged);
        Receive<Silence>(_ => FallSilent(), _ => IsReading);
    }

    public static Props Props(IActorRef connection, Peer remote, IActorRef endpoint, FramingOptions framing, Func<PortProtocol> protocol) =>
        Akka.Actor.Props.Create<TcpClientActor>(connection, remote, endpoint, framing, protocol);

    protected override void PreStart()
    {
        base.PreStart();
        WriteNext();
        Join();
    }

    protected override void PostStop() => EndStream();

    // ---- from the client

    protected override void OnBytes(ReadOnlySpan<byte> bytes)
    {
        var sink = new Sink(this);
        _protocol.Feed(bytes, ref sink);
        _endpoint.Tell(new ClientTalk.Came(sink.Pieces.DrainToImmutable(), IsRead: true));
        WriteNext();
    }

    protected override void OnPeerFinished()
    {
        EndStream();
        CloseWhenWritten();
    }

    private void OnReadOn()
    {
        _readOwed = _protocol.Answers > MostAnswers;
        if (_readOwed)
        {
            return;
        }

        Read();

        ArmSilence();
    }

    // Silence is a silence of the line only while somebody listens; first of the protocol's units, whose end may bring the line's bytes.
    private void ArmSilence()
    {
        if ((_protocol.SilenceDue ?? _framer.SilenceDue) is { } gap)
        {
            Timers.StartSingleTimer(Silence.Instance, Silence.Instance, gap);
        }
        else
        {
            Timers.Cancel(Silence.Instance);
        }
    }

    private void FallSilent()
    {
        if (_protocol.SilenceDue is null)
        {
            EndStream();
            return;
        }

        var sink = new Sink(this);
        _protocol.Silence(ref sink);
        Tell(sink);
        ArmSilence();
        WriteNext();
    }

    private void EndStream()
    {
        var sink = new Sink(this);
        _protocol.Silence(ref sink);
        if (_framer.Pending > 0)
        {
            _framer.Silence(ref sink);
        }

        Tell(sink);
    }

    private void Tell(Sink sink)
    {
        if (sink.Pieces.Count > 0)
        {
            _endpoint.Tell(new ClientTalk.Came(sink.Pieces.DrainToImmutable(), IsRead: false));
        }
    }

    // ---- to the client

    protected override void OnWritten()
    {
        if (_dataInFlight)
        {
            _dataInFlight = false;
            _endpoint.Tell(ClientTalk.Wrote.Instance);
        }

        WriteNext();
        if (_readOwed)
        {
            OnReadOn();
        }

        if (_joinOwed && _data is null && !_dataInFlight)
        {
            Join();
        }

        CloseWhenWritten();
    }

    protected override void OnEndpointRestarted()
    {
        // It does not know what is in flight: this client joins when that is through.
        _joinOwed = _dataInFlight || _data is not null;
        if (!_joinOwed)
        {
            Join();
        }
    }

    private void OnWrite(ClientTalk.Write write)
    {
        _data = write.Bytes;
        WriteNext();
    }

    private void OnLineIs(ClientTalk.LineIs told)
    {
        _line = told.Line;
        _protocol.Tell(told.Field, told.Line);
        WriteNext();
    }

    private void OnPurged(ClientTalk.Purged purged)
    {
        _protocol.TellPurged(purged.Buffers);
        WriteNext();
    }

    private void WriteNext()
    {
        if (IsWriting)
        {
            return;
        }

        var answers = _protocol.TakeAnswers();
        if (_data is { } data)
        {
            _data = null;
            _dataInFlight = true;
            var encoded = _protocol.Encode(data);
            Write(answers.IsEmpty ? encoded : (byte[])[.. answers.Span, .. encoded.Span], mayBeAtOnce: true);
        }
        else if (!answers.IsEmpty)
        {
            Write(answers);
        }
    }

    private void CloseWhenWritten()
    {
        if (IsFinished && !IsWriting)
        {
            Close();
        }
    }

    private void Join()
    {
        _joinOwed = false;
        _endpoint.Tell(new ClientTalk.Joined(_remote));
    }

    /// <summary>What the client said, in its order, for the endpoint.</summary>
    private readonly struct Sink(TcpClientActor client) : IPortSink, IFrameSink
    {
        public ImmutableArray<ClientTalk.Piece>.Builder Pieces { get; } = ImmutableArray.CreateBuilder<ClientTalk.Piece>();

        public void OnData(ReadOnlySpan<byte> data)
        {
            var self = this;
            client._framer.Feed(data, ref self);
        }

        public void OnLine(LineField field, uint value)
        {
            if (client._line.With(field, value) != client._line)
            {
                // What was written at the old settings ends with them.
                var self = this;
                client._framer.Silence(ref self);
            }

            Pieces.Add(new ClientTalk.Piece(new ClientTalk.Wish.Line(field, value)));
        }

        public void OnPurge(PortBuffers buffers)
        {
            if (buffers.HasFlag(PortBuffers.ToTransmit) && client._framer.Pending > 0)
            {
                Pieces.Add(new ClientTalk.Piece(client._framer.PendingBytes.ToArray(), RelayDrops.Purged));
                client._framer.Reset();
            }

            Pieces.Add(new ClientTalk.Piece(new ClientTalk.Wish.Purge(buffers)));
        }

        public void OnSuspend(bool isSuspended) => Pieces.Add(new ClientTalk.Piece(new ClientTalk.Wish.Suspend(isSuspended)));

        public void OnKept(ReadOnlySpan<byte> unit, bool isReply) => OnDropped(unit, isReply ? RelayDrops.AnsweredHere : RelayDrops.NotCarried);

        public void OnFrame(ReadOnlySpan<byte> frame) => Pieces.Add(new ClientTalk.Piece(frame.ToArray()));

        public void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => Pieces.Add(new ClientTalk.Piece(bytes.ToArray(), reason));
    }

    private sealed record Silence : INoSerializationVerificationNeeded
    {
        public static readonly Silence Instance = new();
    }
}

using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Listening;
using DtuActors.Protocol.Framing;

namespace DtuActors.Endpoints;

/// <summary>
/// Owns one client's socket of a TCP endpoint: cuts what it sends into frames, reads when the endpoint asks, writes what it is told and says when the kernel
/// has it. A client that sends its FIN is closed once what it sent is handed on.
/// </summary>
internal sealed class TcpClientActor : ClientSocketActor
{
    private readonly IActorRef _endpoint;
    private readonly string _remote;
    private readonly Framer _framer;
    private bool _joinOwed;

    public TcpClientActor(IActorRef connection, Peer remote, IActorRef endpoint, FramingOptions framing)
        : base(connection)
    {
        _remote = remote.Text;
        _endpoint = endpoint;
        _framer = new Framer(Codecs.Create(framing), framing.MaxFrame);
        Receive<ClientTalk.ReadOn>(_ => OnReadOn());
        Receive<ClientTalk.Write>(write => Write(write.Bytes));
        Receive<Silence>(_ => EndStream(), _ => IsReading);
    }

    public static Props Props(IActorRef connection, Peer remote, IActorRef endpoint, FramingOptions framing) =>
        Akka.Actor.Props.Create<TcpClientActor>(connection, remote, endpoint, framing);

    protected override void PreStart()
    {
        base.PreStart();
        Join();
    }

    protected override void PostStop() => EndStream();

    protected override void OnBytes(ReadOnlySpan<byte> bytes)
    {
        var sink = new Sink();
        _framer.Feed(bytes, ref sink);
        _endpoint.Tell(new ClientTalk.Came(sink.Pieces, IsRead: true));
    }

    protected override void OnWritten()
    {
        _endpoint.Tell(ClientTalk.Wrote.Instance);
        if (_joinOwed)
        {
            Join();
        }

        if (IsFinished)
        {
            Close();
        }
    }

    protected override void OnEndpointRestarted()
    {
        // It does not know what is in flight: this client joins when that is through.
        _joinOwed = IsWriting;
        if (!_joinOwed)
        {
            Join();
        }
    }

    protected override void OnPeerFinished()
    {
        EndStream();
        if (!IsWriting)
        {
            Close();
        }
    }

    private void Join()
    {
        _joinOwed = false;
        _endpoint.Tell(new ClientTalk.Joined(_remote));
    }

    private void OnReadOn()
    {
        Read();

        // Silence is a silence of the line only while somebody listens.
        if (_framer.SilenceDue is { } gap)
        {
            Timers.StartSingleTimer(Silence.Instance, Silence.Instance, gap);
        }
        else
        {
            Timers.Cancel(Silence.Instance);
        }
    }

    private void EndStream()
    {
        if (_framer.Pending > 0)
        {
            var sink = new Sink();
            _framer.Silence(ref sink);
            _endpoint.Tell(new ClientTalk.Came(sink.Pieces, IsRead: false));
        }
    }

    private struct Sink() : IFrameSink
    {
        public ImmutableArray<ClientTalk.Piece> Pieces { get; private set; } = [];

        public void OnFrame(ReadOnlySpan<byte> frame) => Pieces = Pieces.Add(new ClientTalk.Piece(frame.ToArray(), null));

        public readonly void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => Pieces = Pieces.Add(new ClientTalk.Piece(bytes.ToArray(), reason));
    }

    private sealed record Silence : INoSerializationVerificationNeeded
    {
        public static readonly Silence Instance = new();
    }
}

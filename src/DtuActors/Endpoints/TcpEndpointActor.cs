using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Dispatching;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>The conversation of a TCP endpoint with the actors of its clients.</summary>
internal static class ClientTalk
{
    /// <summary>Client → endpoint: here I am, with nothing in flight; again when the endpoint was restarted.</summary>
    public sealed record Joined(string Remote) : INoSerializationVerificationNeeded;

    /// <summary>Client → endpoint: what one read, or silence, brought. <paramref name="IsRead"/>: the client waits for <see cref="ReadOn"/>.</summary>
    public sealed record Came(ImmutableArray<Piece> Pieces, bool IsRead) : INoSerializationVerificationNeeded;

    /// <summary>A frame, bytes that are none with their reason, or a wish.</summary>
    public readonly record struct Piece(ReadOnlyMemory<byte> Bytes, string? Dropped = null, Wish? Wish = null)
    {
        public Piece(Wish wish)
            : this(default, null, wish)
        {
        }
    }

    /// <summary>What a client of an RFC 2217 port wants of the line and of its buffers.</summary>
    public abstract record Wish
    {
        /// <summary>Set the line so, or tell how it is: <see cref="LineIs"/>, please.</summary>
        public sealed record Line(LineField Field, uint Value) : Wish;

        /// <summary>Empty these buffers: <see cref="Purged"/>, please.</summary>
        public sealed record Purge(PortBuffers Buffers) : Wish;

        /// <summary>Send nothing more, or go on.</summary>
        public sealed record Suspend(bool IsSuspended) : Wish;
    }

    /// <summary>Endpoint → client: the settings in force, for a wish about one of them.</summary>
    public sealed record LineIs(LineField Field, LineSettings Line) : INoSerializationVerificationNeeded;

    /// <summary>Endpoint → client: these buffers are empty.</summary>
    public sealed record Purged(PortBuffers Buffers) : INoSerializationVerificationNeeded;

    /// <summary>Endpoint → client: read once more.</summary>
    public sealed record ReadOn : INoSerializationVerificationNeeded
    {
        public static readonly ReadOn Instance = new();
    }

    /// <summary>Endpoint → client: write this; one at a time.</summary>
    public sealed record Write(ReadOnlyMemory<byte> Bytes) : INoSerializationVerificationNeeded;

    /// <summary>Client → endpoint: the kernel has it.</summary>
    public sealed record Wrote : INoSerializationVerificationNeeded
    {
        public static readonly Wrote Instance = new();
    }

    /// <summary>Endpoint → client: you are turned away.</summary>
    public sealed record Leave : INoSerializationVerificationNeeded
    {
        public static readonly Leave Instance = new();
    }
}

/// <summary>
/// The endpoint of a TCP port for software that reads and writes an instrument's bytes. Its child, the ListenerActor, owns the port, and an actor of its own each client;
/// both outlive a restart of the endpoint.
/// </summary>
/// <remarks>
/// Exclusive: one client; its socket holds the windows of the DTUs, so that one that hangs slows them. Another one waits for <see cref="LeaveTime"/>, should that one be
/// leaving; it and further ones are turned away.
/// Shared: every client gets every frame, and the books count one for each; a client that does not keep up loses what is beyond
/// <see cref="MostPerSharedClient"/> bytes (<c>destination-slow</c>) and slows nobody. The first that writes is the writer until it leaves or is silent
/// for <see cref="WriterSilence"/>; what others write meanwhile is dropped as <c>not-the-writer</c>.
/// </remarks>
public sealed partial class TcpEndpointActor : ListeningEndpointActor
{
    /// <summary>Bytes that wait for one client of a shared endpoint.</summary>
    public const int MostPerSharedClient = 256 * 1024;

    /// <summary>After that much silence of the writer another client may write.</summary>
    public static readonly TimeSpan WriterSilence = TimeSpan.FromSeconds(5);

    /// <summary>A program that closes its port and opens it again is faster than the news of its leaving.</summary>
    internal static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(1);

    private const int MostPerWrite = 64 * 1024;

    private readonly TcpEndpointOptions _options;
    private readonly bool _shared;
    private readonly Dictionary<IActorRef, Client> _clients = new(ByUid.Comparer);

    private (IActorRef Actor, string Remote)? _next;
    private IActorRef? _writer;
    private DateTimeOffset _writtenAt;

    public TcpEndpointActor(TcpEndpointOptions options, EndpointSurroundings surroundings, EndpointBooks books)
        : base(options, surroundings, books, options.Clients == TcpClients.Exclusive, new IPEndPoint(options.Address, options.Port), options.MaxClients)
    {
        _options = options;
        _shared = options.Clients == TcpClients.Shared;

        Receive<ClientTalk.Joined>(OnJoined);
        Receive<ClientTalk.Came>(OnCame);
        Receive<ClientTalk.Wrote>(_ => OnWrote());
        Receive<FlushOver>(_ => CloseListener());
        Receive<LeaveOver>(_ => TurnAwayNext());
    }

    protected override int Clients => _clients.Count;

    public static Props Props(TcpEndpointOptions options, EndpointSurroundings surroundings) =>
        Akka.Actor.Props.Create<TcpEndpointActor>(options, surroundings, new EndpointBooks());

    protected override void PreStart()
    {
        Books.Up.DropWaiting(RelayDrops.Restarted);
        Books.Down.DropWaiting(RelayDrops.Restarted);
        base.PreStart();
    }

    protected override Func<IActorRef, Peer, Props> Handler(IActorRef self)
    {
        var options = (TcpEndpointOptions)Options;
        Func<PortProtocol> protocol = options.Protocol is TcpProtocol.Rfc2217 ? static () => new ComPortServer() : static () => new PortProtocol();
        return (connection, remote) => TcpClientActor.Props(connection, remote, self, options.Framing, protocol);
    }

    protected override void OnClientEnded(IActorRef client)
    {
        if (_clients.Remove(client, out var gone))
        {
            gone.Outlet.DropAll(RelayDrops.DestinationLost);
            _writer = client.Equals(_writer) ? null : _writer;
            CountersMoved();
            CloseWhenFlushed();
            if (TakeNext() is { } next)
            {
                Admit(next.Actor);
            }
        }
        else if (client.Equals(_next?.Actor))
        {
            TakeNext();
        }
    }

    protected override void Renew()
    {
        _clients.Clear();
        (_writer, _next) = (null, null);
        base.Renew();
    }

    protected override void OnDeliver(Relay.Deliver delivery)
    {
        if (_clients.Count == 0 && delivery.Frame is not null)
        {
            Refuse(delivery, RelayDrops.NoReader);
        }
        else if (_shared || _clients.Count == 0)
        {
            OnSharedDeliver(delivery);
        }
        else
        {
            OnExclusiveDeliver(_clients.Single(), delivery);
        }
    }

    protected override void OnMayReadAgain()
    {
        foreach (var (actor, client) in _clients)
        {
            if (client.ReadOwed)
            {
                client.ReadOwed = false;
                actor.Tell(ClientTalk.ReadOn.Instance);
            }
        }
    }

    protected override void OnDrain()
    {
        TurnAwayNext();
        Timers.StartSingleTimer(FlushOver.Instance, FlushOver.Instance, FlushTime);
        CloseWhenFlushed();
    }

    private void OnSharedDeliver(Relay.Deliver delivery)
    {
        if (delivery.Frame is { } frame)
        {
            var bytes = frame.Payload.Length;
            foreach (var (actor, client) in _clients)
            {
                Books.Up.Accept(bytes);
                if (client.Outlet.WaitingBytes + bytes > MostPerSharedClient)
                {
                    Books.Up.Drop(bytes, RelayDrops.DestinationSlow);
                }
                else
                {
                    client.Outlet.Add(delivery, Now);
                    WriteNext(actor, client);
                }
            }
        }

        Settle(delivery);
    }

    private void OnExclusiveDeliver(KeyValuePair<IActorRef, Client> only, Relay.Deliver delivery)
    {
        if (delivery.Frame is { } frame)
        {
            if (only.Value.Outlet.IsOverrunBy(delivery.Source))
            {
                only.Value.Outlet.Refuse(delivery, RelayDrops.BufferFull, Now);
                CountersMoved();
                return;
            }

            Books.Up.Accept(frame.Payload.Length);
            CountersMoved();
        }

        only.Value.Outlet.Add(delivery, Now);
        WriteNext(only.Key, only.Value);
    }

    private void OnJoined(ClientTalk.Joined joined)
    {
        if (_clients.ContainsKey(Sender) || Sender.Equals(_next?.Actor))
        {
            return;
        }

        if (!Draining && (_shared || _clients.Count == 0))
        {
            Admit(Context.Watch(Sender));
        }
        else if (!Draining && _next is null)
        {
            _next = (Context.Watch(Sender), joined.Remote);
            Timers.StartSingleTimer(LeaveOver.Instance, LeaveOver.Instance, LeaveTime);
        }
        else
        {
            TurnAway(Sender, joined.Remote);
        }
    }

    private void Admit(IActorRef actor)
    {
        // A shared endpoint has acknowledged on arrival.
        var client = new Client(new Outlet(Books.Up, _shared ? _ => CountersMoved() : Settle));
        _clients.Add(actor, client);
        CountersMoved();
        ReadOn(actor, client);
    }

    private void TurnAwayNext()
    {
        if (TakeNext() is { } next)
        {
            TurnAway(Context.Unwatch(next.Actor), next.Remote);
        }
    }

    // Whoever waited does so no more.
    private (IActorRef Actor, string Remote)? TakeNext()
    {
        var next = _next;
        _next = null;
        Timers.Cancel(LeaveOver.Instance);
        return next;
    }

    private void TurnAway(IActorRef client, string remote)
    {
        Books.Refused++;
        Log.Warning("{0}: a client from {1} is turned away: {2}", Options.KeyPath, remote,
            Draining ? "the gateway is stopping" : "another one has this port for itself");
        client.Tell(ClientTalk.Leave.Instance);
        CountersMoved();
    }

    private void OnCame(ClientTalk.Came came)
    {
        if (!_clients.TryGetValue(Sender, out var client))
        {
            foreach (var piece in came.Pieces.Where(piece => piece.Wish is null))
            {
                DropDown(piece.Bytes.Length, RelayDrops.NotTheWriter);
            }

            return;
        }

        foreach (var piece in came.Pieces)
        {
            if (piece.Wish is { } wish)
            {
                OnWish(Sender, client, wish);
            }
            else if (piece.Dropped is { } reason)
            {
                DropDown(piece.Bytes.Length, reason);
            }
            else if (MayWrite(Sender))
            {
                TellLine();
                Emit(piece.Bytes, _options.Framing.Codec);
            }
            else
            {
                DropDown(piece.Bytes.Length, RelayDrops.NotTheWriter);
            }
        }

        TellLine();
        if (came.IsRead)
        {
            ReadOn(Sender, client);
        }
    }

    private bool MayWrite(IActorRef client)
    {
        if (!_shared)
        {
            return true;
        }

        if (_writer is not null && !_writer.Equals(client) && Now - _writtenAt < WriterSilence)
        {
            return false;
        }

        _writer = client;
        _writtenAt = Now;
        return true;
    }

    private void ReadOn(IActorRef actor, Client client)
    {
        client.ReadOwed = !MayRead;
        if (!client.ReadOwed)
        {
            actor.Tell(ClientTalk.ReadOn.Instance);
        }
    }

    private void OnWrote()
    {
        if (_clients.TryGetValue(Sender, out var client))
        {
            client.Outlet.Wrote(Now);
            WriteNext(Sender, client);
            CloseWhenFlushed();
        }
    }

    private static void WriteNext(IActorRef actor, Client client)
    {
        if (!client.IsSuspended && client.Outlet.Next(MostPerWrite) is { } bytes)
        {
            actor.Tell(new ClientTalk.Write(bytes));
        }
    }

    private void CloseWhenFlushed()
    {
        if (Draining && _clients.Values.All(client => client.Outlet.IsEmpty))
        {
            Timers.Cancel(FlushOver.Instance);
            CloseListener();
        }
    }

    private sealed class Client(Outlet outlet)
    {
        public Outlet Outlet { get; } = outlet;

        public bool ReadOwed { get; set; }

        /// <summary>It wants nothing sent for now.</summary>
        public bool IsSuspended { get; set; }
    }

    private sealed record LeaveOver : INoSerializationVerificationNeeded
    {
        public static readonly LeaveOver Instance = new();
    }

    private sealed record FlushOver : INoSerializationVerificationNeeded
    {
        public static readonly FlushOver Instance = new();
    }
}

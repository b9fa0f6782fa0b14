using System.Net;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>What the actors of masters tell their endpoint, so that its books are kept by one.</summary>
internal static class MasterTalk
{
    public sealed record Joined : INoSerializationVerificationNeeded
    {
        public static readonly Joined Instance = new();
    }

    /// <summary>A request (down) or a response (up) is accepted.</summary>
    public sealed record Entered(FrameDirection Direction, int Bytes) : INoSerializationVerificationNeeded;

    /// <summary>It is written, or dropped for <paramref name="Dropped"/>. <paramref name="Took"/>: its way through the gateway.</summary>
    public sealed record Ended(FrameDirection Direction, int Bytes, TimeSpan Took, string? Dropped) : INoSerializationVerificationNeeded;
}

/// <summary>
/// The endpoint of a Modbus TCP server: each master has a <see cref="ModbusMasterActor"/> that asks DTUs by itself; this one keeps the books (down: requests,
/// up: responses) and shows the state. No route carries frames here: masters ask, DTUs answer.
/// </summary>
public sealed class ModbusTcpActor : ListeningEndpointActor
{
    private readonly HashSet<IActorRef> _masters = [];

    public ModbusTcpActor(ModbusTcpEndpointOptions options, EndpointSurroundings surroundings, EndpointBooks books)
        : base(options, surroundings, books, exclusive: false, new IPEndPoint(options.Address, options.Port), options.MaxClients)
    {
        Receive<MasterTalk.Joined>(_ => OnJoined());
        Receive<MasterTalk.Entered>(OnEntered);
        Receive<MasterTalk.Ended>(OnEnded);
    }

    protected override int Clients => _masters.Count;

    public static Props Props(ModbusTcpEndpointOptions options, EndpointSurroundings surroundings) =>
        Akka.Actor.Props.Create<ModbusTcpActor>(options, surroundings, new EndpointBooks());

    protected override Func<IActorRef, Peer, Props> Handler(IActorRef self)
    {
        var options = (ModbusTcpEndpointOptions)Options;
        var router = Router;
        return (connection, _) => ModbusMasterActor.Props(connection, self, router, options);
    }

    protected override void OnDeliver(Relay.Deliver delivery) => Refuse(delivery, RelayDrops.NoReader);

    protected override void OnClientEnded(IActorRef client)
    {
        if (_masters.Remove(client))
        {
            CountersMoved();
        }
    }

    // Requests in flight end with their masters: a master asks again elsewhere, or later.
    protected override void OnDrain() => CloseListener();

    private void OnJoined()
    {
        if (_masters.Add(Context.Watch(Sender)))
        {
            CountersMoved();
        }
    }

    private void OnEntered(MasterTalk.Entered entered)
    {
        Ledger(entered.Direction).Accept(entered.Bytes);
        CountersMoved();
    }

    private void OnEnded(MasterTalk.Ended ended)
    {
        if (ended.Dropped is { } reason)
        {
            Ledger(ended.Direction).Drop(ended.Bytes, reason);
        }
        else
        {
            Ledger(ended.Direction).Write(ended.Bytes, Now - ended.Took, Now);
        }

        CountersMoved();
    }

    private TrafficLedger Ledger(FrameDirection direction) => direction == FrameDirection.Up ? Books.Up : Books.Down;
}

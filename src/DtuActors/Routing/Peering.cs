using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>
/// How the routers of several nodes know each other's endpoints, and those sessions that somebody at the other node may talk to. Each asks each (<see cref="Hello"/>), hears
/// everything (<see cref="Whole"/>), and from there on what changes (<see cref="Changed"/>), numbered: where one is missing it asks anew.
/// </summary>
public static class Peering
{
    /// <summary>Gateway → router: that node's router is within reach; repeated for a router that began anew.</summary>
    public sealed record Meet(string Node, Address Address, ICanTell Router) : INoSerializationVerificationNeeded;

    /// <summary>Gateway → router: that node is out of reach, or gone.</summary>
    public sealed record Part(string Node) : INoSerializationVerificationNeeded;

    /// <summary>Router → router of another node, each second until it is answered: what have you?</summary>
    /// <param name="Node">Who asks.</param>
    /// <param name="Life">Another one each time that router begins anew.</param>
    /// <param name="Version">Of the messages between nodes.</param>
    /// <param name="Tells">Whether it tells the other what changes; where it does not, the other has to ask.</param>
    public sealed record Hello(string Node, long Life, int Version, bool Tells) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Number 0: in the place of all that was told before. Of many sessions the first; the others follow as changes.</summary>
    public sealed record Whole(string Node, long Life, ImmutableArray<EndpointThere> Endpoints, ImmutableArray<SessionRef> Sessions) : INoSerializationVerificationNeeded, IWire;

    /// <summary>The next one, in this order: what ended, then what began. One without news comes now and then, so that a missing one is noticed.</summary>
    public sealed record Changed(
        string Node,
        long Life,
        long Number,
        ImmutableArray<EndpointThere> Started,
        ImmutableArray<string> Ended,
        ImmutableArray<SessionRef> Opened,
        ImmutableArray<SessionRef> Closed) : INoSerializationVerificationNeeded, IWire;

    /// <summary>
    /// Router → router: is this DTU's session on your node? One <see cref="Directory.Holding.Found"/>. Asked beside the directory, which for some seconds behind the loss of a node knows
    /// nothing of the DTUs that it had.
    /// </summary>
    public sealed record Whose(DtuId Dtu) : INoSerializationVerificationNeeded, IWire;

    /// <summary>
    /// Router → router: what is for parties of that node, in its order; the other hands it on, behind what it was told of sessions. A message between nodes costs by its being one far more
    /// than by its length: while one is under way, what comes waits for the next.
    /// </summary>
    /// <param name="Node">Who says it.</param>
    /// <param name="Number">From 1; 0: nothing is in it.</param>
    /// <param name="Taken">The number of the other's last one that has come.</param>
    /// <param name="Items">In order.</param>
    public sealed record Pack(string Node, long Number, long Taken, ImmutableArray<Packed> Items) : INoSerializationVerificationNeeded, IWire;

    /// <param name="Endpoint">For whom, by its name on its node; null: for a session.</param>
    /// <param name="Session">The session's connection; null: for an endpoint.</param>
    /// <param name="Delivery">What it is told.</param>
    public readonly record struct Packed(string? Endpoint, IActorRef? Session, Relay.Deliver Delivery);

    /// <summary>An endpoint as its router says it of it (<see cref="Registry.EndpointStarted"/>).</summary>
    /// <param name="Name">Its name on its node; so are <paramref name="Destination"/>, <paramref name="Exclusive"/>, <paramref name="Select"/>, <paramref name="MirrorsUp"/> and <paramref name="WantsSessions"/>.</param>
    public sealed record EndpointThere(string Name, Destination Destination, bool Exclusive, DownlinkSelect Select, bool MirrorsUp, bool WantsSessions);
}

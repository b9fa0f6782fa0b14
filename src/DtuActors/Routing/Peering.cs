using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Configuration;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>
/// What the routers of a cluster tell each other: which endpoints and which sessions are on their nodes. Each counts what it tells another one; whoever misses a number asks anew, so
/// that a word that the network lost costs a second, not the truth.
/// </summary>
public static class Peering
{
    /// <summary>
    /// The most endpoints and sessions that one message names, some 200 bytes each: frames wait behind nothing long. The rest of a <see cref="Whole"/> follows at once as
    /// <see cref="Changed"/>.
    /// </summary>
    public const int MostAtOnce = 256;

    /// <summary>Router → router of another node, each second until <see cref="Whole"/> answers it: what have you?</summary>
    /// <param name="Node">The name of the asker's node.</param>
    /// <param name="Life">Which life of the asker's router: a restarted one has another, and was told nothing.</param>
    /// <param name="Version">The asker's <see cref="Clustering.Wire.WireProtocol.Version"/>.</param>
    public sealed record Hello(string Node, long Life, int Version) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Everything on this node that the other one may know of, in place of what it was told before: number 0 of a new count.</summary>
    /// <param name="Node">The name of the teller's node.</param>
    /// <param name="Life">Which life of the teller's router.</param>
    /// <param name="Endpoints">At most <see cref="MostAtOnce"/> with the sessions.</param>
    /// <param name="Sessions">The sessions.</param>
    public sealed record Whole(string Node, long Life, ImmutableArray<EndpointThere> Endpoints, ImmutableArray<SessionRef> Sessions) : INoSerializationVerificationNeeded, IWire;

    /// <summary>What came and went since the message before it. A number that is not the next one is answered by <see cref="Hello"/>.</summary>
    /// <param name="Node">The name of the teller's node.</param>
    /// <param name="Life">Which life of the teller's router; of another than its <see cref="Whole"/> was: it means nothing.</param>
    /// <param name="Number">From 1 up, behind each <see cref="Whole"/>.</param>
    /// <param name="Started">Endpoints that announced themselves; one of a known name takes its place.</param>
    /// <param name="Ended">Names of endpoints that are gone.</param>
    /// <param name="Opened">Sessions that opened.</param>
    /// <param name="Closed">Sessions that ended; one with another epoch than the known one changes nothing.</param>
    public sealed record Changed(
        string Node,
        long Life,
        long Number,
        ImmutableArray<EndpointThere> Started,
        ImmutableArray<string> Ended,
        ImmutableArray<SessionRef> Opened,
        ImmutableArray<SessionRef> Closed)
        : INoSerializationVerificationNeeded, IWire;

    /// <summary>An endpoint of the teller's node, as <see cref="Registry.EndpointStarted"/> says it.</summary>
    public sealed record EndpointThere(string Name, Destination Destination, bool Exclusive, DownlinkSelect Select, bool MirrorsUp);
}

using Akka.Actor;
using DtuActors.Clustering;

namespace DtuActors.Sessions;

/// <summary>
/// What a DTU says to its centre and no route carries, for an endpoint that plays the DTU towards another centre: how it registered, and its heartbeats. The
/// registration comes with <see cref="Routing.Registry.SessionSeen"/> or is asked for; heartbeats come through the router, in their place among the frames.
/// </summary>
public static class Replaying
{
    /// <summary>Endpoint → session, any number of times: your <see cref="Registration"/>, and from here on your heartbeats, please.</summary>
    /// <param name="Endpoint">The endpoint's name.</param>
    public sealed record Follow(string Endpoint) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Endpoint → session: no heartbeats any more.</summary>
    public sealed record Unfollow(string Endpoint) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Session → endpoint: how the DTU registered.</summary>
    /// <param name="Session">The session.</param>
    /// <param name="Bytes">
    /// As they came, their newline included; empty where it said nothing that was only a registration (its frame is data, or the listener names it). In a transport the last unit that
    /// registered, or the data unit that did.
    /// </param>
    /// <param name="Reply">What a centre answers, which the DTU keeps to itself; empty for nothing.</param>
    /// <param name="EveryPacket">Whether it stands before every packet.</param>
    /// <param name="Silence">How long the line is silent behind it, where nothing else tells its end.</param>
    /// <param name="Envelope">The name of the transport in which the DTU's bytes came; null: none.</param>
    public sealed record Registration(
        SessionRef Session, ReadOnlyMemory<byte> Bytes, ReadOnlyMemory<byte> Reply, bool EveryPacket, TimeSpan Silence, string? Envelope)
        : INoSerializationVerificationNeeded, IWire;

    /// <summary>A heartbeat as it came, and what a centre answers, which the DTU keeps to itself.</summary>
    /// <param name="Bytes">As they came.</param>
    /// <param name="Reply">The answer; empty for nothing.</param>
    /// <param name="IsUnit">Whether it is a whole unit of the DTU's transport, whose answers show themselves; else it came inside, if there is one.</param>
    public sealed record Heartbeat(ReadOnlyMemory<byte> Bytes, ReadOnlyMemory<byte> Reply, bool IsUnit = false);
}

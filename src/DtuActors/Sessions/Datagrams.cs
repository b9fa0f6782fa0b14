using Akka.Actor;
using DtuActors.Listening;

namespace DtuActors.Sessions;

/// <summary>What a transport of datagrams says to a ConnectionActor beside Akka.IO's <c>Tcp</c> messages. A whole datagram is one <c>Tcp.Received</c>.</summary>
public static class Datagrams
{
    /// <summary>One that came while nobody read, and had no room or no time left.</summary>
    public sealed record Dropped(ReadOnlyMemory<byte> Bytes, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>The DTU speaks from another address now, and is spoken to there.</summary>
    public sealed record Moved(Peer Peer) : INoSerializationVerificationNeeded;
}

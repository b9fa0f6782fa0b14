using Akka.Actor;
using Akka.IO;
using DtuActors.Listening;

namespace DtuActors.Sessions;

/// <summary>What a transport of datagrams says to a ConnectionActor beside Akka.IO's <c>Tcp</c> messages. A whole datagram is one <c>Tcp.Received</c>.</summary>
public static class Datagrams
{
    /// <summary>One that came while nobody read, and had no room or no time left.</summary>
    public sealed record Dropped(ReadOnlyMemory<byte> Bytes, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>
    /// From the session to the transport: several devices have its DTU's id. Once the address has moved it stays for <paramref name="stay"/>, and datagrams from elsewhere
    /// come as <see cref="Rival"/>. Zero: it moves freely again.
    /// </summary>
    public sealed class Hold(TimeSpan stay) : Tcp.Command
    {
        public TimeSpan Stay => stay;
    }

    /// <summary>Another device with the DTU's id spoke from this address while the session's is held. Nothing else takes its bytes.</summary>
    public sealed record Rival(ReadOnlyMemory<byte> Bytes, Peer Peer) : INoSerializationVerificationNeeded;

    /// <summary>The DTU speaks from another address now, and is spoken to there.</summary>
    public sealed record Moved(Peer Peer) : INoSerializationVerificationNeeded;
}

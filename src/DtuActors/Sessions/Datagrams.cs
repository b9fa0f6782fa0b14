using Akka.Actor;
using Akka.IO;
using DtuActors.Listening;

namespace DtuActors.Sessions;

/// <summary>What a transport of datagrams says to a ConnectionActor beside Akka.IO's <c>Tcp</c> messages.</summary>
public static class Datagrams
{
    /// <summary>In place of <see cref="Tcp.Received"/>, and like it the answer to one ResumeReading: a whole datagram. Nothing of it waits for the next.</summary>
    public sealed class Received(ReadOnlyMemory<byte> bytes) : Tcp.Event
    {
        public ReadOnlyMemory<byte> Bytes { get; } = bytes;
    }

    /// <summary>One that came while nobody read, and had no room or no time left.</summary>
    public sealed record Dropped(ReadOnlyMemory<byte> Bytes, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>The DTU speaks from another address now, and is spoken to there.</summary>
    public sealed record Moved(Peer Peer) : INoSerializationVerificationNeeded;
}

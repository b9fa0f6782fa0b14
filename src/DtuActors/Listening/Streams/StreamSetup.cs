using System.Net;
using Akka.Actor;
using Akka.IO;
using DtuActors.Protocol.Transports;

namespace DtuActors.Listening.Streams;

/// <summary>What all connections of one listener of the stream transport share.</summary>
internal sealed record StreamSetup
{
    /// <summary>Set on each accepted socket.</summary>
    public IEnumerable<Inet.SocketOption> SocketOptions { get; init; } = [];

    /// <summary>The header that precedes everything else, or null.</summary>
    public ProxyVersion? Proxy { get; init; }

    /// <summary>TLS on the socket, or null.</summary>
    public TlsCredentials? Tls { get; init; }

    /// <summary>Whoever got <see cref="Tcp.Connected"/> answers by then, or the socket is reset.</summary>
    public TimeSpan RegisterTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Sockets that listen at its address.</summary>
    public int Doors { get; init; } = StreamListener.MostDoors;

    /// <summary>Of which accepted sockets leave some free.</summary>
    public Descriptors Descriptors { get; init; } = Descriptors.OfProcess;

    /// <summary>Whether something has to be read before there is a connection to speak of.</summary>
    public bool Opens => Proxy is not null || Tls is not null;
}

/// <summary>What the stream transport tells the bind handler beside Akka.IO's own words.</summary>
internal static class StreamTalk
{
    /// <summary>A socket that never became a connection.</summary>
    /// <param name="Peer">Who it was.</param>
    /// <param name="Reason">A word, <see cref="Handshake"/>, <see cref="ProxyHeader"/> or <see cref="Descriptors"/>.</param>
    /// <param name="Problem">In words.</param>
    /// <param name="FirstBytes">What it said, where that was read.</param>
    public sealed record Refused(Peer Peer, string Reason, string Problem, ReadOnlyMemory<byte> FirstBytes) : INoSerializationVerificationNeeded;

    /// <summary>Something is wrong with the listener that goes on listening.</summary>
    /// <param name="With">What it is wrong with, <see cref="Accepting"/> or <see cref="Certificate"/>: each has at most one.</param>
    /// <param name="Problem">In words; null: nothing any more.</param>
    public sealed record Trouble(string With, string? Problem) : INoSerializationVerificationNeeded;

    public const string Handshake = "handshake";
    public const string ProxyHeader = "proxy-header";
    public const string Descriptors = "descriptors";
    public const string Accepting = "accepting";
    public const string Certificate = "certificate";
}

/// <summary>A peer as <see cref="Tcp.Connected"/> carries it, where a socket's own address is not all that is known of it.</summary>
internal sealed class PeerEndPoint(Peer peer) : EndPoint
{
    public Peer Peer => peer;

    public override string ToString() => peer.Text;
}

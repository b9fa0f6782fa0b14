using System.Net;
using System.Net.Sockets;
using DtuActors.Listening.Streams;

namespace DtuActors.Listening;

/// <summary>Who is at the other end of a connection.</summary>
/// <param name="Text">As status, events and logs show it: <c>10.8.0.7:40001</c>, <c>[::1]:40001</c>, <c>unix</c>.</param>
/// <param name="Address">Its IP address (an IPv4 address is one, however the socket wrote it), or null where it has none.</param>
public sealed record Peer(string Text, IPAddress? Address)
{
    /// <summary>Whom the peer's certificate names (its CN), where that certificate is the DTU's registration; else null.</summary>
    public string? Identity { get; init; }

    /// <summary>When its socket came, by this node's monotonic clock (<see cref="System.Diagnostics.Stopwatch"/>); 0: nobody knows better than whoever takes it.</summary>
    public long Came { get; init; }

    public static Peer Of(EndPoint remote) => remote switch
    {
        PeerEndPoint known => known.Peer,
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => OfAddress(new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port)),
        IPEndPoint address => OfAddress(address),
        UnixDomainSocketEndPoint => new Peer("unix", null),
        _ => new Peer(remote.ToString() ?? "", null),
    };

    /// <summary>Who it is, not when it came.</summary>
    public bool Equals(Peer? other) => other is not null && Text == other.Text && Identity == other.Identity && Equals(Address, other.Address);

    public override int GetHashCode() => HashCode.Combine(Text, Identity, Address);

    private static Peer OfAddress(IPEndPoint address) => new(address.ToString(), address.Address);
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Discovery;

namespace DtuActors.Clustering;

/// <summary>Akka.Discovery's method <c>dns</c>: every address behind a name is a node. A name that nobody knows has none.</summary>
public sealed class DnsDiscovery(ExtendedActorSystem system) : ServiceDiscovery
{
    /// <summary>The system that it finds nodes for.</summary>
    public ExtendedActorSystem System => system;

    /// <summary>Throws <see cref="SocketException"/> where no name server answers, <see cref="TimeoutException"/> where it takes too long.</summary>
    public override async Task<Resolved> Lookup(Lookup lookup, TimeSpan resolveTimeout)
    {
        try
        {
            var found = await Dns.GetHostAddressesAsync(lookup.ServiceName).WaitAsync(resolveTimeout).ConfigureAwait(false);
            return new Resolved(lookup.ServiceName, found.Select(address => new ResolvedTarget(address.ToString(), null, address)).ToImmutableList());
        }
        catch (SocketException problem) when (problem.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return new Resolved(lookup.ServiceName, []);
        }
    }
}

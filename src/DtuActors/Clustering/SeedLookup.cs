using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Akka.Discovery;
using DtuActors.Configuration;

namespace DtuActors.Clustering;

/// <summary>Whom a node asks to be let in, in which order.</summary>
internal static class SeedLookup
{
    private static readonly TimeSpan LookupLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Seed nodes as Akka takes them: the first may begin a cluster where it is <paramref name="self"/> and no other answers. Empty: nobody is known yet.
    /// Throws what the look-up throws.
    /// </summary>
    public static async Task<ImmutableArray<SeedNode>> FindAsync(ActorSystem system, ClusterOptions options, SeedNode self)
    {
        if (options.Discovery is not { } discovery)
        {
            return options.SeedNodes;
        }

        var method = Discovery.Get(system).LoadServiceDiscovery(discovery.Method);
        var found = await method.Lookup(new Lookup(discovery.Name), LookupLimit).ConfigureAwait(false);
        return InOrder(found.Addresses.Select(target => new SeedNode(target.Address?.ToString() ?? target.Host, target.Port ?? discovery.Port)), self, discovery.Nodes, options.SeedNodes);
    }

    /// <summary>
    /// Lowest first, so that all nodes come to the same first one; and it is no first one where fewer than <paramref name="least"/> are known: two that each see a part
    /// would begin two clusters.
    /// </summary>
    internal static ImmutableArray<SeedNode> InOrder(IEnumerable<SeedNode> found, SeedNode self, int least, ImmutableArray<SeedNode> written)
    {
        SeedNode[] all = [.. written, .. found.Distinct().Except(written).OrderBy(Order, Comparer<(string, int)>.Create(Compare))];
        return all.Length >= least ? [.. all] : [.. all.Where(seed => seed != self)];
    }

    private static (string, int) Order(SeedNode seed) => (seed.Host, seed.Port);

    // By number where they are addresses: 10.0.0.9 is before 10.0.0.10.
    private static int Compare((string Host, int Port) a, (string Host, int Port) b)
    {
        if (IPAddress.TryParse(a.Host, out var left) && IPAddress.TryParse(b.Host, out var right))
        {
            var (x, y) = (left.GetAddressBytes(), right.GetAddressBytes());
            var order = x.Length != y.Length ? x.Length.CompareTo(y.Length) : x.AsSpan().SequenceCompareTo(y);
            return order != 0 ? order : a.Port.CompareTo(b.Port);
        }

        var byName = string.CompareOrdinal(a.Host, b.Host);
        return byName != 0 ? byName : a.Port.CompareTo(b.Port);
    }
}

using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace DtuActors.Directory;

/// <summary>
/// Which node a shard lives on: the one that has the fewest. They move to even that out only once who is there has been the same from one look to the next, and nobody has fewer than
/// before: a node that is leaving hands its shards over first, and would look like one that has room. What moves waits, so nothing moves while a node stops.
/// </summary>
/// <param name="inner">Counts.</param>
internal sealed class ShardBalance(IShardAllocationStrategy inner) : IActorSystemDependentAllocationStrategy
{
    private static readonly IImmutableSet<string> None = ImmutableHashSet<string>.Empty;

    private Dictionary<IActorRef, int> _last = [];

    public void Start(ActorSystem system) => (inner as IActorSystemDependentAllocationStrategy)?.Start(system);

    public Task<IActorRef> AllocateShard(IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations) =>
        inner.AllocateShard(requester, shardId, currentShardAllocations);

    public Task<IImmutableSet<string>> Rebalance(IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        var before = _last;
        _last = currentShardAllocations.ToDictionary(region => region.Key, region => region.Value.Count);
        var isCalm = rebalanceInProgress.Count == 0 && before.Count == _last.Count && _last.All(region => before.TryGetValue(region.Key, out var count) && region.Value >= count);
        return isCalm ? inner.Rebalance(currentShardAllocations, rebalanceInProgress) : Task.FromResult(None);
    }
}

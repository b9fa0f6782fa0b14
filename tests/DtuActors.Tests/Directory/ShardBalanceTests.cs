using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using DtuActors.Directory;

namespace DtuActors.Tests.Directory;

public sealed class ShardBalanceTests : ActorSpec
{
    private readonly ShardBalance _balance = new(new AllOfThem());
    private readonly IActorRef _a;
    private readonly IActorRef _b;
    private readonly IActorRef _c;

    public ShardBalanceTests() => (_a, _b, _c) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());

    [Fact]
    public async Task Shards_move_once_a_new_node_has_been_there_for_a_look()
    {
        Assert.Empty(await LookAsync((_a, 4), (_b, 4)));
        Assert.NotEmpty(await LookAsync((_a, 4), (_b, 4)));
        Assert.Empty(await LookAsync((_a, 4), (_b, 4), (_c, 0)));
        Assert.NotEmpty(await LookAsync((_a, 4), (_b, 4), (_c, 0)));
    }

    [Fact]
    public async Task Nothing_moves_to_a_node_that_hands_its_shards_over()
    {
        await LookAsync((_a, 4), (_b, 4), (_c, 4));
        Assert.Empty(await LookAsync((_a, 1), (_b, 5), (_c, 5)));
        Assert.Empty(await LookAsync((_a, 0), (_b, 6), (_c, 6)));
        Assert.Empty(await LookAsync((_b, 6), (_c, 6)));
        Assert.NotEmpty(await LookAsync((_b, 6), (_c, 6)));
    }

    [Fact]
    public async Task Nothing_more_moves_while_some_do()
    {
        await LookAsync((_a, 4), (_b, 0));
        Assert.Empty(await _balance.Rebalance(Shards((_a, 4), (_b, 0)), ImmutableHashSet.Create("1")));
        Assert.NotEmpty(await LookAsync((_a, 4), (_b, 0)));
    }

    private Task<IImmutableSet<string>> LookAsync(params (IActorRef Region, int Count)[] regions) => _balance.Rebalance(Shards(regions), ImmutableHashSet<string>.Empty);

    private static ImmutableDictionary<IActorRef, IImmutableList<string>> Shards(params (IActorRef Region, int Count)[] regions) => regions.ToImmutableDictionary(
        region => region.Region, region => (IImmutableList<string>)Enumerable.Range(0, region.Count).Select(shard => $"{shard}").ToImmutableList());

    private sealed class AllOfThem : IShardAllocationStrategy
    {
        public Task<IActorRef> AllocateShard(IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations) => Task.FromResult(requester);

        public Task<IImmutableSet<string>> Rebalance(IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress) =>
            Task.FromResult<IImmutableSet<string>>([.. currentShardAllocations.Values.SelectMany(shards => shards)]);
    }
}

using System.Collections.Immutable;
using DtuActors.Clustering.Reloads;
using DtuActors.Configuration;

namespace DtuActors.Tests.Clustering;

/// <summary>Rounds over nodes that are only their turns.</summary>
public sealed class ReloadRoundTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ImmutableArray<Node> _nodes = [new("c"), new("a"), new("b")];

    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            node.Turn.Dispose();
        }
    }

    [Fact]
    public async Task All_are_asked_in_the_order_of_their_names_before_any_applies()
    {
        var said = new List<string>();
        foreach (var node in _nodes)
        {
            node.Says = what =>
            {
                lock (said)
                {
                    said.Add(what);
                }
            };
        }

        var result = await RunAsync("a");
        Assert.True(result.IsApplied);
        Assert.Equal(["check a", "check b", "check c"], said.Take(3));
        Assert.Equal(["apply a", "apply b", "apply c"], said.Skip(3).Order(StringComparer.Ordinal));
        Assert.All(result.Words, row => Assert.Equal(ReloadState.Applied, row.Word.State));
    }

    [Fact]
    public async Task Where_one_has_faults_nobody_applies_all_faults_are_told_and_the_next_round_is_free()
    {
        _nodes[1].Word = new ReloadWord(ReloadState.Faulty) { Faults = [new ConfigurationFault("dtu.routes", "a.conf", 1, 1, "no", null)] };
        _nodes[0].Word = new ReloadWord(ReloadState.RestartNeeded) { Keys = ["dtu.http.port"] };
        var result = await RunAsync("b");
        Assert.False(result.IsApplied);
        Assert.Equal([("a", ReloadState.Faulty), ("b", ReloadState.Ready), ("c", ReloadState.RestartNeeded)], result.Words.Select(row => (row.Node, row.Word.State)));
        Assert.All(_nodes, node => Assert.Equal(0, node.Applied));

        (_nodes[0].Word, _nodes[1].Word) = (new(ReloadState.Ready), new(ReloadState.Ready));
        Assert.True((await RunAsync("b")).IsApplied);
        Assert.All(_nodes, node => Assert.Equal(1, node.Applied));
    }

    [Fact]
    public async Task A_member_that_does_not_answer_refuses_the_whole()
    {
        _nodes[2].IsLost = true;
        var result = await RunAsync("a");
        Assert.False(result.IsApplied);
        Assert.Equal(("b", ReloadState.OutOfReach), (result.Words[^1].Node, result.Words[^1].Word.State));
        Assert.All(_nodes, node => Assert.Equal(0, node.Applied));

        // Nobody waits for a word that does not come.
        _nodes[2].IsLost = false;
        Assert.True((await RunAsync("c")).IsApplied);
    }

    [Fact]
    public async Task Of_two_at_once_each_is_whole()
    {
        var round = 0;
        var applied = new List<int>();
        _nodes[1].Says = what => round += what.StartsWith("check", StringComparison.Ordinal) ? 1 : 0;
        foreach (var node in _nodes)
        {
            node.OnApply = () =>
            {
                lock (applied)
                {
                    applied.Add(Volatile.Read(ref round));
                }
            };
        }

        var results = await Task.WhenAll(RunAsync("a"), RunAsync("b"), RunAsync("c"));
        Assert.All(results, result => Assert.True(result.IsApplied));
        Assert.Equal([1, 1, 1, 2, 2, 2, 3, 3, 3], applied);
    }

    [Fact]
    public async Task A_turn_whose_asker_is_never_heard_of_again_is_free_after_its_time()
    {
        var time = new ManualTime();
        using var turn = new ReloadTurn(
            () => Task.FromResult((new ReloadWord(ReloadState.Ready), (GatewayOptions?)Options.Gateway())), (_, _) => Task.FromResult(new ReloadWord(ReloadState.Applied)), time);
        Assert.Equal(ReloadState.Ready, (await turn.PrepareAsync("1", "a")).State);
        Assert.Equal(ReloadState.Busy, (await turn.PrepareAsync("2", "b")).State);
        var alone = turn.AloneAsync(() => Task.FromResult("mine"), CancellationToken.None);
        Assert.False(alone.IsCompleted);
        time.Advance(ReloadTurn.LeaseFor);
        Assert.Equal("mine", await alone.WaitAsync(Patience));
        Assert.Equal(ReloadState.Refused, (await turn.ApplyAsync("1")).State);

        // Its last word may be asked for again.
        Assert.Equal(ReloadState.Ready, (await turn.PrepareAsync("2", "b")).State);
        Assert.Equal(ReloadState.Applied, (await turn.ApplyAsync("2")).State);
        Assert.Equal(ReloadState.Applied, (await turn.ApplyAsync("2")).State);
        turn.Abort("2");
        Assert.Equal(ReloadState.Ready, (await turn.PrepareAsync("3", "b")).State);
        turn.Abort("3");
        Assert.Equal("mine", await turn.AloneAsync(() => Task.FromResult("mine"), CancellationToken.None).WaitAsync(Patience));
    }

    private Task<ReloadResult> RunAsync(string asker) =>
        new ReloadRound(_nodes.Select(IReloadPeer (node) => node.Name == asker ? new ReloadHere(node.Turn, node.Name, "HTTP") : node), TimeProvider.System).RunAsync(CancellationToken.None)
            .WaitAsync(Patience);

    /// <summary>A node, as others see it.</summary>
    private sealed class Node : IReloadPeer
    {
        public Node(string name)
        {
            Name = name;
            Turn = new ReloadTurn(
                () =>
                {
                    Says($"check {Name}");
                    return Task.FromResult((Word, Word.State is ReloadState.Ready ? Options.Gateway() : null));
                },
                (_, _) =>
                {
                    Applied++;
                    Says($"apply {Name}");
                    OnApply();
                    return Task.FromResult(new ReloadWord(ReloadState.Applied));
                },
                TimeProvider.System);
        }

        public string Name { get; }

        public ReloadTurn Turn { get; }

        public ReloadWord Word { get; set; } = new(ReloadState.Ready);

        public bool IsLost { get; set; }

        public int Applied { get; private set; }

        public Action<string> Says { get; set; } = _ => { };

        public Action OnApply { get; set; } = () => { };

        string IReloadPeer.Node => Name;

        public Task<ReloadWord> PrepareAsync(string round) => IsLost ? Task.FromResult(new ReloadWord(ReloadState.OutOfReach)) : Turn.PrepareAsync(round, "another");

        public Task<ReloadWord> ApplyAsync(string round) => Turn.ApplyAsync(round);

        public Task AbortAsync(string round)
        {
            Turn.Abort(round);
            return Task.CompletedTask;
        }
    }
}

using System.Collections.Immutable;
using DtuActors.Clustering.Reloads;
using DtuActors.Configuration;
using DtuActors.Host.Commands;

namespace DtuActors.Host.Serving;

/// <summary>The files of <c>-c</c>, in layering order; none: the built-in default.</summary>
internal sealed record GatewayFiles(IReadOnlyList<string> Paths);

/// <summary>How a reload of the files ended.</summary>
internal abstract record ReloadOutcome
{
    /// <summary>What the gateway made of it.</summary>
    /// <param name="Answer">This node's; where keys need a restart, those of all nodes.</param>
    public sealed record Answered(Reloading.Answer Answer) : ReloadOutcome
    {
        /// <summary>In a cluster, once applied: what the other nodes made of it, by name.</summary>
        public ImmutableArray<(string Node, Reloading.Applied Applied)> Elsewhere { get; init; } = [];

        /// <summary>In a cluster: the nodes that refuse.</summary>
        public ImmutableArray<string> Nodes { get; init; } = [];
    }

    /// <summary>The files are not right; nothing changed.</summary>
    public sealed record Faulty(ImmutableArray<ConfigurationFault> Faults) : ReloadOutcome;

    /// <summary>It was started without files.</summary>
    public sealed record NoFiles : ReloadOutcome
    {
        public const string Says = "the gateway was started without -c: there is no file to read again";
    }

    /// <summary>A member of the cluster does not answer; nothing changed.</summary>
    public sealed record OutOfReach(string Node, string Problem) : ReloadOutcome;

    /// <summary>All nodes were ready, and these have not applied it: they ended, or were lost, at that moment.</summary>
    public sealed record Partly(ImmutableArray<(string Node, string Problem)> Not) : ReloadOutcome;
}

/// <summary>
/// Reads the files of <c>-c</c> again, with the environment as it is, and gives them to the gateway; in a cluster every node does, or none. One at a time, reading included, so that
/// what was written last is in force at the end. What became of it stands in the log, whoever asked.
/// </summary>
internal sealed partial class Reloader : IDisposable
{
    private readonly GatewayFiles _files;
    private readonly DtuGateway _gateway;
    private readonly TimeProvider _time;
    private readonly ILogger<Reloader> _log;
    private readonly ReloadTurn _turn;

    // Those who ask here wait for each other, so that no two rounds begin here.
    private readonly SemaphoreSlim _askers = new(1);

    public Reloader(GatewayFiles files, DtuGateway gateway, TimeProvider time, ILogger<Reloader> log)
    {
        (_files, _gateway, _time, _log) = (files, gateway, time, log);
        _turn = new ReloadTurn(CheckAsync, ApplyAsync, time);
    }

    /// <summary>Other nodes' reloads find this one, from now on.</summary>
    public void Serve() => _gateway.ServeReloads(_turn);

    public void Dispose()
    {
        _askers.Dispose();
        _turn.Dispose();
    }

    /// <param name="asker">Who asked, for the log.</param>
    /// <param name="cancellation">Ends the wait for others, never a reload that has begun.</param>
    public async Task<ReloadOutcome> ReloadAsync(string asker, CancellationToken cancellation)
    {
        if (!_gateway.Options.Cluster.Enabled)
        {
            return await AloneAsync(asker, reload => reload(), cancellation);
        }

        await _askers.WaitAsync(cancellation);
        try
        {
            var result = await new ReloadRound(await _gateway.ReloadPeersAsync(_turn, asker), _time).RunAsync(cancellation);
            var outcome = Outcome(result);
            if (outcome is not ReloadOutcome.Answered { Answer: Reloading.Applied })
            {
                // Where it is applied each node says so itself.
                Tell(asker, outcome);
            }

            return outcome;
        }
        finally
        {
            _askers.Release();
        }
    }

    /// <summary>Runs <paramref name="work"/> while nobody else reloads: it is given the reload of this node, for when it has written files.</summary>
    public Task<T> AloneAsync<T>(string asker, Func<Func<Task<ReloadOutcome>>, Task<T>> work, CancellationToken cancellation) => _turn.AloneAsync(
        () => work(async () =>
        {
            var outcome = await ReloadAsync();
            Tell(asker, outcome);
            return outcome;
        }),
        cancellation);

    private async Task<ReloadOutcome> ReloadAsync()
    {
        if (_files.Paths.Count == 0)
        {
            return new ReloadOutcome.NoFiles();
        }

        var loaded = ConfigurationFiles.Load(_files.Paths);
        if (loaded.Options is not { } options)
        {
            return new ReloadOutcome.Faulty(loaded.Faults);
        }

        var answer = await _gateway.ReloadAsync(options, CancellationToken.None);
        return answer is Reloading.Collides { Names: var names } ? new ReloadOutcome.Faulty(Collisions(loaded, names)) : new ReloadOutcome.Answered(answer);
    }

    private static ImmutableArray<ConfigurationFault> Collisions(LoadedConfiguration loaded, ImmutableArray<string> names) =>
        [.. names.Take(MostCollisions).Select(name =>
            loaded.AtDtu(name, $"'{Terminal.Safe(name)}' is in the register already", "a DTU that is not, or its row taken out first: DELETE /api/v1/dtus/ID"))];

    // ---- a cluster's

    private async Task<(ReloadWord Word, GatewayOptions? Options)> CheckAsync()
    {
        if (_files.Paths.Count == 0)
        {
            return (new ReloadWord(ReloadState.NoFiles), null);
        }

        var loaded = ConfigurationFiles.Load(_files.Paths);
        if (loaded.Options is not { } options)
        {
            return (Faulty(loaded.Faults), null);
        }

        return await _gateway.TryReloadAsync(options) switch
        {
            Reloading.Applied => (new ReloadWord(ReloadState.Ready), options),
            Reloading.Collides collides => (Faulty(Collisions(loaded, collides.Names)), null),
            Reloading.RestartNeeded restart => (new ReloadWord(ReloadState.RestartNeeded) { Keys = restart.KeyPaths }, null),
            Reloading.Refused refused => (new ReloadWord(ReloadState.Refused) { Problem = refused.Problem }, null),
            var other => throw new InvalidOperationException($"no answer: {other}"),
        };
    }

    private ReloadWord Faulty(ImmutableArray<ConfigurationFault> faults) =>
        new(ReloadState.Faulty) { Faults = [.. faults.Take(MostCollisions).Select(fault => fault with { Node = _gateway.Options.Node.Name })] };

    private async Task<ReloadWord> ApplyAsync(GatewayOptions options, string asker)
    {
        var answer = await _gateway.ReloadAsync(options, CancellationToken.None);
        Tell(asker, new ReloadOutcome.Answered(answer));
        return answer switch
        {
            Reloading.Applied applied => new ReloadWord(ReloadState.Applied) { Change = applied.Change, Down = applied.Down },
            Reloading.Refused refused => new ReloadWord(ReloadState.Refused) { Problem = refused.Problem },
            Reloading.Collides collides => new ReloadWord(ReloadState.Refused) { Problem = $"the register has {string.Join(", ", collides.Names)} since" },
            _ => new ReloadWord(ReloadState.Refused) { Problem = "something else is in force since" },
        };
    }

    // What one node says counts for all; where several say different things, what has to be put right first.
    private ReloadOutcome Outcome(ReloadResult result)
    {
        if (result.IsApplied)
        {
            ImmutableArray<(string, string)> not = [.. result.Words.Where(row => row.Word.State is not ReloadState.Applied).Select(row => (row.Node, Why(row.Word)))];
            var applied = result.Words.Where(row => row.Word.State is ReloadState.Applied).Select(row => (row.Node, Applied: new Reloading.Applied(row.Word.Change!, row.Word.Down))).ToList();
            return not.IsEmpty
                ? new ReloadOutcome.Answered(applied.First(row => row.Node == _gateway.Options.Node.Name).Applied) { Elsewhere = [.. applied.Where(row => row.Node != _gateway.Options.Node.Name)] }
                : new ReloadOutcome.Partly(not);
        }

        var byState = result.Words.ToLookup(row => row.Word.State);
        if (byState[ReloadState.OutOfReach].FirstOrDefault() is { Node: not null } lost)
        {
            return new ReloadOutcome.OutOfReach(lost.Node, Why(lost.Word));
        }

        if (byState[ReloadState.Faulty].Any())
        {
            return new ReloadOutcome.Faulty([.. byState[ReloadState.Faulty].SelectMany(row => row.Word.Faults).Take(MostCollisions)]);
        }

        if (byState[ReloadState.RestartNeeded].Any())
        {
            return new ReloadOutcome.Answered(new Reloading.RestartNeeded([.. byState[ReloadState.RestartNeeded].SelectMany(row => row.Word.Keys).Distinct()]))
            {
                Nodes = [.. byState[ReloadState.RestartNeeded].Select(row => row.Node)],
            };
        }

        if (byState[ReloadState.NoFiles].Any(row => row.Node == _gateway.Options.Node.Name))
        {
            return new ReloadOutcome.NoFiles();
        }

        var (node, word) = result.Words.First(row => row.Word.State is not ReloadState.Ready);
        return new ReloadOutcome.Answered(new Reloading.Refused($"node {node}: {Why(word)}")) { Nodes = [node] };
    }

    private static string Why(ReloadWord word) => word switch
    {
        { Problem: { } problem } => problem,
        { State: ReloadState.NoFiles } => ReloadOutcome.NoFiles.Says,
        { State: ReloadState.Pending } => "it has not answered yet",
        _ => $"it is {word.State}",
    };

    // As many as a load tells.
    private const int MostCollisions = 500;

    private void Tell(string asker, ReloadOutcome outcome)
    {
        switch (outcome)
        {
            case ReloadOutcome.Answered { Answer: Reloading.Applied applied }:
                LogApplied(asker, applied.Change.IsEmpty ? "nothing changed" : Words(applied.Change));
                foreach (var unbound in applied.Down)
                {
                    LogUnbound(unbound.Name, Terminal.Safe(unbound.Problem));
                }

                break;
            case ReloadOutcome.Answered { Answer: Reloading.RestartNeeded restart }:
                LogNotApplied(asker, $"a restart is needed for {Terminal.Safe(string.Join(", ", restart.KeyPaths))}");
                break;
            case ReloadOutcome.Answered { Answer: Reloading.Refused refused }:
                LogNotApplied(asker, refused.Problem);
                break;
            case ReloadOutcome.Faulty faulty:
                LogNotApplied(asker, faulty.Faults.Length == 1 ? "1 fault" : $"{faulty.Faults.Length} faults");
                foreach (var fault in faulty.Faults)
                {
                    LogFault(Terminal.Safe(fault.ToString()));
                }

                break;
            case ReloadOutcome.NoFiles:
                LogNotApplied(asker, ReloadOutcome.NoFiles.Says);
                break;
            case ReloadOutcome.OutOfReach lost:
                LogNotApplied(asker, $"node {lost.Node}: {Terminal.Safe(lost.Problem)}");
                break;
            case ReloadOutcome.Partly partly:
                foreach (var (node, problem) in partly.Not)
                {
                    LogPartly(asker, node, Terminal.Safe(problem));
                }

                break;
        }
    }

    /// <summary>What changed, in numbers.</summary>
    public static string Words(OptionsChange change) =>
        string.Join(", ", Words("routes", change.Routes), Words("DTUs", change.Dtus), Words("polls", change.Polls), Words("endpoints", change.Endpoints), Words("archives", change.Archives));

    private static string Words(string kind, KindChange change) => $"{kind} +{change.Added.Length} -{change.Removed.Length} changed {change.Changed.Length}";

    [LoggerMessage(LogLevel.Information, "configuration reloaded ({Asker}): {What}")]
    private partial void LogApplied(string asker, string what);

    [LoggerMessage(LogLevel.Error, "configuration not reloaded ({Asker}), and nothing changed: {Why}")]
    private partial void LogNotApplied(string asker, string why);

    [LoggerMessage(LogLevel.Error, "{Fault}")]
    private partial void LogFault(string fault);

    [LoggerMessage(LogLevel.Error, "configuration reloaded ({Asker}), but not on node {Node}, which has what it had until it is reloaded or starts again: {Problem}")]
    private partial void LogPartly(string asker, string node, string problem);

    [LoggerMessage(LogLevel.Warning, "endpoint {Name} is not bound and tries on: {Problem}")]
    private partial void LogUnbound(string name, string problem);
}

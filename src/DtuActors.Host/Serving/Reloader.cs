using System.Collections.Immutable;
using DtuActors.Configuration;
using DtuActors.Host.Commands;

namespace DtuActors.Host.Serving;

/// <summary>The files of <c>-c</c>, in layering order; none: the built-in default.</summary>
internal sealed record GatewayFiles(IReadOnlyList<string> Paths);

/// <summary>How a reload of the files ended.</summary>
internal abstract record ReloadOutcome
{
    /// <summary>What the gateway made of it.</summary>
    public sealed record Answered(Reloading.Answer Answer) : ReloadOutcome;

    /// <summary>The files are not right; nothing changed.</summary>
    public sealed record Faulty(ImmutableArray<ConfigurationFault> Faults) : ReloadOutcome;

    /// <summary>It was started without files.</summary>
    public sealed record NoFiles : ReloadOutcome
    {
        public const string Says = "the gateway was started without -c: there is no file to read again";
    }
}

/// <summary>
/// Reads the files of <c>-c</c> again, with the environment as it is, and gives them to the gateway. One at a time, reading included, so that what was written last is
/// in force at the end. What became of it stands in the log, whoever asked.
/// </summary>
internal sealed partial class Reloader(GatewayFiles files, DtuGateway gateway, ILogger<Reloader> log) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    public void Dispose() => _one.Dispose();

    /// <param name="asker">Who asked, for the log.</param>
    /// <param name="cancellation">Ends the wait for others, never a reload that has begun.</param>
    public Task<ReloadOutcome> ReloadAsync(string asker, CancellationToken cancellation) => AloneAsync(asker, reload => reload(), cancellation);

    /// <summary>Runs <paramref name="work"/> while nobody else reloads: it is given the reload, for when it has written files.</summary>
    public async Task<T> AloneAsync<T>(string asker, Func<Func<Task<ReloadOutcome>>, Task<T>> work, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            return await work(async () =>
            {
                var outcome = await ReloadAsync();
                Tell(asker, outcome);
                return outcome;
            });
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<ReloadOutcome> ReloadAsync()
    {
        if (files.Paths.Count == 0)
        {
            return new ReloadOutcome.NoFiles();
        }

        var loaded = ConfigurationFiles.Load(files.Paths);
        if (loaded.Options is not { } options)
        {
            return new ReloadOutcome.Faulty(loaded.Faults);
        }

        var answer = await gateway.ReloadAsync(options, CancellationToken.None);
        return answer is Reloading.Collides { Names: var names }
            ? new ReloadOutcome.Faulty([.. names.Take(MostCollisions).Select(name =>
                loaded.AtDtu(name, $"'{Terminal.Safe(name)}' is in the register already", "a DTU that is not, or its row taken out first: DELETE /api/v1/dtus/ID"))])
            : new ReloadOutcome.Answered(answer);
    }

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
        }
    }

    /// <summary>What changed, in numbers.</summary>
    public static string Words(OptionsChange change) =>
        string.Join(", ", Words("routes", change.Routes), Words("DTUs", change.Dtus), Words("polls", change.Polls), Words("endpoints", change.Endpoints));

    private static string Words(string kind, KindChange change) => $"{kind} +{change.Added.Length} -{change.Removed.Length} changed {change.Changed.Length}";

    [LoggerMessage(LogLevel.Information, "configuration reloaded ({Asker}): {What}")]
    private partial void LogApplied(string asker, string what);

    [LoggerMessage(LogLevel.Error, "configuration not reloaded ({Asker}), and nothing changed: {Why}")]
    private partial void LogNotApplied(string asker, string why);

    [LoggerMessage(LogLevel.Error, "{Fault}")]
    private partial void LogFault(string fault);

    [LoggerMessage(LogLevel.Warning, "endpoint {Name} is not bound and tries on: {Problem}")]
    private partial void LogUnbound(string name, string problem);
}

using System.Collections.Immutable;
using DtuActors.Configuration;

namespace DtuActors.Host.Serving;

/// <summary>The routes as they stand in the files.</summary>
/// <param name="File">That has them, or will.</param>
/// <param name="Rows">In their order.</param>
/// <param name="Lost">What stands between them and does not stay when they are written anew.</param>
/// <param name="Version">Of all files: given back with a change, it is refused where a file was changed meanwhile.</param>
internal sealed record RoutesInFile(string File, ImmutableArray<RouteRow> Rows, ImmutableArray<LostText> Lost, string Version);

/// <summary>How a change of the routes ended, or would end.</summary>
internal abstract record RoutesOutcome
{
    /// <summary>It is right; <paramref name="Applied"/> tells whether it is in force.</summary>
    /// <param name="Change">From what is in force to what the files say then.</param>
    /// <param name="Options">What the files say then.</param>
    /// <param name="NotBound">Endpoints that could not be bound, after it was applied.</param>
    public sealed record Good(RoutesInFile Routes, OptionsChange Change, GatewayOptions Options, bool Applied, ImmutableArray<Reloading.Unbound> NotBound) : RoutesOutcome;

    /// <summary>The configuration would not be right.</summary>
    public sealed record Faulty(ImmutableArray<ConfigurationFault> Faults) : RoutesOutcome;

    /// <summary>The files say something else beside routes, which needs a restart.</summary>
    public sealed record RestartNeeded(ImmutableArray<string> KeyPaths) : RoutesOutcome;

    /// <summary>Something between the rows would go, and nobody agreed.</summary>
    public sealed record WouldLose(RoutesInFile Routes) : RoutesOutcome;

    /// <summary>A file was changed since the version that was given.</summary>
    public sealed record Stale(string Version) : RoutesOutcome;

    /// <summary>There is no file, it can't be written, or the gateway refuses.</summary>
    public sealed record Refused(string Type, string Problem) : RoutesOutcome;
}

/// <summary>
/// Changes <c>dtu.routes</c> where it is kept, in the files of <c>-c</c>: checked as a whole first, written as a whole, in force at once; put back where the gateway
/// refuses it. Everything else in the files stays as it is.
/// </summary>
internal sealed partial class RoutesEditor(GatewayFiles files, Reloader reloader, DtuGateway gateway, ILogger<RoutesEditor> log)
{
    /// <summary>What to tell where there is no file.</summary>
    public const string NoFiles = "the gateway was started without -c: there is no file to keep routes in";

    private static readonly Func<string, string?> Environment = System.Environment.GetEnvironmentVariable;

    /// <summary>The routes as they stand there now: a <see cref="RoutesInFile"/>, or why there are none to edit.</summary>
    public (RoutesInFile? Routes, RoutesOutcome? Trouble) Read()
    {
        var (found, trouble) = Find();
        return (found is { } there ? Of(there.Sources, there.Text) : null, trouble);
    }

    /// <summary>Checks these rows, and puts them in force where <paramref name="apply"/> says so.</summary>
    /// <param name="rows">All of them: what is not among them goes.</param>
    /// <param name="version">What the rows were made from; null: whatever stands there.</param>
    /// <param name="discard">Whether comments and substitutions between the rows may go.</param>
    /// <param name="asker">Who asked, for the log.</param>
    public Task<RoutesOutcome> ChangeAsync(ImmutableArray<RouteRow> rows, string? version, bool discard, bool apply, string asker, CancellationToken cancellation) =>
        reloader.AloneAsync(asker, reload => ChangeAsync(rows, version, discard, apply ? reload : null), cancellation);

    private async Task<RoutesOutcome> ChangeAsync(ImmutableArray<RouteRow> rows, string? version, bool discard, Func<Task<ReloadOutcome>>? reload)
    {
        var (found, trouble) = Find();
        if (found is not { Sources: var sources, Text: var text })
        {
            return trouble!;
        }

        var before = Of(sources, text);
        if (version is not null && version != before.Version)
        {
            return new RoutesOutcome.Stale(before.Version);
        }

        var isSame = text.Says(rows);
        var changed = isSame ? sources : text.With(rows);
        var loaded = ConfigurationLoader.Load(changed, Environment);
        if (loaded.Options is not { } options)
        {
            return new RoutesOutcome.Faulty(loaded.Faults);
        }

        var change = OptionsChange.Between(gateway.Options, options);
        if (!change.NeedRestart.IsEmpty)
        {
            return new RoutesOutcome.RestartNeeded(change.NeedRestart);
        }

        // A file that is read-only is told before somebody edits for long, and where nothing would be lost by trying.
        if (!isSame && FileKeeper.Refuses(before.File) is { } refusal)
        {
            return NotWritable(before.File, refusal);
        }

        if (reload is null)
        {
            return new RoutesOutcome.Good(before, change, options, false, []);
        }

        if (!isSame && !discard && !before.Lost.IsEmpty)
        {
            return new RoutesOutcome.WouldLose(before);
        }

        return await ApplyAsync(sources, changed, text.Index, options, change, reload);
    }

    private async Task<RoutesOutcome> ApplyAsync(
        ConfigurationSources before, ConfigurationSources after, int index, GatewayOptions options, OptionsChange change, Func<Task<ReloadOutcome>> reload)
    {
        var (file, was) = before.Texts[index];
        var becomes = after.Texts[index].Text;
        var writes = becomes != was;
        if (writes)
        {
            try
            {
                await FileKeeper.WriteAsync(file, becomes, was);
            }
            catch (IOException failure)
            {
                return NotWritable(file, failure.Message);
            }

            LogWritten(Commands.Terminal.Safe(file));
        }

        var done = false;
        try
        {
            RoutesOutcome outcome = await reload() switch
            {
                ReloadOutcome.Answered { Answer: Reloading.Applied applied } => new RoutesOutcome.Good(Of(after, RoutesText.Find(after, Environment)), applied.Change, options, true, applied.Down),
                ReloadOutcome.Answered { Answer: Reloading.RestartNeeded restart } => new RoutesOutcome.RestartNeeded(restart.KeyPaths),
                ReloadOutcome.Answered { Answer: Reloading.Refused refused } => new RoutesOutcome.Refused("busy", refused.Problem),
                ReloadOutcome.Faulty faulty => new RoutesOutcome.Faulty(faulty.Faults),
                _ => new RoutesOutcome.Refused("no-files", NoFiles),
            };
            done = outcome is RoutesOutcome.Good;
            return outcome;
        }
        finally
        {
            if (writes && !done)
            {
                await PutBackAsync(file, was, becomes);
            }
        }
    }

    // Only what was written here is taken back.
    private async Task PutBackAsync(string file, string was, string written)
    {
        try
        {
            if (ConfigurationSources.Read([file]).Texts is [var now] && now.Text == written)
            {
                await FileKeeper.WriteAsync(file, was, before: null);
                LogPutBack(Commands.Terminal.Safe(file));
            }
        }
        catch (IOException failure)
        {
            LogNotPutBack(failure, Commands.Terminal.Safe(file));
        }
    }

    private ((ConfigurationSources Sources, RoutesText Text)?, RoutesOutcome?) Find()
    {
        if (files.Paths.Count == 0)
        {
            return (null, new RoutesOutcome.Refused("no-files", NoFiles));
        }

        var sources = ConfigurationSources.Read(files.Paths);
        if (!sources.Faults.IsEmpty)
        {
            return (null, new RoutesOutcome.Faulty(sources.Faults));
        }

        var text = RoutesText.Find(sources, Environment);
        return text.Faults.IsEmpty ? ((sources, text), null) : (null, new RoutesOutcome.Faulty(text.Faults));
    }

    private static RoutesInFile Of(ConfigurationSources sources, RoutesText text) => new(sources.Texts[text.Index].Name, text.Rows, text.Lost, sources.Version);

    private static RoutesOutcome.Refused NotWritable(string file, string problem) => new("not-writable", $"{file} can't be written: {problem}");

    [LoggerMessage(LogLevel.Information, "routes written to {File}; what it said before is in its .bak")]
    private partial void LogWritten(string file);

    [LoggerMessage(LogLevel.Warning, "routes not in force: {File} says again what it said before")]
    private partial void LogPutBack(string file);

    [LoggerMessage(LogLevel.Error, "routes not in force, and {File} could not be put back: what it said before is in its .bak")]
    private partial void LogNotPutBack(Exception failure, string file);
}

using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using DtuActors.Storage;

namespace DtuActors.Archives;

/// <summary>What an archive remembers over a restart.</summary>
internal sealed record ArchiveState
{
    public const int CurrentVersion = 1;

    /// <summary>The most missed days that are told by name.</summary>
    public const int MostMissed = 366;

    public required int Version { get; init; }

    /// <summary>Of the days in their turn the last that was carried; null: none was.</summary>
    public DateOnly? Finished { get; init; }

    /// <summary>Days that were too old when they could have been carried, in order.</summary>
    public ImmutableArray<DateOnly> Missed { get; init; } = [];

    public long Files { get; init; }

    public long Bytes { get; init; }

    public ArchiveRun? Run { get; init; }

    /// <summary>What was before could not be read, and why.</summary>
    public string? Lost { get; init; }

    /// <summary>The last day that was due then: it is told until one behind it is carried, so that somebody sees it.</summary>
    public DateOnly? LostAt { get; init; }

    public static ArchiveState New => new() { Version = CurrentVersion };

    /// <summary>Those whose turn has come, and that are young enough, become the days that are due; the others are missed.</summary>
    /// <param name="last">The last day whose turn has come.</param>
    /// <param name="catchUp">So many days before that one are still carried.</param>
    public (ArchiveState State, DateOnly? Day) NextDue(DateOnly last, int catchUp)
    {
        var first = Finished?.AddDays(1) ?? last;
        if (first > last)
        {
            return (this, null);
        }

        var oldest = last.AddDays(-catchUp);
        if (first >= oldest)
        {
            return (this, first);
        }

        // Of a clock that was wrong for years, too, no more than are kept.
        var days = Enumerable.Range(1, Math.Min(oldest.DayNumber - first.DayNumber, MostMissed)).Select(back => oldest.AddDays(-back));
        ImmutableArray<DateOnly> missed = [.. Missed.Concat(days).Distinct().Order().TakeLast(MostMissed)];
        return (this with { Missed = missed, Finished = oldest.AddDays(-1) }, oldest);
    }

    /// <summary>The day under way is carried.</summary>
    /// <param name="over">Whether it was over when it began: else there is more to come.</param>
    public ArchiveState WithFinished(bool over) => this with
    {
        Run = null,
        Finished = Run!.IsInTurn ? Run.Day : Finished,
        Missed = over ? Missed.Remove(Run.Day) : Missed,
        Lost = Run.IsInTurn && Run.Day > LostAt ? null : Lost,
    };
}

/// <summary>A day under way.</summary>
internal sealed record ArchiveRun
{
    public required DateOnly Day { get; init; }

    /// <summary>What passed before this instant: the day's end, or for a day that is not over when it began.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>Whether it is the day whose turn it is; else somebody asked for it.</summary>
    public required bool IsInTurn { get; init; }

    /// <summary>The last DTU whose file is carried: those up to it are done.</summary>
    public string? After { get; init; }

    /// <summary>Files that are carried.</summary>
    public int Done { get; init; }

    /// <summary>The file that is being carried.</summary>
    public ArchiveFile? File { get; init; }
}

/// <summary>A file that is being carried: what it is here, and what it is to be there.</summary>
internal sealed record ArchiveFile(string Dtu, string Path, string Where, long Length, string Sha256);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ArchiveState))]
internal sealed partial class ArchiveJson : JsonSerializerContext;

/// <summary>The file that keeps it, written as a whole or not at all.</summary>
/// <param name="folder">The archive's own, under <c>data-dir</c>.</param>
internal sealed class ArchiveStateFile(string folder)
{
    private const int MostBytes = 1024 * 1024;

    private readonly string _path = Path.Combine(folder, "state.json");

    /// <summary>Where one that can't be read is moved to.</summary>
    public string Aside => _path + ".unreadable";

    /// <summary>What was written last; null: nothing was.</summary>
    /// <exception cref="ArchiveException">The disk does not give it.</exception>
    /// <exception cref="JsonException">It is no state.</exception>
    public Task<ArchiveState?> ReadAsync(CancellationToken cancellation) => ArchiveException.OfFilesAsync(async () =>
    {
        byte[] bytes;
        try
        {
            await using var stream = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > MostBytes)
            {
                throw new JsonException("it is too long");
            }

            bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        var state = JsonSerializer.Deserialize(bytes, ArchiveJson.Default.ArchiveState) ?? throw new JsonException("it is null");
        return state.Version == ArchiveState.CurrentVersion
            ? state with { Missed = state.Missed.IsDefault ? [] : state.Missed }
            : throw new JsonException(state.Version > ArchiveState.CurrentVersion ? $"a newer release wrote it (version {state.Version})" : "it has no version that is known");
    });

    /// <summary>What can't be read is kept beside it, for a person.</summary>
    public Task SetAsideAsync() => ArchiveException.OfFilesAsync(() =>
    {
        File.Move(_path, Aside, overwrite: true);
        return Task.FromResult(true);
    });

    public Task WriteAsync(ArchiveState state, CancellationToken cancellation) => ArchiveException.OfFilesAsync(async () =>
    {
        PrivateFile.MakeFolder(folder);
        var coming = _path + ".tmp";
        File.Delete(coming);
        await using (var stream = PrivateFile.CreateNew(coming))
        {
            await JsonSerializer.SerializeAsync(stream, state, ArchiveJson.Default.ArchiveState, cancellation).ConfigureAwait(false);
            await stream.FlushAsync(cancellation).ConfigureAwait(false);

            // On the disk before it has the name: a power cut leaves the one or the other.
            stream.Flush(flushToDisk: true);
        }

        File.Move(coming, _path, overwrite: true);
        return true;
    });
}

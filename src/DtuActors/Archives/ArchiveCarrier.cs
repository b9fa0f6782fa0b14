using DtuActors.Archives.Targets;
using DtuActors.Configuration;
using DtuActors.Protocol;

namespace DtuActors.Archives;

/// <summary>
/// Carries one day of an archive: for each DTU in order its file, exported into the spool, uploaded under a temporary name and renamed once it is whole. Where that ends by a failure, the next
/// carrier goes on at the same file. One connection for all of it.
/// </summary>
/// <param name="options">The archive.</param>
/// <param name="source">What is carried.</param>
/// <param name="target">Where to; the carrier's own from now on.</param>
/// <param name="spool">Where a file is until it is there.</param>
/// <param name="keep">Writes the state to the disk.</param>
/// <param name="resumed">Told where a file that was begun goes on.</param>
/// <param name="carried">Told of each file that has arrived.</param>
internal sealed class ArchiveCarrier(
    ArchiveOptions options, IArchiveSource source, IArchiveTarget target, ArchiveSpool spool, Func<ArchiveState, Task> keep, Action<long> resumed, Action carried) : IAsyncDisposable
{
    private readonly DtuGlob _which = new(options.Dtu);
    private readonly string _where = options.Target.Where();
    private string? _folder;

    /// <summary>The whole of the day under way; <paramref name="state"/> is what was kept last.</summary>
    public async Task CarryAsync(ArchiveState state, CancellationToken cancellation)
    {
        // Asking for anything shows whether the history can be read: until it could, nobody may be known.
        _ = await source.FramesAsync(DtuId.Parse("-"), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, null, cancellation).ConfigureAwait(false);
        if (state.Run!.File is { } begun && begun.Where == _where && begun.Path == PathOf(begun.Dtu, state) && await spool.IsAsync(begun, cancellation).ConfigureAwait(false))
        {
            // Its DTU may be forgotten since: the file is there all the same.
            state = await UploadAsync(state, mayResume: true, cancellation).ConfigureAwait(false);
        }

        var from = ArchiveCalendar.SpanOf(state.Run!.Day, options.TimeZone).From;
        var after = state.Run.After;
        do
        {
            var (ids, next) = await source.DtusAsync(after, cancellation).ConfigureAwait(false);
            foreach (var dtu in ids.Where(_which.Matches))
            {
                if (await MakeAsync(state, dtu, from, cancellation).ConfigureAwait(false) is { } file)
                {
                    // Made again it is the same file, and what is there of it is its beginning.
                    var mayResume = file == state.Run!.File;
                    state = state with { Run = state.Run with { File = file } };
                    if (!mayResume)
                    {
                        await keep(state).ConfigureAwait(false);
                    }

                    state = await UploadAsync(state, mayResume, cancellation).ConfigureAwait(false);
                }
            }

            after = next;
        }
        while (after is not null);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await target.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // What has arrived has arrived, and what failed before tells more than how its connection ends.
        }
    }

    private async Task<ArchiveFile?> MakeAsync(ArchiveState state, DtuId dtu, DateTimeOffset from, CancellationToken cancellation)
    {
        var made = await spool.MakeAsync(open => ArchiveExport.WriteAsync(source, dtu, from, state.Run!.Until, options.Format, open, cancellation)).ConfigureAwait(false);
        return made is { } file ? new ArchiveFile(dtu.Value, PathOf(dtu.Value, state), _where, file.Length, file.Sha256) : null;
    }

    private string PathOf(string dtu, ArchiveState state) => ArchivePath.Of(options.Path, DtuId.Parse(dtu), state.Run!.Day);

    /// <summary>Brings the spool there; answers the state behind it.</summary>
    private async Task<ArchiveState> UploadAsync(ArchiveState state, bool mayResume, CancellationToken cancellation)
    {
        var file = state.Run!.File!;
        var part = file.Path + ArchivePath.PartSuffix;
        if (ArchivePath.FolderOf(file.Path) is { } folder && folder != _folder)
        {
            await target.MakeFolderAsync(folder, cancellation).ConfigureAwait(false);
            _folder = folder;
        }

        // What lies there of another file is not ours to go on with.
        var there = mayResume ? await target.LengthAsync(part, cancellation).ConfigureAwait(false) : null;
        var offset = there is { } length && length <= file.Length ? length : 0;
        resumed(offset);
        if (offset < file.Length)
        {
            await using var content = await spool.OpenAsync(file.Length).ConfigureAwait(false);
            content.Position = offset;
            await target.WriteAsync(part, offset, content, cancellation).ConfigureAwait(false);
        }

        if (await target.LengthAsync(part, cancellation).ConfigureAwait(false) is var arrived && arrived != file.Length)
        {
            throw new ArchiveTargetException(ArchiveProblem.Broken, $"{part} has {(arrived is { } some ? $"{some}" : "no")} bytes there, and {file.Length} were sent");
        }

        await target.RenameAsync(part, file.Path, cancellation).ConfigureAwait(false);
        state = state with
        {
            Files = state.Files + 1,
            Bytes = state.Bytes + file.Length,
            Run = state.Run with { After = file.Dtu, Done = state.Run.Done + 1, File = null },
        };
        await keep(state).ConfigureAwait(false);
        carried();
        await ArchiveException.OfFilesAsync(() =>
        {
            spool.Delete();
            return Task.FromResult(true);
        }).ConfigureAwait(false);
        return state;
    }
}

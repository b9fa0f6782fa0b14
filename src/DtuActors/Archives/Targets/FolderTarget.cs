using DtuActors.Configuration;

namespace DtuActors.Archives.Targets;

/// <summary>
/// A folder of this machine, or what is mounted there. The folder itself has to be there: one that were made where a mount is missing would fill the disk below it. A link that lies in it is
/// followed: only who may write there could lay it.
/// </summary>
internal sealed class FolderTarget(FolderTargetOptions options) : IArchiveTarget
{
    // ENOSPC and EDQUOT as Linux and macOS number them (errno.h); ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL and ERROR_DISK_QUOTA_EXCEEDED of Windows. .NET has no exceptions of their own for them.
    private static readonly int[] NoRoom =
        OperatingSystem.IsWindows() ? [unchecked((int)0x80070027), unchecked((int)0x80070070), unchecked((int)0x8007050F)] : OperatingSystem.IsMacOS() ? [28, 69] : [28, 122];

    // EROFS (errno.h), ERROR_WRITE_PROTECT.
    private static readonly int ReadOnly = OperatingSystem.IsWindows() ? unchecked((int)0x80070013) : 30;

    private readonly string _root = Path.GetFullPath(options.Folder);

    public Task<long?> LengthAsync(string path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var file = new FileInfo(Inside(path));
        return Task.FromResult(Do(path, () => file.Exists ? file.Length : (long?)null));
    }

    public async Task WriteAsync(string path, long offset, Stream content, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var full = Inside(path);
        var file = Do(path, () => new FileStream(full, new FileStreamOptions
        {
            Mode = offset == 0 ? FileMode.Create : FileMode.Open, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0, Options = FileOptions.Asynchronous,
        }));
        await using (file.ConfigureAwait(false))
        {
            Do(path, () => GoTo(path, file, offset));
            await TargetLimits.CopyAsync(content, block => WriteAsync(path, file, block, cancellation), cancellation).ConfigureAwait(false);

            // What a rename calls whole must be so when the power goes, too.
            Do(path, () => file.Flush(flushToDisk: true));
        }
    }

    public Task RenameAsync(string from, string to, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var (old, name) = (Inside(from), Inside(to));
        Do(to, () => File.Move(old, name, overwrite: true));
        return Task.CompletedTask;
    }

    public Task MakeFolderAsync(string folder, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var full = Inside(folder);
        if (!System.IO.Directory.Exists(_root))
        {
            throw new ArchiveTargetException(ArchiveProblem.Refused, $"there is no folder {_root}");
        }

        Do(folder, () => System.IO.Directory.CreateDirectory(full));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // What is there up to the offset stays, what lies behind it goes.
    private static void GoTo(string path, FileStream file, long offset)
    {
        if (file.Length < offset)
        {
            throw new ArchiveTargetException(ArchiveProblem.Refused, $"{TargetWords.Of(path)} has {file.Length} bytes: nothing can go on at {offset}");
        }

        if (file.Length > offset)
        {
            file.SetLength(offset);
        }

        file.Position = offset;
    }

    private static async ValueTask WriteAsync(string path, FileStream file, ReadOnlyMemory<byte> block, CancellationToken cancellation)
    {
        try
        {
            await file.WriteAsync(block, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Problem(path, failure);
        }
    }

    private static void Do(string path, Action step) => Do(path, () =>
    {
        step();
        return true;
    });

    private static T Do<T>(string path, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw Problem(path, failure);
        }
    }

    private static ArchiveTargetException Problem(string path, Exception failure) => new(
        failure switch
        {
            UnauthorizedAccessException => ArchiveProblem.NoPermission,
            IOException when Array.IndexOf(NoRoom, failure.HResult) >= 0 => ArchiveProblem.DiskFull,
            IOException when failure.HResult == ReadOnly => ArchiveProblem.NoPermission,
            _ => ArchiveProblem.Refused,
        },
        $"{TargetWords.Of(path)}: {TargetWords.Of(failure.Message)}",
        failure);

    private string Inside(string path)
    {
        var names = TargetPath.Names(path);

        // Of a system whose folders are parted otherwise, or whose drives have letters, a name may hold what leads out.
        var full = Path.GetFullPath(Path.Combine(_root, Path.Combine(names)));
        return Path.GetRelativePath(_root, full) is var within && within.Split(Path.DirectorySeparatorChar)[0] != ".." && !Path.IsPathRooted(within)
            ? full
            : throw new ArchiveTargetException(ArchiveProblem.Refused, $"{TargetWords.Of(path)} leads out of the folder");
    }
}

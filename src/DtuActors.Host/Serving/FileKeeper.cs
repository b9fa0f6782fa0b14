using System.Text;

namespace DtuActors.Host.Serving;

/// <summary>Replaces a text file as a whole or not at all.</summary>
internal static class FileKeeper
{
    private const string Backup = ".bak";
    private const UnixFileMode AnyWrite = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    // What was read stands in the text, a byte order mark included.
    private static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Why the file can't be replaced; null: it can, as far as can be told without doing it.</summary>
    public static string? Refuses(string path)
    {
        try
        {
            var target = Target(path);
            if (OperatingSystem.IsWindows() ? new FileInfo(target).IsReadOnly : (File.GetUnixFileMode(target) & AnyWrite) == 0)
            {
                return "it is read-only";
            }

            using var opened = new FileStream(target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            return null;
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
            return failure.Message;
        }
    }

    /// <summary>Puts <paramref name="text"/> into the file; <paramref name="before"/>, what it said, stays beside it as <c>.bak</c> where given. Keeps its permissions.</summary>
    /// <exception cref="IOException">It could not be written; the file says what it said.</exception>
    public static async Task WriteAsync(string path, string text, string? before)
    {
        try
        {
            var target = Target(path);
            if (before is not null)
            {
                await ReplaceAsync(target + Backup, before, like: target);
            }

            await ReplaceAsync(target, text, like: target);
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
            throw new IOException(failure.Message, failure);
        }
    }

    public static bool IsOfFiles(Exception failure) => failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    // A link stays a link, and what it leads to changes.
    private static string Target(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);

    // In the same folder, so that the rename is one step of one file system; on the disk before it has the name.
    private static async Task ReplaceAsync(string target, string text, string like)
    {
        var coming = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Guid.NewGuid():n}.tmp");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                // A configuration has secrets: nobody else reads the copy meanwhile.
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            await using (var stream = new FileStream(coming, options))
            {
                await stream.WriteAsync(Encoding.GetBytes(text));
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(like));
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(coming, target, overwrite: true);
        }
        catch
        {
            File.Delete(coming);
            throw;
        }
    }
}

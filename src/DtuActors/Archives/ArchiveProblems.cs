using DtuActors.Archives.Targets;

namespace DtuActors.Archives;

/// <summary>Why an archive does not go on, in a word that programs can rely on.</summary>
public static class ArchiveProblems
{
    /// <summary>This machine's own files, under <c>data-dir</c>, can't be written or read.</summary>
    public const string SpoolFailed = "spool-failed";

    /// <summary>The stored history can't be read, or not all of it: the database fails, or a node of the cluster does not answer.</summary>
    public const string StorageFailed = "storage-failed";

    /// <summary>What was carried before is not known any more: its file was unreadable, and is moved aside.</summary>
    public const string StateLost = "state-lost";

    /// <summary>Something that nobody thought of; the log tells more.</summary>
    public const string Failed = "failed";

    public static string Word(ArchiveProblem problem) => problem switch
    {
        ArchiveProblem.UnknownHost => "unknown-host",
        ArchiveProblem.Unreachable => "unreachable",
        ArchiveProblem.WrongPassword => "wrong-password",
        ArchiveProblem.WrongHostKey => "wrong-host-key",
        ArchiveProblem.NoPermission => "no-permission",
        ArchiveProblem.DiskFull => "disk-full",
        ArchiveProblem.Broken => "broken",
        _ => "refused",
    };
}

/// <summary>This side can't go on now.</summary>
/// <param name="problem">One of <see cref="ArchiveProblems"/>.</param>
/// <param name="words">For a person.</param>
/// <param name="cause">What was thrown.</param>
internal sealed class ArchiveException(string problem, string words, Exception? cause = null) : Exception(words, cause)
{
    public string Problem => problem;

    /// <summary>Runs what touches own files; what they say becomes <see cref="ArchiveProblems.SpoolFailed"/>.</summary>
    public static async Task<T> OfFilesAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.Security.SecurityException)
        {
            throw new ArchiveException(ArchiveProblems.SpoolFailed, failure.Message, failure);
        }
    }
}

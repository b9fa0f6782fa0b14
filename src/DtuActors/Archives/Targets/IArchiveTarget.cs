namespace DtuActors.Archives.Targets;

/// <summary>
/// Where archives go: files under paths with <c>/</c>, relative to whatever the account or the folder begins with. One connection, opened by the first call; nothing of it is used by
/// two at once. Every failure is an <see cref="ArchiveTargetException"/>; after one the object is disposed of and another one made.
/// </summary>
public interface IArchiveTarget : IAsyncDisposable
{
    /// <summary>How many bytes a file has; null: there is none.</summary>
    Task<long?> LengthAsync(string path, CancellationToken cancellation);

    /// <summary>
    /// Makes the file hold what it holds up to <paramref name="offset"/>, and behind it what <paramref name="content"/> has from where it stands to its end. At offset 0 whatever was there is
    /// gone. The stream may be read in part where it fails.
    /// </summary>
    Task WriteAsync(string path, long offset, Stream content, CancellationToken cancellation);

    /// <summary>Gives a file its name; one that has it is replaced.</summary>
    Task RenameAsync(string from, string to, CancellationToken cancellation);

    /// <summary>A folder and those above it; one that is there is as good.</summary>
    Task MakeFolderAsync(string folder, CancellationToken cancellation);
}

/// <summary>Why it does not go on.</summary>
public enum ArchiveProblem
{
    /// <summary>Nobody has that name.</summary>
    UnknownHost,

    /// <summary>Nobody answers there, or not in time.</summary>
    Unreachable,

    /// <summary>The account, its password or its key is not taken.</summary>
    WrongPassword,

    /// <summary>The server's key is not the one that is configured.</summary>
    WrongHostKey,

    /// <summary>The account may not do that there.</summary>
    NoPermission,

    /// <summary>There is no room any more.</summary>
    DiskFull,

    /// <summary>The connection broke off.</summary>
    Broken,

    /// <summary>Whatever else the server says.</summary>
    Refused,
}

/// <summary>It can't be done now; the words are for a person, and hold no secret.</summary>
public sealed class ArchiveTargetException(ArchiveProblem problem, string words, Exception? cause = null) : Exception(words, cause)
{
    public ArchiveProblem Problem => problem;
}

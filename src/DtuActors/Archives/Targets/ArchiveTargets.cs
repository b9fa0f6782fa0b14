using DtuActors.Configuration;

namespace DtuActors.Archives.Targets;

/// <summary>The targets there are.</summary>
public static class ArchiveTargets
{
    /// <summary>One of the kind that is configured. Nothing is opened yet: what does not go fails in the first call.</summary>
    public static IArchiveTarget Create(ArchiveTargetOptions options) => options switch
    {
        FolderTargetOptions folder => new FolderTarget(folder),
        FtpTargetOptions ftp => new FtpTarget(ftp),
        SftpTargetOptions sftp => new SftpTarget(sftp),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "no kind of target"),
    };
}

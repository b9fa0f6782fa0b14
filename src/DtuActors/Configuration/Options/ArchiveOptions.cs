namespace DtuActors.Configuration;

/// <summary>What a day's file of one DTU holds.</summary>
public enum ArchiveFormat
{
    /// <summary>One line a frame.</summary>
    Csv,

    /// <summary>For Wireshark, as <c>dtu capture</c> writes it.</summary>
    Pcapng,
}

/// <summary>One of <c>dtu.archives</c>: the history of each day, a file for each DTU, carried to where it is wanted.</summary>
public sealed record ArchiveOptions
{
    public required string Name { get; init; }

    public required string KeyPath { get; init; }

    /// <summary>Whose history: an id or a glob.</summary>
    public string Dtu { get; init; } = "*";

    public ArchiveFormat Format { get; init; } = ArchiveFormat.Csv;

    /// <summary>When yesterday is carried away, on the clock of <see cref="TimeZone"/>.</summary>
    public TimeOnly At { get; init; } = new(1, 0);

    /// <summary>Whose days they are.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>The file's path there: <c>{dtu}</c> and <c>{date}</c> (2026-05-04) stand for what they say; what an id has that no file name has is percent-encoded.</summary>
    public string Path { get; init; } = "{date}/{dtu}.csv";

    /// <summary>So many days that were missed are caught up.</summary>
    public int CatchUp { get; init; } = 7;

    /// <summary>The first wait after a failure; it doubles up to <see cref="RetryMax"/>.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan RetryMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Of a cluster: the node that carries it.</summary>
    public string? On { get; init; }

    public required ArchiveTargetOptions Target { get; init; }
}

/// <summary>Where files go.</summary>
public abstract record ArchiveTargetOptions
{
    /// <summary>What configuration calls it.</summary>
    public abstract string Kind { get; }
}

/// <summary><c>kind = folder</c>: of this machine, or mounted there.</summary>
public sealed record FolderTargetOptions : ArchiveTargetOptions
{
    public override string Kind => "folder";

    public required string Folder { get; init; }
}

/// <summary>A server with an account.</summary>
public abstract record ServerTargetOptions : ArchiveTargetOptions
{
    public required string Host { get; init; }

    public required int Port { get; init; }

    public required string Username { get; init; }

    /// <summary>Never shown.</summary>
    public string? Password { get; init; }

    /// <summary>The most time that the server may take to say or take something.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary><c>kind = ftp</c>: in the clear, which configuration has to say (<c>plain = on</c>).</summary>
public sealed record FtpTargetOptions : ServerTargetOptions
{
    public override string Kind => "ftp";

    /// <summary>Whether the server opens the data connection (PORT, EPRT), not the client (PASV, EPSV).</summary>
    public bool IsActive { get; init; }
}

/// <summary><c>kind = sftp</c>.</summary>
public sealed record SftpTargetOptions : ServerTargetOptions
{
    public override string Kind => "sftp";

    /// <summary>The fingerprint of the server's key, as <c>ssh-keygen -l</c> shows it: <c>SHA256:...</c>.</summary>
    public required string HostKey { get; init; }

    /// <summary>A private key file (OpenSSH, PEM), in place of a password or beside it.</summary>
    public string? KeyFile { get; init; }

    public string? KeyPassphrase { get; init; }
}

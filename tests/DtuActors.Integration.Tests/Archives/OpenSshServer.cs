using DtuActors.Configuration;

namespace DtuActors.Integration.Tests.Archives;

/// <summary>
/// OpenSSH's sshd with a host key of its own. Its account stands in a passwd and a shadow file that only it sees, in a mount namespace of its own: the system's accounts stay as they are.
/// </summary>
public class OpenSshServer : ArchiveServer
{
    public const string Passphrase = "s3cret-of-the-key";

    private string _hostKey = "";

    /// <summary>The account's key, with <see cref="Passphrase"/>.</summary>
    public string KeyFile => Path.Combine(Folder, "key");

    internal override ServerTargetOptions Options =>
        new SftpTargetOptions { Host = "127.0.0.1", Port = Port, Username = User, Password = Password, HostKey = _hostKey, Timeout = TimeSpan.FromSeconds(20) };

    protected override string Program => "sshd";

    /// <summary>What sftp-server is told.</summary>
    protected virtual string SftpArguments => "";

    // The folder that it wants empty, /run/sshd, is made by an init system where there is one.
    protected override (string Program, string[] Arguments) Command(string found) => ("unshare", [
        "--mount", "sh", "-ec", """
            mount --bind "$1/passwd" /etc/passwd
            mount --bind "$1/shadow" /etc/shadow
            mount -t tmpfs tmpfs /run
            mkdir -m 755 /run/sshd
            exec "$2" -D -e -f "$1/sshd_config"
            """, "sh", Folder, found]);

    protected override async Task ConfigureAsync()
    {
        string In(string name) => Path.Combine(Folder, name);
        await PrintedAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", In("host"));
        await PrintedAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", Passphrase, "-C", "", "-f", KeyFile);
        _hostKey = (await PrintedAsync("ssh-keygen", "-l", "-f", In("host.pub"))).Split(' ')[1];
        await File.WriteAllTextAsync(In("passwd"), await File.ReadAllTextAsync("/etc/passwd") + $"{User}:x:{Nobody}:{Nobody}::{Home}:/bin/sh\n");
        await File.WriteAllTextAsync(In("shadow"), $"{User}:{await PrintedAsync("openssl", "passwd", "-6", Password)}:19000:0:99999:7:::\n");
        await File.WriteAllTextAsync(In("sshd_config"), $"""
            ListenAddress 127.0.0.1
            Port {Port}
            HostKey {In("host")}
            PidFile none
            UsePAM no
            StrictModes no
            AuthorizedKeysFile {In("key.pub")}
            PasswordAuthentication yes
            Subsystem sftp internal-sftp {SftpArguments}

            """);
    }
}

/// <summary>One that has SSH_FXP_RENAME only, as servers other than OpenSSH's may.</summary>
public sealed class OldSshServer : OpenSshServer
{
    protected override string SftpArguments => "-P posix-rename";
}

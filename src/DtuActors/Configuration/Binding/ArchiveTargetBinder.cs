using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>Binds where an archive goes. What a password says stands in no fault.</summary>
internal static class ArchiveTargetBinder
{
    private const int FtpPort = 21;
    private const int SftpPort = 22;
    private const int LongestSecret = 256;
    private const string FingerprintPrefix = "SHA256:";
    private const int FingerprintBytes = 32;

    /// <summary>Null where it can't be one; that is reported.</summary>
    public static ArchiveTargetOptions? Bind(BlockReader block)
    {
        // Which kind it is, its block's keys say: kind was read already.
        if (block.Knows("folder"))
        {
            return block.FilePath("folder", required: true) is { } folder ? new FolderTargetOptions { Folder = folder } : null;
        }

        var isFtp = block.Knows("plain");
        var host = ListenerBinder.Host(block, required: true);
        var username = Plain(block, "username", required: true);
        var server = (Host: host ?? "", Port: block.Port("port", isFtp ? FtpPort : SftpPort, anyFree: false), Username: username ?? "", Password: Secret(block, "password"),
            Timeout: block.Duration("timeout", TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)));
        return isFtp ? Ftp(block, server) : Sftp(block, server);
    }

    private static FtpTargetOptions Ftp(BlockReader block, (string Host, int Port, string Username, string? Password, TimeSpan Timeout) server)
    {
        if (!block.Boolean("plain", false))
        {
            block.Fault("plain", "kind", "FTP sends the password and the data in the clear: whoever is between reads them, and may change them",
                "kind = sftp; or plain = on, where nobody is between");
        }

        return new FtpTargetOptions
        {
            Host = server.Host, Port = server.Port, Username = server.Username, Password = server.Password, Timeout = server.Timeout,
            IsActive = block.Word("mode", "passive", "passive", "active") == "active",
        };
    }

    private static SftpTargetOptions Sftp(BlockReader block, (string Host, int Port, string Username, string? Password, TimeSpan Timeout) server)
    {
        var key = KeyFile(block);
        var passphrase = Secret(block, "key-passphrase");
        if (key is null && server.Password is null && !block.Has("password") && !block.Has("key-path"))
        {
            block.Fault("password", "is missing, and key-path too: the account needs one of them", "password = ${?ARCHIVE_PASSWORD}, or key-path = \"id_ed25519\"");
        }

        if (passphrase is not null && !block.Has("key-path"))
        {
            block.Fault("key-passphrase", "there is no key-path beside it", "key-path = \"id_ed25519\"");
        }

        return new SftpTargetOptions
        {
            Host = server.Host, Port = server.Port, Username = server.Username, Password = server.Password, Timeout = server.Timeout,
            HostKey = HostKey(block, server.Host, server.Port) ?? "",
            KeyFile = key,
            KeyPassphrase = passphrase,
        };
    }

    private static string? HostKey(BlockReader block, string host, int port)
    {
        var how = $"host-key = \"{FingerprintPrefix}...\"; it is shown by: ssh-keyscan{(port == SftpPort ? "" : $" -p {port}")} {(host.Length == 0 ? "HOST" : KeyPath.Shown(host))} | ssh-keygen -lf - (compare it with what the server's owner says)";
        if (!block.Has("host-key"))
        {
            block.Fault("host-key", "is missing: without the fingerprint of the server's key whoever is between could be the server", how);
            return null;
        }

        if (block.Text("host-key") is not { } text)
        {
            return null;
        }

        var fingerprint = text.Trim().TrimEnd('=');
        if (IsFingerprint(fingerprint))
        {
            return fingerprint;
        }

        block.Fault("host-key", $"'{KeyPath.Shown(text)}' is no fingerprint", how);
        return null;
    }

    private static bool IsFingerprint(string text)
    {
        if (!text.StartsWith(FingerprintPrefix, StringComparison.Ordinal))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[FingerprintBytes + 1];
        return Convert.TryFromBase64String(text[FingerprintPrefix.Length..] + "=", bytes, out var length) && length == FingerprintBytes;
    }

    private static string? KeyFile(BlockReader block)
    {
        if (block.FilePath("key-path", required: false) is not { } path)
        {
            return null;
        }

        if (!File.Exists(path))
        {
            block.Fault("key-path", $"there is no file {KeyPath.Shown(path)}", "a private key as ssh-keygen makes it");
        }

        return path;
    }

    private static string? Plain(BlockReader block, string key, bool required)
    {
        var text = required ? block.RequiredText(key, "a text") : block.NonEmpty(key, "a text");
        if (text is not null && (text.Length > LongestSecret || text.Any(char.IsControl)))
        {
            block.Fault(key, $"'{KeyPath.Shown(text)}' can't be one", $"at most {LongestSecret} characters, no control characters");
        }

        return text;
    }

    // A server's password may have blanks, which a DTU's secret may not.
    private static string? Secret(BlockReader block, string key)
    {
        if (block.Find(key) is HoconScalar { Text: "" } || block.Text(key) is not { } text)
        {
            return null;
        }

        if (text.Length <= LongestSecret && !text.Any(char.IsControl))
        {
            return text;
        }

        block.Fault(key, "is no usable password (its value is not shown)", $"1 to {LongestSecret} characters, no control characters");
        return null;
    }
}

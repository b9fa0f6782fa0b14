using System.Net.Sockets;
using DtuActors.Configuration;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Sftp;

namespace DtuActors.Archives.Targets;

/// <summary>
/// An account of an SSH server, by its SFTP (draft-ietf-secsh-filexfer-02, which is version 3, and OpenSSH's extensions to it: PROTOCOL, section 4). The server's key is the configured one or nothing is sent.
/// Some calls of SSH.NET only block: those run on threads of their own, for each may last as long as the time that is configured, and a pool that waits is one that nobody else gets a thread from.
/// </summary>
internal sealed class SftpTarget(SftpTargetOptions options) : IArchiveTarget
{
    private const string Sha256 = "SHA256:";

    // Of later drafts (draft-ietf-secsh-filexfer-13, section 9.1), said by servers of this version all the same.
    private const int WriteProtect = 12;
    private const int NoSpace = 14;
    private const int QuotaExceeded = 15;

    // The connection, the versions, the keys, the account, its SFTP: each has the time that is configured, and of a first line that comes byte by byte SSH.NET gives it to each byte.
    private const int Steps = 5;

    private static readonly TimeSpan QuitLimit = TimeSpan.FromSeconds(1);

    private SftpClient? _client;

    public async Task<long?> LengthAsync(string path, CancellationToken cancellation)
    {
        TargetPath.OnServer(path);
        var client = await ClientAsync(cancellation).ConfigureAwait(false);
        return await AttributesAsync(client, path, cancellation).ConfigureAwait(false) is { IsDirectory: false } file ? file.Size : null;
    }

    public async Task WriteAsync(string path, long offset, Stream content, CancellationToken cancellation)
    {
        TargetPath.OnServer(path);
        var client = await ClientAsync(cancellation).ConfigureAwait(false);
        var file = await DoAsync(path, () => client.OpenAsync(path, offset == 0 ? FileMode.Create : FileMode.Open, FileAccess.Write, cancellation)).ConfigureAwait(false);

        // Closed where all is well. Where it is not, nobody uses the connection any more, and its end closes the file; closing it here could wait for a server that says nothing.
        if (offset > 0)
        {
            await DoAsync(path, () => OnOwnThreadAsync(() => GoTo(path, file, offset)).WaitAsync(cancellation)).ConfigureAwait(false);
        }

        await TargetLimits.CopyAsync(content, block => WriteAsync(path, file, block, cancellation), cancellation).ConfigureAwait(false);
        await DoAsync(
            path,
            async () =>
            {
                await file.FlushAsync(cancellation).ConfigureAwait(false);
                await file.DisposeAsync().ConfigureAwait(false);
                return true;
            },
            isWriting: true).ConfigureAwait(false);
    }

    public async Task RenameAsync(string from, string to, CancellationToken cancellation)
    {
        TargetPath.OnServer(from);
        TargetPath.OnServer(to);
        var client = await ClientAsync(cancellation).ConfigureAwait(false);
        if (await DoAsync(to, () => OnOwnThreadAsync(() => TryReplace(client, from, to)).WaitAsync(cancellation)).ConfigureAwait(false))
        {
            return;
        }

        // SSH_FXP_RENAME takes no name that is in use. What has it goes only for a file that is there.
        if (await AttributesAsync(client, from, cancellation).ConfigureAwait(false) is not null && await AttributesAsync(client, to, cancellation).ConfigureAwait(false) is { IsDirectory: false })
        {
            await DoAsync(to, async () =>
            {
                await client.DeleteFileAsync(to, cancellation).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
        }

        await DoAsync(to, async () =>
        {
            await client.RenameFileAsync(from, to, cancellation).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    public async Task MakeFolderAsync(string folder, CancellationToken cancellation)
    {
        var levels = TargetPath.Levels(folder);
        var client = await ClientAsync(cancellation).ConfigureAwait(false);
        foreach (var level in levels)
        {
            try
            {
                await DoAsync(level, async () =>
                {
                    await client.CreateDirectoryAsync(level, cancellation).ConfigureAwait(false);
                    return true;
                }).ConfigureAwait(false);
            }
            catch (ArchiveTargetException refusal) when (refusal.InnerException is SftpException)
            {
                // One that is there is refused with the word for everything that has none of its own (SSH_FX_FAILURE), or for want of rights above it. A link may lead to one.
                if (await AttributesAsync(client, level, cancellation).ConfigureAwait(false) is not ({ IsDirectory: true } or { IsSymbolicLink: true }))
                {
                    throw;
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not { } client)
        {
            return;
        }

        _client = null;
        try
        {
            await OnOwnThreadAsync(() => Close(client)).WaitAsync(QuitLimit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It waits for a server that does not answer, and ends with it: not with us.
        }
    }

    private static async Task<SftpFileAttributes?> AttributesAsync(SftpClient client, string path, CancellationToken cancellation)
    {
        try
        {
            return await DoAsync(path, () => client.GetAttributesAsync(path, cancellation)).ConfigureAwait(false);
        }
        catch (ArchiveTargetException failure) when (failure.InnerException is SftpPathNotFoundException)
        {
            return null;
        }
    }

    // What is there up to the offset stays, what lies behind it goes.
    private static bool GoTo(string path, SftpFileStream file, long offset)
    {
        var length = file.Length;
        if (length < offset)
        {
            throw new ArchiveTargetException(ArchiveProblem.Refused, $"{TargetWords.Of(path)} has {length} bytes: nothing can go on at {offset}");
        }

        if (length > offset)
        {
            file.SetLength(offset);
        }

        file.Position = offset;
        return true;
    }

    private static async ValueTask WriteAsync(string path, SftpFileStream file, ReadOnlyMemory<byte> block, CancellationToken cancellation) => await DoAsync(
        path,
        async () =>
        {
            await file.WriteAsync(block, cancellation).ConfigureAwait(false);
            return true;
        },
        isWriting: true).ConfigureAwait(false);

    // False: it has no posix-rename@openssh.com.
    private static bool TryReplace(SftpClient client, string from, string to)
    {
        try
        {
            client.RenameFile(from, to, isPosix: true);
            return true;
        }
        catch (NotSupportedException)
        {
            return false;
        }
    }

    private static bool Close(SftpClient client)
    {
        try
        {
            client.Dispose();
            return true;
        }
        catch (Exception gone) when (gone is SshException or SocketException or ObjectDisposedException)
        {
            // Taking leave was a courtesy.
            return false;
        }
    }

    private static async Task<T> DoAsync<T>(string path, Func<Task<T>> step, bool isWriting = false)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or ArchiveTargetException))
        {
            throw new ArchiveTargetException(Problem(failure, isWriting), $"{TargetWords.Of(path)}: {TargetWords.Of(failure.Message)}", failure);
        }
    }

    private static ArchiveProblem Problem(Exception failure, bool isWriting) => failure switch
    {
        SftpPermissionDeniedException => ArchiveProblem.NoPermission,
        SftpException { StatusCode: (StatusCode)WriteProtect } => ArchiveProblem.NoPermission,
        SftpException { StatusCode: (StatusCode)NoSpace or (StatusCode)QuotaExceeded } => ArchiveProblem.DiskFull,

        // This version has no word for a full disk; OpenSSH says SSH_FX_FAILURE of every errno that it has none for (errno_to_portable), and a write that has begun knows hardly another.
        SftpException { StatusCode: StatusCode.Failure } when isWriting => ArchiveProblem.DiskFull,
        SftpException => ArchiveProblem.Refused,

        // SSH.NET says by it, in words alone, that the connection or its channel was closed.
        SshException or SocketException or ObjectDisposedException => ArchiveProblem.Broken,
        _ => ArchiveProblem.Refused,
    };

    private static Task<T> OnOwnThreadAsync<T>(Func<T> step) =>
        Task.Factory.StartNew(step, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private async Task<SftpClient> ClientAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (_client is not null)
        {
            return _client;
        }

        // ConnectAsync of SSH.NET awaits only the first packets, then blocks until the account is let in.
        var connecting = OnOwnThreadAsync(Connect);
        try
        {
            return _client = await connecting.WaitAsync(options.Timeout * Steps, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = GiveUpAsync(connecting);
            throw;
        }
        catch (TimeoutException trickling)
        {
            _ = GiveUpAsync(connecting);
            throw TargetLimits.NotReached(options, trickling);
        }
    }

    // Nobody waits for it any more: its every step is limited, so it ends, and what it ends in is closed.
    private static async Task GiveUpAsync(Task<SftpClient> connecting)
    {
        try
        {
            var client = await connecting.ConfigureAwait(false);
            await OnOwnThreadAsync(() => Close(client)).ConfigureAwait(false);
        }
        catch (ArchiveTargetException)
        {
            // Nor does anybody want to know.
        }
    }

    private SftpClient Connect()
    {
        var client = new SftpClient(new ConnectionInfo(options.Host, options.Port, options.Username, Methods()) { Timeout = options.Timeout }) { OperationTimeout = options.Timeout };
        string? other = null;
        client.HostKeyReceived += (_, key) =>
        {
            // Base 64 with or without what fills it up.
            key.CanTrust = options.HostKey.AsSpan(options.HostKey.StartsWith(Sha256, StringComparison.Ordinal) ? Sha256.Length : 0).TrimEnd('=').SequenceEqual(key.FingerPrintSHA256);
            other = key.CanTrust ? null : $"{TargetWords.Of(key.HostKeyName)} {Sha256}{key.FingerPrintSHA256}";
        };
        try
        {
            client.Connect();
            return client;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Close(client);
            throw other is not null
                ? new ArchiveTargetException(ArchiveProblem.WrongHostKey, $"{options.Host}:{options.Port} has the key {other}, not the one that is configured", failure)
                : NotLetIn(failure);
        }
    }

    private ArchiveTargetException NotLetIn(Exception failure) => failure switch
    {
        SshAuthenticationException => new(ArchiveProblem.WrongPassword, $"{options.Host}:{options.Port}: {TargetWords.Of(failure.Message, options.Password)}", failure),
        SocketException or SshOperationTimeoutException => TargetLimits.NotReached(options, failure),
        _ => new(Problem(failure, isWriting: false), $"{options.Host}:{options.Port}: {TargetWords.Of(failure.Message, options.Password)}", failure),
    };

    private AuthenticationMethod[] Methods()
    {
        var methods = new List<AuthenticationMethod>();
        if (options.KeyFile is { } file)
        {
            try
            {
                methods.Add(new PrivateKeyAuthenticationMethod(options.Username, new PrivateKeyFile(file, options.KeyPassphrase)));
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                throw new ArchiveTargetException(ArchiveProblem.WrongPassword, $"key-file {TargetWords.Of(file)}: {TargetWords.Of(failure.Message, options.KeyPassphrase)}", failure);
            }
        }

        if (options.Password is { } password)
        {
            methods.Add(new PasswordAuthenticationMethod(options.Username, password));

            // Where PAM asks for it, a server may know passwords only as the answer to a question.
            var asked = new KeyboardInteractiveAuthenticationMethod(options.Username);
            asked.AuthenticationPrompt += (_, questions) =>
            {
                foreach (var question in questions.Prompts)
                {
                    question.Response = question.IsEchoed ? "" : password;
                }
            };
            methods.Add(asked);
        }

        return methods.Count > 0 ? [.. methods] : throw new ArchiveTargetException(ArchiveProblem.WrongPassword, $"{options.Username} has neither a password nor a key-file");
    }
}

using DtuActors.Archives.Targets.Ftp;
using DtuActors.Configuration;

namespace DtuActors.Archives.Targets;

/// <summary>An account of an FTP server. All of it passes in the clear, the password too.</summary>
internal sealed class FtpTarget(FtpTargetOptions options) : IArchiveTarget
{
    private FtpClient? _client;

    public async Task<long?> LengthAsync(string path, CancellationToken cancellation)
    {
        path = TargetPath.OnServer(path);
        return await (await ClientAsync(cancellation).ConfigureAwait(false)).SizeAsync(path, cancellation).ConfigureAwait(false);
    }

    public async Task WriteAsync(string path, long offset, Stream content, CancellationToken cancellation)
    {
        path = TargetPath.OnServer(path);
        await (await ClientAsync(cancellation).ConfigureAwait(false)).StoreAsync(path, offset, content, cancellation).ConfigureAwait(false);
    }

    public async Task RenameAsync(string from, string to, CancellationToken cancellation)
    {
        (from, to) = (TargetPath.OnServer(from), TargetPath.OnServer(to));
        await (await ClientAsync(cancellation).ConfigureAwait(false)).RenameAsync(from, to, cancellation).ConfigureAwait(false);
    }

    public async Task MakeFolderAsync(string folder, CancellationToken cancellation)
    {
        var levels = TargetPath.Levels(folder);
        await (await ClientAsync(cancellation).ConfigureAwait(false)).MakeFoldersAsync(levels, cancellation).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            await client.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<FtpClient> ClientAsync(CancellationToken cancellation) => _client ??= await FtpClient.OpenAsync(options, cancellation).ConfigureAwait(false);
}

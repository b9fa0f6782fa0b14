using System.Security.Cryptography;
using DtuActors.Storage;

namespace DtuActors.Archives;

/// <summary>
/// The one file of an archive that is being carried, on this machine's disk. It stays until it is there as a whole. What is known of it, its length and hash, is in the archive's state.
/// </summary>
/// <param name="folder">The archive's own, under <c>data-dir</c>.</param>
internal sealed class ArchiveSpool(string folder)
{
    private readonly string _path = Path.Combine(folder, "spool");

    private string Coming => _path + ".tmp";

    /// <summary>Makes it anew; null where <paramref name="write"/> never opened the stream it may ask for.</summary>
    public Task<(long Length, string Sha256)?> MakeAsync(Func<Func<Stream>, Task> write) => ArchiveException.OfFilesAsync<(long, string)?>(async () =>
    {
        Delete();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        HashedFile? file = null;
        try
        {
            await write(() =>
            {
                PrivateFile.MakeFolder(folder);
                return file = new HashedFile(PrivateFile.CreateNew(Coming), hash);
            }).ConfigureAwait(false);
            if (file is null)
            {
                return null;
            }

            var made = (file.Written, Convert.ToHexStringLower(hash.GetHashAndReset()));
            File.Move(Coming, _path, overwrite: true);
            return made;
        }
        catch
        {
            // A disk that is full has this room at least.
            Delete();
            throw;
        }
    });

    /// <summary>Whether it is that one still, as it was before a restart.</summary>
    public Task<bool> IsAsync(ArchiveFile file, CancellationToken cancellation) => ArchiveException.OfFilesAsync(async () =>
    {
        try
        {
            await using var stream = Open();
            return stream.Length == file.Length && Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation).ConfigureAwait(false)) == file.Sha256;
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    });

    /// <summary>Whether it is there, so long; throws where it is not.</summary>
    public Task<Stream> OpenAsync(long length) => ArchiveException.OfFilesAsync<Stream>(() =>
    {
        var stream = Open();
        if (stream.Length == length)
        {
            return Task.FromResult<Stream>(stream);
        }

        stream.Dispose();
        throw new IOException($"{_path} has changed");
    });

    public void Delete()
    {
        if (System.IO.Directory.Exists(folder))
        {
            File.Delete(Coming);
            File.Delete(_path);
        }
    }

    private FileStream Open() => new(_path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read, Options = FileOptions.Asynchronous | FileOptions.SequentialScan });

    /// <summary>A file that is written once, and hashed meanwhile.</summary>
    private sealed class HashedFile(FileStream file, IncrementalHash hash) : Stream
    {
        public long Written { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => Written;

        public override long Position { get => Written; set => throw new NotSupportedException(); }

        public override void Flush() => file.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => file.FlushAsync(cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            file.Write(buffer);
            Took(buffer);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await file.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
            Took(buffer.Span);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override async ValueTask DisposeAsync()
        {
            await file.DisposeAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                file.Dispose();
            }

            base.Dispose(disposing);
        }

        private void Took(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            Written += bytes.Length;
        }
    }
}

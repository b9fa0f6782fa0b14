using System.Net.Sockets;

namespace DtuActors.Listening.Streams;

/// <summary>
/// A socket as a stream, asynchronous only: what TLS stands on, and what a connection without TLS reads and writes. It does not own the socket. A read into no bytes
/// waits until there are some, or the peer's end.
/// </summary>
internal sealed class SocketStream(Socket socket) : Stream
{
    private ReadOnlyMemory<byte> _ahead;

    public Socket Socket => socket;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Whether bytes that were given back are the next to be read.</summary>
    public bool HasAhead => !_ahead.IsEmpty;

    /// <summary>Gives back bytes that were read and are the next reader's. No read is outstanding.</summary>
    public void PutBack(ReadOnlyMemory<byte> bytes) => _ahead = bytes;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ahead.IsEmpty)
        {
            return socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        }

        var count = Math.Min(_ahead.Length, buffer.Length);
        _ahead[..count].CopyTo(buffer);
        _ahead = count == _ahead.Length ? default : _ahead[count..];
        return new ValueTask<int>(count);
    }

    // One send may take a part.
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[await socket.SendAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false)..];
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

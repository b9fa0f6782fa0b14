using System.Buffers;
using System.Net.Sockets;
using Akka.Actor;
using Akka.IO;

namespace DtuActors.Listening.Streams;

/// <summary>
/// Reads one socket for its connection: waits without a buffer, then takes what is there. Each read ends in one <see cref="Tcp.Received"/>,
/// <see cref="StreamSteps.Finished"/> or <see cref="StreamSteps.Broken"/>.
/// </summary>
/// <remarks>
/// The one object that an idle connection's read costs; and a socket that fails is told of by its error's code: thrown and caught, it costs more than all the rest of a
/// connection's end, just when thousands end together.
/// </remarks>
internal sealed class SocketReader : SocketAsyncEventArgs
{
    private readonly Socket _socket;
    private readonly IActorRef _connection;

    // Taken only while there are bytes.
    private byte[]? _buffer;

    public SocketReader(Socket socket, IActorRef connection)
        : base(true) // no execution context flows: nothing here asks for one
    {
        _socket = socket;
        _connection = connection;
    }

    /// <summary>Begins one read; none is outstanding.</summary>
    public void Read() => Go(isReady: false);

    protected override void OnCompleted(SocketAsyncEventArgs e) => Go(isReady: true);

    // From a wait to what it waited for, as long as the socket has the answer at once.
    private void Go(bool isReady)
    {
        object? outcome;
        try
        {
            do
            {
                outcome = isReady ? Next() : Wait();
                isReady = outcome is not null || !_socket.ReceiveAsync(this);
            }
            while (outcome is null && isReady);
        }
        catch (Exception problem) // whatever it is: it ends this connection and nothing else
        {
            outcome = new StreamSteps.Broken(StreamSteps.Words(problem));
        }

        if (outcome is not null)
        {
            GiveBack();
            _connection.Tell(outcome, ActorRefs.NoSender);
        }
    }

    private object? Wait()
    {
        SetBuffer(Memory<byte>.Empty);
        return null;
    }

    // Null where there is something to take now.
    private object? Next()
    {
        if (SocketError is not SocketError.Success)
        {
            return new StreamSteps.Broken(StreamSteps.Words(SocketError));
        }

        if (_buffer is not null)
        {
            return BytesTransferred == 0 ? StreamSteps.Finished.Instance : new Tcp.Received(ByteString.CopyFrom(_buffer, 0, BytesTransferred));
        }

        _buffer = ArrayPool<byte>.Shared.Rent(StreamSteps.MostPerRead);
        SetBuffer(_buffer);
        return null;
    }

    private void GiveBack()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

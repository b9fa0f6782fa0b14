using System.Buffers;
using System.Net.Sockets;
using Akka.Actor;

namespace DtuActors.Listening.Streams.Polling;

/// <summary>One connection's socket at a loop. It belongs to its connection's turn; nothing waits for the socket through .NET.</summary>
internal sealed class PolledSocket : IDisposable
{
    private readonly SocketLoop _loop;
    private readonly int _descriptor;
    private readonly long _place;

    // Told once of each change, it has to remember: what is there is there until a read finds less than it has room for.
    private bool _mayRead;
    private bool _isEnding;

    /// <exception cref="SocketException">The system can't watch it.</exception>
    public PolledSocket(Socket socket, SocketLoop loop, IActorRef connection)
    {
        _loop = loop;
        _descriptor = (int)socket.SafeHandle.DangerousGetHandle();
        _place = loop.Enter(_descriptor, connection);
    }

    /// <summary>What the loop told.</summary>
    public void Hear(SocketReady ready)
    {
        _mayRead |= ready.CanRead;
        _isEnding |= ready.IsEnding;
    }

    /// <summary>
    /// Takes what is there, which is the caller's until it gives the buffer back to the shared pool. Null: nothing is; the loop tells when that changes.
    /// </summary>
    /// <param name="outcome">What was read; 0 is the peer's end, below it is the error's number, negated.</param>
    public byte[]? Receive(out int outcome)
    {
        outcome = 0;
        if (!_mayRead)
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(StreamSteps.MostPerRead);
        outcome = LinuxSockets.Receive(_descriptor, buffer);
        _mayRead = outcome == buffer.Length || (_isEnding && outcome > 0);
        if (outcome != -LinuxSockets.WouldBlock)
        {
            return buffer;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return null;
    }

    /// <summary>How many bytes the kernel took; it tells when it takes more. Below 0 is the error's number, negated.</summary>
    public int Send(ReadOnlySpan<byte> bytes)
    {
        var taken = 0;
        while (taken < bytes.Length)
        {
            var sent = LinuxSockets.Send(_descriptor, bytes[taken..]);
            if (sent == -LinuxSockets.WouldBlock)
            {
                break;
            }

            if (sent < 0)
            {
                return sent;
            }

            taken += sent;
        }

        return taken;
    }

    /// <summary>Before its socket is closed.</summary>
    public void Dispose() => _loop.Leave(_place);
}

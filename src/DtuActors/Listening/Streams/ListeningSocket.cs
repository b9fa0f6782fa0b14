using System.Net;
using System.Net.Sockets;
using DtuActors.Endpoints;

namespace DtuActors.Listening.Streams;

/// <summary>Makes listening sockets: TCP, and Unix sockets, whose file outlives a process that was killed.</summary>
internal static class ListeningSocket
{
    /// <summary>Throws <see cref="SocketException"/> (address in use: somebody listens there), <see cref="IOException"/>.</summary>
    public static async Task<Socket> BindAsync(EndPoint address, int backlog)
    {
        if (address is UnixDomainSocketEndPoint)
        {
            await MakeRoomAsync(address).ConfigureAwait(false);
        }

        var isUnix = address.AddressFamily == AddressFamily.Unix;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            socket.Bind(address);
            socket.Listen(backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // A file that nobody answers behind is what a killed process left.
    private static async Task MakeRoomAsync(EndPoint address)
    {
        var path = address.ToString()!;
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path))
        {
            return;
        }

        if (DeviceNode.IsSocket(path) is false)
        {
            throw new IOException("something that is no socket stands there; remove it or choose another path");
        }

        using var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await caller.ConnectAsync(address).ConfigureAwait(false);
        }
        catch (SocketException nobody) when (nobody.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable)
        {
            File.Delete(path);
            return;
        }

        throw new SocketException((int)SocketError.AddressAlreadyInUse);
    }
}

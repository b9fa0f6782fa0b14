using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using DtuActors.Endpoints;

namespace DtuActors.Listening.Streams;

/// <summary>Makes listening sockets: TCP, and Unix sockets, whose file outlives a process that was killed.</summary>
internal static class ListeningSocket
{
    // socket(7): of any transport; Linux's number of SO_REUSEPORT.
    private const int SocketLevel = 1;
    private const int ReusePort = 15;

    /// <summary>
    /// The sockets that listen at an address: of TCP on Linux as many as asked for, which share it, each with a backlog of its own, for the system gives no backlog more than
    /// net.core.somaxconn (4096, where nobody raised it); else one. Throws <see cref="SocketException"/> (address in use: somebody listens there), <see cref="IOException"/>.
    /// </summary>
    public static async Task<ImmutableArray<Socket>> BindAsync(EndPoint address, int backlog, int most)
    {
        if (address is UnixDomainSocketEndPoint)
        {
            await MakeRoomAsync(address).ConfigureAwait(false);
        }

        var sockets = new List<Socket>();
        try
        {
            // Without sharing: an address that another process listens at is in use.
            sockets.Add(Bound(address, shares: false));
            if (OperatingSystem.IsLinux() && address is IPEndPoint)
            {
                Share(sockets, most);
            }

            sockets.ForEach(socket => socket.Listen(backlog));
            return [.. sockets];
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    private static void Share(List<Socket> sockets, int most)
    {
        try
        {
            SetShared(sockets[0]);
            while (sockets.Count < most)
            {
                sockets.Add(Bound(sockets[0].LocalEndPoint!, shares: true));
            }
        }
        catch (SocketException)
        {
            // Where the system shares no address, those it gave are enough to listen.
        }
    }

    private static Socket Bound(EndPoint address, bool shares)
    {
        var isUnix = address.AddressFamily == AddressFamily.Unix;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (shares)
            {
                SetShared(socket);
            }

            socket.Bind(address);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void SetShared(Socket socket) => socket.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));

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

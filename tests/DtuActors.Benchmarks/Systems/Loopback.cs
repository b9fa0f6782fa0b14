using System.Net;
using System.Net.Sockets;

namespace DtuActors.Benchmarks.Systems;

/// <summary>The sockets of the benchmarks: TCP, between processes of this machine.</summary>
internal static class Loopback
{
    /// <summary>More than any benchmark opens at a time: a SYN that finds no room comes again a second later.</summary>
    public const int Backlog = 4096;

    public static IPEndPoint At(int port) => new(IPAddress.Loopback, port);

    /// <summary>Listens on a free port.</summary>
    public static Socket Listen(int backlog = Backlog)
    {
        var listener = Tcp();
        listener.Bind(At(0));
        listener.Listen(backlog);
        return listener;
    }

    /// <summary>The same, and says where, as a gateway does of its listener of that name.</summary>
    public static Socket Listen(string name, int backlog = Backlog)
    {
        var listener = Listen(backlog);
        Console.WriteLine($"listening {name} tcp {listener.LocalEndPoint}");
        return listener;
    }

    /// <summary>A connection that sends each frame at once.</summary>
    public static async Task<Socket> ConnectAsync(int port, CancellationToken ct = default)
    {
        var socket = Tcp();
        socket.NoDelay = true;
        await socket.ConnectAsync(At(port), ct);
        return socket;
    }

    /// <summary>Not connected yet; a reset closes it, and what it sent and nobody has read is gone.</summary>
    public static Socket Resetting()
    {
        var socket = Tcp();
        socket.LingerState = new LingerOption(true, 0);
        return socket;
    }

    private static Socket Tcp() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
}

using System.Net;
using System.Net.Sockets;

namespace DtuActors.Host.Commands;

/// <summary>
/// Ports of loopback that nobody listens on, below those that the system gives to whoever asks for any: a process that is away for a while finds its port free when it
/// comes back, however many sockets were opened meanwhile.
/// </summary>
internal static class FreePorts
{
    private const int Lowest = 20_000;
    private const int Highest = 32_000;

    /// <summary>So many that differ, each free a moment ago.</summary>
    public static int[] Take(int count)
    {
        var held = new List<Socket>();
        try
        {
            while (held.Count < count)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    socket.Bind(new IPEndPoint(IPAddress.Loopback, Random.Shared.Next(Lowest, Highest)));
                    held.Add(socket);
                }
                catch (SocketException)
                {
                    socket.Dispose();
                }
            }

            return [.. held.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }
}

using System.Net;
using System.Net.Sockets;

namespace DtuActors.Tests.Sockets;

/// <summary>
/// Ports for tests that must name one, because a row of the register does. They lie below those that systems hand out for port 0 (Linux: from 32768), so that no other test
/// gets one meanwhile.
/// </summary>
public static class FreePorts
{
    public const int First = 12_000;
    public const int Last = 31_999;

    private static readonly HashSet<int> Taken = [];

    /// <summary>The first of so many in a row that nobody listens on, and that no earlier call was given.</summary>
    public static int Row(int count)
    {
        lock (Taken)
        {
            for (var attempt = 0; attempt < 200; attempt++)
            {
                var first = Random.Shared.Next(First, Last - count);
                var row = Enumerable.Range(first, count).ToList();
                if (!row.Exists(Taken.Contains) && row.TrueForAll(IsFree))
                {
                    Taken.UnionWith(row);
                    return first;
                }
            }
        }

        throw new InvalidOperationException($"no {count} free ports in a row from {First} to {Last}");
    }

    /// <summary>Whether nobody listens there.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using System.Net.Sockets;

namespace DtuActors.Benchmarks.Systems;

/// <summary>What a relay in C# costs when it is nothing else: bare async sockets, a client's and the one that is dialled for it, and a loop each way.</summary>
internal static class BareRelay
{
    public static async Task RunAsync(int farPort)
    {
        using var listener = Loopback.Listen("main");
        Console.WriteLine("ready");
        while (true)
        {
            _ = RelayAsync(await listener.AcceptAsync(), farPort);
        }
    }

    private static async Task RelayAsync(Socket near, int farPort)
    {
        near.NoDelay = true;
        using var far = await Loopback.ConnectAsync(farPort);
        await Task.WhenAll(CopyAsync(near, far), CopyAsync(far, near));
        near.Dispose();
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[4096];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer)) > 0;)
            {
                await to.SendAsync(buffer.AsMemory(0, read));
            }
        }
        catch (SocketException)
        {
            // The benchmark is over.
        }

        to.Close();
    }
}

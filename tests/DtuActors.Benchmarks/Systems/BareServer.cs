using System.Diagnostics;
using System.Net.Sockets;

namespace DtuActors.Benchmarks.Systems;

/// <summary>What a server of sockets costs when it is nothing else: accepts, and reads from each.</summary>
internal static class BareServer
{
    /// <summary>
    /// Says <c>listening main tcp ADDRESS</c>, <c>bench online TIMESTAMP</c> when <paramref name="sockets"/> have been read from once, <c>bench empty</c> when
    /// all are gone.
    /// </summary>
    public static async Task RunAsync(int sockets)
    {
        using var listener = Loopback.Listen("main");
        Console.WriteLine("ready");
        _ = AcceptAsync(listener, new Counter(sockets));
        while (Console.ReadLine() is { } question)
        {
            Console.WriteLine(question switch
            {
                "made" => $"bench made {GC.GetTotalAllocatedBytes(precise: true)}",
                "paused" => $"bench paused {GC.GetTotalPauseDuration().Ticks}",
                _ => $"bench heap {GC.GetTotalMemory(forceFullCollection: true)}",
            });
        }
    }

    private static async Task AcceptAsync(Socket listener, Counter counter)
    {
        while (true)
        {
            _ = ReadAsync(await listener.AcceptAsync(), counter);
        }
    }

    private static async Task ReadAsync(Socket socket, Counter counter)
    {
        using var open = socket;
        var isFirst = true;
        try
        {
            var buffer = new byte[512];
            while (await socket.ReceiveAsync(buffer) > 0)
            {
                if (isFirst)
                {
                    isFirst = false;
                    counter.Read();
                }
            }
        }
        catch (SocketException)
        {
            // The storm is over: its sockets are reset.
        }

        counter.Gone();
    }

    private sealed class Counter(int wanted)
    {
        private int _read;

        public void Read()
        {
            if (Interlocked.Increment(ref _read) == wanted)
            {
                Console.WriteLine($"bench online {Stopwatch.GetTimestamp()}");
            }
        }

        public void Gone()
        {
            if (Interlocked.Decrement(ref _read) == 0)
            {
                Console.WriteLine("bench empty");
            }
        }
    }
}

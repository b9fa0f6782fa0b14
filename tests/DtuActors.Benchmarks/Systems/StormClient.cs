using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// All the DTUs of a storm in one process. Lines it takes: <c>open PORT</c> or <c>open PORT FIRST</c>, all connect and register at once (answer: <c>bench opened TIMESTAMP
/// FAILED</c>, when it began and how many could not); <c>beat SECONDS</c>, each sends a heartbeat once in that time, spread over it, from now on (<c>bench beating</c>); <c>frames SECONDS</c>, each sends a frame of 64 bytes likewise; <c>check</c>
/// (<c>bench lost N</c>: how many the server has closed); <c>close</c> (<c>bench closed</c>).
/// </summary>
internal static class StormClient
{
    /// <summary>Of what <c>frames</c> sends.</summary>
    public const int FrameBytes = 64;

    // More than a backlog holds would wait a second for their next SYN: that is the kernel's pace, not the server's.
    private const int InFlight = 512;

    // One address has 28,000 ports, and half of them are slow to find once the other half is taken. Where several of these run, each has addresses of its own.
    private const int SourceAddresses = 4;

    public static async Task RunAsync(int count)
    {
        var sockets = new Socket[count];
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line)
        {
            if (line.Split(' ') is ["open", var port, .. var first])
            {
                var began = Stopwatch.GetTimestamp();
                var failed = await OpenAsync(sockets, int.Parse(port, CultureInfo.InvariantCulture), first is [var number] ? int.Parse(number, CultureInfo.InvariantCulture) : 0);
                Console.WriteLine($"bench opened {began} {failed}");
            }
            else if (line.Split(' ') is ["beat", var seconds])
            {
                _ = SayAsync(sockets, TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)), "ping"u8.ToArray());
                Console.WriteLine("bench beating");
            }
            else if (line.Split(' ') is ["frames", var apart])
            {
                _ = SayAsync(sockets, TimeSpan.FromSeconds(int.Parse(apart, CultureInfo.InvariantCulture)), new byte[FrameBytes]);
                Console.WriteLine("bench beating");
            }
            else if (line == "check")
            {
                Console.WriteLine($"bench lost {sockets.Count(socket => !socket.Connected || socket.Poll(0, SelectMode.SelectRead))}");
            }
            else
            {
                Array.ForEach(sockets, socket => socket.Close(timeout: 0));
                Console.WriteLine("bench closed");
            }
        }
    }

    private static async Task<int> OpenAsync(Socket[] sockets, int port, int first)
    {
        var (next, failed) = (-1, 0);
        var server = Loopback.At(port);
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < sockets.Length;)
            {
                if (!await OpenAsync(sockets[i] = Create(i, first / sockets.Length), server, first + i))
                {
                    Interlocked.Increment(ref failed);
                }
            }
        })));
        return failed;
    }

    private static async Task SayAsync(Socket[] sockets, TimeSpan every, byte[] words)
    {
        const int Steps = 100;
        using var timer = new PeriodicTimer(every / Steps);
        for (var step = 0; await timer.WaitForNextTickAsync(); step = (step + 1) % Steps)
        {
            for (var i = step; i < sockets.Length; i += Steps)
            {
                try
                {
                    sockets[i].Send(words);
                }
                catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
                {
                    // The check counts it.
                }
            }
        }
    }

    // Reset at the end: thousands of ports in TIME_WAIT would be the next round's trouble.
    private static Socket Create(int number, int client)
    {
        var socket = Loopback.Resetting();
        if (OperatingSystem.IsLinux())
        {
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, (byte)client, (byte)(2 + (number % SourceAddresses))]), 0));
        }

        return socket;
    }

    private static async Task<bool> OpenAsync(Socket socket, IPEndPoint server, int number)
    {
        try
        {
            await socket.ConnectAsync(server);
            await socket.SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{13800000000 + number}\n")));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

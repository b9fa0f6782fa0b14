using System.Diagnostics;
using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>What a fleet at work costs: 15,000 DTUs with a heartbeat each 60 s and a frame of 64 bytes each 10 s, which one program at a shared endpoint reads.</summary>
internal static class CostBenchmark
{
    public static async Task<bool> RunAsync(Effort effort)
    {
        var (dtus, rounds, time) = effort.IsShort ? (500, 1, TimeSpan.FromSeconds(2)) : (15_000, 1, TimeSpan.FromSeconds(60));
        var table = new Table("engine", "DTUs", "cores", "working set MB", "frames/s read", "lost");
        var good = true;
        for (var round = 0; round < rounds; round++)
        {
            foreach (var engine in Contenders.EnginesFor(effort))
            {
                Console.WriteLine($"cost: {dtus} DTUs, engine = {engine}, {time.TotalSeconds:0} s ...");
                good &= await MeasureAsync(table, engine, dtus, time);
            }
        }

        table.Print("cost");
        return good;
    }

    private static async Task<bool> MeasureAsync(Table table, string engine, int dtus, TimeSpan time)
    {
        await using var server = await ChildProcess.GatewayAsync($$"""
            dtu {
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0, max-connections = 20000, engine = {{engine}} } }
              profiles.default.heartbeat { match = ["ping"] }
              endpoints { all { kind = tcp, address = "127.0.0.1", port = 0, clients = shared } }
              routes = [ { dtu = "*", to = all, direction = up } ]
              http { port = 0 }
              storage { provider = none }
            }
            """, dtus);
        await using var client = await ChildProcess.PartAsync("storm-client", dtus);
        await client.AskAsync(string.Create(CultureInfo.InvariantCulture, $"open {server.PortOf("main")}"), "bench opened");
        await server.HearAsync("bench online");
        using var reader = await Loopback.ConnectAsync(server.PortOf("all"));
        var read = new Counter();
        var reading = read.ReadAsync(reader);
        foreach (var wish in (string[])["beat 60", "frames 10"])
        {
            await client.AskAsync(wish, "bench beating");
        }

        // What the storm left is done, and each has said something.
        await Task.Delay(time / 3);
        var (before, bytes, began) = (server.ProcessorTime, read.Bytes, Stopwatch.GetTimestamp());
        await Task.Delay(time);
        var took = Stopwatch.GetElapsedTime(began);
        var lost = await client.AskNumberAsync("check", "bench lost");
        table.Add(engine, dtus, (server.ProcessorTime - before) / took, server.WorkingSet / 1e6, (read.Bytes - bytes) / StormClient.FrameBytes / took.TotalSeconds, lost);
        return lost == 0;
    }

    private sealed class Counter
    {
        private long _bytes;

        public long Bytes => Interlocked.Read(ref _bytes);

        public async Task ReadAsync(System.Net.Sockets.Socket socket)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                for (int read; (read = await socket.ReceiveAsync(buffer)) > 0;)
                {
                    Interlocked.Add(ref _bytes, read);
                }
            }
            catch (Exception over) when (over is System.Net.Sockets.SocketException or ObjectDisposedException)
            {
                // The benchmark is.
            }
        }
    }
}

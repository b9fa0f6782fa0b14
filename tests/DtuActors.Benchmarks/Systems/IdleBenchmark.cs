using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// What a DTU costs that is registered and says nothing: the process' memory with so many of them, less what it had before the first, by their number. Beside it bare async sockets that have
/// read once and wait with a buffer of 512 bytes.
/// </summary>
internal static class IdleBenchmark
{
    public static async Task<bool> RunAsync(Effort effort)
    {
        var table = new Table("server", "DTUs", "working set before, MB", "working set, MB", "B/DTU", "managed B/DTU", "lost");
        var lost = 0L;
        foreach (var dtus in effort.IsShort ? [500] : (int[])[5_000, 15_000])
        {
            Console.WriteLine($"idle: {dtus} DTUs register and are silent, on bare sockets and on either engine ...");
            lost += await MeasureAsync(table, "bare sockets", dtus, await ChildProcess.PartAsync("storm-bare", dtus), effort);
            foreach (var engine in Contenders.EnginesFor(effort))
            {
                lost += await MeasureAsync(table, $"engine = {engine}", dtus, await ChildProcess.GatewayAsync(StormBenchmark.Configuration(engine), dtus), effort);
            }
        }

        table.Print("idle");
        return lost == 0;
    }

    private static async Task<long> MeasureAsync(Table table, string name, int dtus, ChildProcess server, Effort effort)
    {
        // The collector gives back what a storm took, in its own time.
        var settle = effort.IsShort ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(30);
        await using var disposed = server;
        await using var client = await ChildProcess.PartAsync("storm-client", dtus);
        await Task.Delay(settle / 3);
        var heapBefore = await server.AskNumberAsync("heap", "bench heap");
        var before = server.WorkingSet;
        var opened = await client.AskAsync(string.Create(CultureInfo.InvariantCulture, $"open {server.PortOf("main")}"), "bench opened");
        await server.HearAsync("bench online");
        await Task.Delay(settle);
        var heap = await server.AskNumberAsync("heap", "bench heap");
        var after = server.WorkingSet;
        var lost = long.Parse(opened[1], CultureInfo.InvariantCulture) + await client.AskNumberAsync("check", "bench lost");
        table.Add(name, dtus, before / 1e6, after / 1e6, (double)(after - before) / dtus, (double)(heap - heapBefore) / dtus, lost);
        return lost;
    }
}

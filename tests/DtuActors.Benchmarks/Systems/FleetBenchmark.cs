using System.Diagnostics;
using System.Globalization;
using DtuActors.Host.Commands;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// Many nodes on one machine, each full: one after the other they take 16,000 DTUs, which from then on send a heartbeat each 60 s; in the end all are online, on nodes that never lost each
/// other, and what each holds is printed. As a part (<c>fleet N</c>) with N DTUs a node.
/// </summary>
internal static class FleetBenchmark
{
    private const int Nodes = 6;
    private const int Dtus = 16_000;
    private const int HeartbeatSeconds = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static Task<bool> RunAsync() => MeasureAsync(Dtus);

    public static Task RunAsync(int dtus) => MeasureAsync(dtus);

    /// <summary>False where a DTU or a node was lost.</summary>
    private static async Task<bool> MeasureAsync(int dtus)
    {
        Console.WriteLine($"fleet: {Nodes} nodes with {dtus} DTUs each ...");
        var ports = FreePorts.Take(Nodes);
        var rows = new List<Row>();
        try
        {
            // The first begins the cluster.
            rows.Add(await StartAsync(0, ports, dtus));
            rows.AddRange(await Task.WhenAll(Enumerable.Range(1, Nodes - 1).Select(i => StartAsync(i, ports, dtus))));
            foreach (var row in rows)
            {
                row.Empty = row.Server.WorkingSet;
            }

            for (var i = 0; i < Nodes; i++)
            {
                await FillAsync(rows[i], i * dtus);
            }

            // Twice around: the second heartbeats find what the first have settled.
            await Task.Delay(TimeSpan.FromSeconds(2 * HeartbeatSeconds));
            foreach (var row in rows)
            {
                row.Lost = await row.Client.AskNumberAsync("check", "bench lost");
                row.Online = await row.Server.AskNumberAsync("bench", "bench count");
                row.Full = row.Server.WorkingSet;
                row.Members = await MembersAsync(row);
            }

            Print(rows, dtus);
            return rows.TrueForAll(row => row is { Lost: 0, NotConnected: 0, Members: Nodes } && row.Online == dtus);
        }
        finally
        {
            foreach (var row in rows)
            {
                await row.Client.DisposeAsync();
                await row.Server.DisposeAsync();
            }
        }
    }

    private static async Task<Row> StartAsync(int node, int[] ports, int dtus)
    {
        var seeds = string.Join(", ", ports.Select(port => $"\"127.0.0.1:{port}\""));
        var server = await ChildProcess.GatewayAsync(
            $$"""
            dtu {
              node { name = "n{{node + 1}}" }
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0, profile = default, max-connections = 20000, engine = sockets } }
              profiles.default.heartbeat { match = ["ping"], timeout = 180s }
              http { port = 0 }
              storage { provider = none }
              cluster { enabled = on, host = "127.0.0.1", port = {{ports[node]}}, seed-nodes = [{{seeds}}] }
            }
            """,
            dtus);
        return new Row($"n{node + 1}", server, await ChildProcess.PartAsync("storm-client", dtus));
    }

    private static async Task FillAsync(Row row, int first)
    {
        using var patience = new CancellationTokenSource(Patience);
        var opened = await row.Client.AskAsync(string.Create(CultureInfo.InvariantCulture, $"open {row.Server.PortOf("main")} {first}"), "bench opened", patience.Token);
        row.NotConnected = long.Parse(opened[1], CultureInfo.InvariantCulture);
        var online = await row.Server.HearNumberAsync("bench online", patience.Token);
        row.Seconds = Stopwatch.GetElapsedTime(long.Parse(opened[0], CultureInfo.InvariantCulture), online).TotalSeconds;
        await row.Client.AskAsync($"beat {HeartbeatSeconds}", "bench beating", patience.Token);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Name}: online within {row.Seconds:0.0} s"));
    }

    // Those that this node knows as up.
    private static async Task<int> MembersAsync(Row row)
    {
        using var api = row.Server.Api();
        return (await api.ItemsAsync("/api/v1/nodes")).Count(node => node!["state"]!.GetValue<string>() == "up");
    }

    private static void Print(List<Row> rows, int dtus)
    {
        var table = new Table("node", "online", "within s", "nodes up", "working set MB", "kB/session", "s of processor", "lost");
        foreach (var row in rows)
        {
            table.Add(
                row.Name, row.Online, row.Seconds, row.Members, row.Full / 1e6, (double)(row.Full - row.Empty) / dtus / 1e3, row.Server.ProcessorTime.TotalSeconds, row.Lost + row.NotConnected);
        }

        table.Add("all", rows.Sum(row => row.Online), rows.Sum(row => row.Seconds), "", rows.Sum(row => row.Full) / 1e6,
            rows.Sum(row => (double)(row.Full - row.Empty)) / dtus / rows.Count / 1e3, rows.Sum(row => row.Server.ProcessorTime.TotalSeconds), rows.Sum(row => row.Lost + row.NotConnected));
        table.Print();
    }

    private sealed record Row(string Name, ChildProcess Server, ChildProcess Client)
    {
        public long Empty { get; set; }

        public long Full { get; set; }

        public double Seconds { get; set; }

        public long NotConnected { get; set; }

        public long Online { get; set; }

        public long Lost { get; set; }

        public int Members { get; set; }
    }
}

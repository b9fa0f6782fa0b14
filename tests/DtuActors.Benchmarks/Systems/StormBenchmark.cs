using System.Diagnostics;
using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// All DTUs of a fleet connect and register at once. Beside the gateway, in the same rounds, stands a server of bare async sockets that accepts and reads once. Time
/// runs from the client's first connect until the last DTU has been read from (bare) or is online (gateway: its own meter says so). Server and client
/// are processes of their own on the same machine.
/// </summary>
internal sealed class StormBenchmark(Effort effort)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private int Dtus => effort.IsShort ? 500 : 15_000;

    private int Rounds => effort.Rounds;

    /// <summary>False where a DTU was refused or lost.</summary>
    public static Task<bool> RunAsync(Effort effort) => new StormBenchmark(effort).RunAsync();

    private async Task<bool> RunAsync()
    {
        Console.WriteLine($"storm: {Dtus} DTUs connect and register at once, {Rounds} rounds after one to warm up ...");
        SayLimits();
        await using var client = await ChildProcess.PartAsync("storm-client", Dtus);
        var rows = new List<Row>();
        try
        {
            await StartAsync(rows);
            foreach (var row in rows)
            {
                row.HeapBefore = await row.Server.AskNumberAsync("heap", "bench heap");
            }

            for (var round = 0; round <= Rounds; round++)
            {
                foreach (var row in rows)
                {
                    await RoundAsync(row, client, isLast: round == Rounds);
                }
            }

            Print(rows);
            return rows.TrueForAll(row => row.Faults.Count == 0);
        }
        finally
        {
            foreach (var row in rows)
            {
                await row.Server.DisposeAsync();
            }
        }
    }

    private async Task StartAsync(List<Row> rows)
    {
        rows.Add(new Row("bare sockets", await ChildProcess.PartAsync("storm-bare", Dtus), IsGateway: false));
        foreach (var engine in Contenders.EnginesFor(effort))
        {
            try
            {
                rows.Add(new Row($"engine = {engine}", await ChildProcess.GatewayAsync(Configuration(engine), Dtus), IsGateway: true));
            }
            catch (InvalidOperationException refused)
            {
                Console.WriteLine($"engine = {engine} is left out: {refused.Message.TrimEnd()}");
            }
        }
    }

    /// <summary>A gateway that only takes DTUs in.</summary>
    public static string Configuration(string engine) => $$"""
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0, profile = default, max-connections = 20000, engine = {{engine}} } }
          http { port = 0 }
          storage { provider = none }
        }
        """;

    private async Task RoundAsync(Row row, ChildProcess client, bool isLast)
    {
        using var patience = new CancellationTokenSource(Patience);
        var before = row.Server.ProcessorTime;
        var (made, paused) = await MadeAsync(row.Server);
        var opened = await client.AskAsync(string.Create(CultureInfo.InvariantCulture, $"open {row.Server.PortOf("main")}"), "bench opened");
        try
        {
            var online = await row.Server.HearNumberAsync("bench online", patience.Token);
            row.Seconds.Add(Stopwatch.GetElapsedTime(long.Parse(opened[0], CultureInfo.InvariantCulture), online).TotalSeconds);
        }
        catch (OperationCanceledException)
        {
            row.Faults.Add($"only {await row.Server.AskNumberAsync("count", "bench count")} online after {Patience.TotalSeconds} s");
        }

        if (row.IsGateway)
        {
            await SettleAsync(row);
        }

        var (madeNow, pausedNow) = await MadeAsync(row.Server);
        row.Made.Add((double)(madeNow - made) / Dtus);
        row.Paused.Add((pausedNow - paused).TotalMilliseconds);
        if (row.IsGateway)
        {
            await CheckAsync(row);
        }

        row.Processor.Add((row.Server.ProcessorTime - before).TotalSeconds);
        row.Expect(0, long.Parse(opened[1], CultureInfo.InvariantCulture), "not connected");
        row.Expect(0, await client.AskNumberAsync("check", "bench lost"), "closed again");
        if (isLast)
        {
            row.WorkingSet = row.Server.WorkingSet;
            row.HeapAfter = await row.Server.AskNumberAsync("heap", "bench heap");
        }

        await client.AskAsync("close", "bench closed");
        await row.Server.HearAsync("bench empty");
    }

    // What a storm costs however much else the machine does: bytes that were allocated, and how long the collector held everything up for them.
    private static async Task<(long Made, TimeSpan Paused)> MadeAsync(ChildProcess server) =>
        (await server.AskNumberAsync("made", "bench made"), TimeSpan.FromTicks(await server.AskNumberAsync("paused", "bench paused")));

    // What stands in the mailboxes behind the last DTU is work as well: the API answers when it is done.
    private static async Task SettleAsync(Row row)
    {
        using var api = row.Server.Api();
        var asked = Stopwatch.GetTimestamp();
        await api.GetStringAsync(new Uri("/api/v1/dtus?limit=1", UriKind.Relative));
        row.Settled.Add(Stopwatch.GetElapsedTime(asked).TotalSeconds);
    }

    private async Task CheckAsync(Row row)
    {
        using var api = row.Server.Api();
        row.Expect(Dtus, (await api.AllItemsAsync("/api/v1/dtus?state=online&")).Count, "online in the API");
        row.Expect(0, (await api.ItemsAsync("/api/v1/listeners"))[0]!["refused"]!.GetValue<long>(), "refused");
    }

    private void Print(List<Row> rows)
    {
        var table = new Table(
            "server", "connections/s", "ratio", "cold", "s of processor", "allocated B/connection", "collector ms", "API answers in ms", "managed B/session", "working set MB", "lost or refused");
        foreach (var row in rows)
        {
            table.Add(
                row.Name,
                Dtus / row.Warm.Median(),
                rows[0].Warm.Median() / row.Warm.Median(),
                Dtus / row.Seconds.DefaultIfEmpty(double.NaN).First(),
                row.Processor.Skip(1).Median(),
                row.Made.Skip(1).Median(),
                row.Paused.Skip(1).Median(),
                row.IsGateway ? row.Settled.Skip(1).Median() * 1e3 : "",
                (double)(row.HeapAfter - row.HeapBefore) / Dtus,
                row.WorkingSet / 1e6,
                row.Faults.Count == 0 ? "none" : string.Join("; ", row.Faults.Distinct()));
        }

        table.Print("storm");
    }

    private void SayLimits()
    {
        const string Backlog = "/proc/sys/net/core/somaxconn";
        if (File.Exists(Backlog) && int.Parse(File.ReadAllText(Backlog), CultureInfo.InvariantCulture) is var most && most < Loopback.Backlog)
        {
            Console.WriteLine($"net.core.somaxconn = {most} bounds the backlog: SYNs may be dropped");
        }

        const string Limits = "/proc/self/limits";
        if (!File.Exists(Limits))
        {
            return;
        }

        var files = File.ReadLines(Limits).First(line => line.StartsWith("Max open files", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        if (int.TryParse(files, out var limit) && limit < Dtus + 1000)
        {
            Console.WriteLine($"ulimit -n is {limit}: too few files for {Dtus} DTUs");
        }
    }

    private sealed record Row(string Name, ChildProcess Server, bool IsGateway)
    {
        public List<double> Seconds { get; } = [];

        public IEnumerable<double> Warm => Seconds.Skip(1);

        public List<double> Processor { get; } = [];

        public List<double> Made { get; } = [];

        public List<double> Paused { get; } = [];

        public List<double> Settled { get; } = [];

        public List<string> Faults { get; } = [];

        public long HeapBefore { get; set; }

        public long HeapAfter { get; set; }

        public long WorkingSet { get; set; }

        public void Expect(long wanted, long found, string what)
        {
            if (wanted != found)
            {
                Faults.Add($"{found} {what}");
            }
        }
    }
}

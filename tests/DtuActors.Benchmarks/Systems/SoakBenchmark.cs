using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// The field for as long as one likes: 5,000 DTUs with a heartbeat each 60 s and a frame each 10 s, which go into the history and, where mosquitto is installed, to a broker; ten
/// instruments with a Modbus master each. A row a minute; at the end how memory, descriptors and answers moved since the first fifth of the time, which is to warm up.
/// </summary>
internal static class SoakBenchmark
{
    private const int Dtus = 5000;
    private const int Masters = 10;
    private const int LeastMinutes = 2;
    private const double MostDrift = 0.05;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>For so many minutes. False where what lives in memory grew by a twentieth, a descriptor stayed open, or a DTU was lost.</summary>
    public static async Task<bool> RunAsync(int minutes)
    {
        minutes = Math.Max(minutes, LeastMinutes);
        Console.WriteLine($"soak: {Dtus} DTUs, {Masters} masters, history, {(Mosquitto is null ? "no broker (mosquitto is not installed)" : "a broker")}, {minutes} minutes ...");
        await using var broker = await BrokerAsync();
        await using var gateway = await ChildProcess.GatewayAsync(Configuration(broker?.Port), Dtus + Masters);
        using var stop = new CancellationTokenSource();
        await using var client = await ChildProcess.PartAsync("storm-client", Dtus);
        await using var instruments = Instruments.Start(gateway, Masters);
        await client.AskAsync(string.Create(CultureInfo.InvariantCulture, $"open {gateway.PortOf("main")}"), "bench opened");
        await gateway.HearAsync("bench online");
        foreach (var wish in (string[])["beat 60", "frames 10"])
        {
            await client.AskAsync(wish, "bench beating");
        }

        var masters = Instruments.Masters(gateway, Masters);
        var polling = Task.WhenAll(masters.Select(master => master.RunAsync(stop.Token)));
        var rows = new List<Row>();
        for (var minute = 1; minute <= minutes; minute++)
        {
            await Task.Delay(Minute);
            rows.Add(await LookAsync(gateway, masters));
            Console.WriteLine($"{minute} min: {rows[^1]}");
        }

        await stop.CancelAsync();
        await polling;
        return Print(rows, await client.AskNumberAsync("check", "bench lost"), masters.Sum(static master => master.Failures));
    }

    private static async Task<Row> LookAsync(ChildProcess gateway, ModbusMaster[] masters)
    {
        var delays = masters.SelectMany(static master => master.Delays.Take()).ToList();
        return new Row(
            await gateway.AskNumberAsync("heap", "bench heap") / 1e6,
            gateway.WorkingSet / 1e6,
            System.IO.Directory.Exists($"/proc/{gateway.Id}/fd") ? System.IO.Directory.GetFiles($"/proc/{gateway.Id}/fd").Length : 0,
            delays.Quantile(0.5),
            delays.Quantile(0.99));
    }

    private static bool Print(List<Row> rows, double lost, int failures)
    {
        // What the first fifth brings up to its size stays there.
        var warm = rows.Skip(rows.Count / 5).ToList();
        var part = Math.Max(warm.Count / 4, 1);
        var (first, last) = (warm[..part], warm[^part..]);
        var heap = Drift(static row => row.HeapMegabytes);
        var descriptors = last.Max(static row => row.Descriptors) - first.Max(static row => row.Descriptors);
        var table = new Table("minutes", "live MB", "drift", "working set MB", "drift of it", "descriptors", "more of them", "p50 ms", "drift of p50", "p99 ms", "lost", "refused");
        table.Add(
            rows.Count,
            last.Average(static row => row.HeapMegabytes),
            Percent(heap),
            last.Average(static row => row.WorkingSetMegabytes),
            Percent(Drift(static row => row.WorkingSetMegabytes)),
            last.Max(static row => row.Descriptors),
            descriptors,
            last.Average(static row => row.P50),
            Percent(Drift(static row => row.P50)),
            last.Average(static row => row.P99),
            lost,
            failures);
        table.Print("soak");
        return heap < MostDrift && descriptors <= 0 && lost == 0;

        double Drift(Func<Row, double> of) => (last.Average(of) / first.Average(of)) - 1;
        static string Percent(double part) => part.ToString("+0.0 %;-0.0 %", CultureInfo.InvariantCulture);
    }

    private static string? Mosquitto => Contenders.Find("mosquitto", "/usr/sbin/mosquitto");

    private static async Task<Broker?> BrokerAsync()
    {
        if (Mosquitto is not { } program)
        {
            return null;
        }

        var port = Host.Commands.FreePorts.Take(1)[0];
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $"listener {port} 127.0.0.1\nallow_anonymous true\n");
        return new Broker(ChildProcess.Tool(null, program, "-c", file), port, file);
    }

    private static string Configuration(int? broker) => $$"""
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0, max-connections = 20000 } }
          profiles {
            default { heartbeat { match = ["ping"] } }
            {{Instruments.Profile}}
          }
          dtus {
            {{Instruments.Dtus(Masters)}}
          }
          endpoints {
            {{Instruments.Endpoint(Masters)}}
            {{(broker is { } port ? $"broker {{ kind = mqtt, host = \"127.0.0.1\", port = {port} }}" : "")}}
          }
          routes = [{{(broker is null ? "" : "{ dtu = \"*\", to = broker, direction = up }")}}]
          http { port = 0 }
          storage { provider = sqlite, path = "dtu.db" }
        }
        """;

    private sealed record Broker(ChildProcess Process, int Port, string File) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Process.DisposeAsync();
            System.IO.File.Delete(File);
        }
    }

    private sealed record Row(double HeapMegabytes, double WorkingSetMegabytes, int Descriptors, double P50, double P99)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{HeapMegabytes:0.0} MB live, {WorkingSetMegabytes:0} MB working set, {Descriptors} descriptors, p50 {P50:0.00} ms, p99 {P99:0.0} ms");
    }
}

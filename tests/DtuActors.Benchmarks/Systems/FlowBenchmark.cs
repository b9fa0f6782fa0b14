using System.Diagnostics;
using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// One DTU sends 10 MB/s into a COM port whose reader takes 960 bytes a second, as a line of 9600 baud does; ten others answer a Modbus master
/// each meanwhile. The gateway's memory has to stay flat, and the others' requests as fast as without the fast one.
/// </summary>
internal static class FlowBenchmark
{
    private const int Masters = 10;
    private const double MostGrowth = 8e6;
    private const double MostSlowdown = 2;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    // For 30 s a closed window holds the fast DTU back by TCP; what it is from then on has to last.
    private static readonly TimeSpan PastThePause = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(10);
    private const int LoadedPhases = 6;
    private const int QuietPhases = 3;

    /// <summary>False where memory grew or the others were slowed down.</summary>
    public static async Task<bool> RunAsync()
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.WriteLine("flow is left out: its COM port is a virtual one, and those need Linux");
            return true;
        }

        var time = (2.5 * WarmUp) + PastThePause + ((LoadedPhases + (2 * QuietPhases)) * Phase);
        Console.WriteLine($"flow: a fast DTU into a COM port of 960 B/s, {Masters} Modbus masters beside it, {time.TotalSeconds:0} s ...");
        await using var gateway = await ChildProcess.GatewayAsync(Configuration());
        using var stop = new CancellationTokenSource();
        var reader = SlowReader.RunAsync(Path.Combine(gateway.Folder, "com1"), stop.Token);
        await using var instruments = Instruments.Start(gateway, Masters);
        await using var flood = ChildProcess.Self("flow-flood", gateway.PortOf("main"));
        using var api = gateway.Api();
        await api.OnlineAsync(Masters);
        var masters = Instruments.Masters(gateway, Masters);
        var polling = Task.WhenAll(masters.Select(master => master.RunAsync(stop.Token)));

        // Until code is compiled and the frames in memory are as many as they become.
        await Task.Delay(2 * WarmUp);
        var quiet = new Measured();
        await MeasureAsync(quiet, QuietPhases, gateway, masters);
        flood.Say("start");
        await Task.Delay(PastThePause);
        var before = await UplinkAsync(api);
        var loaded = new Measured();
        await MeasureAsync(loaded, LoadedPhases, gateway, masters);
        var after = await UplinkAsync(api);
        flood.Say("stop");
        await Task.Delay(WarmUp / 2);
        await MeasureAsync(quiet, QuietPhases, gateway, masters);
        await stop.CancelAsync();
        await Task.WhenAll(polling, reader);
        return Print(quiet, loaded, (after - before) / (LoadedPhases * Phase).TotalSeconds, await EndpointAsync(api), masters.Sum(master => master.Failures));
    }

    private static string Configuration() => $$"""
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0, profile = default } }
          profiles {
            fast { heartbeat { timeout = off } }
            {{Instruments.Profile}}
          }
          dtus {
            fast { profile = fast }
            {{Instruments.Dtus(Masters)}}
          }
          endpoints {
            com1 { kind = pty, link = "com1" }
            {{Instruments.Endpoint(Masters)}}
          }
          routes = [{ dtu = fast, to = com1, direction = up }]
          http { port = 0 }
          storage { provider = none }
        }
        """;

    private static async Task<double> UplinkAsync(HttpClient api) => (await api.JsonAsync("/api/v1/dtus/fast"))["bytesUp"]!.GetValue<double>();

    private static async Task<string> EndpointAsync(HttpClient api)
    {
        var com = (await api.ItemsAsync("/api/v1/endpoints")).First(item => item!["name"]!.GetValue<string>() == "com1");
        return com!["up"]?.ToJsonString() ?? com.ToJsonString();
    }

    private static async Task MeasureAsync(Measured measured, int phases, ChildProcess gateway, ModbusMaster[] masters)
    {
        for (var phase = 0; phase < phases; phase++)
        {
            Array.ForEach(masters, master => master.Delays.Take());
            var began = Stopwatch.GetTimestamp();
            using var each = new PeriodicTimer(TimeSpan.FromSeconds(1));
            while (Stopwatch.GetElapsedTime(began) < Phase && await each.WaitForNextTickAsync())
            {
                var words = await gateway.AskAsync("live", "bench live");
                measured.Heap.Add(double.Parse(words[0], CultureInfo.InvariantCulture));
                measured.WorkingSet.Add(double.Parse(words[1], CultureInfo.InvariantCulture));
            }

            measured.Milliseconds.Add([.. masters.SelectMany(master => master.Delays.Take())]);
        }
    }

    private static bool Print(Measured quiet, Measured loaded, double speed, string books, int failures)
    {
        var table = new Table("while", "requests", "p50 ms", "p99 ms", "working set MB, least", "working set MB, most", "heap MB, least", "heap MB, most");
        foreach (var (name, row) in new[] { ("the fast DTU is silent", quiet), ("it sends", loaded) })
        {
            table.Add(
                name, row.Milliseconds.Sum(phase => phase.Count), row.Quantile(0.5), row.Quantile(0.99),
                row.WorkingSet.Min() / 1e6, row.WorkingSet.Max() / 1e6, row.Heap.Min() / 1e6, row.Heap.Max() / 1e6);
        }

        table.Print();
        var growth = loaded.WorkingSet.Max() - loaded.WorkingSet.Min();
        var slowdown = loaded.Quantile(0.99) / quiet.Quantile(0.99);
        Console.WriteLine($"the gateway read {Table.Text(speed / 1e6)} MB/s of the fast DTU; the COM port's books: {books}");
        Console.WriteLine($"working set, MB, each 5 s: {string.Join(' ', loaded.WorkingSet.Where((_, i) => i % 5 == 0).Select(bytes => Table.Text(bytes / 1e6)))}");
        Console.WriteLine($"working set within {Table.Text(growth / 1e6)} MB (target 8), p99 x {Table.Text(slowdown)} (target 2)");
        Console.WriteLine($"requests that failed: {failures}");
        return growth <= MostGrowth && slowdown <= MostSlowdown && failures == 0;
    }

    private sealed class Measured
    {
        /// <summary>Requests by phase: the median of phases is not moved by what else the machine does for a moment.</summary>
        public List<List<double>> Milliseconds { get; } = [];

        public List<double> WorkingSet { get; } = [];

        public List<double> Heap { get; } = [];

        public double Quantile(double share) => Milliseconds.Select(phase => phase.Quantile(share)).Median();
    }
}

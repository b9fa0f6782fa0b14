using System.Diagnostics;
using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// Ten DTUs and the programs behind them pass 1,000 frames a second through the gateway, with the history stored and with nothing stored, in turns. Round trips have to be as fast
/// with it, within a fifth, and every frame has to be in the history.
/// </summary>
internal static class HistoryBenchmark
{
    private const int Pairs = 10;
    private const int FramesPerSecond = 1000;
    private const int Rounds = 2;
    private const double MostSlowdown = 1.2;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(60);

    public static Task<bool> RunAsync() => RunAsync(Usual);

    /// <summary>False where the history cost too much, or lacks a frame.</summary>
    public static async Task<bool> RunAsync(TimeSpan phase)
    {
        Console.WriteLine($"history: {FramesPerSecond} frames/s, {2 * Rounds} times {(WarmUp + phase).TotalSeconds:0} s, with storage = none and sqlite in turns ...");
        var measured = new Dictionary<string, List<Measured>> { ["none"] = [], ["sqlite"] = [] };
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (provider, rows) in measured)
            {
                rows.Add(await MeasureAsync(provider, phase));
            }
        }

        return Print(measured);
    }

    private static async Task<Measured> MeasureAsync(string provider, TimeSpan phase)
    {
        await using var gateway = await ChildProcess.GatewayAsync(Configuration(provider));
        using var stop = new CancellationTokenSource();
        var pairs = new List<EchoPair>();
        try
        {
            for (var i = 0; i < Pairs; i++)
            {
                pairs.Add(await EchoPair.OpenAsync(IdOf(i), gateway.PortOf("main"), gateway.PortOf($"e{i}")));
            }

            using var api = gateway.Api();
            await api.OnlineAsync(Pairs);
            var every = TimeSpan.FromSeconds(2.0 * Pairs / FramesPerSecond);
            var running = Task.WhenAll(pairs.Select((pair, i) => pair.RunAsync(every, i * every / Pairs, stop.Token)));
            await Task.Delay(WarmUp);
            pairs.ForEach(pair => pair.Delays.Take());
            var (began, cpu) = (Stopwatch.GetTimestamp(), gateway.ProcessorTime);
            var slices = new List<List<double>>();
            for (var left = phase; left > TimeSpan.Zero; left -= Slice)
            {
                await Task.Delay(left < Slice ? left : Slice);
                slices.Add([.. pairs.SelectMany(pair => pair.Delays.Take())]);
            }

            var share = (gateway.ProcessorTime - cpu) / Stopwatch.GetElapsedTime(began);
            await stop.CancelAsync();
            await running;
            var missing = provider == "none" ? 0 : await MissingAsync(api, pairs);
            return new Measured(slices, share, pairs.Sum(pair => 2L * pair.RoundTrips), missing);
        }
        finally
        {
            pairs.ForEach(pair => pair.Dispose());
        }
    }

    private static string Configuration(string provider) => $$"""
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0, profile = default } }
          profiles { default { framing { codec = fixed, length = {{EchoPair.FrameBytes}} } } }
          endpoints {
            {{string.Join("\n    ", Enumerable.Range(0, Pairs).Select(i => $"e{i} {{ kind = tcp, address = \"127.0.0.1\", port = 0, framing {{ codec = fixed, length = {EchoPair.FrameBytes} }} }}"))}}
          }
          routes = [
            {{string.Join("\n    ", Enumerable.Range(0, Pairs).Select(i => $"{{ dtu = {IdOf(i)}, to = e{i} }}"))}}
          ]
          http { port = 0 }
          storage { provider = {{provider}}, path = "dtu.db" }
        }
        """;

    private static string IdOf(int i) => string.Create(CultureInfo.InvariantCulture, $"h{i:000}");

    // Each frame has its number in it: one that is there twice does not stand in for one that is not.
    private static async Task<long> MissingAsync(HttpClient api, List<EchoPair> pairs)
    {
        var missing = 0L;
        foreach (var pair in pairs)
        {
            var frames = await api.AllItemsAsync($"/api/v1/dtus/{pair.Id}/frames?");
            missing += (2L * pair.RoundTrips) - frames.DistinctBy(frame => frame["direction"]!.GetValue<string>() + frame["hex"]!.GetValue<string>()[..16]).Count();
        }

        return missing;
    }

    private static bool Print(Dictionary<string, List<Measured>> measured)
    {
        var table = new Table("storage", "round trips", "p50 ms", "p99 ms", "gateway's cores", "frames in all", "missing");
        foreach (var (provider, rows) in measured)
        {
            rows.ForEach(row => table.Add(provider, row.Slices.Sum(slice => slice.Count), row.Quantile(0.5), row.Quantile(0.99), row.Cores, row.Frames, provider == "none" ? "-" : row.Missing));
        }

        table.Print();
        var (p50, p99) = (Ratio(0.5), Ratio(0.99));
        var missing = measured["sqlite"].Sum(row => row.Missing);
        Console.WriteLine($"with history, medians of slices: p50 x {Table.Text(p50)}, p99 x {Table.Text(p99)} (target {MostSlowdown}); frames missing: {missing} (target 0)");
        return p99 <= MostSlowdown && missing == 0;

        double Ratio(double share) => Quantile("sqlite", share) / Quantile("none", share);

        double Quantile(string provider, double share) => measured[provider].SelectMany(row => row.Slices).Select(slice => slice.Quantile(share)).Median();
    }

    /// <param name="Slices">Round trips, in ms, by slices of time: their median is not moved by what else the machine does for a moment.</param>
    private sealed record Measured(List<List<double>> Slices, double Cores, long Frames, long Missing)
    {
        public double Quantile(double share) => Slices.Select(slice => slice.Quantile(share)).Median();
    }
}

using System.Globalization;
using DtuActors.Host.Commands;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// DTUs and the programs at their TCP endpoints, both on one node of a cluster of two, against DTUs on the other node: round trips as fast as they go, in turns, so that what
/// else the machine does meets both alike.
/// </summary>
internal static class AcrossBenchmark
{
    private const int Pairs = 50;
    private const int Rounds = 5;
    private const double LeastRate = 0.5;
    private const double MostDelay = 3;
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(4);

    // Code is compiled, and both routers know of everybody.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8);

    /// <summary>False where a frame across nodes costs more than the contract allows.</summary>
    public static async Task<bool> RunAsync()
    {
        Console.WriteLine($"across: {Pairs} DTUs with a program each, both on one node, then on two; {Rounds} rounds of twice {Phase.TotalSeconds:0} s ...");
        var ports = FreePorts.Take(2);
        await using var a = await ChildProcess.GatewayAsync(Configuration("a", ports));
        await using var b = await ChildProcess.GatewayAsync(Configuration("b", ports));
        var near = new List<EchoPair>();
        var far = new List<EchoPair>();
        try
        {
            for (var i = 0; i < Pairs; i++)
            {
                near.Add(await EchoPair.OpenAsync($"near-{i}", a.PortOf("main"), a.PortOf($"near-line-{i}")));
                far.Add(await EchoPair.OpenAsync($"far-{i}", b.PortOf("main"), a.PortOf($"far-line-{i}")));
            }

            await OnlineAsync(a, "a");
            await OnlineAsync(b, "b");
            await Task.Delay(WarmUp);
            await MeasureAsync(near, WarmUp);
            await MeasureAsync(far, WarmUp);
            var rounds = new List<(Measured Near, Measured Far)>();
            for (var round = 0; round < Rounds; round++)
            {
                rounds.Add((await MeasureAsync(near, Phase), await MeasureAsync(far, Phase)));
            }

            return Print(rounds);
        }
        finally
        {
            near.Concat(far).ToList().ForEach(pair => pair.Dispose());
        }
    }

    private static async Task<Measured> MeasureAsync(List<EchoPair> pairs, TimeSpan time)
    {
        using var over = new CancellationTokenSource(time);
        await Task.WhenAll(pairs.Select(pair => Task.Run(() => pair.TurnsAsync(over.Token))));
        double[] milliseconds = [.. pairs.SelectMany(pair => pair.Delays.Take())];
        return new Measured(milliseconds.Length / time.TotalSeconds, milliseconds.Median(), milliseconds.Quantile(0.99));
    }

    private static bool Print(List<(Measured Near, Measured Far)> rounds)
    {
        var table = new Table("both ends on", "round trips/s", "median ms", "p99 ms");
        table.Add("one node", rounds.Select(round => round.Near.Rate).Median(), rounds.Select(round => round.Near.Median).Median(), rounds.Select(round => round.Near.P99).Median());
        table.Add("two nodes", rounds.Select(round => round.Far.Rate).Median(), rounds.Select(round => round.Far.Median).Median(), rounds.Select(round => round.Far.P99).Median());
        table.Print();

        // Of each round by itself: what disturbed one disturbed its neighbour.
        var (rate, delay) = (rounds.Select(round => round.Far.Rate / round.Near.Rate).Median(), rounds.Select(round => round.Far.P99 / round.Near.P99).Median());
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"across nodes: {rate:0.00} of the rate (at least {LeastRate}), {delay:0.00} times the p99 (at most {MostDelay})"));
        return rate >= LeastRate && delay <= MostDelay;
    }

    private static string Configuration(string node, int[] ports) => $$"""
        dtu {
          node { name = {{node}} }
          cluster { enabled = on, host = "127.0.0.1", port = {{ports[node[0] - 'a']}}, seed-nodes = ["127.0.0.1:{{ports[0]}}", "127.0.0.1:{{ports[1]}}"] }
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0, engine = sockets } }
          profiles { default { framing { codec = fixed, length = {{EchoPair.FrameBytes}} } } }
          endpoints {
            {{string.Join("\n    ", Lines().Select(line => $"{line.Endpoint} {{ kind = tcp, address = \"127.0.0.1\", port = 0, on = \"a\", framing {{ codec = fixed, length = {EchoPair.FrameBytes} }} }}"))}}
          }
          routes = [
            {{string.Join("\n    ", Lines().Select(line => $"{{ dtu = {line.Dtu}, to = {line.Endpoint} }}"))}}
          ]
          http { port = 0 }
          storage { provider = none }
        }
        """;

    private static IEnumerable<(string Dtu, string Endpoint)> Lines() =>
        from place in (string[])["near", "far"] from i in Enumerable.Range(0, Pairs) select ($"{place}-{i}", $"{place}-line-{i}");

    // Of those that each node has itself.
    private static async Task OnlineAsync(ChildProcess node, string name)
    {
        using var api = node.Api();
        while ((await api.ItemsAsync("/api/v1/dtus?state=online&limit=1000")).Count(dtu => dtu!["node"]!.GetValue<string>() == name) < Pairs)
        {
            await Task.Delay(100);
        }
    }

    private sealed record Measured(double Rate, double Median, double P99);
}

using System.Collections.Concurrent;
using System.Globalization;
using DtuActors.Integration.Tests.Storage;
using Xunit.Abstractions;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>
/// The promises of the README, (a) to (f), at the published program while everything around it fails. <c>DTU_FAULT_SEEDS=100 DTU_FAULT_SECONDS=60</c> is the whole of it;
/// <c>DTU_FAULT_SEED=N,M</c> runs some of them and tells what happens; <c>DTU_FAULT_AT_ONCE</c> is how many run side by side, and
/// <c>DTU_FAULT_LOGS</c> a folder for what the gateways say.
/// </summary>
[Collection(OnPostgres.Name)]
public sealed class FaultTests(PostgresServer server, ITestOutputHelper output)
{
    // A network, a disk, and system calls that fail.
    private static readonly int[] Few = [2, 6, 7];

    private const int LeastArrivals = 100;

    // Of one process, with nothing around it.
    private const int Planted = 8;

    [SkippableFact]
    public async Task Every_seed_keeps_every_promise()
    {
        Action<string>? tell = null;
        IEnumerable<int> seeds = Number("DTU_FAULT_SEEDS") is { } count ? Enumerable.Range(1, count) : Few;
        if (Environment.GetEnvironmentVariable("DTU_FAULT_SEED") is { Length: > 0 } some)
        {
            (seeds, tell) = (some.Split(',').Select(one => int.Parse(one, CultureInfo.InvariantCulture)).ToArray(), Console.WriteLine);
        }

        var time = TimeSpan.FromSeconds(Number("DTU_FAULT_SECONDS") ?? 8);
        var broken = new ConcurrentQueue<string>();
        var together = new ParallelOptions { MaxDegreeOfParallelism = Number("DTU_FAULT_AT_ONCE") ?? Few.Length };
        await Parallel.ForEachAsync(seeds, together, async (seed, _) =>
        {
            var name = $"DTU_FAULT_SEED={seed} ({FaultRun.SettingOf(seed)})";
            try
            {
                var history = await FaultRun.RunAsync(seed, time, DatabaseAsync, tell: tell);
                Say($"{name}: {history.Arrivals} arrivals, {history.DeadNoticed} dead peers, {history.Broken.Count} promises broken");
                foreach (var promise in history.Broken.Take(5))
                {
                    Say($"  {promise}");
                    broken.Enqueue($"{name}: {promise}");
                }

                if (history.Arrivals < LeastArrivals)
                {
                    broken.Enqueue($"{name}: {history.Arrivals} arrivals prove nothing");
                }
            }
            catch (Exception failed) when (failed is not SkipException)
            {
                // The others go on.
                Say($"{name}: {failed.Message}");
                broken.Enqueue($"{name}: {failed}");
            }
        });
        Assert.True(broken.IsEmpty, string.Join('\n', broken));
    }

    [SkippableFact]
    public async Task Faults_that_are_planted_into_a_run_are_all_found()
    {
        var history = await FaultRun.RunAsync(Planted, TimeSpan.Zero, DatabaseAsync, Plants.All(), output.WriteLine);
        foreach (var found in (string[])
            [
                "(a) DTU 2: doubled", "(a) DTU 3: crossed", "(a) DTU 4: StreamFrame", "(a) DTU 1: ", "(a) master ", "(b) bus ", "(c) dtu-", "(d) pump-", "(e) DTU ", "(f) 1 sessions are counted",
            ])
        {
            Assert.True(history.Broken.Any(broken => broken.StartsWith(found, StringComparison.Ordinal)), $"{found} was not found");
        }
    }

    // A long run is watched.
    private void Say(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariables().Contains("DTU_FAULT_SEEDS") || Environment.GetEnvironmentVariables().Contains("DTU_FAULT_SEED"))
        {
            Console.WriteLine(line);
        }
    }

    private async Task<string> DatabaseAsync() => $"provider = postgresql, connection = \"{await server.CreateDatabaseAsync()}\"";

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}

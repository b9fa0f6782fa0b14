using System.Globalization;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Storage;

/// <summary>
/// Rounds of: commands are queued, kill -9 at a random moment, start again, the DTUs return; what is promised of them is <see cref="CommandedDtu"/>'s.
/// DTU_KILL_ROUNDS=200 makes it the whole of the promise; DTU_KILL_SEED repeats a run's choices.
/// </summary>
public abstract class Kill
{
    private const int Dtus = 6;
    private const int MostPerRound = 12;

    // The gateway lists the last 50 that have ended.
    private const int MostOpen = 15;

    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("DTU_KILL_ROUNDS") ?? "4", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("DTU_KILL_SEED") ?? Environment.ProcessId.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private readonly Random _random = new(Seed);
    private readonly CommandedDtu[] _dtus = [.. Enumerable.Range(0, Dtus).Select(number => new CommandedDtu(number, static (isSo, what) => Assert.True(isSo, $"seed {Seed}: {what}")))];

    protected abstract Task<string> StorageAsync();

    [SkippableFact]
    public async Task No_acknowledged_command_is_lost_doubled_or_late()
    {
        var storage = await StorageAsync();
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-kill-").FullName;
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                await RoundAsync(folder, storage);
            }

            await using var last = await StartAsync(folder, storage);
            await SettleAsync(last);
            foreach (var dtu in _dtus)
            {
                dtu.CheckOrder();
            }

            Assert.True(_dtus.Sum(static dtu => dtu.Delivered) > 0, $"seed {Seed}: nothing was delivered");
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }

        Console.WriteLine($"{Rounds} rounds, seed {Seed}: {_dtus.Sum(static dtu => dtu.Delivered)} delivered, "
            + $"{_dtus.Sum(static dtu => dtu.Unknown)} of unknown outcome, {_dtus.Sum(static dtu => dtu.Expired)} expired");
    }

    private async Task RoundAsync(string folder, string storage)
    {
        var life = TimeSpan.FromMilliseconds(_random.Next(100, 1500));
        var host = await StartAsync(folder, storage);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        using var end = new CancellationTokenSource();
        await Task.WhenAll(_dtus.Select(dtu => dtu.CheckAsync(http)));
        var plans = _dtus.Select(dtu => (Comes: _random.Next(4) > 0 || dtu.Acknowledged.Count > MostOpen, After: _random.Next(600), Seed: _random.Next())).ToArray();
        var working = _dtus.Zip(plans, (dtu, plan) => Task.WhenAll(
            dtu.CommandAsync(http, new Random(plan.Seed), MostPerRound, end.Token),
            plan.Comes ? dtu.ListenAsync(() => host.EndPointOf("main"), plan.After, end.Token) : Task.CompletedTask)).ToArray();
        await Task.Delay(life);

        // Kill -9: what was acknowledged until here counts.
        await host.DisposeAsync();
        await end.CancelAsync();
        await Task.WhenAll(working);
    }

    /// <summary>All DTUs are there until every command has ended.</summary>
    private async Task SettleAsync(HostProcess host)
    {
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        using var end = new CancellationTokenSource();
        var listening = _dtus.Select(dtu => dtu.ListenAsync(() => host.EndPointOf("main"), 0, end.Token)).ToArray();
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        foreach (var dtu in _dtus)
        {
            while (await dtu.CheckAsync(http) > 0)
            {
                await Task.Delay(50, patience.Token);
            }
        }

        await end.CancelAsync();
        await Task.WhenAll(listening);
    }

    private static async Task<HostProcess> StartAsync(string folder, string storage) => await HostProcess.RunAsync(
        $$"""
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          http { port = 0 }
          storage { {{storage}} }
        }
        """,
        folder);
}

public sealed class KillOnSqlite : Kill
{
    protected override Task<string> StorageAsync() => Task.FromResult("path = \"data/dtu.db\"");
}

[Collection(OnPostgres.Name)]
public sealed class KillOnPostgres(PostgresServer server) : Kill
{
    protected override async Task<string> StorageAsync() => $"provider = postgresql, connection = \"{await server.CreateDatabaseAsync()}\"";
}

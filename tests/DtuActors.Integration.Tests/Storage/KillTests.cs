using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Storage;

/// <summary>
/// Rounds of: commands are queued, kill -9 at a random moment, start again, the DTUs return. Each payload is a number of its own, so that what arrived is told from what did not: every
/// acknowledged command arrives once and in order, or is listed as failed with unknown-outcome, or expired; none arrives twice but with retry = always, none after its time.
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
    private readonly Dtu[] _dtus = [.. Enumerable.Range(0, Dtus).Select(number => new Dtu(number))];
    private int _unknown;
    private int _expired;
    private int _delivered;

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

            Assert.True(_delivered > 0, $"seed {Seed}: nothing was delivered");
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }

        Console.WriteLine($"{Rounds} rounds, seed {Seed}: {_delivered} delivered, {_unknown} of unknown outcome, {_expired} expired");
    }

    private async Task RoundAsync(string folder, string storage)
    {
        var life = TimeSpan.FromMilliseconds(_random.Next(100, 1500));
        var host = await StartAsync(folder, storage);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        using var end = new CancellationTokenSource();
        await Task.WhenAll(_dtus.Select(dtu => CheckAsync(http, dtu)));
        var plans = _dtus.Select(dtu => (Comes: _random.Next(4) > 0 || dtu.Acknowledged.Count > MostOpen, After: _random.Next(600), Seed: _random.Next())).ToArray();
        var working = _dtus.Zip(plans, (dtu, plan) => Task.WhenAll(
            dtu.CommandAsync(http, new Random(plan.Seed), end.Token),
            plan.Comes ? dtu.ListenAsync(host.EndPointOf("main"), plan.After, end.Token) : Task.CompletedTask)).ToArray();
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
        var listening = _dtus.Select(dtu => dtu.ListenAsync(host.EndPointOf("main"), 0, end.Token)).ToArray();
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        foreach (var dtu in _dtus)
        {
            while (await CheckAsync(http, dtu) > 0)
            {
                await Task.Delay(50, patience.Token);
            }
        }

        await end.CancelAsync();
        await Task.WhenAll(listening);
    }

    /// <summary>Compares what the gateway says of the acknowledged commands with what arrived; those that ended leave. How many are open.</summary>
    private async Task<int> CheckAsync(HttpClient http, Dtu dtu)
    {
        var states = new Dictionary<string, (string State, string? Reason)>();
        var answer = await Answer.OfAsync(await http.GetAsync($"/api/v1/dtus/{dtu.Id}/commands"));
        if (answer.Status == 200)
        {
            foreach (var command in answer.Json.GetProperty("items").EnumerateArray())
            {
                states[command.GetProperty("id").GetString()!] = (command.GetProperty("state").GetString()!, command.GetProperty("reason").GetString());
            }
        }
        else
        {
            // Nobody knows it before its first command.
            Assert.True(answer.Status == 404 && dtu.Acknowledged.Count == 0, $"seed {Seed}: {dtu.Id}: {answer.Status} {answer.Json}");
        }

        foreach (var sent in dtu.Acknowledged.ToArray())
        {
            Assert.True(states.TryGetValue(sent.Id, out var known), $"seed {Seed}: {dtu.Id}: command {sent.Number} was acknowledged and is not listed");
            var arrived = dtu.Received.Count(number => number == sent.Number);
            switch (known.State)
            {
                case "queued" or "sent":
                    continue;
                case "delivered":
                    // Told before the DTU's side has read it.
                    if (arrived == 0 && dtu.IsListening)
                    {
                        continue;
                    }

                    Assert.True(arrived == 1 || (arrived > 1 && sent.Retry), $"seed {Seed}: {dtu.Id}: command {sent.Number} is delivered and arrived {arrived} times");
                    _delivered++;
                    break;
                case "failed" when known.Reason is "unknown-outcome" or "session-ended":
                    Assert.True(arrived <= 1 || sent.Retry, $"seed {Seed}: {dtu.Id}: command {sent.Number} is of unknown outcome and arrived {arrived} times");
                    _unknown++;
                    break;
                case "expired":
                    Assert.True(sent.IsShort && arrived == 0, $"seed {Seed}: {dtu.Id}: command {sent.Number} is expired and arrived {arrived} times");
                    _expired++;
                    break;
                default:
                    Assert.Fail($"seed {Seed}: {dtu.Id}: command {sent.Number} ended as {known.State}, {known.Reason}");
                    break;
            }

            dtu.Acknowledged.Remove(sent);
        }

        return dtu.Acknowledged.Count;
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

    private sealed record Sent(string Id, long Number, bool Retry, bool IsShort);

    private sealed class Dtu(int number)
    {
        private readonly HashSet<long> _retried = [];
        private long _numbers;
        private int _listening;

        public string Id { get; } = string.Create(CultureInfo.InvariantCulture, $"dtu-{number}");

        /// <summary>Commands whose 202 came and whose end is not compared yet.</summary>
        public List<Sent> Acknowledged { get; } = [];

        /// <summary>In the order in which it came.</summary>
        public ConcurrentQueue<long> Received { get; } = new();

        public bool IsListening => Volatile.Read(ref _listening) > 0;

        public async Task CommandAsync(HttpClient http, Random random, CancellationToken end)
        {
            for (var i = 0; i < MostPerRound && !end.IsCancellationRequested; i++)
            {
                var next = ++_numbers;
                var (retry, isShort) = (random.Next(8) == 0, random.Next(6) == 0);
                if (retry)
                {
                    _retried.Add(next);
                }

                var bytes = new byte[8];
                BinaryPrimitives.WriteInt64BigEndian(bytes, next);
                var json = $$"""{"hex":"{{Convert.ToHexString(bytes)}}","ttl":"{{(isShort ? "300ms" : "1h")}}","retry":"{{(retry ? "always" : "never")}}"}""";
                try
                {
                    using var body = new StringContent(json, Encoding.UTF8, "application/json");
                    var answer = await Answer.OfAsync(await http.PostAsync($"/api/v1/dtus/{Id}/send", body, CancellationToken.None));
                    if (answer.Status == 202)
                    {
                        Acknowledged.Add(new Sent(answer.Json.GetProperty("commandId").GetString()!, next, retry, isShort));
                    }
                    else
                    {
                        Assert.Equal(409, answer.Status);
                    }
                }
                catch (Exception killed) when (killed is HttpRequestException or IOException or TaskCanceledException or JsonException)
                {
                    return;
                }
            }
        }

        public async Task ListenAsync(IPEndPoint gateway, int after, CancellationToken end)
        {
            using var socket = new TcpClient();
            try
            {
                await Task.Delay(after, end);
                Interlocked.Increment(ref _listening);
                await socket.ConnectAsync(gateway, end);
                await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(Id + "\r\n"), end);
                var bytes = new byte[8];
                while (true)
                {
                    // To the end of what the kernel still has of a process that is dead; or until nothing is to come any more.
                    await socket.GetStream().ReadExactlyAsync(bytes, end);
                    Received.Enqueue(BinaryPrimitives.ReadInt64BigEndian(bytes));
                }
            }
            catch (Exception over) when (over is OperationCanceledException or IOException or SocketException)
            {
                await DrainAsync(socket);
            }
            finally
            {
                Interlocked.Decrement(ref _listening);
            }
        }

        // What came before the process died and was not read yet.
        private async Task DrainAsync(TcpClient socket)
        {
            try
            {
                var bytes = new byte[8];
                while (socket.Connected)
                {
                    using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
                    await socket.GetStream().ReadExactlyAsync(bytes, patience.Token);
                    Received.Enqueue(BinaryPrimitives.ReadInt64BigEndian(bytes));
                }
            }
            catch (Exception over) when (over is OperationCanceledException or IOException or SocketException or InvalidOperationException)
            {
            }
        }

        public void CheckOrder()
        {
            var once = Received.Where(number => !_retried.Contains(number)).ToList();
            Assert.True(once.SequenceEqual(once.Order()), $"seed {Seed}: {Id}: what arrived is out of order: {string.Join(' ', once)}");
            Assert.Equal(once.Count, once.Distinct().Count());
        }
    }
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

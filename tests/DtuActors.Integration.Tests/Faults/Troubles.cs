using System.Net.Sockets;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>What goes wrong in a run, drawn from its seed: up to three things at a time, each of which heals.</summary>
/// <param name="run">The run.</param>
/// <param name="random">Of the seed.</param>
/// <param name="until">No trouble begins any more.</param>
internal sealed class Troubles(FaultRun run, Random random, CancellationToken until) : IDisposable
{
    private const int AtOnce = 3;
    private const int MostKills = 2;

    // One at a time of those that stop the gateway as a whole, so that each is over before the next, and each is seen by itself.
    private readonly SemaphoreSlim _gateway = new(1);
    private readonly SemaphoreSlim _network = new(1);
    private readonly SemaphoreSlim _broker = new(1);
    private int _kills;

    public async Task RunAsync()
    {
        var kinds = Kinds().ToArray();
        var open = new List<Task>();
        await Pause(TimeSpan.FromSeconds(1));
        while (!until.IsCancellationRequested)
        {
            var (name, happen) = kinds[random.Next(kinds.Length)];
            open.Add(HappenAsync(name, happen, random.Next()));
            open.RemoveAll(static trouble => trouble.IsCompletedSuccessfully);
            if (open.Count >= AtOnce)
            {
                await Task.WhenAny(open);
            }

            await Pause(TimeSpan.FromMilliseconds(random.Next(100, 2500)));
        }

        await Task.WhenAll(open);
    }

    public void Dispose()
    {
        _gateway.Dispose();
        _network.Dispose();
        _broker.Dispose();
    }

    private async Task HappenAsync(string name, Func<Random, Task> happen, int seed)
    {
        run.Note($"{name} ...");
        await happen(new Random(seed));
        run.Note($"... {name}");
    }

    private IEnumerable<(string Name, Func<Random, Task> Happen)> Kinds()
    {
        yield return ("a line breaks", Break);
        yield return ("a line breaks", Break);
        yield return ("a DTU falls silent", FallSilent);
        yield return ("a DTU falls silent", FallSilent);
        yield return ("garbage", Garbage);
        yield return ("strangers", StrangersAsync);
        yield return ("nobody reads", NobodyReads);
        yield return ("the COM port is pulled", PullAsync);
        yield return ("reload", chance => AskAsync(http => http.PostAsync("/api/v1/config/reload", new StringContent("{}", null, "application/json"))));
        yield return ("a kick", chance => AskAsync(http => http.DeleteAsync($"/api/v1/dtus/pump-{chance.Next(FaultRun.Calm + 1, run.Dtus.Count + 1)}/connection")));
        yield return ("the gateway stands still", FreezeAsync);
        yield return ("the gateway is killed", KillAsync);
        if (run.Network is null)
        {
            yield return ("the broker is killed", KillBrokerAsync);
            yield return ("the broker stands still", FreezeBrokerAsync);
        }

        switch (run.Setting)
        {
            case Setting.Plain:
                yield return ("storage stalls", chance => SpoilAsync(chance, false, "fdatasync:delay_enter=1500000:when=1+2", "fsync:delay_enter=1500000:when=1+2"));
                yield return ("storage fails", chance => SpoilAsync(chance, false, "pwrite64:error=EIO:when=1+3", "fdatasync:error=EIO:when=1+4"));
                yield return ("sockets fail", chance => SpoilAsync(chance, true, "recvmsg:error=ECONNRESET:when=7+11", "sendmsg:error=ECONNRESET:when=9+13", "accept4:error=EMFILE:when=1+2"));
                break;
            case Setting.SmallDisk:
                yield return ("the disk is full", FillAsync);
                yield return ("the disk is full", FillAsync);
                break;
            case Setting.MovedClock:
                yield return ("the clock jumps", Jump);
                yield return ("the clock jumps", Jump);
                break;
            case Setting.Network:
                yield return ("packets are lost", LoseAsync);
                yield return ("the line is thin", ThinAsync);
                break;
            case Setting.Cluster:
                yield return ("a node is cut off for a moment", CutOffAsync);
                yield return ("a node is killed", KillAsync);
                break;
        }
    }

    // ---- lines

    private Line Any(Random chance)
    {
        var lines = run.Lines.ToArray();
        return lines[chance.Next(lines.Length)];
    }

    private Task Break(Random chance)
    {
        Any(chance).Cut(chance.Next(2) == 0);
        return Task.CompletedTask;
    }

    private Task FallSilent(Random chance)
    {
        Line[] dtus = [.. run.Dtus.Skip(FaultRun.Calm), .. run.Instruments.OfType<Instrument>()];
        dtus[chance.Next(dtus.Length)].GoSilent(TimeSpan.FromMilliseconds(chance.Next(100, 9000)));
        return Task.CompletedTask;
    }

    private Task NobodyReads(Random chance)
    {
        // An instrument would take for one moment's what came in many, and tell its bus's story wrongly.
        Line[] lines = [.. run.Lines.Where(static line => line is not Instrument)];
        lines[chance.Next(lines.Length)].StopReading(TimeSpan.FromMilliseconds(chance.Next(500, 6000)));
        return Task.CompletedTask;
    }

    private Task Garbage(Random chance)
    {
        Talker[] talkers = [.. run.Dtus.Skip(FaultRun.Calm), .. run.Programs.Skip(FaultRun.Calm)];
        for (var i = chance.Next(1, 5); i > 0; i--)
        {
            talkers[chance.Next(talkers.Length)].SayGarbage();
        }

        return Task.CompletedTask;
    }

    // They say what no registration is, or half of one, or nothing, on any port there is.
    private async Task StrangersAsync(Random chance)
    {
        foreach (var port in (string[])["main", "bus", "command", "masters", "http"])
        {
            if (run.Field.Where(port, chance.Next(3)) is not { } where)
            {
                return;
            }

            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
                await socket.ConnectAsync(where, patience.Token);
                var noise = new byte[chance.Next(1, 3000)];
                chance.NextBytes(noise);
                await socket.SendAsync(noise, patience.Token);
                await Task.Delay(chance.Next(300), patience.Token);
            }
            catch (Exception refused) when (refused is SocketException or OperationCanceledException)
            {
                // Whatever they hear of it.
            }
        }
    }

    private async Task PullAsync(Random chance)
    {
        await run.Cable.PullAsync();
        await Task.Delay(chance.Next(200, 4000), CancellationToken.None);
        run.Cable.Plug();
    }

    private async Task LoseAsync(Random chance)
    {
        await _network.WaitAsync(CancellationToken.None);
        await run.Network!.LoseAsync(chance.Next(2, 6));
        await Task.Delay(chance.Next(2000, 8000), CancellationToken.None);
        await run.Network.LoseNothingAsync();
        _network.Release();
    }

    private async Task ThinAsync(Random chance)
    {
        await _network.WaitAsync(CancellationToken.None);
        await run.Network!.ThinAsync();
        await Task.Delay(chance.Next(2000, 8000), CancellationToken.None);
        await run.Network.WideAsync();
        _network.Release();
    }

    // ---- the gateway and what it stands on

    private async Task AskAsync(Func<HttpClient, Task<HttpResponseMessage>> ask)
    {
        try
        {
            if (run.Field.Http is { } http)
            {
                using var answer = await ask(http);
            }
        }
        catch (Exception killed) when (killed is HttpRequestException or IOException or TaskCanceledException or ObjectDisposedException)
        {
            // It was killed meanwhile.
        }
    }

    private async Task FreezeAsync(Random chance)
    {
        using var alone = await AloneAsync();
        if (AnyNode(chance) is { } node && run.Field.Running.TryGetValue(node, out var host))
        {
            var time = TimeSpan.FromMilliseconds(chance.Next(300, 4000));
            host.Freeze();
            await Task.Delay(time, CancellationToken.None);
            host.Thaw();
            run.History.Excuse(time);
        }
    }

    private async Task KillAsync(Random chance)
    {
        using var alone = await AloneAsync();
        if (_kills++ >= MostKills || AnyNode(chance) is not { } node)
        {
            return;
        }

        run.IsRough = true;
        var from = Line.Now;
        await run.Field.KillAsync(node);
        await Task.Delay(chance.Next(100, 3000), CancellationToken.None);
        await run.Field.StartAsync(node);
        run.History.Excuse(Line.Now - from);
    }

    private async Task CutOffAsync(Random chance)
    {
        using var alone = await AloneAsync();
        var links = ((ManyGateways)run.Field).Cluster.Links!;
        links.CutOff(run.Field.Nodes[chance.Next(run.Field.Nodes.Count)]);
        await Task.Delay(chance.Next(500, 3000), CancellationToken.None);
        links.Heal();
    }

    private async Task SpoilAsync(Random chance, bool isRough, params string[] inject)
    {
        using var alone = await AloneAsync();
        run.IsRough |= isRough;
        if (AnyNode(chance) is { } node && run.Field.Running.TryGetValue(node, out var host))
        {
            var from = Line.Now;
            await SystemCalls.SpoilAsync(host.Id, TimeSpan.FromMilliseconds(chance.Next(1000, 4000)), inject);
            run.History.Excuse(Line.Now - from);
        }
    }

    private async Task FillAsync(Random chance)
    {
        using var alone = await AloneAsync();
        run.Disk!.Fill();
        await Task.Delay(chance.Next(1000, 5000), CancellationToken.None);
        run.Disk.Free();
    }

    // Up to a day back, and forward for less than the commands' time in all.
    private async Task Jump(Random chance)
    {
        run.Clock!.Move(TimeSpan.FromMinutes(chance.Next(-1400, 50)));
        await Task.Delay(chance.Next(1000, 4000), CancellationToken.None);
        if (chance.Next(2) == 0)
        {
            run.Clock.Move(TimeSpan.Zero);
        }
    }

    private async Task KillBrokerAsync(Random chance)
    {
        await _broker.WaitAsync(CancellationToken.None);
        await run.Broker.KillAsync();
        await Task.Delay(chance.Next(200, 4000), CancellationToken.None);
        await run.Broker.StartAsync();
        _broker.Release();
    }

    private async Task FreezeBrokerAsync(Random chance)
    {
        await _broker.WaitAsync(CancellationToken.None);
        run.Broker.Freeze();
        await Task.Delay(chance.Next(500, 6000), CancellationToken.None);
        run.Broker.Thaw();
        _broker.Release();
    }

    private string? AnyNode(Random chance) => run.Field.Running.Keys.Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } nodes ? nodes[chance.Next(nodes.Length)] : null;

    private async Task<Held> AloneAsync()
    {
        await _gateway.WaitAsync(CancellationToken.None);
        return new Held(_gateway);
    }

    private async Task Pause(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, until);
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }

    private readonly struct Held(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}

using System.Net.Sockets;

namespace DtuActors.Benchmarks.Systems;

/// <summary>One DTU, whose frames a hundred clients of a shared TCP endpoint get, the next when all have the last; beside bare async sockets that do only that.</summary>
internal static class FanBenchmark
{
    private const string Dtu = "fan";
    private const int Backlog = 128;

    public static async Task<bool> RunAsync(Effort effort)
    {
        var observers = effort.IsShort ? 10 : 100;
        await using var contest = await Contest.BeginAsync("fan", $"one DTU, {observers} observers, frames of 64 bytes", effort);
        await EnterAsync("bare sockets", await ChildProcess.PartAsync("fan-bare", observers));
        await EnterAsync("gateway", await ChildProcess.GatewayAsync($$"""
            dtu {
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0, engine = sockets } }
              endpoints { clients { kind = tcp, address = "127.0.0.1", port = 0, clients = shared, max-clients = {{observers}} } }
              routes = [ { dtu = {{Dtu}}, to = clients } ]
              http { port = 0 }
              storage { provider = none }
            }
            """, 1));
        return await contest.MeasureAsync("frames heard/s");

        async Task EnterAsync(string name, ChildProcess process)
        {
            await contest.Load.AskAsync($"fan {contest.NextSet} {process.PortOf("main")} {Dtu} {process.PortOf("clients")} {observers}", "bench connected");
            await process.HearAsync("bench online");
            contest.Enter(new Relay(name, process, []));
        }
    }

    /// <summary>The bare one.</summary>
    public static async Task BareAsync(int observers)
    {
        using var dtus = Loopback.Listen("main", Backlog);
        using var clients = Loopback.Listen("clients", Backlog);
        Console.WriteLine("ready");
        var hearing = new Socket[observers];
        for (var i = 0; i < observers; i++)
        {
            hearing[i] = await clients.AcceptAsync();
            hearing[i].NoDelay = true;
        }

        using var dtu = await dtus.AcceptAsync();
        var buffer = new byte[4096];
        await dtu.ReceiveAsync(buffer);
        Console.WriteLine("bench online");
        for (int read; (read = await dtu.ReceiveAsync(buffer)) > 0;)
        {
            foreach (var client in hearing)
            {
                await client.SendAsync(buffer.AsMemory(0, read));
            }
        }
    }
}

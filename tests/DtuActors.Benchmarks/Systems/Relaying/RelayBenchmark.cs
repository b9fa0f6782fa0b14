using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// Clients of TCP endpoints and the DTUs behind them, which echo: a frame of 64 bytes under way for each, through the gateway on either engine, and beside it through
/// HAProxy, socat, a bare relay of async sockets and a bare one on Akka.IO, in turns.
/// </summary>
internal static class RelayBenchmark
{
    private const string Frames = "64";
    private const int MostForks = 50;

    /// <summary>With so many clients.</summary>
    public static Task<bool> RunAsync(int clients, Effort effort) => RunAsync(string.Create(CultureInfo.InvariantCulture, $"relay-{clients}"), clients, core: null, effort);

    /// <summary>The relays share one core, and the load has the other.</summary>
    public static Task<bool> OneCoreAsync(Effort effort) => RunAsync("one-core", clients: effort.IsShort ? 10 : 100, core: 0, effort);

    /// <summary>The gateway that cuts frames by their length and checksum, and the one that hands on what comes.</summary>
    public static async Task<bool> CodecAsync(Effort effort)
    {
        const int Clients = 50;
        await using var contest = await Contest.BeginAsync("codec", $"{Clients} clients and DTUs, a register that is written and echoed (8 bytes), codec = raw and modbus-rtu", effort);
        foreach (var codec in (string[])["raw", "modbus-rtu"])
        {
            await contest.EnterAsync(await Contenders.GatewayAsync($"codec = {codec}", "sockets", $"codec = {codec}", contest.Load, Clients, core: null), "modbus");
        }

        return await contest.MeasureAsync();
    }

    private static async Task<bool> RunAsync(string name, int clients, int? core, Effort effort)
    {
        await using var contest = await Contest.BeginAsync(name, $"{clients} clients and DTUs, frames of {Frames} bytes", effort, core is null ? null : 1);
        var far = (int)await contest.Load.AskNumberAsync("echo", "bench echoing");
        if (Contenders.HaProxyProgram is { } haproxy)
        {
            await contest.EnterAsync(await Contenders.HaProxyAsync(haproxy, far, clients, core is null ? 2 : 1, core), Frames);
        }

        await contest.EnterAsync(await Contenders.BareAsync("bare sockets", "relay-bare", far, clients, core), Frames);
        await contest.EnterAsync(await Contenders.BareAsync("bare Akka.IO", "relay-akka", far, clients, core), Frames);
        if (clients <= MostForks && Contenders.SocatProgram is { } socat)
        {
            await contest.EnterAsync(await Contenders.SocatAsync(socat, far, clients, core), Frames);
        }

        foreach (var engine in Contenders.EnginesFor(effort))
        {
            await contest.EnterAsync(await Contenders.GatewayAsync($"engine = {engine}", engine, "codec = raw", contest.Load, clients, core), Frames);
        }

        return await contest.MeasureAsync();
    }
}

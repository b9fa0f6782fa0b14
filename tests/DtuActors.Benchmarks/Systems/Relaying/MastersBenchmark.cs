using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// Modbus TCP masters that read a register of one slave behind one DTU, each its next one as soon as the last is answered: one bus, one transaction at a time. The slave answers at once, and
/// its line has no speed.
/// </summary>
internal static class MastersBenchmark
{
    // mbusd, with its pause at 1 ms, the least it has.
    private const int TransactionsOfMbusd = 660;

    public static async Task<bool> RunAsync(Effort effort)
    {
        await using var contest = await Contest.BeginAsync("masters", $"Modbus TCP masters on one bus (mbusd: {TransactionsOfMbusd} transactions/s)", effort);
        foreach (var masters in effort.IsShort ? [4] : (int[])[1, 4, 16])
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"bus{masters}");
            var gateway = await ChildProcess.GatewayAsync($$"""
                dtu {
                  listeners { main { transport = tcp, address = "127.0.0.1", port = 0, engine = sockets } }
                  profiles { default { framing { codec = modbus-rtu } } }
                  endpoints { modbus { kind = modbus-tcp, address = "127.0.0.1", port = 0, units { 1 { dtu = {{id}}-0 } } } }
                  http { port = 0 }
                  storage { provider = none }
                }
                """, 1);
            await contest.Load.AskAsync($"slaves {gateway.PortOf("main")} {id} 1", "bench dialled");
            await gateway.HearAsync("bench online");
            var relay = new Relay($"{masters} masters", gateway, [.. Enumerable.Repeat(gateway.PortOf("modbus"), masters)]);
            await contest.EnterAsync(relay, "mbap");
        }

        return await contest.MeasureAsync("transactions/s");
    }
}

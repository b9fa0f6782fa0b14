namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// A program at a serial port (a pty, which has no speed of its own), the port's other end at the gateway, and a DTU that echoes; beside socat and ser2net at such a port. Frames of 64 bytes
/// tell the delay, of 1024 the throughput.
/// </summary>
internal static class ComBenchmark
{
    private const string Short = "64";
    private const string Long = "1024";
    private const string Gateway = "gateway";

    public static async Task<bool> RunAsync(Effort effort)
    {
        await using var contest = await Contest.BeginAsync("com-64", "a serial port and a DTU that echoes, frames of 64 bytes", effort);
        if (Contenders.SocatProgram is { } socat)
        {
            var far = (int)await contest.Load.AskNumberAsync("echo", "bench echoing");
            var device = await OpenAsync();
            Enter("socat", ChildProcess.Tool(null, socat, $"{device},raw,echo=0", $"TCP:127.0.0.1:{far},nodelay"));
        }

        if (Contenders.Find("ser2net", "/usr/sbin/ser2net") is { } ser2net)
        {
            var device = await OpenAsync();
            var port = Host.Commands.FreePorts.Take(1)[0];
            var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".yaml");
            await File.WriteAllTextAsync(file, $"connection: &line\n  accepter: tcp(nodelay),127.0.0.1,{port}\n  connector: serialdev,{device},115200n81,local\n");
            var process = ChildProcess.Tool(null, ser2net, "-n", "-c", file);
            await Contenders.ListeningAsync(process, port);
            File.Delete(file);
            await contest.Load.AskAsync($"dial {port}", "bench dialled");
            Enter("ser2net", process);
        }

        var line = await OpenAsync();
        var gateway = await ChildProcess.GatewayAsync($$"""
            dtu {
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0, engine = sockets } }
              endpoints { line { kind = serial, device = "{{line}}", baud = 921600, framing { codec = raw } } }
              routes = [ { dtu = com-0, to = line } ]
              http { port = 0 }
              storage { provider = none }
            }
            """, 1);
        await contest.Load.AskAsync($"dtus {gateway.PortOf("main")} com 1", "bench dialled");
        await gateway.HearAsync("bench online");
        Enter(Gateway, gateway);
        var good = await contest.MeasureAsync();

        await using var throughput = await contest.AgainAsync("com-1024", Long);
        return await throughput.MeasureAsync() && good;

        void Enter(string name, ChildProcess process) => contest.Enter(new Relay(name, process, []));

        async Task<string> OpenAsync() => (await contest.Load.AskAsync($"pty {contest.NextSet} {Short}", "bench device"))[0];
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using DtuActors.Simulator;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>The software at home, mbpoll, reads a Modbus slave behind a simulated DTU, through the virtual COM port and through Modbus TCP.</summary>
public sealed partial class ModbusMasterTests : IDisposable
{
    private const int Reads = 1000;

    private const string Hocon = """
        dtu {
          listeners { main { port = 0 } }
          profiles { default { heartbeat { match = ["ping"] }, framing { codec = modbus-rtu }, bus { mode = request-response } } }
          endpoints {
            com { kind = pty, link = "com1", framing { codec = modbus-rtu, role = requests } }
            modbus { kind = modbus-tcp, port = 0, units { 7 { dtu = sim-0001, slave = 1 } } }
          }
          routes = [{ dtu = sim-0001, to = com }]
        }
        """;

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-mbpoll-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task Mbpoll_reads_a_thousand_times_through_the_virtual_com_port_without_a_miss() => await PollAsync(
        _ => ["-m", "rtu", "-b", "9600", "-P", "none", "-a", "1", "-t", "4", "-r", "1", "-c", "4", "-l", "11", Path.Combine(_folder, "com1")]);

    [SkippableFact]
    public async Task Mbpoll_reads_a_thousand_times_through_modbus_tcp_without_a_miss() => await PollAsync(
        gateway => ["-m", "tcp", "-p", gateway.Port("modbus").Port.ToString(CultureInfo.InvariantCulture), "-a", "7", "-t", "4", "-r", "1", "-c", "4", "-l", "11", "127.0.0.1"]);

    private async Task PollAsync(Func<RunningGateway, string[]> arguments)
    {
        Tools.Need("mbpoll");
        await using var gateway = await RunningGateway.StartAsync(Hocon, _folder);
        await using var fleet = new SimulatedFleet(new SimulatedFleetOptions { Port = gateway.Port("main").Port, Count = 1, Preset = SimulatorPreset.Usr });
        using var stop = new CancellationTokenSource();
        var running = fleet.RunAsync(stop.Token);
        await RunningGateway.UntilAsync(async () => (await gateway.Gateway.ListDtusAsync(DtuState.Online, 10, null, default)).Items.Length == 1);
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("com")).State == "up");

        using var mbpoll = Tools.Start("mbpoll", arguments(gateway));
        var reads = 0;
        while (reads < Reads && await mbpoll.StandardOutput.ReadLineAsync() is { } line)
        {
            reads += line.StartsWith("[4]:", StringComparison.Ordinal) ? 1 : 0;
        }

        Tools.InterruptProcess(mbpoll);
        var statistics = await mbpoll.StandardOutput.ReadToEndAsync() + await mbpoll.StandardError.ReadToEndAsync();
        await mbpoll.WaitForExitAsync();
        Assert.Equal(Reads, reads);
        Assert.Matches(NoErrors(), statistics);
        await stop.CancelAsync();
        await running;
    }

    [GeneratedRegex(@"\b0 errors")]
    private static partial Regex NoErrors();
}

using System.CommandLine;
using DtuActors.Configuration;
using DtuActors.Host.Serving;
using DtuActors.Recording;
using DtuActors.Simulator;

namespace DtuActors.Host.Commands;

/// <summary>
/// The whole program at work without any device: a gateway on free ports of loopback, three simulated DTUs with Modbus instruments behind it, a Modbus TCP port
/// and, on Linux, a virtual COM port. Its configuration is a text that a user could have written.
/// </summary>
internal static class DemoCommand
{
    private const string FirstId = "13800138001";
    private const string Request = "01 03 00 00 00 02";

    public static Command Create()
    {
        var print = new Option<bool>("--print-config") { Description = "Print the demonstration's configuration and end." };
        var command = new ExampledCommand("demo", "Show the gateway at work: simulated DTUs, a Modbus TCP port, a virtual COM port.", "dtu demo", "dtu demo --print-config > demo.conf") { print };
        command.SetAction((parsed, _) =>
        {
            if (parsed.GetValue(print))
            {
                Console.Out.Write(Configuration);
                return Task.FromResult(ExitCodes.Done);
            }

            return RunAsync();
        });
        return command;
    }

    /// <summary>The demonstration's configuration; relative paths in it resolve against its own folder.</summary>
    internal static string Configuration { get; } = $$"""
        dtu {
          listeners {
            main { transport = tcp, address = "127.0.0.1", port = 0, profile = default }
          }

          profiles {
            default {
              framing { codec = modbus-rtu }
              # One request on a bus at a time: the Modbus TCP port, the virtual COM port and dtu request take turns.
              bus { mode = request-response, response-timeout = 2s }
              heartbeat { match = ["ping"] }
            }
          }

          endpoints {
            modbus {
              kind = modbus-tcp, address = "127.0.0.1", port = 0
              units {
                1 { dtu = "13800138001", slave = 1 }
                2 { dtu = "13800138002", slave = 1 }
                3 { dtu = "13800138003", slave = 1 }
              }
            }
        {{(OperatingSystem.IsLinux() ? "    com1 { kind = pty, link = \"com1\" }\n" : "")}}  }

          routes = [
        {{(OperatingSystem.IsLinux() ? "    { dtu = \"13800138001\", to = com1 }\n" : "")}}  ]

          http { address = "127.0.0.1", port = 0 }
        }

        """.ReplaceLineEndings("\n");

    private static async Task<int> RunAsync()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-demo-").FullName;
        try
        {
            var loaded = ConfigurationLoader.LoadTexts([("demo.conf", Configuration)], folder, Environment.GetEnvironmentVariable);
            if (loaded.Options is not { } options)
            {
                ConfigurationFiles.Say(loaded, Console.Error);
                return ExitCodes.Failed;
            }

            return await GatewayRun.RunAsync(options, new GatewayFiles([]), whenReady: (running, stopping) => SimulateAsync(running, folder, stopping));
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task SimulateAsync(RunningGateway running, string folder, CancellationToken stopping)
    {
        using var events = await running.Gateway.ObserveAsync(only: null);
        await using var fleet = new SimulatedFleet(new SimulatedFleetOptions
        {
            Port = PortOf(running.Bound["main"]),
            Count = 3,
            IdPrefix = FirstId[..^4],
            FirstNumber = int.Parse(FirstId.AsSpan(FirstId.Length - 4), System.Globalization.CultureInfo.InvariantCulture),
            Preset = SimulatorPreset.Usr,
        });
        var run = fleet.RunAsync(stopping);
        await OnlineAsync(events, fleet.Dtus.Count, stopping);
        Say(running, OperatingSystem.IsLinux() ? Path.Combine(folder, "com1") : null, string.Join(", ", fleet.Dtus.Select(dtu => dtu.Options.Id)));
        await run;
    }

    // A link that stands is no DTU yet: its registration has to be read, and what is printed has to work at once.
    private static async Task OnlineAsync(IEventSubscription events, int count, CancellationToken stopping)
    {
        while (count > 0)
        {
            count -= await events.Events.ReadAsync(stopping) is DtuOnline ? 1 : 0;
        }
    }

    private static void Say(RunningGateway running, string? pty, string ids)
    {
        var modbus = PortOf(running.Bound["modbus"]);
        Terminal.Line("");
        Terminal.Line($"Three simulated DTUs are online: {ids}. Behind each is a Modbus slave 1 whose values move.");
        Terminal.Line("");
        Terminal.Line($"API:           {running.Url}");
        Terminal.Line($"Modbus TCP:    127.0.0.1:{modbus}   (units 1, 2 and 3 are the three DTUs)");
        if (pty is not null)
        {
            Terminal.Line($"COM port:      {pty}   (the first DTU)");
        }

        Terminal.Line("");
        Terminal.Line("Try, in another terminal:");
        Terminal.Line($"  mbpoll -m tcp -p {modbus} -a 1 -t 4 -r 1 -c 4 -1 127.0.0.1");
        if (pty is not null)
        {
            Terminal.Line($"  mbpoll -m rtu -b 9600 -P none -a 1 -t 4 -r 1 -c 4 -1 {pty}");
        }

        Terminal.Line($"  {Self.CommandLine} request {FirstId} --hex \"{Request}\" --crc modbus --url {running.Url}");
        Terminal.Line($"  {Self.CommandLine} watch --url {running.Url}");
        Terminal.Line("");
        Terminal.Line("Ctrl-C stops it.");
    }

    private static int PortOf(string address) => System.Net.IPEndPoint.Parse(address).Port;
}

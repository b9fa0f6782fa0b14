using System.CommandLine;
using System.Globalization;
using System.IO.Ports;
using DtuActors.Host.Writing;
using DtuActors.Simulator;
using Spectre.Console;

namespace DtuActors.Host.Commands;

internal static class SimulateCommand
{
    private const int MostDtus = 100_000;
    private static readonly TimeSpan TerminalEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PlainEvery = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var connect = new Option<string>("--connect") { Description = "The server that the DTUs dial.", HelpName = "HOST:PORT", Required = true };
        connect.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !TryParse(text, out _, out _))
            {
                result.AddError($"--connect '{text}': expected HOST:PORT, such as 127.0.0.1:9000");
            }
        });
        var count = NumberOptions.Integer("--count", "How many DTUs.", 1, MostDtus, 1);
        var prefix = new Option<string?>("--id-prefix") { Description = "What ids begin with; a number follows.", HelpName = "P" };
        var preset = new Option<string>("--preset") { Description = "The DTUs' make.", DefaultValueFactory = _ => "usr" };
        preset.AcceptOnlyFromAmong([.. SimulatorPreset.All.Select(known => known.Name)]);
        var latency = Downlinks.Duration("--latency", "From the instrument to the server, and back.");
        var jitter = Downlinks.Duration("--jitter", "Up to so much more, at random.");
        var drop = NumberOptions.Number("--drop", "The part of answers that are lost, 0 to 1.", value => value is >= 0 and <= 1, "0 to 1");
        var damage = NumberOptions.Number("--damage", "The part of pieces on the serial line that have a wrong byte or lack one, 0 to 1.", value => value is >= 0 and <= 1, "0 to 1");
        var device = new Option<string?>("--device") { Description = "A serial port or pseudo-terminal that is the instrument of the one DTU, in place of a simulated one.", HelpName = "PORT" };
        var baud = NumberOptions.Integer("--baud", "With --device: its speed.", 50, 4_000_000, 9600);
        var halfOpen = Downlinks.Duration("--half-open-after", "After this time a DTU neither reads nor writes any more, and does not close.");
        var lifetime = Downlinks.Duration("--lifetime", "After this time a DTU closes its link and dials again.");
        var rate = NumberOptions.Number("--rate", "First dials a second.", value => value > 0, "a number above 0", 1000);
        var command = new ExampledCommand(
            "simulate",
            "Simulated DTUs with Modbus instruments (unit 1) against any server, until Ctrl-C.",
            "dtu simulate --connect 127.0.0.1:9000 --count 100",
            "dtu simulate --connect 127.0.0.1:9000 --count 10 --preset hongdian --latency 300ms --jitter 200ms --drop 0.02",
            "dtu simulate --connect 127.0.0.1:9000 --device /dev/ttyUSB0 --latency 300ms --damage 0.02")
        {
            connect, count, prefix, preset, latency, jitter, drop, damage, device, baud, halfOpen, lifetime, rate,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(device) is not null && result.GetValue(count) > 1)
            {
                result.AddError("--device is one DTU's; --count can't be more");
            }
        });
        command.SetAction((ParseResult parsed, CancellationToken _) =>
        {
            var (host, port) = TryParse(parsed.GetValue(connect)!, out var name, out var number) ? (name, number) : throw new InvalidOperationException("the option's validator let it through");
            var link = new DtuActors.Simulator.LinkOptions
            {
                UplinkLatency = Time(parsed.GetValue(latency)) ?? TimeSpan.Zero,
                DownlinkLatency = Time(parsed.GetValue(latency)) ?? TimeSpan.Zero,
                Jitter = Time(parsed.GetValue(jitter)) ?? TimeSpan.Zero,
                DropProbability = parsed.GetValue(drop),
                DamageProbability = parsed.GetValue(damage),
            };
            if (!TryOpen(parsed.GetValue(device), parsed.GetValue(baud), out var instrument))
            {
                return Task.FromResult(ExitCodes.Failed);
            }

            return RunAsync(new SimulatedFleetOptions
            {
                Host = host,
                Port = port,
                Count = parsed.GetValue(count),
                IdPrefix = parsed.GetValue(prefix),
                Preset = SimulatorPreset.Find(parsed.GetValue(preset)!)!,
                ConnectsPerSecond = parsed.GetValue(rate),
                Instrument = instrument is null ? null : _ => instrument,
                Configure = (_, dtu) => dtu with { Link = link, HalfOpenAfter = Time(parsed.GetValue(halfOpen)), Lifetime = Time(parsed.GetValue(lifetime)) },
            });
        });
        return command;
    }

    private static bool TryOpen(string? device, int baud, out IInstrument? instrument)
    {
        instrument = null;
        if (device is null)
        {
            return true;
        }

        try
        {
            var port = new SerialPort(device, baud);
            port.Open();
            instrument = new StreamInstrument(port.BaseStream);
            return true;
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            Terminal.Fault($"--device {device}: {closed.Message}");
            return false;
        }
    }

    private static async Task<int> RunAsync(SimulatedFleetOptions options)
    {
        SimulatedFleet fleet;
        try
        {
            fleet = new SimulatedFleet(options);
        }
        catch (ArgumentException wrong)
        {
            Terminal.Fault(wrong.Message);
            return ExitCodes.Usage;
        }

        await using (fleet)
        {
            using var signals = new Signals();
            var run = fleet.RunAsync(signals.Ended);
            var report = ReportAsync(fleet, signals.Ended);
            try
            {
                await await Task.WhenAny(run, report);
            }
            catch (OperationCanceledException) when (signals.Ended.IsCancellationRequested)
            {
                // Ctrl-C is how it ends.
            }

            Terminal.Line(Describe(fleet.Status));
            return ExitCodes.Done;
        }
    }

    private static Task ReportAsync(SimulatedFleet fleet, CancellationToken ended) => Terminal.IsTerminal
        ? AnsiConsole.Status().StartAsync(Describe(fleet.Status), async context =>
        {
            using var timer = new PeriodicTimer(TerminalEvery);
            while (await timer.WaitForNextTickAsync(ended))
            {
                context.Status(Markup.Escape(Describe(fleet.Status)));
            }
        })
        : PlainReportAsync(fleet, ended);

    private static async Task PlainReportAsync(SimulatedFleet fleet, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(PlainEvery);
        do
        {
            Terminal.Line(Describe(fleet.Status));
        }
        while (await timer.WaitForNextTickAsync(ended));
    }

    private static string Describe(SimulatedFleetStatus status) => string.Create(
        CultureInfo.InvariantCulture,
        $"online {status.Online} of {status.Count}, dialling {status.Dialling}, half-open {status.HalfOpen}, answered {status.Answered}, dropped {status.Dropped}, damaged {status.Damaged}, up {status.BytesUp} B, down {status.BytesDown} B")
        + (status.LastError is { } error ? $"; last error: {Terminal.Safe(error)}" : "");

    private static TimeSpan? Time(string? text) => text is not null && DurationText.TryParse(text, out var duration) ? duration : null;

    private static bool TryParse(string text, out string host, out int port)
    {
        var colon = text.LastIndexOf(':');
        (host, port) = ("", 0);
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is 0 or > 65535)
        {
            return false;
        }

        host = text[..colon].Trim('[', ']');
        return host.Length > 0;
    }
}

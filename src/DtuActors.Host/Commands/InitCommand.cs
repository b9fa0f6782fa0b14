using System.CommandLine;
using System.Net;
using DtuActors.Configuration;

namespace DtuActors.Host.Commands;

internal static class InitCommand
{
    public static Command Create()
    {
        var preset = new Option<string?>("--preset") { Description = "The DTU's make." };
        preset.AcceptOnlyFromAmong([.. Presets.Names]);
        var listen = new Option<string?>("--listen") { Description = "Where DTUs arrive. [default: 0.0.0.0:9000]", HelpName = "ADDRESS:PORT" };
        listen.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !TryParse(text, out _))
            {
                result.AddError($"--listen '{text}': expected an address and a port, such as 0.0.0.0:9000 or [::]:9000");
            }
        });
        var com = new Option<string?>("--com") { Description = "The COM port of your software, such as COM3 or /dev/ttyUSB0.", HelpName = "PORT" };
        var output = new Option<string>("--output", "-o") { Description = "The file to write.", HelpName = "FILE", DefaultValueFactory = _ => "dtu.conf" };
        var force = new Option<bool>("--force") { Description = "Overwrite the file." };
        var command = new ExampledCommand("init", "Write a commented dtu.conf to begin with.", "dtu init", "dtu init --preset usr --listen 0.0.0.0:9000 --com COM3") { preset, listen, com, output, force };
        command.SetAction(parsed => Init(
            InitTemplate.Render(parsed.GetValue(preset), parsed.GetValue(listen) is { } text && TryParse(text, out var address) ? address : null, parsed.GetValue(com)),
            parsed.GetValue(output)!,
            parsed.GetValue(force)));
        return command;
    }

    private static int Init(string text, string file, bool force)
    {
        try
        {
            // CreateNew: between a look and the write somebody else's file could appear.
            using var writer = new StreamWriter(new FileStream(file, force ? FileMode.Create : FileMode.CreateNew, FileAccess.Write));
            writer.Write(text);
        }
        catch (IOException) when (!force && File.Exists(file))
        {
            Terminal.Fault($"{file} exists; --force overwrites it, -o names another");
            return ExitCodes.Failed;
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            Terminal.Fault(unwritable.Message);
            return ExitCodes.Failed;
        }

        Terminal.Line($"wrote {file}");
        Terminal.Line("next: enter your DTU's id and the serial line in it, then");
        Terminal.Line($"  dtu check -c {file}");
        Terminal.Line($"  dtu run -c {file}");
        return ExitCodes.Done;
    }

    // IPEndPoint reads "9000" as the address 0.0.35.40: without a port it is not what was meant.
    private static bool TryParse(string text, out IPEndPoint? address) =>
        IPEndPoint.TryParse(text, out address) && text.LastIndexOf(':') is var colon and >= 0 && colon > text.LastIndexOf(']') && address.Port > 0;
}

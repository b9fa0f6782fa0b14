using System.CommandLine;
using DtuActors.Host.Serving;

namespace DtuActors.Host.Commands;

internal static class RunCommand
{
    public static Command Create()
    {
        var files = ConfigurationFiles.Option();
        var command = new ExampledCommand("run", "Run the gateway until SIGINT or SIGTERM.", "dtu run -c dtu.conf", "dtu run -c site.conf -c secrets.conf") { files };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(files)));
        return command;
    }

    private static async Task<int> RunAsync(string[]? files)
    {
        using var hangUps = new HangUps();
        var loaded = ConfigurationFiles.Load(files);
        if (loaded.Options is not { } options)
        {
            ConfigurationFiles.Say(loaded, Console.Error);
            WindowsEvents.Error(string.Join('\n', loaded.Faults.Take(20).Select(fault => Terminal.Safe(fault.ToString()))));
            return ExitCodes.Usage;
        }

        return await GatewayRun.RunAsync(options, new GatewayFiles(files ?? []), hangUps);
    }
}

using System.Diagnostics;
using System.Runtime.Versioning;
using DtuActors.Host.Commands;
using DtuActors.Host.Serving;

namespace DtuActors.Host.Services;

/// <summary>Installs and removes the gateway as a Windows service, by the system's own sc.exe.</summary>
[SupportedOSPlatform("windows")]
internal static class WindowsService
{
    private const string Tool = "sc.exe";

    public static async Task<int> RunAsync(ServiceRequest request, bool install, CancellationToken ended)
    {
        if (install)
        {
            ServiceTool.Checked(request.Configuration);
        }

        var commands = install ? Install(request, ServiceTool.Self()) : Uninstall(request);
        if (request.DryRun)
        {
            foreach (var command in commands)
            {
                Terminal.Line($"{Tool} {string.Join(' ', command.Select(Shown))}");
            }

            return ExitCodes.Done;
        }

        if (!Environment.IsPrivilegedProcess)
        {
            throw new ServiceException("only an administrator may do this: open the terminal by 'Run as administrator'");
        }

        if (install && !EventLog.SourceExists(WindowsEvents.Source))
        {
            EventLog.CreateEventSource(WindowsEvents.Source, "Application");
        }

        for (var i = 0; i < commands.Count; i++)
        {
            try
            {
                await ServiceTool.RunAsync(Tool, commands[i], ended);
            }
            catch (ServiceException) when (!install && i == 0)
            {
                // It did not run.
            }
        }

        Terminal.Line(install ? $"{request.Name} is installed and starts with Windows; its warnings and errors are in the event log, Application, source {WindowsEvents.Source}" : $"{request.Name} is removed; configuration and data stay");
        return ExitCodes.Done;
    }

    /// <summary>sc.exe wants each <c>name=</c> and its value as two words; the quotes in binPath are part of the value.</summary>
    internal static List<string[]> Install(ServiceRequest request, IEnumerable<string> program)
    {
        var binPath = string.Join(' ', program.Select(path => $"\"{path}\"")) + $" run -c \"{request.Configuration}\"";
        string[] account = request.User is { } user ? ["obj=", user] : [];
        return
        [
            ["create", request.Name, "binPath=", binPath, "start=", "delayed-auto", "DisplayName=", $"DtuActors gateway ({request.Name})", .. account],
            ["description", request.Name, "Between DTUs in the field and COM ports, TCP ports, Modbus TCP and MQTT here."],
            ["failure", request.Name, "reset=", "86400", "actions=", "restart/5000/restart/15000/restart/60000"],
            // A run that ends by itself with an error is a failure too, not only a crash.
            ["failureflag", request.Name, "1"],
            ["start", request.Name],
        ];
    }

    internal static List<string[]> Uninstall(ServiceRequest request) => [["stop", request.Name], ["delete", request.Name]];

    private static string Shown(string word) => word.Contains(' ', StringComparison.Ordinal) || word.Contains('"', StringComparison.Ordinal)
        ? $"\"{word.Replace("\"", "\\\"", StringComparison.Ordinal)}\""
        : word;
}

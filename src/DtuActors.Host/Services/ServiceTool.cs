using System.ComponentModel;
using System.Diagnostics;
using DtuActors.Host.Commands;

namespace DtuActors.Host.Services;

/// <summary>The system's own tool for services, and what both systems ask of an installation.</summary>
internal static class ServiceTool
{
    /// <summary>How a service starts this program: its executable and what stands before <c>run</c>.</summary>
    public static IReadOnlyList<string> Self()
    {
        var process = Environment.ProcessPath ?? throw new ServiceException("the system does not tell where this program is");
        var name = Path.GetFileNameWithoutExtension(process);

        // dotnet dtu.dll: a build, or another's launcher.
        return name.Equals("dotnet", StringComparison.OrdinalIgnoreCase) ? [process, Path.Combine(AppContext.BaseDirectory, "dtu.dll")] : [process];
    }

    /// <summary>A service that can't start is not installed: its configuration is checked as <c>dtu check</c> does. Throws <see cref="ServiceException"/>.</summary>
    public static Configuration.GatewayOptions Checked(string file)
    {
        if (!File.Exists(file))
        {
            throw new ServiceException($"there is no {file}; dtu init -o {file} writes one, -c names another", ExitCodes.Usage);
        }

        var loaded = ConfigurationFiles.Load([file]);
        if (loaded.Options is not { } options)
        {
            ConfigurationFiles.Say(loaded, Console.Error);
            throw new ServiceException($"{file} is not right; nothing was installed", ExitCodes.Usage);
        }

        return options;
    }

    /// <summary>Runs one command to its end; its own words go where ours go. Throws <see cref="ServiceException"/> where it is missing or fails.</summary>
    public static async Task RunAsync(string tool, IReadOnlyList<string> arguments, CancellationToken ended)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(tool, arguments) { UseShellExecute = false } };
        try
        {
            process.Start();
        }
        catch (Win32Exception missing)
        {
            throw new ServiceException($"{tool} can't be run: {missing.Message}");
        }

        await process.WaitForExitAsync(ended);
        if (process.ExitCode != 0)
        {
            throw new ServiceException($"{tool} {string.Join(' ', arguments)} failed with exit code {process.ExitCode}");
        }
    }
}

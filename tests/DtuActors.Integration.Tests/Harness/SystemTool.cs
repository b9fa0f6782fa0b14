using System.ComponentModel;
using System.Diagnostics;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Harness;

/// <summary>Programs of the system that put a gateway into surroundings of their own.</summary>
internal static class SystemTool
{
    /// <summary>Runs it to its end; fails with what it said.</summary>
    public static async Task RunAsync(string program, params string[] arguments)
    {
        var (code, errors) = await TryAsync(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)}: {errors}");
    }

    /// <summary>Runs it to its end: its exit code, or -1 where there is no such program, and what it said of errors.</summary>
    public static async Task<(int Code, string Errors)> TryAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var errors = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, errors);
        }
        catch (Win32Exception missing)
        {
            return (-1, missing.Message);
        }
    }

    /// <summary>Skips a test that may not do what only root may.</summary>
    public static void NeedRoot(params string[] tools)
    {
        Tools.Need(tools);
        Skip.IfNot(Environment.IsPrivilegedProcess, $"{tools[0]}: needs root");
    }
}

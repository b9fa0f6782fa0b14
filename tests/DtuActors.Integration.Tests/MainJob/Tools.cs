using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>Outside tools: a test that lacks one skips with its name.</summary>
internal static partial class Tools
{
    private const int Interrupt = 2;

    public static void Need(params string[] names)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "pseudo-terminals need Linux");
        foreach (var name in names)
        {
            var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name)));
            Skip.IfNot(found, $"{name} is not installed");
        }
    }

    public static Process Start(string tool, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    /// <summary>What Ctrl-C does.</summary>
    public static void InterruptProcess(Process process) => Assert.Equal(0, Kill(process.Id, Interrupt));

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}

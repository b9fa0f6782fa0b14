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
            Skip.If(Find(name) is null, $"{name} is not installed");
        }
    }

    /// <summary>Where a program is, of those on the path.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    public static Process Start(string tool, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    /// <summary>What Ctrl-C does.</summary>
    public static void InterruptProcess(Process process) => Assert.Equal(0, Kill(process.Id, Interrupt));

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}

using System.Diagnostics;

namespace DtuActors.Host.Commands;

/// <summary>How whoever reads a line of ours can start this same program again.</summary>
internal static class Self
{
    /// <summary>From a checkout <c>dotnet run ...</c>, else <c>dtu</c> where the path finds it, else the program's full path.</summary>
    public static string CommandLine { get; } = Find(AppContext.BaseDirectory, Environment.CurrentDirectory, Environment.ProcessPath, Environment.GetEnvironmentVariable("PATH"));

    /// <summary>This same program once more, with these words; whoever starts it says where its output goes.</summary>
    public static ProcessStartInfo Start(params string[] arguments)
    {
        var process = Environment.ProcessPath ?? "dotnet";
        return Path.GetFileNameWithoutExtension(process).Equals("dotnet", StringComparison.OrdinalIgnoreCase)
            ? new ProcessStartInfo(process, [Path.Combine(AppContext.BaseDirectory, "dtu.dll"), .. arguments])
            : new ProcessStartInfo(process, arguments);
    }

    internal static string Find(string folder, string current, string? process, string? path)
    {
        // A build puts it into src/DtuActors.Host/bin/CONFIGURATION/FRAMEWORK/.
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(folder));
        if (framework.Parent is { Parent: { Name: "bin", Parent: { } project } } configuration && File.Exists(Path.Combine(project.FullName, "DtuActors.Host.csproj")))
        {
            return $"dotnet run -c {configuration.Name} --project {Quote(Path.GetRelativePath(current, project.FullName))} --";
        }

        var name = OperatingSystem.IsWindows() ? "dtu.exe" : "dtu";
        if (process is not null && Path.GetFileName(process).Equals(name, StringComparison.OrdinalIgnoreCase))
        {
            var found = (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Any(part => File.Exists(Path.Combine(part, name)));
            return found ? "dtu" : Quote(process);
        }

        return $"dotnet {Quote(Path.Combine(folder, "dtu.dll"))}";
    }

    private static string Quote(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;
}

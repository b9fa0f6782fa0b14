using System.Diagnostics;

namespace DtuActors.Integration.Tests.Harness;

/// <summary>The openssl lines of the README, as they are printed there.</summary>
internal static class OpenSsl
{
    /// <summary>Runs each line of README's block that begins with <c>openssl</c> in <paramref name="folder"/>.</summary>
    public static void MakeCertificates(string folder)
    {
        foreach (var line in ReadmeLines())
        {
            using var process = Process.Start(new ProcessStartInfo("sh", ["-c", line]) { WorkingDirectory = folder, RedirectStandardError = true })!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{line}\n{said}");
        }
    }

    private static string[] ReadmeLines()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at!.FullName, "DtuActors.sln")))
        {
            at = at.Parent;
        }

        var lines = File.ReadAllLines(Path.Combine(at.FullName, "README.md")).Where(line => line.StartsWith("openssl ", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(lines);
        return lines;
    }
}

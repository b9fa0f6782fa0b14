using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Packaging;

/// <summary>The files for what stands around a cluster, each read by the program that it is for.</summary>
public sealed class BalancerFileTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-balancers-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task HAProxy_takes_its_file_without_a_warning()
    {
        var said = await RunAsync(Need("haproxy"), "-c", "-f", Path.Combine(Root, "packaging/cluster/haproxy.cfg"));
        Assert.DoesNotContain("WARNING", said, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Nginx_takes_its_file()
    {
        // It opens its pid file even where it only looks.
        var text = await File.ReadAllTextAsync(Path.Combine(Root, "packaging/cluster/nginx.conf"));
        var path = Path.Combine(_folder, "nginx.conf");
        await File.WriteAllTextAsync(path, text.Replace("/run/nginx-dtu.pid", Path.Combine(_folder, "nginx.pid"), StringComparison.Ordinal));
        await RunAsync(Need("nginx"), "-t", "-c", path);
    }

    [Fact]
    public async Task The_configuration_within_the_Kubernetes_file_is_one_that_check_accepts()
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Root, "packaging/cluster/kubernetes/dtu.yaml"));
        var text = lines.SkipWhile(line => line != "  dtu.conf: |").Skip(1).TakeWhile(line => line.StartsWith("    ", StringComparison.Ordinal)).Select(line => line[4..]).ToArray();
        Assert.NotEmpty(text);
        await File.WriteAllLinesAsync(Path.Combine(_folder, "dtu.conf"), text);

        // What the StatefulSet puts into the environment.
        var environment = new Dictionary<string, string> { ["DTU_NODE"] = "dtu-0", ["DTU_NODE_HOST"] = "10.1.2.3", ["DTU_DB_PASSWORD"] = "change-me", ["DTU_API_KEY"] = "change-me-too-0123456789" };
        Assert.All(environment.Keys, name => Assert.Contains(lines, line => line.Contains(name, StringComparison.Ordinal) && !line.Contains("${", StringComparison.Ordinal)));
        var check = await HostProcess.CommandAsync(["check", "-c", "dtu.conf"], _folder, environment);
        Assert.True(check.ExitCode == 0, check.Output + check.Errors);
    }

    private static string Root
    {
        get
        {
            var at = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(at!.FullName, "DtuActors.sln")))
            {
                at = at.Parent;
            }

            return at.FullName;
        }
    }

    // Debian keeps servers off an ordinary user's path.
    private static string Need(string program)
    {
        var path = Tools.Find(program) ?? (File.Exists($"/usr/sbin/{program}") ? $"/usr/sbin/{program}" : null);
        Skip.If(path is null, $"{program} is not installed");
        return path;
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Tools.Start(program, arguments);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var said = await output + await errors;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said);
        return said;
    }
}

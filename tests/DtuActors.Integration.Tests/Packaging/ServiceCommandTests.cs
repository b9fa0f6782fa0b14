using DtuActors.Host.Services;
using DtuActors.Host.Commands;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Packaging;

public sealed class ServiceCommandTests : IDisposable
{
    private static readonly string[] Program = ["/usr/bin/dtu"];

    private static readonly ServiceRequest Default = new("dtu", "/etc/dtu/dtu.conf", User: null, Root: null, DryRun: false);

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-service-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_unit_of_packages_is_the_one_that_install_writes_with_usr_bin_in_it()
    {
        var written = SystemdUnit.Render(Default, Program, "dialout", []);
        Assert.Equal(PackagedUnit().Split('\n').Skip(1), written.Split('\n').Skip(1));
    }

    [Fact]
    public void Paths_names_and_accounts_stand_in_the_unit_as_systemd_reads_them()
    {
        var unit = SystemdUnit.Render(Default with { Name = "dtu-north", Configuration = "/srv/north 100%/$x.conf", User = "meters" }, ["/opt/my \"tools\"/dtu"], null, ["/srv/north 100%/data"]).Split('\n');
        Assert.Contains("""ExecStart="/opt/my \"tools\"/dtu" run -c "/srv/north 100%%/$$x.conf" """.TrimEnd(), unit);
        Assert.Contains("""ReadWritePaths="/srv/north 100%%/data" """.TrimEnd(), unit);
        Assert.Contains("User=meters", unit);
        Assert.Contains("StateDirectory=dtu-north", unit);
        Assert.DoesNotContain(unit, line => line.StartsWith("DynamicUser", StringComparison.Ordinal) || line.StartsWith("SupplementaryGroups", StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Systemd_finds_no_fault_in_the_unit(bool user)
    {
        Tools.Need("systemd-analyze");
        var file = Path.Combine(_folder, "dtu.service");
        var program = Environment.ProcessPath!;
        await File.WriteAllTextAsync(file, SystemdUnit.Render(Default with { User = user ? "root" : null }, [program], null, user ? [_folder] : []));
        using var analyze = Tools.Start("systemd-analyze", "verify", file);
        var errors = await analyze.StandardError.ReadToEndAsync();
        await analyze.WaitForExitAsync();
        Assert.DoesNotContain("dtu.service", errors, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Into_a_root_folder_the_unit_is_written_enabled_and_removed_again()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd needs Linux");
        var tool = Path.Combine(_folder, "systemctl");
        var calls = Path.Combine(_folder, "calls");
        await File.WriteAllTextAsync(tool, $"#!/bin/sh\necho \"$@\" >>{calls}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(tool, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var environment = new Dictionary<string, string> { ["PATH"] = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}" };
        var root = Path.Combine(_folder, "image");
        var unit = Path.Combine(root, "etc/systemd/system/dtu-north.service");
        var installed = await HostProcess.CommandAsync(["service", "install", "--name", "dtu-north", "--root", root], environment: environment);
        Assert.Equal((0, ""), (installed.ExitCode, installed.Errors));
        Assert.Contains("run -c /etc/dtu/dtu.conf\n", await File.ReadAllTextAsync(unit), StringComparison.Ordinal);
        Assert.Equal(0, (await HostProcess.CommandAsync(["service", "uninstall", "--name", "dtu-north", "--root", root], environment: environment)).ExitCode);
        Assert.False(File.Exists(unit));
        Assert.Equal($"--root {root} enable dtu-north\n--root {root} disable dtu-north\n", await File.ReadAllTextAsync(calls));

        // What somebody else wrote stays.
        await File.WriteAllTextAsync(unit, "[Unit]\n");
        Assert.Equal(1, (await HostProcess.CommandAsync(["service", "install", "--name", "dtu-north", "--root", root], environment: environment)).ExitCode);
        Assert.Equal(1, (await HostProcess.CommandAsync(["service", "uninstall", "--name", "dtu-north", "--root", root], environment: environment)).ExitCode);
        Assert.Equal("[Unit]\n", await File.ReadAllTextAsync(unit));
    }

    [SkippableFact]
    public async Task A_dry_run_prints_the_unit_and_what_would_be_run()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd needs Linux");
        var file = await ConfigurationAsync("/var/lib/dtu");
        var result = await HostProcess.CommandAsync(["service", "install", "--dry-run", "-c", file]);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.StartsWith("# /etc/systemd/system/dtu.service\n", result.Output, StringComparison.Ordinal);
        Assert.Contains($"run -c {file}\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("\n# systemctl daemon-reload\n# systemctl enable dtu\n# systemctl restart dtu", result.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_configuration_that_the_service_could_not_run_is_refused_before_anything_is_written()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd needs Linux");
        var missing = await HostProcess.CommandAsync(["service", "install", "--dry-run", "-c", Path.Combine(_folder, "none.conf")]);
        Assert.Equal((2, true), (missing.ExitCode, missing.Errors.Contains("dtu init -o", StringComparison.Ordinal)));
        var elsewhere = await HostProcess.CommandAsync(["service", "install", "--dry-run", "-c", await ConfigurationAsync(_folder)]);
        Assert.Equal((2, true), (elsewhere.ExitCode, elsewhere.Errors.Contains("dtu.node.data-dir", StringComparison.Ordinal)));
        var home = await HostProcess.CommandAsync(["service", "install", "--dry-run", "-c", "/root/dtu.conf"]);
        Assert.Equal((1, true), (home.ExitCode, home.Errors.Contains("home folder", StringComparison.Ordinal)));
        var name = await HostProcess.CommandAsync(["service", "install", "--name", "../x"]);
        Assert.Equal((2, true), (name.ExitCode, name.Errors.Contains("dtu-north", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task Where_systemd_does_not_run_install_says_so()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd needs Linux");
        Skip.If(System.IO.Directory.Exists("/run/systemd/system"), "this machine runs systemd");
        var result = await HostProcess.CommandAsync(["service", "install", "-c", await ConfigurationAsync("/var/lib/dtu")]);
        Assert.Equal((1, true), (result.ExitCode, result.Errors.Contains("does not run systemd", StringComparison.Ordinal)));
    }

    [Fact]
    public void Windows_is_told_quoted_paths_a_delayed_start_and_restarts()
    {
#pragma warning disable CA1416 // Only the words; nothing is run.
        var commands = WindowsService.Install(Default with { Configuration = @"C:\ProgramData\DtuActors\dtu.conf" }, [@"C:\Program Files\DtuActors\dtu.exe"]);
#pragma warning restore CA1416
        Assert.Equal(@"""C:\Program Files\DtuActors\dtu.exe"" run -c ""C:\ProgramData\DtuActors\dtu.conf""", commands[0][3]);
        Assert.Contains("delayed-auto", commands[0]);
        Assert.Contains(commands, command => command is ["failureflag", "dtu", "1"]);
    }

    [Fact]
    public async Task Health_tells_ready_by_its_exit_code()
    {
        await using var host = await HostProcess.RunAsync("""
            dtu {
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
              http { address = "127.0.0.1", port = 0 }
            }
            """);
        Assert.Equal(new CommandResult(0, "ok", ""), await HostProcess.CommandAsync(["health", "--url", host.Url]));
        Assert.Equal(0, await host.StopAsync());
        Assert.Equal(1, (await HostProcess.CommandAsync(["health", "--url", host.Url])).ExitCode);
    }

    private async Task<string> ConfigurationAsync(string data)
    {
        // Not below /root or /home, whoever runs the tests.
        var file = Path.Combine(_folder, "service.conf");
        await File.WriteAllTextAsync(file, $$"""dtu { node { data-dir = "{{data}}" }, storage { path = "{{data}}/dtu.db" }, listeners { main { transport = tcp, port = 9000 } } }""");
        return file;
    }

    private static string PackagedUnit()
    {
        using var reader = new StreamReader(typeof(SystemdUnit).Assembly.GetManifestResourceStream("dtu.service")!);
        return reader.ReadToEnd();
    }
}

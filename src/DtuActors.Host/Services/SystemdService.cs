using DtuActors.Host.Commands;

namespace DtuActors.Host.Services;

/// <summary>Installs and removes the gateway as a systemd unit.</summary>
internal static class SystemdService
{
    private const string Tool = "systemctl";

    // Debian, Fedora, SUSE; Arch.
    private static readonly string[] SerialGroups = ["dialout", "uucp"];

    private static readonly string[] Homes = ["/home/", "/root/", "/run/user/"];

    public static Task<int> RunAsync(ServiceRequest request, bool install, CancellationToken ended) => install ? InstallAsync(request, ended) : UninstallAsync(request, ended);

    private static string UnitFile(ServiceRequest request) => $"{request.Root?.TrimEnd('/')}/etc/systemd/system/{request.Name}.service";

    private static async Task<int> InstallAsync(ServiceRequest request, CancellationToken ended)
    {
        var program = ServiceTool.Self();
        if (request.Root is null)
        {
            Reachable(request, program);
        }

        var unit = SystemdUnit.Render(request, program, SerialGroup(request.Root), request.Root is null ? Writable(request) : []);
        var file = UnitFile(request);
        string[][] commands = request.Root is { } root
            ? [["--root", root, "enable", request.Name]]
            : [["daemon-reload"], ["enable", request.Name], ["restart", request.Name]];
        if (request.DryRun)
        {
            Terminal.Line($"# {file}");
            Terminal.Line(unit);
            foreach (var command in commands)
            {
                Terminal.Line($"# {Tool} {string.Join(' ', command)}");
            }

            return ExitCodes.Done;
        }

        Possible(request);
        if (File.Exists(file) && !Ours(file))
        {
            throw new ServiceException($"{file} exists and is not of dtu service install; --name takes another name");
        }

        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, unit, ended);
        Terminal.Line($"wrote {file}");
        foreach (var command in commands)
        {
            try
            {
                await ServiceTool.RunAsync(Tool, command, ended);
            }
            catch (ServiceException failure)
            {
                throw new ServiceException($"{failure.Message}; journalctl -u {request.Name} tells why it did not start");
            }
        }

        Terminal.Line(request.Root is null ? $"{request.Name} runs: systemctl status {request.Name}, journalctl -u {request.Name} -f" : $"{request.Name} starts with that system");
        return ExitCodes.Done;
    }

    private static async Task<int> UninstallAsync(ServiceRequest request, CancellationToken ended)
    {
        var file = UnitFile(request);
        if (request.Root is null && !request.DryRun)
        {
            Possible(request);
        }

        if (!File.Exists(file))
        {
            throw new ServiceException($"there is no {file}");
        }

        if (!Ours(file))
        {
            throw new ServiceException($"{file} is not of dtu service install; it stays");
        }

        string[] disable = request.Root is { } root ? ["--root", root, "disable", request.Name] : ["disable", "--now", request.Name];
        if (request.DryRun)
        {
            Terminal.Line($"# {Tool} {string.Join(' ', disable)}");
            Terminal.Line($"# remove {file}");
            return ExitCodes.Done;
        }

        await ServiceTool.RunAsync(Tool, disable, ended);
        File.Delete(file);
        if (request.Root is null)
        {
            await ServiceTool.RunAsync(Tool, ["daemon-reload"], ended);
        }

        Terminal.Line($"removed {file}; configuration and data stay");
        return ExitCodes.Done;
    }

    private static void Possible(ServiceRequest request)
    {
        if (request.Root is not null)
        {
            return;
        }

        // sd_booted(3)
        if (!System.IO.Directory.Exists("/run/systemd/system"))
        {
            throw new ServiceException("this machine does not run systemd; dtu service install --dry-run prints the unit, dtu run runs the gateway under any supervisor");
        }

        if (!Environment.IsPrivilegedProcess)
        {
            throw new ServiceException($"only root may do this: sudo {Self.CommandLine} service ...");
        }
    }

    // Without --user the service can't see home folders at all, and its own account can't either.
    private static void Reachable(ServiceRequest request, IReadOnlyList<string> program)
    {
        if (request.User is null && program.Append(request.Configuration).FirstOrDefault(path => Homes.Any(home => path.StartsWith(home, StringComparison.Ordinal))) is { } hidden)
        {
            throw new ServiceException($"{hidden} is in a home folder, which the service does not see: put the program into /usr/local/bin and the configuration into /etc/dtu, or name an account by --user");
        }
    }

    private static string[] Writable(ServiceRequest request)
    {
        var options = ServiceTool.Checked(request.Configuration);
        var state = $"/var/lib/{request.Name}/";
        (string Key, string Folder)[] written = [("dtu.node.data-dir", Path.GetFullPath(options.Node.DataDir)), ("dtu.storage.path", Path.GetDirectoryName(options.Storage.Path) ?? state)];
        var outside = Array.FindAll(written, row => !$"{row.Folder.TrimEnd('/')}/".StartsWith(state, StringComparison.Ordinal));
        return request.User is null && outside is [var first, ..]
            ? throw new ServiceException($"{first.Key}: the service can't write to {first.Folder}; right would be a path in /var/lib/{request.Name}, or an account by --user that owns the folder", ExitCodes.Usage)
            : [.. outside.Select(row => row.Folder).Distinct()];
    }

    private static string? SerialGroup(string? root)
    {
        var file = $"{root?.TrimEnd('/')}/etc/group";
        var groups = File.Exists(file) ? File.ReadLines(file).Select(line => line.Split(':')[0]).ToHashSet(StringComparer.Ordinal) : [];
        return Array.Find(SerialGroups, groups.Contains);
    }

    private static bool Ours(string file) => File.ReadLines(file).FirstOrDefault() == SystemdUnit.Mark;
}

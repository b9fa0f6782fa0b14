using System.CommandLine;
using System.Text.RegularExpressions;
using DtuActors.Host.Services;

namespace DtuActors.Host.Commands;

/// <summary>What <c>dtu service install</c> and <c>uninstall</c> were asked for.</summary>
/// <param name="Name">The service's name.</param>
/// <param name="Configuration">Full path of the configuration, as the service will see it.</param>
/// <param name="User">The account it runs as; null: one of its own on Linux, LocalSystem on Windows.</param>
/// <param name="Root">Another system's root folder, an image for example; null: this one's.</param>
/// <param name="DryRun">Only tell.</param>
internal sealed record ServiceRequest(string Name, string Configuration, string? User, string? Root, bool DryRun);

internal static partial class ServiceCommand
{
    private static string DefaultFile => OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "DtuActors", "dtu.conf")
        : "/etc/dtu/dtu.conf";

    public static Command Create() => new ExampledCommand(
        "service", "Run the gateway as a systemd unit or a Windows service.", "dtu service install -c /etc/dtu/dtu.conf", "dtu service uninstall")
    {
        Install(),
        Uninstall(),
    };

    private static ExampledCommand Install()
    {
        var file = new Option<string>("--config", "-c") { Description = "The service's configuration.", HelpName = "FILE", DefaultValueFactory = _ => DefaultFile };
        var user = new Option<string?>("--user") { Description = "The account it runs as. Without one: an account of its own on Linux, LocalSystem on Windows.", HelpName = "U" };
        user.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && (text.Length == 0 || text.Any(char.IsControl)))
            {
                result.AddError("--user: expected an account's name");
            }
        });
        var (name, root, dry) = (Name(), Root(), DryRun());
        var command = new ExampledCommand(
            "install",
            "Install, enable and start the service.",
            "dtu service install -c /etc/dtu/dtu.conf",
            "dtu service install --dry-run",
            "dtu service install --user meters --name dtu-north -c /srv/north/dtu.conf")
        {
            file, user, name, root, dry,
        };
        command.SetAction((parsed, ended) => RunAsync(
            new ServiceRequest(parsed.GetValue(name)!, Path.GetFullPath(parsed.GetValue(file)!), parsed.GetValue(user), Full(parsed.GetValue(root)), parsed.GetValue(dry)),
            install: true,
            ended));
        return command;
    }

    private static ExampledCommand Uninstall()
    {
        var (name, root, dry) = (Name(), Root(), DryRun());
        var command = new ExampledCommand("uninstall", "Stop and remove the service; configuration and data stay.", "dtu service uninstall", "dtu service uninstall --name dtu-north") { name, root, dry };
        command.SetAction((parsed, ended) => RunAsync(
            new ServiceRequest(parsed.GetValue(name)!, DefaultFile, null, Full(parsed.GetValue(root)), parsed.GetValue(dry)), install: false, ended));
        return command;
    }

    private static async Task<int> RunAsync(ServiceRequest request, bool install, CancellationToken ended)
    {
        if (request.Root is not null && !OperatingSystem.IsLinux())
        {
            Terminal.Fault("--root is for Linux only");
            return ExitCodes.Usage;
        }

        try
        {
            return OperatingSystem.IsWindows() ? await WindowsService.RunAsync(request, install, ended)
                : OperatingSystem.IsLinux() ? await SystemdService.RunAsync(request, install, ended)
                : throw new ServiceException("services are known on Linux (systemd) and Windows only");
        }
        catch (ServiceException failure)
        {
            Terminal.Fault(failure.Message);
            return failure.ExitCode;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Terminal.Fault(failure.Message);
            return ExitCodes.Failed;
        }
    }

    private static Option<string> Name()
    {
        var name = new Option<string>("--name") { Description = "The service's name.", HelpName = "NAME", DefaultValueFactory = _ => "dtu" };
        name.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !ServiceName().IsMatch(text))
            {
                result.AddError($"--name '{text}': expected up to 64 letters, digits, '-' and '_', a letter first, such as dtu-north");
            }
        });
        return name;
    }

    private static Option<string?> Root() => new("--root") { Description = "Linux: install into the system below this folder (an image), and start nothing.", HelpName = "DIR" };

    private static Option<bool> DryRun() => new("--dry-run") { Description = "Print what would be written and run, and do nothing." };

    private static string? Full(string? folder) => folder is null ? null : Path.GetFullPath(folder);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
    private static partial Regex ServiceName();
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DtuActors.Configuration;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;
using DtuActors.Tests.Sockets;

namespace DtuActors.Integration.Tests.Archives;

/// <summary>One of Debian's servers on a free port of the loopback address, with one account and its home; ended and started again as a test wants.</summary>
public abstract class ArchiveServer : IAsyncLifetime
{
    public const string User = "archive";
    public const string Password = "s3cret-of-the-account";

    /// <summary>Who the account is to the system: Debian's nobody. What belongs to root, it may read.</summary>
    protected const string Nobody = "65534";

    private readonly List<string> _said = [];
    private Process? _process;

    /// <summary>Where the account begins.</summary>
    public string Home { get; private set; } = "";

    internal abstract ServerTargetOptions Options { get; }

    /// <summary>Below it lies the home, and what the server needs.</summary>
    protected string Folder { get; private set; } = "";

    protected int Port { get; private set; }

    protected abstract string Program { get; }

    /// <summary>Skips the test where the server is not installed, or may not change to its account.</summary>
    public void Need()
    {
        Tools.Need();
        Skip.If(Find(Program) is null, $"{Program} is not installed");
        Skip.IfNot(Environment.IsPrivilegedProcess, $"{Program}: needs root");
    }

    public async Task InitializeAsync()
    {
        if (Find(Program) is null || !Environment.IsPrivilegedProcess)
        {
            return;
        }

        await LayAsync();
        await StartAsync();
    }

    /// <summary>Makes the home and what the server is told, and starts nothing yet.</summary>
    public async Task LayAsync()
    {
        Folder = System.IO.Directory.CreateTempSubdirectory("dtu-archive-server-").FullName;
        Home = Path.Combine(Folder, "home");
        Port = FreePorts.Row(1);
        await SystemTool.RunAsync("chmod", "755", Folder);
        await ClearAsync();
        await ConfigureAsync();
    }

    /// <summary>An empty home; in it a folder that is the account's to read only.</summary>
    public async Task ClearAsync()
    {
        if (System.IO.Directory.Exists(Home))
        {
            System.IO.Directory.Delete(Home, recursive: true);
        }

        System.IO.Directory.CreateDirectory(Path.Combine(Home, "locked"));
        await GiveAsync(Home);
    }

    public static Task GiveAsync(string path) => SystemTool.RunAsync("chown", $"{Nobody}:{Nobody}", path);

    public async Task StartAsync()
    {
        var (program, arguments) = Command(Find(Program)!);
        _process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder })!;
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await ListeningServer.ReadyAsync(_process, Port, () => $"{Program} ended: {Said}");
    }

    /// <summary>With all that serve a connection: as when the power goes.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        _process = null;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    public async Task DisposeAsync()
    {
        await KillAsync();
        if (Folder.Length > 0)
        {
            System.IO.Directory.Delete(Folder, recursive: true);
        }
    }

    protected abstract (string Program, string[] Arguments) Command(string found);

    /// <summary>Writes what the server is told.</summary>
    protected abstract Task ConfigureAsync();

    /// <summary>What a program prints, without the end of its last line.</summary>
    protected static async Task<string> PrintedAsync(string program, params string[] arguments)
    {
        using var process = Tools.Start(program, arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var printed = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {await errors}");
        return printed.TrimEnd();
    }

    private string Said
    {
        get
        {
            lock (_said)
            {
                return string.Join('\n', _said.TakeLast(20));
            }
        }
    }

    // Debian keeps a server's programs off the path of whoever is not root.
    private static string? Find(string program) => Tools.Find(program) ?? (File.Exists($"/usr/sbin/{program}") ? $"/usr/sbin/{program}" : null);

    private void Take(string? line)
    {
        if (line is not null)
        {
            lock (_said)
            {
                _said.Add(line);
            }
        }
    }
}

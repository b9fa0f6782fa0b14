using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace DtuActors.Integration.Tests.Harness;

/// <summary>
/// The real host as a child process: <c>dtu.dll</c> as it was built, in a folder of its own, with its lines, its errors and its exit code. Nothing here waits by
/// time: a line that does not come, or an end that does not come, fails at <see cref="Patience"/>, which no test asserts.
/// </summary>
public sealed partial class HostProcess : IAsyncDisposable
{
    /// <summary>So long that only something broken needs it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int Terminate = 15;
    private const int Interrupt = 2;
    private const int Hup = 1;
    private const int Stop = 19;
    private const int Continue = 18;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly StringBuilder _errors = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly bool _ownsFolder;

    private HostProcess(
        string folder, bool ownsFolder, string[] arguments, IReadOnlyDictionary<string, string>? environment, bool takesInput = false, string[]? inside = null)
    {
        (Folder, _ownsFolder) = (folder, ownsFolder);
        string[] program = [.. inside ?? [], "dotnet"];
        var start = new ProcessStartInfo(program[0], program[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = takesInput,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "dtu.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // What the developer's own shell says must not change what is tested.
        start.Environment.Remove("DTU_URL");
        start.Environment.Remove("DTU_API_KEY");

        // Most of what a short run does is to compile itself; measuring what it compiles, to do it better later, is a tenth of that.
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data, text => _output.Enqueue(text));
        _process.ErrorDataReceived += (_, line) => Take(line.Data, text =>
        {
            lock (_errors)
            {
                _errors.AppendLine(text);
            }
        });
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where it runs, and where its configuration is.</summary>
    public string Folder { get; }

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>Lines of standard output so far.</summary>
    public IReadOnlyList<string> Output => [.. _output];

    /// <summary>Standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>The API's address; after <see cref="ReadyAsync"/>.</summary>
    public string Url => $"http://{AddressOf("http")}";

    /// <summary>Starts <c>dtu run</c> with a configuration of its own, and waits until it is ready.</summary>
    /// <param name="configuration">The whole file.</param>
    /// <param name="folder">Where the file is written and the host runs; null: a folder of its own.</param>
    /// <param name="environment">Variables of its own.</param>
    /// <param name="inside">A command that becomes the host, in other surroundings: <c>ip netns exec NAME</c>.</param>
    public static async Task<HostProcess> RunAsync(
        string configuration, string? folder = null, IReadOnlyDictionary<string, string>? environment = null, string[]? inside = null)
    {
        var home = folder ?? System.IO.Directory.CreateTempSubdirectory("dtu-host-").FullName;
        await File.WriteAllTextAsync(Path.Combine(home, "dtu.conf"), configuration);
        var host = new HostProcess(home, ownsFolder: folder is null, ["run", "-c", "dtu.conf"], environment, inside: inside);
        try
        {
            await host.ReadyAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts any command, in <paramref name="folder"/> or in one of its own.</summary>
    public static HostProcess Start(string[] arguments, string? folder = null, IReadOnlyDictionary<string, string>? environment = null) =>
        new(folder ?? System.IO.Directory.CreateTempSubdirectory("dtu-host-").FullName, folder is null, arguments, environment);

    /// <summary>Runs a command to its end, with <paramref name="input"/> as its standard input where there is one.</summary>
    public static async Task<CommandResult> CommandAsync(
        string[] arguments, string? folder = null, IReadOnlyDictionary<string, string>? environment = null, byte[]? input = null)
    {
        await using var process = new HostProcess(
            folder ?? System.IO.Directory.CreateTempSubdirectory("dtu-host-").FullName, folder is null, arguments, environment, input is not null);
        if (input is not null)
        {
            await using var standardInput = process._process.StandardInput.BaseStream;
            await standardInput.WriteAsync(input);
        }

        var code = await process.EndAsync();
        return new CommandResult(code, string.Join('\n', process.Output), process.Errors);
    }

    public Task ReadyAsync() => LineAsync(line => line == "ready");

    /// <summary>The first line of standard output that fits, now or later; fails with everything that was said where the process ends without it.</summary>
    public async Task<string> LineAsync(Predicate<string> fits)
    {
        string? found = null;
        await UntilAsync(() => (found = _output.FirstOrDefault(line => fits(line))) is not null);
        return found!;
    }

    /// <summary>Waits for a text on standard error, and fails as <see cref="LineAsync"/> does.</summary>
    public Task ErrorAsync(string text) => UntilAsync(() => Errors.Contains(text, StringComparison.Ordinal));

    private async Task UntilAsync(Func<bool> isSaid)
    {
        using var patience = new CancellationTokenSource(Patience);
        var ended = _process.WaitForExitAsync(patience.Token);
        while (!isSaid())
        {
            // WaitForExitAsync has seen the end of both streams: nothing comes any more.
            if (ended.IsCompleted)
            {
                throw new InvalidOperationException($"the line did not come; the process ended or patience did.\n{string.Join('\n', _output)}\n{Errors}");
            }

            await Task.WhenAny(_changed.WaitAsync(patience.Token), ended);
        }
    }

    /// <summary>The address that <c>listening NAME TRANSPORT ADDRESS</c> told.</summary>
    public string AddressOf(string name) =>
        _output.Select(line => line.Split(' ')).First(words => words is ["listening", var listens, _, _] && listens == name)[3];

    public IPEndPoint EndPointOf(string name) => IPEndPoint.Parse(AddressOf(name));

    /// <summary>SIGTERM, or its nearest relative; then its exit code.</summary>
    public Task<int> StopAsync()
    {
        Signal(Terminate);
        return EndAsync();
    }

    /// <summary>SIGINT, as Ctrl-C sends it.</summary>
    public Task<int> InterruptAsync()
    {
        Signal(Interrupt);
        return EndAsync();
    }

    /// <summary>SIGKILL: it does not hear of it.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGHUP: read the configuration again.</summary>
    public void HangUp() => Signal(Hup);

    /// <summary>SIGSTOP, by its number on Linux: it does nothing any more, and its sockets stay.</summary>
    public void Freeze() => Signal(Stop);

    /// <summary>SIGCONT, by its number on Linux.</summary>
    public void Thaw() => Signal(Continue);

    /// <summary>Its exit code, once it ends by itself.</summary>
    public async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await EndAsync();
        }

        _process.Dispose();
        _changed.Dispose();
        if (_ownsFolder)
        {
            System.IO.Directory.Delete(Folder, recursive: true);
        }
    }

    private void Signal(int signal)
    {
        if (OperatingSystem.IsWindows())
        {
            _process.Kill();
        }
        else
        {
            _ = SendSignal(_process.Id, signal);
        }
    }

    private void Take(string? line, Action<string> take)
    {
        if (line is not null)
        {
            take(line);
        }

        try
        {
            _changed.Release();
        }
        catch (ObjectDisposedException)
        {
            // The last lines of a process whose test is over.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SendSignal(int process, int signal);
}

/// <summary>What a command said, and its exit code.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Errors);

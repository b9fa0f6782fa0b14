using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace DtuActors.Benchmarks.Systems;

/// <summary>A part of a benchmark in a process of its own: files, memory and a collector that nobody shares. It is talked to in lines.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _errors;
    private readonly StringBuilder _errorTail = new();
    private readonly Dictionary<string, string> _listening = [];
    private string? _folder;

    private ChildProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        _errors = ReadErrorsAsync();
    }

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Its memory as the system counts it, in bytes.</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Processor time that it has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The same, with that of its children, which do its work where it forks.</summary>
    public TimeSpan ProcessorTimeOfAll => ProcessorTime + Children().Aggregate(TimeSpan.Zero, static (sum, child) => sum + child);

    /// <summary>This program again, with a verb that its usage does not name.</summary>
    public static ChildProcess Self(params object[] arguments) => new(Dotnet("DtuActors.Benchmarks.dll", arguments));

    /// <summary>The same; returns when it is ready.</summary>
    /// <param name="core">The one core that it may use; null: any.</param>
    public static Task<ChildProcess> PartAsync(string verb, int number, int? core = null) =>
        ReadyAsync(new ChildProcess(On(core, Dotnet("DtuActors.Benchmarks.dll", [verb, number]))));

    /// <summary>A program of somebody else's, which is not talked to.</summary>
    public static ChildProcess Tool(int? core, string program, params object[] arguments)
    {
        var start = new ProcessStartInfo(program);
        Add(start, arguments);
        return new ChildProcess(On(core, start));
    }

    /// <summary>Another command of the host.</summary>
    public static ChildProcess Host(params object[] arguments) => new(Dotnet("dtu.dll", arguments));

    /// <summary>The real host, <c>dtu run</c> with this configuration, in a folder of its own; returns when it is ready.</summary>
    /// <param name="sessions">When so many are online it says <c>bench online TIMESTAMP</c>.</param>
    /// <exception cref="InvalidOperationException">It ended before it was ready; <see cref="ExitCode"/> 2 is a configuration it refuses.</exception>
    /// <param name="core">The one core that it may use; null: any.</param>
    /// <param name="executable">A published one, which answers none of a benchmark's questions; null: what was built with this program.</param>
    public static async Task<ChildProcess> GatewayAsync(string configuration, int sessions = 0, int? core = null, string? executable = null)
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-benchmark-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "dtu.conf"), configuration);
        var start = executable is null ? Dotnet("dtu.dll", []) : new ProcessStartInfo(executable);
        Add(start, ["run", "-c", "dtu.conf"]);
        start = On(core, start);
        start.WorkingDirectory = folder;
        if (executable is null)
        {
            start.Environment["DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "DtuActors.Benchmarks.dll");
            start.Environment["DTU_BENCH_SESSIONS"] = sessions.ToString(CultureInfo.InvariantCulture);
        }

        return await ReadyAsync(new ChildProcess(start) { _folder = folder });
    }

    /// <summary>The folder of a gateway.</summary>
    public string Folder => _folder!;

    /// <summary>What <c>listening NAME TRANSPORT ADDRESS</c> told.</summary>
    public string AddressOf(string name) => _listening[name];

    public int PortOf(string name) => int.Parse(AddressOf(name).AsSpan(AddressOf(name).LastIndexOf(':') + 1), CultureInfo.InvariantCulture);

    public void Say(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>The words behind <paramref name="beginning"/> of the next line that begins so.</summary>
    /// <exception cref="InvalidOperationException">It ended instead.</exception>
    public async Task<string[]> HearAsync(string beginning, CancellationToken ct = default)
    {
        while (await _process.StandardOutput.ReadLineAsync(ct) is { } line)
        {
            if (line.Split(' ') is ["listening", var name, _, var address])
            {
                _listening[name] = address;
            }

            if (line == beginning || line.StartsWith(beginning + " ", StringComparison.Ordinal))
            {
                return line[beginning.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            }
        }

        await _process.WaitForExitAsync(ct);
        await _errors;
        throw new InvalidOperationException($"a process of the benchmark ended with {_process.ExitCode} and without '{beginning}': {_errorTail}");
    }

    public async Task<long> HearNumberAsync(string beginning, CancellationToken ct = default) =>
        long.Parse((await HearAsync(beginning, ct))[0], CultureInfo.InvariantCulture);

    /// <summary>Says that line, and hears the next one that begins as its answer does.</summary>
    public Task<string[]> AskAsync(string question, string answer, CancellationToken ct = default)
    {
        Say(question);
        return HearAsync(answer, ct);
    }

    public Task<long> AskNumberAsync(string question, string answer)
    {
        Say(question);
        return HearNumberAsync(answer);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        if (_folder is not null)
        {
            System.IO.Directory.Delete(_folder, recursive: true);
        }
    }

    // One that does not get there is not left behind.
    private static async Task<ChildProcess> ReadyAsync(ChildProcess process)
    {
        try
        {
            await process.HearAsync("ready");
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private List<TimeSpan> Children()
    {
        var children = new List<TimeSpan>();
        foreach (var other in Process.GetProcesses())
        {
            using (other)
            {
                try
                {
                    // man proc: the parent is the second word behind the name in brackets.
                    var words = File.ReadAllText($"/proc/{other.Id}/stat").Split(") ")[^1].Split(' ');
                    if (words[1] == Id.ToString(CultureInfo.InvariantCulture))
                    {
                        children.Add(other.TotalProcessorTime);
                    }
                }
                catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or InvalidOperationException)
                {
                    // It ended meanwhile.
                }
            }
        }

        return children;
    }

    private static ProcessStartInfo Dotnet(string assembly, object[] arguments)
    {
        var start = new ProcessStartInfo("dotnet");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, assembly));
        Add(start, arguments);
        return start;
    }

    private static void Add(ProcessStartInfo start, object[] arguments)
    {
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(Convert.ToString(argument, CultureInfo.InvariantCulture)!);
        }
    }

    // taskset becomes the program: the process that is counted is the program's.
    private static ProcessStartInfo On(int? core, ProcessStartInfo start)
    {
        if (core is not { } one)
        {
            return start;
        }

        var pinned = new ProcessStartInfo("taskset");
        Add(pinned, ["-c", one, start.FileName, .. start.ArgumentList]);
        return pinned;
    }

    // Read as bytes: a gateway logs a line for each DTU, and who reads them shares the machine with it.
    private async Task ReadErrorsAsync()
    {
        const int Kept = 4096;
        var stream = _process.StandardError.BaseStream;
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer)) > 0)
        {
            if (_errorTail.Length < Kept)
            {
                _errorTail.Append(Encoding.UTF8.GetString(buffer, 0, Math.Min(read, Kept)));
            }
        }
    }
}

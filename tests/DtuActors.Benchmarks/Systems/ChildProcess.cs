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

    /// <summary>This program again, with a verb that its usage does not name.</summary>
    public static ChildProcess Self(params object[] arguments) => new(Dotnet("DtuActors.Benchmarks.dll", arguments));

    /// <summary>Another command of the host.</summary>
    public static ChildProcess Host(params object[] arguments) => new(Dotnet("dtu.dll", arguments));

    /// <summary>The real host, <c>dtu run</c> with this configuration, in a folder of its own; returns when it is ready.</summary>
    /// <param name="sessions">When so many are online it says <c>bench online TIMESTAMP</c>.</param>
    /// <exception cref="InvalidOperationException">It ended before it was ready; <see cref="ExitCode"/> 2 is a configuration it refuses.</exception>
    public static async Task<ChildProcess> GatewayAsync(string configuration, int sessions = 0)
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-benchmark-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "dtu.conf"), configuration);
        var start = Dotnet("dtu.dll", ["run", "-c", "dtu.conf"]);
        start.WorkingDirectory = folder;
        start.Environment["DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "DtuActors.Benchmarks.dll");
        start.Environment["DTU_BENCH_SESSIONS"] = sessions.ToString(CultureInfo.InvariantCulture);
        var gateway = new ChildProcess(start) { _folder = folder };
        try
        {
            await gateway.HearAsync("ready");
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
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

    private static ProcessStartInfo Dotnet(string assembly, object[] arguments)
    {
        var start = new ProcessStartInfo("dotnet");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, assembly));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(Convert.ToString(argument, CultureInfo.InvariantCulture)!);
        }

        return start;
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

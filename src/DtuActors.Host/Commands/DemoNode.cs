using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace DtuActors.Host.Commands;

/// <summary>Why a demonstration ends early, in one line for a person.</summary>
internal sealed class DemoNodeException(string message) : Exception(message);

/// <summary>
/// One node of <c>dtu cluster-demo</c>: <c>dtu run</c> as a child process, with a folder, ports of its own that stay the same when it is started again, and its log in a file.
/// </summary>
internal sealed class DemoNode : IAsyncDisposable
{
    private readonly string _text;
    private Process? _process;
    private Task _logging = Task.CompletedTask;

    private DemoNode(string name, string folder, string text, int listener, int http, int modbus)
    {
        (Name, _text) = (name, text);
        Configuration = Path.Combine(folder, name, "dtu.conf");
        Log = Path.Combine(folder, $"{name}.log");
        Listener = new IPEndPoint(IPAddress.Loopback, listener);
        Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{http}");
        Modbus = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{modbus}");
    }

    public string Name { get; }

    /// <summary>Its file, which a reader may start again.</summary>
    public string Configuration { get; }

    /// <summary>Where its log goes.</summary>
    public string Log { get; }

    /// <summary>Where DTUs dial it.</summary>
    public IPEndPoint Listener { get; }

    public string Url { get; }

    public string Modbus { get; }

    public string ProcessId => _process?.Id.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>So many nodes that know each other, on free ports; none runs yet.</summary>
    public static IReadOnlyList<DemoNode> Plan(int count, string folder)
    {
        var ports = FreePorts.Take(4 * count).Chunk(4).ToArray();
        var seeds = string.Join(", ", ports.Select(own => $"\"127.0.0.1:{own[0]}\""));
        return [.. ports.Select((own, number) =>
        {
            var name = count <= 26 ? ((char)('a' + number)).ToString() : $"n{number}";
            return new DemoNode(name, folder, Text(name, seeds, own), own[1], own[2], own[3]);
        })];
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <exception cref="DemoNodeException">It ended instead; why is in the message.</exception>
    public async Task StartAsync(CancellationToken ct)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Configuration)!);
        await File.WriteAllTextAsync(Configuration, _text, ct);
        var start = Self.Start("run", "-c", Configuration);
        start.WorkingDirectory = Path.GetDirectoryName(Configuration);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = Process.Start(start) ?? throw new DemoNodeException($"node {Name}: {start.FileName} did not start");
        _logging = LogAsync(_process);
        while (await _process.StandardOutput.ReadLineAsync(ct) is { } line)
        {
            if (line == "ready")
            {
                _ = DrainAsync(_process.StandardOutput);
                return;
            }
        }

        await _process.WaitForExitAsync(ct);
        await _logging;
        var said = await File.ReadAllLinesAsync(Log, ct);
        throw new DemoNodeException($"node {Name} ended with {_process.ExitCode} before it was ready: {said.LastOrDefault(line => line.Length > 0) ?? "it said nothing"}");
    }

    /// <summary>Its exit code, once it ends.</summary>
    public async Task<int> EndAsync(CancellationToken ct)
    {
        await _process!.WaitForExitAsync(ct);
        return _process.ExitCode;
    }

    /// <summary>Ends it, at once: nothing is stored, and nobody is left to hand anything over to.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
        await _logging;
        process.Dispose();
    }

    private static string Text(string name, string seeds, int[] ports) => $$"""
        dtu {
          node { name = "{{name}}" }
          cluster { enabled = on, host = "127.0.0.1", port = {{ports[0]}}, seed-nodes = [{{seeds}}] }
          listeners { main { transport = tcp, address = "127.0.0.1", port = {{ports[1]}} } }

          profiles {
            default {
              framing { codec = modbus-rtu }
              bus { mode = request-response, response-timeout = 2s }
              heartbeat { match = ["ping"] }
            }
          }

          # Every node listens, and reaches the DTUs of all.
          endpoints {
            modbus {
              kind = modbus-tcp, address = "127.0.0.1", port = {{ports[3]}}, on = each
              units { 1 { dtu = "sim-0001", slave = 1 } }
            }
          }

          http { address = "127.0.0.1", port = {{ports[2]}} }
          storage { provider = none }
        }

        """.ReplaceLineEndings("\n");

    private async Task LogAsync(Process process)
    {
        await using var log = new FileStream(Log, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        await process.StandardError.BaseStream.CopyToAsync(log);
    }

    private static async Task DrainAsync(StreamReader lines)
    {
        try
        {
            while (await lines.ReadLineAsync() is not null)
            {
            }
        }
        catch (ObjectDisposedException)
        {
            // The demonstration is over.
        }
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Tests.Sockets;

namespace DtuActors.Integration.Tests.Brokers;

/// <summary>Debian's mosquitto on a free port of the loopback address, killed and started again as a test wants.</summary>
internal sealed partial class Mosquitto : IAsyncDisposable
{
    private const int Stop = 19;
    private const int Continue = 18;

    private readonly string _folder;
    private readonly string _configuration;
    private Process? _process;

    private Mosquitto(string folder, string extra)
    {
        _folder = folder;
        Port = FreePorts.Row(1);
        _configuration = Path.Combine(folder, "mosquitto.conf");
        File.WriteAllText(_configuration, $"listener {Port} 127.0.0.1\nmax_queued_messages 0\nlog_dest stderr\n{extra}\n");
    }

    public int Port { get; }

    public static async Task<Mosquitto> StartAsync(string folder, string extra = "allow_anonymous true")
    {
        MainJob.Tools.Need("mosquitto", "mosquitto_sub", "mosquitto_pub");
        var broker = new Mosquitto(folder, extra);
        await broker.StartAsync();
        return broker;
    }

    public async Task StartAsync()
    {
        _process = Process.Start(new ProcessStartInfo("mosquitto", ["-c", _configuration]) { RedirectStandardError = true, WorkingDirectory = _folder })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        await ListeningServer.ReadyAsync(_process, Port, () => "mosquitto ended");
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    public void Freeze() => Assert.Equal(0, Kill(_process!.Id, Stop));

    public void Thaw() => Assert.Equal(0, Kill(_process!.Id, Continue));

    /// <summary>Hears topics; each line is the topic, a blank, and the payload in hexadecimal.</summary>
    public Task<Subscriber> SubscribeAsync(params string[] topics) => Subscriber.StartAsync(Port, topics, []);

    public Task<Subscriber> SubscribeWithAsync(string[] options, params string[] topics) => Subscriber.StartAsync(Port, topics, options);

    public async Task PublishAsync(string topic, string payload, params string[] options)
    {
        using var publisher = MainJob.Tools.Start(
            "mosquitto_pub", ["-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-V", "5", "-q", "1", "-t", topic, "-m", payload, .. options]);
        await publisher.WaitForExitAsync();
        Assert.Equal(0, publisher.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await KillAsync();
        }
        catch (InvalidOperationException)
        {
            // Killed already.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Kill(int process, int signal);
}

/// <summary>A mosquitto_sub and what it heard so far.</summary>
internal sealed class Subscriber : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly SemaphoreSlim _changed = new(0);

    private Subscriber(Process process) => _process = process;

    /// <summary>Topic and payload of each message, in the order they came.</summary>
    public IEnumerable<(string Topic, byte[] Payload)> Heard => _lines.Where(line => line.StartsWith("> ", StringComparison.Ordinal)).Select(line =>
    {
        var parts = line.Split(' ');
        return (parts[1], Convert.FromHexString(parts[2]));
    });

    public static async Task<Subscriber> StartAsync(int port, string[] topics, string[] options)
    {
        // A line buffer, and a word when it is subscribed.
        var process = MainJob.Tools.Start("stdbuf", [
            "-oL", "mosquitto_sub", "-d", "-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-V", "5", "-q", "1", "-F", "> %t %x",
            .. topics.SelectMany(topic => (string[])["-t", topic]), .. options]);
        var subscriber = new Subscriber(process);
        process.OutputDataReceived += (_, line) => subscriber.Take(line.Data);
        process.ErrorDataReceived += (_, line) => subscriber.Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await subscriber.UntilAsync(() => subscriber._lines.Any(line => line.Contains("Subscribed (mid", StringComparison.Ordinal)));
        return subscriber;
    }

    /// <summary>The payloads of one topic as text.</summary>
    public string[] Of(string topic) => [.. Heard.Where(message => message.Topic == topic).Select(message => System.Text.Encoding.UTF8.GetString(message.Payload))];

    public async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        while (!condition())
        {
            try
            {
                await _changed.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail("it was not heard; this was:\n" + string.Join('\n', _lines.TakeLast(40)));
            }
        }
    }

    /// <summary>Waits until the last payload of a topic is this one.</summary>
    public Task LastAsync(string topic, string payload) => UntilAsync(() => Of(topic).LastOrDefault() == payload);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is not null)
        {
            _lines.Enqueue(line);
            _changed.Release();
        }
    }
}

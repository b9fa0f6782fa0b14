using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace DtuActors.Benchmarks.Systems;

/// <summary>A process full of DTUs stops (SIGSTOP) and says nothing any more, no FIN either: how long after their last byte do they read offline?</summary>
internal static partial class SilentBenchmark
{
    private const int Dtus = 20;
    private const int Stop = 19;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>False where one read online for longer than its time-out and two seconds.</summary>
    public static async Task<bool> RunAsync()
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.WriteLine("silent is left out: it stops a process by SIGSTOP");
            return true;
        }

        Console.WriteLine($"silent: {Dtus} DTUs stop without a word, heartbeat.timeout = {Timeout.TotalSeconds} s ...");
        await using var gateway = await ChildProcess.GatewayAsync($$"""
            dtu {
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0, profile = default } }
              profiles { default { heartbeat { match = ["ping"], timeout = {{Timeout.TotalSeconds}}s } } }
              http { port = 0 }
              storage { provider = none }
            }
            """);
        await using var dtus = ChildProcess.Self("silent-dtus", gateway.PortOf("main"));
        var beat = 0L;
        for (var i = 0; i < 5; i++)
        {
            beat = await dtus.HearNumberAsync("bench sent");
        }

        _ = Signal(dtus.Id, Stop);
        using var api = gateway.Api();
        var (first, last) = await OfflineAsync(api, await LastBeatAsync(dtus, beat));
        var table = new Table("DTUs", "time-out s", "first offline after s", "last", "limit");
        table.Add(Dtus, Timeout.TotalSeconds, first.TotalSeconds, last.TotalSeconds, (Timeout + Grace).TotalSeconds);
        table.Print();
        return last <= Timeout + Grace;
    }

    /// <summary>The DTUs: all say <c>ping</c> twice a second, and standard output when they did.</summary>
    public static async Task DtusAsync(int port)
    {
        var sockets = new List<Socket>();
        for (var i = 0; i < Dtus; i++)
        {
            var socket = await Loopback.ConnectAsync(port);
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"silent-{i:00}\n")));
            sockets.Add(socket);
        }

        using var each = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        while (await each.WaitForNextTickAsync())
        {
            foreach (var socket in sockets)
            {
                await socket.SendAsync("ping"u8.ToArray());
            }

            Console.WriteLine($"bench sent {Stopwatch.GetTimestamp()}");
        }
    }

    // What it said before it stopped may still stand in the pipe.
    private static async Task<long> LastBeatAsync(ChildProcess dtus, long beat)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        try
        {
            while (true)
            {
                beat = await dtus.HearNumberAsync("bench sent", patience.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return beat;
        }
    }

    private static async Task<(TimeSpan First, TimeSpan Last)> OfflineAsync(HttpClient api, long stopped)
    {
        TimeSpan? first = null;
        using var each = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await each.WaitForNextTickAsync())
        {
            var online = (await api.ItemsAsync("/api/v1/dtus?state=online")).Count;
            var since = Stopwatch.GetElapsedTime(stopped);
            first ??= online < Dtus ? since : null;
            if (online == 0 || since > 10 * Timeout)
            {
                return (first ?? since, since);
            }
        }

        throw new UnreachableException();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Signal(int process, int signal);
}

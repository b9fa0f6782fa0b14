using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

/// <summary>
/// The runtime runs this before the host's own first line, where <c>DOTNET_STARTUP_HOOKS</c> names this assembly: so it is the real <c>dtu</c> that is measured,
/// with one listener on its meter. It has to stand in no namespace. Says on standard output when <c>DTU_BENCH_SESSIONS</c> sessions are online, and answers
/// what a line of standard input asks.
/// </summary>
internal static class StartupHook
{
    private static readonly MeterListener Meter = new();
    private static readonly long Wanted = long.Parse(Environment.GetEnvironmentVariable("DTU_BENCH_SESSIONS") ?? "0", CultureInfo.InvariantCulture);
    private static long _online;

    public static void Initialize()
    {
        Meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "DtuActors", Name: "dtu.connections" })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        Meter.SetMeasurementEventCallback<long>(static (_, change, _, _) => Count(change));
        Meter.Start();
        new Thread(Answer) { IsBackground = true, Name = "benchmark" }.Start();
    }

    private static void Count(long change)
    {
        var online = Interlocked.Add(ref _online, change);
        if (online == Wanted && change > 0)
        {
            Say($"bench online {Stopwatch.GetTimestamp()}");
        }
        else if (online == 0 && change < 0)
        {
            Say("bench empty");
        }
    }

    private static void Answer()
    {
        while (Console.ReadLine() is { } question)
        {
            Say(question switch
            {
                "heap" => $"bench heap {GC.GetTotalMemory(forceFullCollection: true)}",
                "made" => $"bench made {GC.GetTotalAllocatedBytes(precise: true)}",
                "paused" => $"bench paused {GC.GetTotalPauseDuration().Ticks}",
                "live" => $"bench live {GC.GetTotalMemory(forceFullCollection: false)} {Environment.WorkingSet}",
                _ => $"bench count {Interlocked.Read(ref _online)}",
            });
        }
    }

    private static void Say(FormattableString line) => Console.Out.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static void Say(string line) => Console.Out.WriteLine(line);
}

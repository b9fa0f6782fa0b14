namespace DtuActors.Benchmarks.Systems;

/// <summary>The benchmarks of the whole gateway, by verb; each prints its table and returns whether what must hold held.</summary>
internal static class SystemBenchmarks
{
    private static readonly Dictionary<string, Func<Effort, Task<bool>>> Known = new()
    {
        ["relay-1"] = static effort => RelayBenchmark.RunAsync(1, effort),
        ["relay-50"] = static effort => RelayBenchmark.RunAsync(50, effort),
        ["relay-1000"] = static effort => RelayBenchmark.RunAsync(1000, effort),
        ["one-core"] = RelayBenchmark.OneCoreAsync,
        ["codec"] = RelayBenchmark.CodecAsync,
        ["fan"] = FanBenchmark.RunAsync,
        ["com"] = ComBenchmark.RunAsync,
        ["masters"] = MastersBenchmark.RunAsync,
        ["start"] = StartBenchmark.RunAsync,
        ["idle"] = IdleBenchmark.RunAsync,
        ["storm"] = StormBenchmark.RunAsync,
        ["cost"] = CostBenchmark.RunAsync,
        ["flow"] = static _ => FlowBenchmark.RunAsync(),
        ["silent"] = static _ => SilentBenchmark.RunAsync(),
        ["history"] = static _ => HistoryBenchmark.RunAsync(),
        ["across"] = static _ => AcrossBenchmark.RunAsync(),
        ["fleet"] = static _ => FleetBenchmark.RunAsync(),
    };

    // Each asks only for a few seconds, in a short form.
    private static readonly string[] WithShortForm = ["relay-1", "relay-50", "one-core", "codec", "fan", "com", "masters", "start", "idle", "storm", "cost"];

    // Takes six gigabytes: only where it is named.
    private const string Large = "fleet";

    public static string Names => string.Join(" | ", Known.Keys);

    /// <summary>The one of that name; for <c>system</c> all, or those that have a short form; else none.</summary>
    public static IReadOnlyCollection<Func<Effort, Task<bool>>> Named(string verb, Effort effort) =>
        verb == "system" ? [.. Known.Where(one => effort.IsShort ? WithShortForm.Contains(one.Key) : one.Key != Large).Select(one => one.Value)]
        : Known.TryGetValue(verb, out var one) && (!effort.IsShort || WithShortForm.Contains(verb)) ? [one]
        : [];
}

/// <summary>What runs in child processes of a benchmark, or is a shorter one: a verb and a number.</summary>
internal static class Parts
{
    public static IReadOnlyDictionary<string, Func<int, Task>> Known { get; } = new Dictionary<string, Func<int, Task>>
    {
        ["load"] = Load.RunAsync,
        ["relay-bare"] = BareRelay.RunAsync,
        ["relay-akka"] = AkkaRelay.RunAsync,
        ["fan-bare"] = FanBenchmark.BareAsync,
        ["storm-bare"] = BareServer.RunAsync,
        ["storm-client"] = StormClient.RunAsync,
        ["flow-flood"] = Flood.RunAsync,
        ["silent-dtus"] = SilentBenchmark.DtusAsync,
        ["fleet"] = FleetBenchmark.RunAsync,
        ["history"] = static seconds => HistoryBenchmark.RunAsync(TimeSpan.FromSeconds(seconds)),
        ["soak"] = SoakBenchmark.RunAsync,
    };
}

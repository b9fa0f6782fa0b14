namespace DtuActors.Benchmarks.Systems;

/// <summary>The benchmarks of the whole gateway, by verb; each prints its table and returns whether what must hold held.</summary>
internal static class SystemBenchmarks
{
    private static readonly Dictionary<string, Func<Task<bool>>> Known = new()
    {
        ["storm"] = StormBenchmark.RunAsync,
        ["flow"] = FlowBenchmark.RunAsync,
        ["silent"] = SilentBenchmark.RunAsync,
        ["history"] = HistoryBenchmark.RunAsync,
        ["across"] = AcrossBenchmark.RunAsync,
        [Large] = FleetBenchmark.RunAsync,
    };

    // Takes six gigabytes: only where it is named.
    private const string Large = "fleet";

    public static string Names => string.Join(" | ", Known.Keys);

    /// <summary>The one of that name, all for <c>system</c>, else none.</summary>
    public static IReadOnlyCollection<Func<Task<bool>>> Named(string verb) =>
        verb == "system" ? [.. Known.Where(one => one.Key != Large).Select(one => one.Value)] : Known.TryGetValue(verb, out var one) ? [one] : [];
}

/// <summary>What runs in child processes of a benchmark, or is a shorter one: a verb and a number.</summary>
internal static class Parts
{
    public static IReadOnlyDictionary<string, Func<int, Task>> Known { get; } = new Dictionary<string, Func<int, Task>>
    {
        ["storm-bare"] = BareServer.RunAsync,
        ["storm-client"] = StormClient.RunAsync,
        ["flow-flood"] = Flood.RunAsync,
        ["silent-dtus"] = SilentBenchmark.DtusAsync,
        ["fleet"] = FleetBenchmark.RunAsync,
        ["history"] = static seconds => HistoryBenchmark.RunAsync(TimeSpan.FromSeconds(seconds)),
    };
}

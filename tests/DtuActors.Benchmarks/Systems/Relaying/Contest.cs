using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>Relays that are measured in turns, so that what else the machine does meets all of them alike, against the first one.</summary>
internal sealed class Contest(string name, ChildProcess load, Effort effort, bool isOwner = true) : IAsyncDisposable
{
    private readonly List<Row> _rows = [];

    public ChildProcess Load => load;

    /// <summary>The contest's own load, ready.</summary>
    public static async Task<Contest> BeginAsync(string name, string what, Effort effort, int? core = null)
    {
        Console.WriteLine($"{name}: {what}; {effort.Rounds} rounds of {effort.Slice.TotalSeconds:0.#} s each ...");
        return new Contest(name, await ChildProcess.PartAsync("load", 0, core), effort);
    }

    /// <summary>The set that the next one's clients are in.</summary>
    public string NextSet => _rows.Count.ToString(CultureInfo.InvariantCulture);

    /// <summary>A client to each of its ports.</summary>
    public async Task EnterAsync(Relay relay, string kind)
    {
        await load.AskAsync($"clients {NextSet} {kind} {string.Join(',', relay.Ports)}", "bench connected");
        Enter(relay);
    }

    /// <summary>One whose clients are there.</summary>
    public void Enter(Relay relay) => _rows.Add(new Row(relay, NextSet));

    /// <summary>The same relays and clients, with other frames; it ends with this one.</summary>
    public async Task<Contest> AgainAsync(string other, string kind)
    {
        var again = new Contest(other, load, effort, isOwner: false);
        foreach (var row in _rows)
        {
            var set = $"{other}-{row.Set}";
            await load.AskAsync($"again {row.Set} {set} {kind}", "bench connected");
            again._rows.Add(new Row(row.Relay, set));
        }

        return again;
    }

    /// <summary>All of them in turns; prints their table. False where a frame came back wrong, or not at all.</summary>
    public async Task<bool> MeasureAsync(string unit = "round trips/s")
    {
        foreach (var row in _rows)
        {
            await RoundAsync(row, effort.WarmUp, counts: false);
        }

        for (var round = 0; round < effort.Rounds; round++)
        {
            foreach (var row in _rows)
            {
                await RoundAsync(row, effort.Slice, counts: true);
            }
        }

        var first = _rows[0];
        var table = new Table("relay", unit, $"of {first.Relay.Name}", "p50 µs", "p50, ratio", "p99 µs", "p99, ratio", "p99.9 µs", "p99.9, ratio", "µs of processor each", "fairness", "faults");
        foreach (var row in _rows)
        {
            table.Add(
                row.Relay.Name,
                row.Of(0).Median(),
                Ratio(row, 0),
                row.Of(1).Median(),
                Ratio(row, 1),
                row.Of(2).Median(),
                Ratio(row, 2),
                row.Of(3).Median(),
                Ratio(row, 3),
                row.Processor.Median(),
                row.Of(4).Median(),
                row.Faults);
        }

        table.Print(name);
        return _rows.TrueForAll(row => row.Faults == 0);

        // Of each round by itself: what disturbed one disturbed its neighbour.
        double Ratio(Row row, int at) => row.Of(at).Zip(first.Of(at), static (mine, other) => mine / other).Median();
    }

    public async ValueTask DisposeAsync()
    {
        if (!isOwner)
        {
            return;
        }

        foreach (var row in _rows)
        {
            await row.Relay.DisposeAsync();
        }

        await load.DisposeAsync();
    }

    private async Task RoundAsync(Row row, TimeSpan time, bool counts)
    {
        var before = row.Relay.ProcessorTime;
        var words = await load.AskAsync(string.Create(CultureInfo.InvariantCulture, $"run {row.Set} {time.TotalMilliseconds:0}"), "bench ran");
        double[] ran = [.. words.Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
        row.Faults += (long)ran[^1];
        if (counts)
        {
            row.Ran.Add(ran);
            row.Processor.Add((row.Relay.ProcessorTime - before).TotalMicroseconds / (ran[0] * time.TotalSeconds));
        }
    }

    private sealed record Row(Relay Relay, string Set)
    {
        public List<double[]> Ran { get; } = [];

        public List<double> Processor { get; } = [];

        public long Faults { get; set; }

        public IEnumerable<double> Of(int at) => Ran.Select(ran => ran[at]);
    }
}

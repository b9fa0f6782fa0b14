namespace DtuActors.Simulator;

/// <summary>Many DTUs of one make.</summary>
public sealed record SimulatedFleetOptions
{
    /// <summary>The centre's name or address.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The centre's TCP port.</summary>
    public required int Port { get; init; }

    /// <summary>How many.</summary>
    public int Count { get; init; } = 1;

    public SimulatorPreset Preset { get; init; } = SimulatorPreset.Usr;

    /// <summary>What ids begin with; null: the preset's own.</summary>
    public string? IdPrefix { get; init; }

    /// <summary>The first DTU's number.</summary>
    public int FirstNumber { get; init; } = 1;

    /// <summary>How many first dials are begun a second.</summary>
    public double ConnectsPerSecond { get; init; } = 1000;

    /// <summary>The seed of everything random; each DTU draws its own from it and its number.</summary>
    public int Seed { get; init; }

    /// <summary>Last touch on the n-th DTU's options, after the preset; null: none.</summary>
    public Func<int, SimulatedDtuOptions, SimulatedDtuOptions>? Configure { get; init; }

    /// <summary>The n-th DTU's instrument; null: a <see cref="ModbusInstrument"/> of unit 1.</summary>
    public Func<int, IInstrument>? Instrument { get; init; }
}

/// <summary>Where a fleet stands: how many DTUs are in which state, and the sums of their counters.</summary>
public sealed record SimulatedFleetStatus
{
    public required int Count { get; init; }

    /// <summary>DTUs that were told to dial so far.</summary>
    public required int Started { get; init; }

    public int Online { get; init; }

    public int HalfOpen { get; init; }

    /// <summary>DTUs that dial or wait until they do.</summary>
    public int Dialling { get; init; }

    public long Connects { get; init; }

    public long ConnectFailures { get; init; }

    public long BytesUp { get; init; }

    public long BytesDown { get; init; }

    public long Answered { get; init; }

    public long Dropped { get; init; }

    public long Damaged { get; init; }

    public long Heartbeats { get; init; }

    public long Reports { get; init; }

    public long Acknowledged { get; init; }

    /// <summary>An error of one of the DTUs that are not online; null where there is none.</summary>
    public string? LastError { get; init; }
}

/// <summary>
/// Starts a number of simulated DTUs, so many a second, and stops them together. One process carries as many as it may open files; a fleet dials from
/// one address, which has some 28,000 ports.
/// </summary>
public sealed class SimulatedFleet : IAsyncDisposable
{
    private readonly SimulatedFleetOptions _options;
    private readonly TimeProvider _time;
    private readonly SimulatedDtu[] _dtus;
    private volatile int _started;

    /// <summary>Makes the DTUs without starting them; throws <see cref="ArgumentException"/> for an option out of range.</summary>
    public SimulatedFleet(SimulatedFleetOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        SimulatedDtuOptions.Check(options.Count >= 1, nameof(options.Count), options.Count, "1 or more");
        SimulatedDtuOptions.Check(options.FirstNumber >= 0, nameof(options.FirstNumber), options.FirstNumber, "0 or more");
        SimulatedDtuOptions.Check(options.ConnectsPerSecond > 0, nameof(options.ConnectsPerSecond), options.ConnectsPerSecond, "more than 0");
        _options = options;
        _time = time ?? TimeProvider.System;
        _dtus = [.. Enumerable.Range(options.FirstNumber, options.Count).Select(Make)];
    }

    /// <summary>The fleet's DTUs, by number.</summary>
    public IReadOnlyList<SimulatedDtu> Dtus => _dtus;

    /// <summary>Where the fleet stands now.</summary>
    public SimulatedFleetStatus Status
    {
        get
        {
            var all = Array.ConvertAll(_dtus, d => d.Status);
            return new SimulatedFleetStatus
            {
                Count = all.Length,
                Started = _started,
                Online = all.Count(s => s.State == SimulatedDtuState.Online),
                HalfOpen = all.Count(s => s.State == SimulatedDtuState.HalfOpen),
                Dialling = all.Count(s => s.State is SimulatedDtuState.Connecting or SimulatedDtuState.Waiting),
                Connects = all.Sum(s => s.Connects),
                ConnectFailures = all.Sum(s => s.ConnectFailures),
                BytesUp = all.Sum(s => s.BytesUp),
                BytesDown = all.Sum(s => s.BytesDown),
                Answered = all.Sum(s => s.Answered),
                Dropped = all.Sum(s => s.Dropped),
                Damaged = all.Sum(s => s.Damaged),
                Heartbeats = all.Sum(s => s.Heartbeats),
                Reports = all.Sum(s => s.Reports),
                Acknowledged = all.Sum(s => s.Acknowledged),
                LastError = all.FirstOrDefault(s => s.State != SimulatedDtuState.Online && s.LastError is not null) is { } failing
                    ? $"{failing.Id}: {failing.LastError}"
                    : null,
            };
        }
    }

    /// <summary>Starts the DTUs one after the other and runs until cancelled or disposed, then ends without an exception, all links closed.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var runs = new List<Task>(_dtus.Length);
        var start = _time.GetTimestamp();
        try
        {
            foreach (var dtu in _dtus)
            {
                await Waiting.UntilAsync(TimeSpan.FromSeconds(runs.Count / _options.ConnectsPerSecond), start, _time, cancellation).ConfigureAwait(false);
                runs.Add(dtu.RunAsync(cancellation));
                _started = runs.Count;
            }
        }
        catch (Exception e) when (e is ObjectDisposedException || (e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            // Stopped while it still started: those that run are waited for below.
        }

        await Task.WhenAll(runs).ConfigureAwait(false);
    }

    /// <summary>Waits until every DTU has had a link.</summary>
    public async Task WaitUntilConnectedAsync(CancellationToken cancellation = default)
    {
        foreach (var dtu in _dtus)
        {
            await dtu.WaitForAsync(s => s.Connects > 0, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Stops all DTUs and waits until their sockets are closed.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_dtus.Select(d => d.DisposeAsync().AsTask())).ConfigureAwait(false);

    private SimulatedDtu Make(int number)
    {
        var highest = _options.FirstNumber + _options.Count - 1;
        var options = _options.Preset.Apply(new SimulatedDtuOptions
        {
            Host = _options.Host,
            Port = _options.Port,
            Id = _options.Preset.IdOf(_options.IdPrefix, number, highest),

            // Neighbouring seeds are fine for Random, which scrambles them; the factor keeps fleets of neighbouring seeds apart.
            Seed = unchecked((_options.Seed * 1_000_003) + number),
        });
        return new SimulatedDtu(
            _options.Configure?.Invoke(number, options) ?? options,
            _options.Instrument?.Invoke(number) ?? new ModbusInstrument(time: _time),
            _time);
    }
}

using System.Diagnostics.Metrics;

namespace DtuActors;

/// <summary>
/// A counter of the data path, by direction: counted without anybody being told, and observed when an exporter asks.
/// </summary>
public sealed class DirectionCounter
{
    private long _up;
    private long _down;

    internal DirectionCounter(Meter meter, string name, string description) => meter.CreateObservableCounter(name, Observe, description: description);

    public void CountUp(long more) => Interlocked.Add(ref _up, more);

    public void CountDown(long more) => Interlocked.Add(ref _down, more);

    private IEnumerable<Measurement<long>> Observe() =>
    [
        new(Interlocked.Read(ref _up), new KeyValuePair<string, object?>("direction", "up")),
        new(Interlocked.Read(ref _down), new KeyValuePair<string, object?>("direction", "down")),
    ];
}

namespace DtuActors.Benchmarks.Systems;

/// <summary>How long answers took, in ms: noted by who asks, taken now and then by who counts.</summary>
internal sealed class Delays
{
    private readonly Lock _lock = new();
    private List<double> _milliseconds = [];

    public void Add(TimeSpan delay)
    {
        lock (_lock)
        {
            _milliseconds.Add(delay.TotalMilliseconds);
        }
    }

    /// <summary>Those since the last call.</summary>
    public IReadOnlyList<double> Take()
    {
        lock (_lock)
        {
            var taken = _milliseconds;
            _milliseconds = [];
            return taken;
        }
    }
}

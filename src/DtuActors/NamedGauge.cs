using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace DtuActors;

/// <summary>1 or 0 for each of what configuration names: observed, so that what is gone is gone there too.</summary>
public sealed class NamedGauge
{
    // Others tell while an exporter reads.
    private readonly ConcurrentDictionary<string, bool> _isSet = new(StringComparer.Ordinal);
    private readonly string _label;

    internal NamedGauge(Meter meter, string name, string label, string description)
    {
        _label = label;
        meter.CreateObservableGauge(name, Observe, description: description);
    }

    public void Set(string name, bool isSet) => _isSet[name] = isSet;

    public void Remove(string name) => _isSet.TryRemove(name, out _);

    private IEnumerable<Measurement<int>> Observe() =>
        _isSet.Select(row => new Measurement<int>(row.Value ? 1 : 0, new KeyValuePair<string, object?>(_label, row.Key)));
}

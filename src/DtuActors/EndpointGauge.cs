using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace DtuActors;

/// <summary><c>dtu.endpoint.up</c>: observed, so that an endpoint that is gone is gone there too.</summary>
public sealed class EndpointGauge
{
    // Endpoints tell while an exporter reads.
    private readonly ConcurrentDictionary<string, bool> _isUp = new(StringComparer.Ordinal);

    internal EndpointGauge(Meter meter) => meter.CreateObservableGauge("dtu.endpoint.up", Observe, description: "1 while the endpoint is up, else 0.");

    public void Set(string endpoint, bool isUp) => _isUp[endpoint] = isUp;

    public void Remove(string endpoint) => _isUp.TryRemove(endpoint, out _);

    private IEnumerable<Measurement<int>> Observe() =>
        _isUp.Select(row => new Measurement<int>(row.Value ? 1 : 0, new KeyValuePair<string, object?>("endpoint", row.Key)));
}

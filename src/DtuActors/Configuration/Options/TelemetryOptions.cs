using System.Collections.Immutable;

namespace DtuActors.Configuration;

/// <summary><c>dtu.telemetry</c>: where metrics and traces are sent to, beside <c>/metrics</c>.</summary>
public sealed record TelemetryOptions
{
    /// <summary>The share of calls, registrations and openings that is traced, 0 to 1.</summary>
    public double TraceRatio { get; init; } = 0.01;

    public OtlpOptions Otlp { get; init; } = new();
}

public enum OtlpProtocol
{
    Grpc,
    Http,
}

/// <summary>An OpenTelemetry collector; no address: nothing is sent.</summary>
public sealed record OtlpOptions
{
    /// <summary>As <c>http://127.0.0.1:4317</c>; for <see cref="OtlpProtocol.Http"/> the base, to which <c>/v1/metrics</c> and <c>/v1/traces</c> are added.</summary>
    public Uri? Endpoint { get; init; }

    public OtlpProtocol Protocol { get; init; } = OtlpProtocol.Grpc;

    /// <summary>Sent along; may hold secrets.</summary>
    public ImmutableSortedDictionary<string, string> Headers { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Between two sendings of metrics.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    public bool Metrics { get; init; } = true;

    public bool Traces { get; init; } = true;
}

using System.Diagnostics;
using DtuActors.Protocol;

namespace DtuActors;

/// <summary>
/// The gateway's spans: where a call spent its time, registrations, endpoints that open and break. None is on the way of a frame; with nobody listening none is
/// made. A DTU's id stands in spans, which are sampled, and never in a metric.
/// </summary>
public static class GatewayTraces
{
    /// <summary>The source to add to a tracer.</summary>
    public const string SourceName = "DtuActors";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>A downlink of a call, until it is written or answered; null: nobody listens.</summary>
    internal static Activity? Downlink(string name, DtuId dtu, int bytes) =>
        Source.StartActivity(name, ActivityKind.Client)?.SetTag("dtu.id", dtu.Value).SetTag("dtu.bytes", bytes);

    /// <summary>It has no answer, or was not written.</summary>
    internal static void Refused(Activity? downlink, Sessions.RefusalReason? reason)
    {
        if (reason is not null)
        {
            downlink?.SetStatus(ActivityStatusCode.Error, reason.ToString());
        }
    }

    /// <summary>Below a downlink that was answered: how long it waited for the bus, and how long its answer took on the wire.</summary>
    internal static void BusAndWire(Activity? downlink, TimeSpan wire)
    {
        if (downlink is not { IsAllDataRequested: true })
        {
            return;
        }

        // The span above began by this clock; the actors' may be another one.
        var end = DateTime.UtcNow;
        var written = Latest(end - wire, downlink.StartTimeUtc);
        Span("dtu.bus.wait", downlink.Context, downlink.StartTimeUtc, written)?.Dispose();
        Span("dtu.wire", downlink.Context, written, end)?.Dispose();
    }

    /// <summary>From a socket's accept to its DTU's being online, or refused.</summary>
    internal static void Registration(string result, string listener, string? dtu, DateTimeOffset connected, DateTimeOffset now)
    {
        if (Source.HasListeners())
        {
            Span("dtu.registration", default, connected.UtcDateTime, now.UtcDateTime)?.SetTag("dtu.id", dtu).SetTag("dtu.listener", listener).SetTag("dtu.result", result).Dispose();
        }
    }

    /// <summary>An endpoint is open, after it was not; or not any more.</summary>
    internal static void Endpoint(string endpoint, string kind, bool isUp, string? lastError, DateTimeOffset since, DateTimeOffset now)
    {
        if (!Source.HasListeners())
        {
            return;
        }

        var span = Span(isUp ? "dtu.endpoint.open" : "dtu.endpoint.down", default, isUp ? since.UtcDateTime : now.UtcDateTime, now.UtcDateTime);
        span?.SetTag("dtu.endpoint", endpoint).SetTag("dtu.kind", kind);
        if (!isUp)
        {
            span?.SetStatus(ActivityStatusCode.Error, lastError);
        }

        span?.Dispose();
    }

    private static Activity? Span(string name, ActivityContext parent, DateTime start, DateTime end) =>
        Source.StartActivity(name, ActivityKind.Internal, parent, startTime: start)?.SetEndTime(end);

    private static DateTime Latest(DateTime one, DateTime other) => one > other ? one : other;
}

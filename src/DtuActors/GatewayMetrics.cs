using System.Diagnostics.Metrics;

namespace DtuActors;

/// <summary>
/// The gateway's numbers. Names become those of CONTRACT in Prometheus (<c>dtu.frames</c> → <c>dtu_frames_total</c>). No label carries a DTU's id;
/// reasons, results and endpoint names are closed sets.
/// </summary>
public static class GatewayMetrics
{
    /// <summary>The meter to add to an exporter.</summary>
    public const string MeterName = "DtuActors";

    private static readonly Meter Meter = new(MeterName);

    /// <summary>Sessions online on this node.</summary>
    public static readonly UpDownCounter<long> Connections = Meter.CreateUpDownCounter<long>("dtu.connections", description: "Sessions online on this node.");

    /// <summary>DTUs in conflict: live devices keep taking one id from each other.</summary>
    public static readonly UpDownCounter<long> Conflicts = Meter.CreateUpDownCounter<long>("dtu.conflicts", description: "DTUs that live devices keep taking from each other.");

    public static readonly DirectionCounter Frames = new(Meter, "dtu.frames", "Frames to and from DTUs, by direction.");

    public static readonly DirectionCounter Bytes = new(Meter, "dtu.bytes", "Bytes to and from DTUs, by direction.");

    public static readonly Counter<long> FramesDropped = Meter.CreateCounter<long>("dtu.frames.dropped", description: "Frames, and pieces of bytes that were no frame, that did not go further, by reason.");

    public static readonly Counter<long> Registrations = Meter.CreateCounter<long>("dtu.registrations", description: "Registrations, by result.");

    /// <summary>From the moment a frame was whole to the moment its destination had written it, in seconds.</summary>
    public static readonly Histogram<double> RelaySeconds = Meter.CreateHistogram<double>(
        "dtu.relay.seconds",
        description: "From a frame's last byte to its being written to its destination.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    /// <summary>1 while an endpoint is up, else 0, by endpoint.</summary>
    public static readonly NamedGauge EndpointUp = new(Meter, "dtu.endpoint.up", "endpoint", "1 while the endpoint is up, else 0.");

    /// <summary>Alarms that are open, by kind.</summary>
    public static readonly UpDownCounter<long> Alarms = Meter.CreateUpDownCounter<long>("dtu.alarms", description: "Alarms that are open, by kind.");

    /// <summary>Changes of alarms for the webhook, by result: delivered, failed, dropped.</summary>
    public static readonly Counter<long> WebhookCalls = Meter.CreateCounter<long>("dtu.webhook.alarms", description: "Changes of alarms for the webhook, by result: delivered, failed (given up), dropped (too many waited).");

    /// <summary>Frames on their way to the history, by result: kept, lost; those that are lost by reason too: too-many, storage.</summary>
    public static readonly Counter<long> HistoryFrames = Meter.CreateCounter<long>("dtu.history.frames", description: "Frames for the stored history, by result: kept, lost (by reason: too-many a second, storage that fails).");

    /// <summary>Sessions that ended, likewise.</summary>
    public static readonly Counter<long> HistorySessions = Meter.CreateCounter<long>("dtu.history.sessions", description: "Ended sessions for the stored history, by result: kept, lost (by reason).");

    /// <summary>Frames and sessions that are not written yet.</summary>
    public static readonly UpDownCounter<long> HistoryWaiting = Meter.CreateUpDownCounter<long>("dtu.history.waiting", description: "Frames and sessions that wait to be written to the history.");

    /// <summary>Files of archives, by archive and result: delivered, failed (a try that is made again).</summary>
    public static readonly Counter<long> ArchiveFiles = Meter.CreateCounter<long>("dtu.archive.files", description: "Files of archives, by archive and result: delivered, failed (a try, which is made again).");

    /// <summary>1 while an archive can't be carried, else 0, by archive.</summary>
    public static readonly NamedGauge ArchiveFailing = new(Meter, "dtu.archive.failing", "archive", "1 while the archive can't be carried, else 0.");

    public static readonly KeyValuePair<string, object?> Kept = new("result", "kept");
    public static readonly KeyValuePair<string, object?> Lost = new("result", "lost");
    public static readonly KeyValuePair<string, object?> ByNumber = new("reason", "too-many");
    public static readonly KeyValuePair<string, object?> ByStorage = new("reason", "storage");
    public static readonly KeyValuePair<string, object?> Delivered = new("result", "delivered");
    public static readonly KeyValuePair<string, object?> Failed = new("result", "failed");
    public static readonly KeyValuePair<string, object?> Dropped = new("result", "dropped");

    public static KeyValuePair<string, object?> Archive(string name) => new("archive", name);
}

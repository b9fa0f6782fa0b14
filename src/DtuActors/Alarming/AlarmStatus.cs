using Akka.Actor;

namespace DtuActors;

/// <summary>One alarm as it stands: raised once, cleared once.</summary>
/// <param name="Id">Its own; never used again.</param>
/// <param name="Kind">One of <see cref="AlarmKinds"/>.</param>
/// <param name="Subject">A DTU's id, an endpoint's, listener's or node's name, a part of storage (<c>register</c>); <see cref="AlarmKinds.Several"/>: many at once, told in <paramref name="Text"/>.</param>
/// <param name="Severity"><c>warning</c> or <c>critical</c>.</param>
/// <param name="Text">What is wrong, in words; while it is open it may change.</param>
/// <param name="RaisedAt">When it was raised.</param>
/// <param name="ClearedAt">When it was over; null while it is open.</param>
/// <param name="Node">The node that raised it.</param>
public sealed record AlarmStatus(string Id, string Kind, string Subject, string Severity, string Text, DateTimeOffset RaisedAt, DateTimeOffset? ClearedAt, string Node)
    : INoSerializationVerificationNeeded;

/// <summary>The kinds of alarms, and how bad each is.</summary>
public static class AlarmKinds
{
    public const string DtuOffline = "dtu-offline";
    public const string DtuFlapping = "dtu-flapping";
    public const string DtuConflict = "dtu-conflict";
    public const string ChecksumErrors = "checksum-errors";
    public const string QueueAge = "queue-age";
    public const string QueueFull = "queue-full";
    public const string EndpointDown = "endpoint-down";
    public const string ListenerDown = "listener-down";
    public const string StorageFailed = "storage-failed";
    public const string EventsLost = "events-lost";

    /// <summary>The subject of an alarm that stands for many.</summary>
    public const string Several = "*";

    public const string Warning = "warning";
    public const string Critical = "critical";

    /// <summary>All of them.</summary>
    public static readonly string[] All =
        [DtuOffline, DtuFlapping, DtuConflict, ChecksumErrors, QueueAge, QueueFull, EndpointDown, ListenerDown, StorageFailed, EventsLost];

    /// <summary>Critical: data goes the wrong way, not at all, or is not kept, whatever DTUs do.</summary>
    public static string SeverityOf(string kind) => kind is DtuConflict or EndpointDown or ListenerDown or StorageFailed ? Critical : Warning;
}

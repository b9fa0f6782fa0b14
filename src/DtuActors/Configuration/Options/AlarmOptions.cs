using System.Collections.Immutable;

namespace DtuActors.Configuration;

/// <summary><c>dtu.alarms</c>: what is raised, and to whom it is told. A kind that is null (or false) is off.</summary>
public sealed record AlarmOptions
{
    /// <summary>How often the field is looked at.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a trouble has to be over before its alarm is cleared.</summary>
    public TimeSpan ClearAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The most alarms of one kind that are open one by one; what comes on top is one alarm together.</summary>
    public int GroupAbove { get; init; } = 20;

    public OfflineAlarmOptions? DtuOffline { get; init; } = new();

    public CountAlarmOptions? DtuFlapping { get; init; } = new() { MoreThan = 5 };

    public bool DtuConflict { get; init; } = true;

    public ChecksumAlarmOptions? ChecksumErrors { get; init; } = new();

    public AgeAlarmOptions? QueueAge { get; init; } = new() { After = TimeSpan.FromSeconds(8) };

    public CountAlarmOptions? QueueFull { get; init; } = new() { MoreThan = 10 };

    public AgeAlarmOptions? EndpointDown { get; init; } = new() { After = TimeSpan.FromMinutes(1) };

    public AgeAlarmOptions? ListenerDown { get; init; } = new() { After = TimeSpan.FromSeconds(10) };

    public bool StorageFailed { get; init; } = true;

    public bool EventsLost { get; init; } = true;

    public WebhookOptions Webhook { get; init; } = new();
}

/// <summary>Whose being offline is an alarm: of those that are configured or registered, or of everybody who was ever seen.</summary>
public enum OfflineAlarmFor
{
    Registered,
    All,
}

public sealed record OfflineAlarmOptions
{
    public TimeSpan After { get; init; } = TimeSpan.FromMinutes(10);

    public OfflineAlarmFor For { get; init; } = OfflineAlarmFor.Registered;
}

/// <summary>More than so many within a time.</summary>
public sealed record CountAlarmOptions
{
    public required int MoreThan { get; init; }

    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>A share of what came within a time, where enough of it is wrong to tell.</summary>
public sealed record ChecksumAlarmOptions
{
    /// <summary>Of frames and wrong pieces together, 1 to 100.</summary>
    public int Percent { get; init; } = 10;

    /// <summary>Wrong pieces.</summary>
    public int AtLeast { get; init; } = 20;

    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(10);
}

public sealed record AgeAlarmOptions
{
    public required TimeSpan After { get; init; }
}

/// <summary>Where alarms are posted to; no address: nowhere.</summary>
public sealed record WebhookOptions
{
    public Uri? Url { get; init; }

    /// <summary>For one call.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Sent along; may hold secrets.</summary>
    public ImmutableSortedDictionary<string, string> Headers { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

using System.Collections.Immutable;
using DtuActors.Sessions;

namespace DtuActors.Directory;

/// <summary>What one session has counted since it opened.</summary>
public sealed record SessionReport
{
    public required SessionRef Session { get; init; }
    public required string Listener { get; init; }
    public required string Remote { get; init; }
    public required string Profile { get; init; }
    public required string Codec { get; init; }
    public string? PresentedId { get; init; }
    public required DateTimeOffset ConnectedAt { get; init; }
    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>The same moment by <see cref="Dispatching.SteadyTime"/>, which ages are counted by.</summary>
    internal DateTimeOffset LastSeen
    {
        get => field == default ? LastSeenAt : field;
        init;
    }
    public long BytesUp { get; init; }
    public long BytesDown { get; init; }
    public long FramesUp { get; init; }
    public long FramesDown { get; init; }
    public long Heartbeats { get; init; }
    public int Queued { get; init; }

    /// <summary>Since when the oldest of them waits, by <see cref="Dispatching.SteadyTime"/>; null: none does.</summary>
    public DateTimeOffset? WaitsSince { get; init; }
    public ImmutableArray<SuspendedSlave> SuspendedSlaves { get; init; } = [];
    public TrafficCounters Down { get; init; } = TrafficCounters.None;
    public ImmutableDictionary<string, long> DroppedUp { get; init; } = ImmutableDictionary<string, long>.Empty;
    public ImmutableArray<PollStatus> Polls { get; init; } = [];
    public string? LastError { get; init; }

    /// <summary>The address of another device that claims the same DTU; null: there is no conflict.</summary>
    public string? ConflictWith { get; init; }

    public DateTimeOffset? RegisteredAt { get; init; }
    public DateTimeOffset? LastHeartbeatAt { get; init; }

    /// <summary>What it noted beside: conflicts, and its end.</summary>
    public ImmutableArray<Evidence> Noted { get; init; } = [];

    /// <summary>Null while it is open.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The same moment by <see cref="Dispatching.SteadyTime"/>.</summary>
    internal DateTimeOffset? Ended
    {
        get => field ?? EndedAt;
        init;
    }
}

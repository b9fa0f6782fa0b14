namespace DtuActors.Directory;

/// <summary>What is remembered of a DTU over restarts: when and where it was last seen, how that ended, and what it counted in all.</summary>
/// <param name="FirstSeenAt">When its first session began.</param>
/// <param name="ConnectedAt">When its last one did.</param>
/// <param name="LastSeenAt">When its last byte came.</param>
/// <param name="EndedAt">Null: the gateway ended before its session did.</param>
/// <param name="Reason">Why its last session ended.</param>
/// <param name="Error">That in words.</param>
/// <param name="Sessions">How many there were.</param>
internal sealed record KnownDtu(
    DateTimeOffset FirstSeenAt,
    DateTimeOffset ConnectedAt,
    DateTimeOffset LastSeenAt,
    DateTimeOffset? EndedAt,
    string Listener,
    string Remote,
    string Profile,
    string Codec,
    string? PresentedId,
    string? Reason,
    string? Error,
    long Sessions,
    long BytesUp,
    long BytesDown,
    long FramesUp,
    long FramesDown,
    long Heartbeats);

using System.Collections.Immutable;
using Akka.Actor;

namespace DtuActors;

/// <summary>What a session's chain of evidence is made of.</summary>
public enum EvidenceKind
{
    /// <summary>Its socket was accepted or dialled; over UDP, its first datagram came.</summary>
    Connected,

    /// <summary>Its registration was valid, and the DTU its own.</summary>
    Registered,

    /// <summary>The last bytes that came, of whatever kind.</summary>
    LastUplink,

    LastHeartbeat,

    /// <summary>Another device claims the same DTU, or does no more.</summary>
    Conflict,

    /// <summary>No byte came for as long as its profile allows: the gateway closed it.</summary>
    NoUplink,

    /// <summary>The DTU, or its network, closed the connection in good order, or the DTU took its leave.</summary>
    PeerClosed,

    /// <summary>The connection was broken off by a reset.</summary>
    PeerReset,

    /// <summary>The system gave up on a peer that acknowledged nothing.</summary>
    TimedOut,

    /// <summary>Another connection registered as the same DTU.</summary>
    TakenOver,

    Kicked,

    /// <summary>The gateway would not go on with it.</summary>
    Refused,

    /// <summary>The gateway was stopped.</summary>
    Stopped,

    /// <summary>Bytes for the DTU could not be written, or were taken by nobody.</summary>
    WriteFailed,

    /// <summary>Something failed, as the detail says.</summary>
    LastError,
}

/// <summary>One thing that is known of a session. <paramref name="Detail"/> is in words.</summary>
public sealed record Evidence(DateTimeOffset At, EvidenceKind Kind, string? Detail);

/// <summary>One session of a DTU, open or ended, with what is known of its life and its end.</summary>
/// <param name="ConnectedAt">When its socket was there.</param>
/// <param name="EndedAt">Null while it is open.</param>
/// <param name="Listener">The listener or dialer.</param>
/// <param name="Remote">Its address, over UDP the last.</param>
/// <param name="Reason">One of <see cref="Sessions.EndReasons"/>; null while it is open.</param>
/// <param name="Error">The last that went wrong, in words.</param>
/// <param name="LastUplinkAt">When its last byte came; null: none came behind its registration.</param>
/// <param name="Evidence">In order of time.</param>
public sealed record SessionRecord(
    DateTimeOffset ConnectedAt,
    DateTimeOffset? EndedAt,
    string Listener,
    string Remote,
    string? Reason,
    string? Error,
    long BytesUp,
    long BytesDown,
    long FramesUp,
    long FramesDown,
    long Heartbeats,
    DateTimeOffset? LastUplinkAt,
    ImmutableArray<Evidence> Evidence) : INoSerializationVerificationNeeded;

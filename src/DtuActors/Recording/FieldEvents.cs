using Akka.Actor;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>What happened in the field, as monitors, streams and history hear of it.</summary>
public abstract record FieldEvent(DateTimeOffset At) : INoSerializationVerificationNeeded
{
    /// <summary>What it holds beside itself: whoever lets events wait bounds these too.</summary>
    internal virtual int PayloadBytes => 0;
}

/// <summary>A session opened.</summary>
public sealed record DtuOnline(DateTimeOffset At, DtuId Dtu, string Listener, string Remote) : FieldEvent(At);

/// <summary>A session ended, for one of <see cref="Sessions.EndReasons"/>.</summary>
public sealed record DtuOffline(DateTimeOffset At, DtuId Dtu, string Reason, string Remote) : FieldEvent(At);

/// <summary>A frame passed. <paramref name="Source"/>: <c>dtu</c> for uplinks; an endpoint's name, <c>api</c>, <c>gateway</c> or <c>poll:NAME</c> for downlinks.</summary>
/// <param name="Verdict">Null for a frame; else the reason (see <see cref="DropReasons"/>) why these bytes are none.</param>
public sealed record FramePassed(
    DateTimeOffset At, DtuId Dtu, FrameDirection Direction, ReadOnlyMemory<byte> Payload, string Codec, string Source, string? Verdict = null) : FieldEvent(At)
{
    internal override int PayloadBytes => Payload.Length;
}

/// <summary>An endpoint's state changed: <c>up</c>, <c>down</c>, <c>connecting</c>. In a cluster <paramref name="Node"/> says where.</summary>
public sealed record EndpointChanged(DateTimeOffset At, string Endpoint, string Kind, string State, string? LastError, string? Node = null) : FieldEvent(At);

/// <summary>A command's state changed.</summary>
public sealed record CommandChanged(DateTimeOffset At, DtuId Dtu, string CommandId, string State, string? Reason) : FieldEvent(At);

/// <summary>An alarm was raised, or, where it has a time of its end, cleared.</summary>
public sealed record AlarmChanged(DateTimeOffset At, AlarmStatus Alarm) : FieldEvent(At);

/// <summary>A slow reader missed so many events.</summary>
public sealed record EventsLost(DateTimeOffset At, long Count) : FieldEvent(At);

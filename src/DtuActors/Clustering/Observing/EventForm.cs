using System.Collections.Immutable;
using System.Text.Json;
using DtuActors.Clustering.Desks;
using DtuActors.Protocol;
using DtuActors.Recording;

namespace DtuActors.Clustering.Observing;

/// <summary>Events on their way to a node where somebody observes.</summary>
internal sealed record EventBatch(ImmutableArray<EventForm> Events)
{
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, DeskJson.Options);

    /// <summary>The events; those that this release does not know are left out. Throws <see cref="JsonException"/>.</summary>
    public static ImmutableArray<FieldEvent> Read(ReadOnlyMemory<byte> body)
    {
        var batch = JsonSerializer.Deserialize<EventBatch>(body.Span, DeskJson.Options);
        return batch is null || batch.Events.IsDefault ? [] : [.. batch.Events.Select(form => form.ToEvent()).OfType<FieldEvent>()];
    }
}

/// <summary>One event as nodes write it to each other. A kind only ever gains members. Instants are for people, by the clock of the node where it happened.</summary>
internal sealed record EventForm
{
    // What names and numbers take beside a payload, about.
    private const int Head = 160;

    public required string Kind { get; init; }

    public required DateTimeOffset At { get; init; }

    public string? Dtu { get; init; }

    public string? Listener { get; init; }

    public string? Remote { get; init; }

    public string? Reason { get; init; }

    public bool IsDown { get; init; }

    public byte[]? Payload { get; init; }

    public string? Codec { get; init; }

    public string? Source { get; init; }

    public string? Endpoint { get; init; }

    public string? EndpointKind { get; init; }

    public string? State { get; init; }

    public string? CommandId { get; init; }

    public AlarmStatus? Alarm { get; init; }

    public long Count { get; init; }

    public string? Node { get; init; }

    /// <summary>What it takes of a message, in bytes, about.</summary>
    public static int Cost(FieldEvent happened) => Head + (happened.PayloadBytes * 4 / 3);

    /// <summary>Null: it is nothing for other nodes.</summary>
    public static EventForm? Of(FieldEvent happened) => happened switch
    {
        DtuOnline online => new() { Kind = "online", At = online.At, Dtu = online.Dtu.Value, Listener = online.Listener, Remote = online.Remote },
        DtuOffline offline => new() { Kind = "offline", At = offline.At, Dtu = offline.Dtu.Value, Reason = offline.Reason, Remote = offline.Remote },
        FramePassed frame => new()
        {
            Kind = "frame", At = frame.At, Dtu = frame.Dtu.Value, IsDown = frame.Direction is FrameDirection.Down, Payload = frame.Payload.ToArray(), Codec = frame.Codec, Source = frame.Source,
            Reason = frame.Verdict,
        },
        EndpointChanged endpoint => new()
        {
            Kind = "endpoint", At = endpoint.At, Endpoint = endpoint.Endpoint, EndpointKind = endpoint.Kind, State = endpoint.State, Reason = endpoint.LastError, Node = endpoint.Node,
        },
        CommandChanged command => new() { Kind = "command", At = command.At, Dtu = command.Dtu.Value, CommandId = command.CommandId, State = command.State, Reason = command.Reason },
        AlarmChanged alarm => new() { Kind = "alarm", At = alarm.At, Alarm = alarm.Alarm },
        EventsLost lost => new() { Kind = "lost", At = lost.At, Count = lost.Count },
        _ => null,
    };

    /// <summary>Null: this release does not know it, or something is missing.</summary>
    public FieldEvent? ToEvent() => this switch
    {
        { Kind: "online", Listener: { } listener, Remote: { } remote } when DtuId.TryParse(Dtu, out var dtu) => new DtuOnline(At, dtu, listener, remote),
        { Kind: "offline", Reason: { } reason, Remote: { } remote } when DtuId.TryParse(Dtu, out var dtu) => new DtuOffline(At, dtu, reason, remote),
        { Kind: "frame", Payload: { } payload, Codec: { } codec, Source: { } source } when DtuId.TryParse(Dtu, out var dtu) =>
            new FramePassed(At, dtu, IsDown ? FrameDirection.Down : FrameDirection.Up, payload, codec, source, Reason),
        { Kind: "endpoint", Endpoint: { } endpoint, EndpointKind: { } kind, State: { } state } => new EndpointChanged(At, endpoint, kind, state, Reason, Node),
        { Kind: "command", CommandId: { } id, State: { } state } when DtuId.TryParse(Dtu, out var dtu) => new CommandChanged(At, dtu, id, state, Reason),
        { Kind: "alarm", Alarm: { } alarm } => new AlarmChanged(At, alarm),
        { Kind: "lost", Count: > 0 } => new EventsLost(At, Count),
        _ => null,
    };
}

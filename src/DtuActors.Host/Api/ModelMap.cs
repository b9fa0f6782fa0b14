using DtuActors.Protocol;
using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Detection;
using DtuActors.Recording;

namespace DtuActors.Host.Api;

/// <summary>From the gateway's records to the API's shapes.</summary>
internal static class ModelMap
{
    // Less is a hint that nearly anything gives; more names than these help nobody.
    private const double LeastConfidence = 0.3;
    private const int MostGuesses = 3;

    /// <summary>UTC to the millisecond: what a person compares, and what every reader of ISO 8601 takes.</summary>
    public static DateTime Utc(DateTimeOffset at)
    {
        var utc = at.UtcDateTime;
        return new DateTime(utc.Ticks - (utc.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
    }

    public static string Word(this FrameDirection direction) => direction is FrameDirection.Up ? "up" : "down";

    public static string Word(this DtuState state) => state switch
    {
        DtuState.Online => "online",
        DtuState.Sleeping => "sleeping",
        DtuState.Conflict => "conflict",
        _ => "offline",
    };

    public static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexString(bytes.Span);

    public static DtuModel ToModel(this DtuStatus dtu) => new()
    {
        Id = dtu.Id.Value,
        Name = dtu.Name,
        State = dtu.State.Word(),
        PresentedId = dtu.PresentedId,
        Listener = dtu.Listener,
        Remote = dtu.Remote,
        Node = dtu.Node,
        Profile = dtu.Profile,
        Codec = dtu.Codec,
        Groups = dtu.Groups,
        Aliases = dtu.Aliases,
        Port = dtu.Port,
        Note = dtu.Note,
        Registered = dtu.IsRegistered,
        FirstSeenAt = Utc(dtu.FirstSeenAt),
        ConnectedAt = Utc(dtu.ConnectedAt),
        LastSeenAt = Utc(dtu.LastSeenAt),
        BytesUp = dtu.BytesUp,
        BytesDown = dtu.BytesDown,
        FramesUp = dtu.FramesUp,
        FramesDown = dtu.FramesDown,
        Heartbeats = dtu.Heartbeats,
        Reconnects = dtu.Reconnects,
        Queued = dtu.Queued,
        SuspendedSlaves = [.. dtu.SuspendedSlaves.Select(suspended => new SuspendedSlaveModel { Slave = suspended.Slave, Until = Utc(suspended.Until) })],
        Down = dtu.Down.ToModel(),
        DroppedUp = dtu.DroppedUp,
        Polls = [.. dtu.Polls.Select(ToModel)],
        LastError = dtu.LastError,
        ConflictWith = dtu.ConflictWith,
        EndReason = dtu.EndReason,
        EndError = dtu.EndError,
        EndedAt = Utc(dtu.EndedAt),
    };

    private static PollModel ToModel(PollStatus poll) => new()
    {
        Name = poll.Name,
        Sent = poll.Sent,
        Answered = poll.Answered,
        Failed = poll.Failed,
        LastError = poll.LastError,
        LastAt = Utc(poll.LastAt),
    };

    public static CountersModel ToModel(this TrafficCounters counters) => new()
    {
        Accepted = counters.Accepted,
        Written = counters.Written,
        Waiting = counters.Waiting,
        AcceptedBytes = counters.AcceptedBytes,
        WrittenBytes = counters.WrittenBytes,
        WaitingBytes = counters.WaitingBytes,
        Dropped = counters.Dropped,
    };

    public static FrameModel ToModel(this RecordedFrame frame) => new()
    {
        At = Utc(frame.At),
        Direction = frame.Direction.Word(),
        Hex = Hex(frame.Payload),
        Codec = frame.Codec,
        Decoded = Decode(frame.Codec, frame.Direction, frame.Payload, frame.Verdict),
        Source = frame.Source,
        Verdict = frame.Verdict,
    };

    public static UnknownModel ToModel(this RefusedConnection refused) => new()
    {
        At = Utc(refused.At),
        Node = refused.Node,
        Listener = refused.Listener,
        Remote = refused.Remote,
        Hex = Hex(refused.FirstBytes),
        Reason = refused.Reason,
        Guesses = Guesses(refused.FirstBytes),
    };

    public static EndpointModel ToModel(this EndpointStatus endpoint) => new()
    {
        Name = endpoint.Name,
        Node = endpoint.Node,
        Kind = endpoint.Kind,
        State = endpoint.State,
        LastError = endpoint.LastError,
        Since = Utc(endpoint.Since),
        Where = endpoint.Where,
        Clients = endpoint.Clients,
        Refused = endpoint.Refused,
        Up = endpoint.Up.ToModel(),
        Down = endpoint.Down.ToModel(),
        Branches = [.. endpoint.Branches.Select(ToModel)],
    };

    private static BranchModel ToModel(BranchStatus branch) => new()
    {
        Dtu = branch.Dtu,
        State = branch.State,
        LastError = branch.LastError,
        Where = branch.Where,
        Clients = branch.Clients,
    };

    public static ListenerModel ToModel(this ListenerStatus listener) => new()
    {
        Name = listener.Name,
        Node = listener.Node,
        Kind = listener.Kind,
        State = listener.State,
        LastError = listener.LastError,
        Address = listener.Address,
        Profile = listener.Profile,
        Connections = listener.Connections,
        Accepted = listener.Accepted,
        Refused = listener.Refused,
        Dropped = listener.Dropped,
    };

    public static RouteModel ToModel(this RouteStatus route) => new()
    {
        Name = route.Name,
        Kind = route.Kind,
        State = route.State,
        LastError = route.LastError,
        Dtu = route.Dtu,
        To = route.To,
        Direction = route.Direction,
        Online = route.Online,
        FramesUp = route.FramesUp,
        FramesDown = route.FramesDown,
        DroppedUp = route.DroppedUp,
        DroppedDown = route.DroppedDown,
    };

    public static FrameEvent ToModel(this FramePassed frame) => new()
    {
        At = Utc(frame.At),
        Dtu = frame.Dtu.Value,
        Direction = frame.Direction.Word(),
        Hex = Hex(frame.Payload),
        Codec = frame.Codec,
        Decoded = Decode(frame.Codec, frame.Direction, frame.Payload, frame.Verdict),
        Source = frame.Source,
        Verdict = frame.Verdict,
    };

    // The names of what is worth trying, from the first 64 bytes; asked for seldom, so worked out then.
    private static IReadOnlyList<string> Guesses(ReadOnlyMemory<byte> firstBytes) =>
        [.. Detector.Guess(firstBytes.Span).Where(guess => guess.Confidence >= LeastConfidence).Take(MostGuesses).Select(guess => guess.Name)];

    /// <summary>What a frame says, in a line; null where nothing is known of it. Bytes that are no frame would only be decoded into something wrong.</summary>
    public static string? Decode(string codec, FrameDirection direction, ReadOnlyMemory<byte> payload, string? verdict) =>
        verdict is null ? Decoders.Describe(codec, direction, payload.Span) : null;

    private static DateTime? Utc(DateTimeOffset? at) => at is { } given ? Utc(given) : null;
}

using System.Globalization;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;
using DtuActors.Sessions;
using Google.Protobuf;

namespace DtuActors.Clustering.Wire;

/// <summary>What several messages are made of, to form and back. What a message cannot be without and is not there throws <see cref="FormatException"/>.</summary>
internal sealed class WireParts(ExtendedActorSystem system)
{
    // In front of a turn's text: no asker's name has it, so that a turn is nobody's by chance.
    private const char TurnMark = '\u001F';

    private readonly WireRefs _refs = new(system);

    // ---- references, bytes, ids

    public string Text(IActorRef? reference) => _refs.Text(reference);

    public IActorRef Ref(string text) => _refs.Ref(text);

    /// <summary>Bytes of messages are owned and never change: they need no copy.</summary>
    public static ByteString Bytes(ReadOnlyMemory<byte> bytes) => bytes.IsEmpty ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(bytes);

    public static DtuId Id(string text) => DtuId.Parse(text);

    /// <summary>
    /// Whose turn a request takes: texts that are equal exactly where the turns are. A pair, as callers of the API are told apart; a reference; or the text that came from
    /// another node.
    /// </summary>
    public string? Turn(object? turn) => turn switch
    {
        null => null,
        string text => text,
        (string asker, string caller) => string.Create(CultureInfo.InvariantCulture, $"{TurnMark}{asker.Length}:{asker}{caller}"),
        IActorRef reference => $"{TurnMark}@{Text(reference)}",
        _ => throw new FormatException($"a turn that has no text: {turn.GetType()}"),
    };

    // ---- time

    // A date goes as its age by the one node's wall clock, and is a date by the other's.

    /// <summary>How long ago it was, in units of 100 ns.</summary>
    public long Age(DateTimeOffset at) => (system.Scheduler.Now - at).Ticks;

    /// <summary>When it was by this node's clock; the way here counts as none.</summary>
    public DateTimeOffset At(long age) => Before(system.Scheduler.Now, age);

    private static DateTimeOffset Before(DateTimeOffset moment, long age) =>
        new((long)Int128.Clamp((Int128)moment.UtcTicks - age, DateTimeOffset.MinValue.UtcTicks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);

    // ---- sessions

    public static EpochForm Form(Epoch epoch) => new() { Number = epoch.Number, Salt = epoch.Salt };

    public static Epoch Epoch(EpochForm? form) => form is null ? throw Missing("epoch") : new Epoch(form.Number, form.Salt);

    public SessionForm Form(SessionRef session) => new() { Dtu = session.Id.Value, Epoch = Form(session.Epoch), Connection = Text(session.Connection) };

    public SessionRef Session(SessionForm? form) => form is null ? throw Missing("session") : new SessionRef(Id(form.Dtu), Epoch(form.Epoch), Ref(form.Connection));

    public DestinationForm Form(Destination destination) => new() { Ref = Text(destination.Ref), Incarnation = destination.Incarnation };

    public Destination Destination(DestinationForm? form) => form is null ? throw Missing("destination") : new Destination(Ref(form.Ref), form.Incarnation);

    // ---- what they carry

    public FrameForm Form(Frame frame) => new()
    {
        Payload = Bytes(frame.Payload),
        Direction = frame.Direction is FrameDirection.Down ? DirectionForm.Down : DirectionForm.Up,
        Codec = frame.Codec,
        Age = (SteadyTime.Now(system.Scheduler) - frame.Since).Ticks,
    };

    public Frame Frame(FrameForm? form) => form is null
        ? throw Missing("frame")
        : new Frame(form.Payload.Memory, form.Direction is DirectionForm.Down ? FrameDirection.Down : FrameDirection.Up, form.Codec, At(form.Age))
        {
            Since = Before(SteadyTime.Now(system.Scheduler), form.Age),
        };

    public static LineForm Form(LineSettings line) => new() { Baud = line.Baud, DataBits = line.DataBits, Parity = (int)line.Parity, StopBits = (int)line.StopBits };

    /// <summary>Null where it says what a line cannot be set to, as far as this release knows: it stays as it is.</summary>
    public static LineSettings? Line(LineForm form)
    {
        var line = new LineSettings(form.Baud, form.DataBits, (LineParity)form.Parity, (LineStopBits)form.StopBits);
        var possible = LineSettings.Usual
            .With(LineField.Baud, (uint)form.Baud)
            .With(LineField.DataBits, (uint)form.DataBits)
            .With(LineField.Parity, (uint)form.Parity)
            .With(LineField.StopBits, (uint)form.StopBits);
        return line == possible ? line : null;
    }

    public static HeartbeatForm Form(Replaying.Heartbeat heartbeat) => new() { Bytes = Bytes(heartbeat.Bytes), Reply = Bytes(heartbeat.Reply), IsUnit = heartbeat.IsUnit };

    public static Replaying.Heartbeat Heartbeat(HeartbeatForm form) => new(form.Bytes.Memory, form.Reply.Memory, form.IsUnit);

    public static DuplicatesForm Form(DuplicatesOptions duplicates) => new()
    {
        Policy = duplicates.Policy is DuplicatesPolicy.HoldFirst ? DuplicatesPolicyForm.HoldFirst : DuplicatesPolicyForm.Newest,
        ConflictAfter = duplicates.ConflictAfter,
        Within = duplicates.Within.Ticks,
    };

    public static DuplicatesOptions Duplicates(DuplicatesForm? form) => form is null ? new() : new()
    {
        Policy = form.Policy is DuplicatesPolicyForm.HoldFirst ? DuplicatesPolicy.HoldFirst : DuplicatesPolicy.Newest,
        ConflictAfter = form.ConflictAfter,
        Within = TimeSpan.FromTicks(form.Within),
    };

    // ---- refusals

    public static RefusalForm Form(RefusalReason reason) => reason switch
    {
        RefusalReason.Offline => RefusalForm.Offline,
        RefusalReason.QueueFull => RefusalForm.QueueFull,
        RefusalReason.BusBusy => RefusalForm.BusBusy,
        RefusalReason.SessionEnded => RefusalForm.SessionEnded,
        RefusalReason.SlaveSuspended => RefusalForm.SlaveSuspended,
        RefusalReason.TooLong => RefusalForm.TooLong,
        RefusalReason.Withdrawn => RefusalForm.Withdrawn,
        RefusalReason.StorageFailed => RefusalForm.StorageFailed,
        RefusalReason.Expired => RefusalForm.Expired,
        _ => RefusalForm.NoAnswer,
    };

    /// <summary>A reason that is not known counts as no answer: it is true, and makes nobody write again.</summary>
    public static RefusalReason Refusal(RefusalForm form) => form switch
    {
        RefusalForm.Offline => RefusalReason.Offline,
        RefusalForm.QueueFull => RefusalReason.QueueFull,
        RefusalForm.BusBusy => RefusalReason.BusBusy,
        RefusalForm.SessionEnded => RefusalReason.SessionEnded,
        RefusalForm.SlaveSuspended => RefusalReason.SlaveSuspended,
        RefusalForm.TooLong => RefusalReason.TooLong,
        RefusalForm.Withdrawn => RefusalReason.Withdrawn,
        RefusalForm.StorageFailed => RefusalReason.StorageFailed,
        RefusalForm.Expired => RefusalReason.Expired,
        _ => RefusalReason.NoAnswer,
    };

    private static FormatException Missing(string what) => new($"it has no {what}");
}

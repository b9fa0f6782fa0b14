using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Clustering.Wire;

/// <summary>The data path between nodes: frames, how far they have come, and what endpoints hear of a session beside them.</summary>
internal static class RelayForms
{
    public static readonly WireForm[] All =
    [
        new WireForm<Relay.Deliver, DeliverForm>("del", DeliverForm.Parser, Form, Message),
        new WireForm<Relay.StaleSession, StaleSessionForm>(
            "sta",
            StaleSessionForm.Parser,
            (stale, parts) => new StaleSessionForm { Stale = parts.Form(stale.Stale), Delivery = Form(stale.Delivery, parts) },
            (form, parts) => new Relay.StaleSession(parts.Session(form.Stale), Message(form.Delivery, parts))),
        new WireForm<Flow.PathAdded, PathForm>(
            "pad", PathForm.Parser, (added, parts) => Path(added.Destination, added.Dtu, parts), (form, parts) => new Flow.PathAdded(parts.Destination(form.Destination), Dtu(form))),
        new WireForm<Flow.PathRemoved, PathForm>(
            "prm", PathForm.Parser, (removed, parts) => Path(removed.Destination, removed.Dtu, parts), (form, parts) => new Flow.PathRemoved(parts.Destination(form.Destination), Dtu(form))),
        new WireForm<Flow.PathsForgotten, PathsForgottenForm>("pfo", PathsForgottenForm.Parser, (_, _) => new PathsForgottenForm(), (_, _) => Flow.PathsForgotten.Instance),
        new WireForm<Flow.Taken, TakenForm>(
            "ack",
            TakenForm.Parser,
            (taken, parts) => new TakenForm { Destination = parts.Form(taken.Destination), Through = taken.Through },
            (form, parts) => new Flow.Taken(parts.Destination(form.Destination), form.Through)),
        new WireForm<Replaying.Follow, FollowForm>(
            "fol", FollowForm.Parser, (follow, _) => new FollowForm { Endpoint = follow.Endpoint }, (form, _) => new Replaying.Follow(form.Endpoint)),
        new WireForm<Replaying.Unfollow, FollowForm>(
            "unf", FollowForm.Parser, (unfollow, _) => new FollowForm { Endpoint = unfollow.Endpoint }, (form, _) => new Replaying.Unfollow(form.Endpoint)),
        new WireForm<Replaying.Registration, RegistrationForm>("reg", RegistrationForm.Parser, Form, Message),
    ];

    internal static DeliverForm Form(Relay.Deliver deliver, WireParts parts) => new()
    {
        Source = parts.Text(deliver.Source),
        SourceName = deliver.SourceName,
        Dtu = deliver.Dtu.Value,
        Epoch = WireParts.Form(deliver.Epoch),
        Frame = deliver.Frame is { } frame ? parts.Form(frame) : null,
        Through = deliver.Through,
        AckWanted = deliver.AckWanted,
        IsAnswer = deliver.IsAnswer,
        Line = deliver.Line is { } line ? WireParts.Form(line) : null,
        Heartbeat = deliver.Heartbeat is { } heartbeat ? WireParts.Form(heartbeat) : null,
    };

    internal static Relay.Deliver Message(DeliverForm? form, WireParts parts) => form is null ? throw new FormatException("it has no delivery") : new(
        parts.Ref(form.Source),
        form.SourceName,
        WireParts.Id(form.Dtu),
        WireParts.Epoch(form.Epoch),
        form.Frame is { } frame ? parts.Frame(frame) : null,
        form.Through,
        form.AckWanted,
        form.IsAnswer,
        form.Line is { } line ? WireParts.Line(line) : null,
        form.Heartbeat is { } heartbeat ? WireParts.Heartbeat(heartbeat) : null);

    private static PathForm Path(Destination destination, Protocol.DtuId? dtu, WireParts parts)
    {
        var form = new PathForm { Destination = parts.Form(destination) };
        if (dtu is { } id)
        {
            form.Dtu = id.Value;
        }

        return form;
    }

    private static Protocol.DtuId? Dtu(PathForm form) => form.HasDtu ? WireParts.Id(form.Dtu) : null;

    private static RegistrationForm Form(Replaying.Registration registration, WireParts parts)
    {
        var form = new RegistrationForm
        {
            Session = parts.Form(registration.Session),
            Bytes = WireParts.Bytes(registration.Bytes),
            Reply = WireParts.Bytes(registration.Reply),
            EveryPacket = registration.EveryPacket,
            Silence = registration.Silence.Ticks,
        };
        if (registration.Envelope is { } envelope)
        {
            form.Envelope = envelope;
        }

        return form;
    }

    private static Replaying.Registration Message(RegistrationForm form, WireParts parts) => new(
        parts.Session(form.Session), form.Bytes.Memory, form.Reply.Memory, form.EveryPacket, TimeSpan.FromTicks(form.Silence), form.HasEnvelope ? form.Envelope : null);
}

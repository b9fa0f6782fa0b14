using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using DtuActors.Clustering;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>
/// The data path's conversation: sessions and endpoints tell the RouterActor frames, it tells destinations. <c>Through</c> is the source's own
/// cumulative count of emitted bytes, this frame included; a message without a frame is a probe that follows the same way (see <see cref="Flow"/>).
/// </summary>
public static class Relay
{
    /// <summary>
    /// Session → router. <paramref name="Only"/>: the one source (an endpoint's name, or <c>dtu:ID</c>) whose request this answers; null: every route.
    /// <paramref name="Heartbeat"/>: no frame, for the endpoint <paramref name="Only"/>, which follows the session (<see cref="Replaying"/>).
    /// </summary>
    public sealed record Uplink(SessionRef Session, Frame? Frame, long Through, bool AckWanted, string? Only = null, Replaying.Heartbeat? Heartbeat = null)
        : INoSerializationVerificationNeeded;

    /// <summary>
    /// Endpoint → router, for the DTUs that its routes lead to. <paramref name="To"/>: for this one of them; null: for those that <c>select</c> means. Without a frame:
    /// for all of them. <paramref name="Line"/>: how their serial lines are to be set from here on, in order with the frames.
    /// </summary>
    public sealed record Downlink(string Endpoint, IActorRef Source, Frame? Frame, long Through, bool AckWanted, DtuId? To = null, LineSettings? Line = null)
        : INoSerializationVerificationNeeded;

    /// <summary>
    /// Router → destination. The destination writes or drops the frame in order and, where <paramref name="AckWanted"/>, then tells <paramref name="Source"/>
    /// <see cref="Flow.Taken"/> with <paramref name="Through"/>, directly.
    /// </summary>
    /// <param name="Source">The session or endpoint that emitted it.</param>
    /// <param name="SourceName"><c>dtu:ID</c>, or the endpoint's name.</param>
    /// <param name="Dtu">For an endpoint the DTU that said it; for a session its own.</param>
    /// <param name="Epoch">The session of that DTU that the router meant or heard.</param>
    /// <param name="Frame">Null for a probe, and for settings of the line.</param>
    /// <param name="Through">The source's cumulative bytes.</param>
    /// <param name="AckWanted">Whether the source waits for <see cref="Flow.Taken"/>.</param>
    /// <param name="IsAnswer">Whether it answers what the destination asked, so that nothing comes back.</param>
    /// <param name="Line">To a session: how the DTU's serial line is to be set from here on.</param>
    /// <param name="Heartbeat">To an endpoint that follows the session: a heartbeat in its place among the frames; there is no frame then.</param>
    public sealed record Deliver(
        IActorRef Source,
        string SourceName,
        DtuId Dtu,
        Epoch Epoch,
        Frame? Frame,
        long Through,
        bool AckWanted,
        bool IsAnswer = false,
        LineSettings? Line = null,
        Replaying.Heartbeat? Heartbeat = null)
        : INoSerializationVerificationNeeded, IWire;

    /// <summary>Endpoint → router: a command for a DTU of its routes. The directory's queue answers the sender, as <see cref="Queueing.Take"/> says.</summary>
    public sealed record Command(string Endpoint, Queueing.Take Take) : INoSerializationVerificationNeeded;

    /// <summary>A superseded session gives a frame back: the router evicts it and asks the directory once.</summary>
    public sealed record StaleSession(SessionRef Stale, Deliver Delivery) : INoSerializationVerificationNeeded, IWire;
}

/// <summary>What the router knows of who is there. Endpoints and sessions announce themselves; a restarted router asks for it anew.</summary>
public static class Registry
{
    /// <summary>Endpoint → router, from its start and whenever asked by <see cref="AnnounceYourself"/>.</summary>
    /// <param name="Destination">The endpoint and its incarnation: a restarted one announces a new one, and windows towards it begin anew.</param>
    /// <param name="Exclusive">Whether it holds windows towards its sources (serial, pty, tcp exclusive); a shared one loses first instead.</param>
    /// <param name="Name">The endpoint's name.</param>
    /// <param name="Select">To which of several DTUs its downlinks go.</param>
    /// <param name="WantsSessions">Whether it hears <see cref="SessionSeen"/> and <see cref="SessionGone"/> of the DTUs that its routes lead to.</param>
    /// <param name="MirrorsUp">Whether a route that only leads up makes it a mirror of the DTU: it holds no window there, and loses first.</param>
    public sealed record EndpointStarted(
        string Name, Destination Destination, bool Exclusive, DownlinkSelect Select, bool WantsSessions = false, bool MirrorsUp = false)
        : INoSerializationVerificationNeeded;

    /// <summary>
    /// Router → endpoint: a DTU of one of its routes is online, before anything that the DTU says; all of them again when the endpoint or the router was restarted.
    /// A newer session of the same DTU comes after the <see cref="SessionGone"/> of the older one.
    /// </summary>
    /// <param name="Session">The session.</param>
    /// <param name="Up">Whether its uplinks come to the endpoint.</param>
    /// <param name="Down">Whether the endpoint's downlinks may go to it.</param>
    /// <param name="Registration">How it registered, where the router has just heard it; else whoever wants to know asks the session.</param>
    public sealed record SessionSeen(SessionRef Session, bool Up, bool Down, Replaying.Registration? Registration = null) : INoSerializationVerificationNeeded;

    /// <summary>Router → endpoint: that session has ended, or no route leads to it any more.</summary>
    public sealed record SessionGone(SessionRef Session) : INoSerializationVerificationNeeded;

    /// <summary>Router → endpoint.</summary>
    public sealed record AnnounceYourself : INoSerializationVerificationNeeded
    {
        public static readonly AnnounceYourself Instance = new();
    }

    /// <summary>Session → router, before its first uplink.</summary>
    public sealed record SessionOpened(SessionRef Session, Replaying.Registration? Registration = null) : INoSerializationVerificationNeeded;

    /// <summary>Register → router: these DTUs may be in other groups than they were; <see cref="Admission"/> says in which.</summary>
    public sealed record MembershipsChanged(ImmutableArray<DtuId> Dtus) : INoSerializationVerificationNeeded;

    /// <summary>Session → router, once its socket is gone: one <see cref="SessionForgotten"/>, which nothing follows, to the session.</summary>
    public sealed record SessionClosed(SessionRef Session) : INoSerializationVerificationNeeded;

    /// <summary>Router → session. One that failed does not wait for it.</summary>
    public sealed record SessionForgotten : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly SessionForgotten Instance = new();
    }
}

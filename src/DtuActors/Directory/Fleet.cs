using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Alarming;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Registering;

namespace DtuActors.Directory;

/// <summary>
/// The FleetView's conversation: sessions, endpoints and listeners tell it how they stand, at most once a second and only when something changed;
/// queries read it. What it shows is a second old at most.
/// </summary>
public static class Fleet
{
    /// <summary>From a session, when it opens and at most once a second when something moved.</summary>
    public sealed record SessionSeen(SessionReport Report) : INoSerializationVerificationNeeded;

    /// <summary>From a session, once, at its end.</summary>
    public sealed record SessionEnded(SessionReport Report, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>From the router, at most once a second when something moved. The state of a route to an endpoint is that one's, and not told here.</summary>
    public sealed record RoutesSeen(ImmutableArray<RouteStatus> Routes) : INoSerializationVerificationNeeded;

    /// <summary>From the register: rows as they are now, and ids that have none any more.</summary>
    public sealed record RegisterSeen(ImmutableArray<RegisteredDtu> Rows, ImmutableArray<DtuId> Removed) : INoSerializationVerificationNeeded;

    /// <summary>From the gateway: the DTUs that are configured, all of them, in place of those that were.</summary>
    public sealed record DtusConfigured(ImmutableDictionary<DtuId, DtuOptions> Dtus) : INoSerializationVerificationNeeded;

    /// <summary>From the gateway: an endpoint of that name has ended, and says no more.</summary>
    public sealed record EndpointGone(string Name) : INoSerializationVerificationNeeded;

    /// <summary>A listener or dialer is not here any more.</summary>
    public sealed record ListenerGone(string Name) : INoSerializationVerificationNeeded;

    /// <summary>Forget what is remembered of a DTU, unless it is online, configured or registered. One <see cref="Forgotten"/>.</summary>
    public sealed record Forget(DtuId Id) : INoSerializationVerificationNeeded;

    /// <param name="WasKnown">False where it was never seen and is neither configured nor registered.</param>
    public sealed record Forgotten(bool WasKnown) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="DtuPage"/>.</summary>
    /// <param name="Filter">Which.</param>
    /// <param name="Limit">The most of a page.</param>
    /// <param name="After">Those behind it.</param>
    /// <param name="ForPeer">Another node asks: DTUs that nobody saw, or nobody sees any more, it shows by itself.</param>
    public sealed record ListDtus(DtuFilter Filter, int Limit, string? After, bool ForPeer = false) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="DtuSearch"/>.</summary>
    /// <param name="Filter">Which.</param>
    /// <param name="Skip">So many are not shown.</param>
    /// <param name="Take">The most that are shown.</param>
    /// <param name="From">Where to begin; null: with the first.</param>
    /// <param name="ForPeer">As above.</param>
    public sealed record SearchDtus(DtuFilter Filter, int Skip, int Take, DtuId? From = null, bool ForPeer = false) : INoSerializationVerificationNeeded;

    /// <summary>Some of those that a filter means, by id, at even distances: one <see cref="Samples"/>.</summary>
    public sealed record SampleDtus(DtuFilter Filter, int Most, bool ForPeer = false) : INoSerializationVerificationNeeded;

    /// <param name="Total">All that are meant.</param>
    /// <param name="Step">Each how many-th is here.</param>
    /// <param name="Ids">The first, and those at each step behind it.</param>
    public sealed record Samples(int Total, int Step, ImmutableArray<DtuId> Ids) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Listed{T}"/> of <see cref="SessionRecord"/>, newest first.</summary>
    public sealed record GetSessions(DtuId Id) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="FleetCounts"/>.</summary>
    public sealed record GetCounts(bool ForPeer = false) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="FoundDtu"/>.</summary>
    public sealed record GetDtu(DtuId Id, bool ForPeer = false) : INoSerializationVerificationNeeded;

    /// <param name="Status">Null where the DTU was never seen and is neither configured nor registered.</param>
    /// <param name="IsHere">False: another node says how it stands.</param>
    public sealed record FoundDtu(DtuStatus? Status, bool IsHere = true) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Listed{T}"/> of <see cref="EndpointStatus"/>, by name.</summary>
    public sealed record ListEndpoints : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Listed{T}"/> of <see cref="RouteStatus"/>, in the order of configuration.</summary>
    public sealed record ListRoutes : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Listed{T}"/> of <see cref="ListenerStatus"/>, by name.</summary>
    public sealed record ListListeners : INoSerializationVerificationNeeded;

    public sealed record Listed<T>(ImmutableArray<T> Items) : INoSerializationVerificationNeeded;

    /// <summary>Look at the whole field: one <see cref="Looked"/> with the same object, which is the FleetView's meanwhile.</summary>
    internal sealed record Look(FieldLook Field) : INoSerializationVerificationNeeded;

    internal sealed record Looked(FieldLook Field) : INoSerializationVerificationNeeded;

    /// <summary>From an endpoint, at its start, on each change of state and at most once a second when counters moved.</summary>
    public sealed record EndpointSeen(EndpointStatus Status) : INoSerializationVerificationNeeded;

    /// <summary>From a listener, likewise.</summary>
    public sealed record ListenerSeen(ListenerStatus Status) : INoSerializationVerificationNeeded;

    /// <summary>From the history: the DTUs that were seen before the start, the longest unseen first.</summary>
    internal sealed record Recalled(ImmutableArray<(DtuId Dtu, KnownDtu Known)> Rows) : INoSerializationVerificationNeeded;

    /// <summary>At the gateway's end: every session's end was told before this; <paramref name="Next"/> is to drain what it has of them.</summary>
    internal sealed record EndedSoFar(IActorRef Next) : INoSerializationVerificationNeeded;

    /// <summary>To everyone who tells it something: a restarted FleetView knows nothing yet.</summary>
    public sealed record TellAgain : INoSerializationVerificationNeeded
    {
        public static readonly TellAgain Instance = new();
    }
}

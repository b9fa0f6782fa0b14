using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Protocol;
using DtuActors.Recording;

namespace DtuActors.Clustering.Presence;

/// <summary>What a node has to say of a DTU.</summary>
internal enum PresenceState
{
    /// <summary>It was seen there.</summary>
    Offline,

    Online,

    /// <summary>There is nothing known of it there any more.</summary>
    Forgotten,

    /// <summary>It was online at a node that is gone, and was not heard of since.</summary>
    Lost,
}

/// <summary>One DTU, as its node tells the others.</summary>
/// <param name="Id">The DTU.</param>
/// <param name="Number">Its newest session's, of the epoch.</param>
/// <param name="State">How it is there.</param>
internal sealed record PresenceRow(DtuId Id, long Number, PresenceState State)
{
    /// <summary>Of one that is lost: with which node.</summary>
    public string? With { get; init; }

    /// <summary>Of one that is lost: how long ago, in milliseconds.</summary>
    public long? AgoMs { get; init; }
}

/// <summary>What the FleetView and the PresenceActor tell each other of who is where.</summary>
internal static class Presence
{
    /// <summary>Gateway → PresenceActor: that node is within reach.</summary>
    public sealed record Meet(string Node) : INoSerializationVerificationNeeded;

    /// <summary>Gateway → PresenceActor → FleetView: it is out of reach or gone; its DTUs end, for one of <see cref="Sessions.EndReasons"/>.</summary>
    public sealed record Part(string Node, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>PresenceActor → its parent: it knows of no node yet.</summary>
    public sealed record WhoIsThere : INoSerializationVerificationNeeded
    {
        public static readonly WhoIsThere Instance = new();
    }

    /// <summary>PresenceActor → FleetView: what has changed since: one <see cref="Changes"/>.</summary>
    public sealed record TakeChanges(int Most) : INoSerializationVerificationNeeded;

    public sealed record Changes(ImmutableArray<PresenceRow> Rows, bool AreMore) : INoSerializationVerificationNeeded;

    /// <summary>Every DTU that this node has seen, by id: one <see cref="Whole"/>.</summary>
    public sealed record GetWhole(string? After, int Most) : INoSerializationVerificationNeeded;

    /// <param name="Next">The <c>After</c> of the next part; null: there is none.</param>
    public sealed record Whole(ImmutableArray<PresenceRow> Rows, string? Next) : INoSerializationVerificationNeeded;

    /// <summary>PresenceActor → FleetView: what another node says.</summary>
    public sealed record Heard(string Node, ImmutableArray<PresenceRow> Rows) : INoSerializationVerificationNeeded;

    /// <summary>PresenceActor → FleetView: something that node said was missed, and it is about to say everything anew.</summary>
    public sealed record Anew(string Node) : INoSerializationVerificationNeeded;

    /// <summary>Gateway → PresenceActor → FleetView: whoever was lost with that node and is not back is so: one <see cref="Losses"/>.</summary>
    public sealed record SayLost(string Node) : INoSerializationVerificationNeeded;

    public sealed record Losses(ImmutableArray<DtuOffline> Dtus) : INoSerializationVerificationNeeded;
}

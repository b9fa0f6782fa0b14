using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Commanding;

/// <summary>The conversation about commands that are stored: told to the directory, which hands it to the DTU's CommandQueueActor.</summary>
public static class Queueing
{
    /// <summary>What is for one DTU's queue.</summary>
    public interface IForQueue : IForDtu;

    /// <summary>
    /// Accept this command. One <see cref="Taken"/> or <see cref="Refused"/> to the sender; and, where it <paramref name="FollowsEnd"/>, one <see cref="Ended"/> behind
    /// <see cref="Taken"/>, as long as the queue lives.
    /// </summary>
    /// <param name="Dtu">For whom.</param>
    /// <param name="Id">The command's id.</param>
    /// <param name="By">As of <see cref="CommandTaken"/>; so are <paramref name="Source"/>, <paramref name="Payload"/>, <paramref name="Key"/> and <paramref name="AnswerUp"/>.</param>
    /// <param name="Source">What events call the source of its bytes.</param>
    /// <param name="Payload">What is written.</param>
    /// <param name="TimeToLive">How long it may wait; null: not for a DTU that is offline.</param>
    /// <param name="Retry">Whether it is written again where nobody knows if it was.</param>
    /// <param name="Key">What it replaces.</param>
    /// <param name="AnswerUp">Whether its answer is the source's uplink.</param>
    /// <param name="AnswerWithin">Where the DTU is online, how long <see cref="Taken"/> may wait for a better state than queued.</param>
    /// <param name="Correlation">The asker's own number.</param>
    /// <param name="FollowsEnd">Whether the asker hears of its end.</param>
    public sealed record Take(
        DtuId Dtu,
        string Id,
        string? By,
        string Source,
        ReadOnlyMemory<byte> Payload,
        TimeSpan? TimeToLive,
        bool Retry = false,
        string? Key = null,
        bool AnswerUp = false,
        TimeSpan AnswerWithin = default,
        long Correlation = 0,
        bool FollowsEnd = false) : IForQueue;

    /// <summary>It is in the journal, and this is its state now; <paramref name="Refusal"/>: why it has failed already.</summary>
    public sealed record Taken(long Correlation, CommandStatus Status, RefusalReason? Refusal) : INoSerializationVerificationNeeded, IWire;

    /// <summary>It is not in the journal, and nothing was or will be written.</summary>
    public sealed record Refused(long Correlation, RefusalReason Reason) : INoSerializationVerificationNeeded, IWire;

    /// <summary>It has ended so.</summary>
    public sealed record Ended(long Correlation, CommandStatus Status, RefusalReason? Refusal) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Take it back: one <see cref="Commands.WithdrawEnded"/> to the sender.</summary>
    public sealed record Withdraw(DtuId Dtu, string Id) : IForQueue;

    /// <summary>One <see cref="Commands.Listed"/> to the sender, or <see cref="Refused"/>.</summary>
    public sealed record List(DtuId Dtu) : IForQueue;

    /// <summary>There may be open commands in the journal.</summary>
    public sealed record Wake(DtuId Dtu) : IForQueue;

    // ---- DtuActor and CommandQueueActor

    /// <summary>DtuActor → queue: this session holds the DTU; null: none does.</summary>
    public sealed record SessionIs(SessionRef? Session) : INoSerializationVerificationNeeded;

    /// <summary>DtuActor → queue: begin nothing more; end what is under way, and stop.</summary>
    public sealed record Finish : INoSerializationVerificationNeeded
    {
        public static readonly Finish Instance = new();
    }

    /// <summary>Queue → DtuActor: its journal is read, and takes what is written.</summary>
    public sealed record Works : INoSerializationVerificationNeeded
    {
        public static readonly Works Instance = new();
    }

    /// <summary>Queue → DtuActor: it has the next <see cref="IForQueue"/> that it was told, and whoever asked hears of it, whatever happens.</summary>
    public sealed record Heard : INoSerializationVerificationNeeded
    {
        public static readonly Heard Instance = new();
    }

    /// <summary>Queue → DtuActor: nothing is open, and all is in the snapshot: if it has <see cref="Heard"/> all that it was told, let it go.</summary>
    public sealed record Idle : INoSerializationVerificationNeeded
    {
        public static readonly Idle Instance = new();
    }

    /// <summary>Tells whoever asked that the journal fails.</summary>
    internal static void RefuseForStorage(IForQueue question, IActorRef asker)
    {
        if (question is not Wake)
        {
            asker.Tell(new Refused((question as Take)?.Correlation ?? 0, RefusalReason.StorageFailed));
        }
    }

    /// <summary>Queue → FleetView: so many of its commands wait, those not counted that a session has.</summary>
    public sealed record Standing(DtuId Dtu, int Waiting) : INoSerializationVerificationNeeded;
}

using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Protocol;

namespace DtuActors.Sessions;

/// <summary>How a request knows its answer.</summary>
public enum AnswerRule
{
    /// <summary>As the DTU's bus mode says: the first uplink frame after the write (transparent), or the one that matches (request-response).</summary>
    ByMode,

    /// <summary>
    /// The request is Modbus RTU, and so is its answer: the valid frame of the same unit and function, put together from whatever the profile's codec cuts. To a
    /// DTU whose codec is <c>modbus-tcp</c> or <c>modbus-ascii</c> it goes in that form, and the answer is read from it.
    /// </summary>
    Modbus,
}

/// <summary>Why a request has no answer.</summary>
public enum RefusalReason
{
    /// <summary>No session of that DTU.</summary>
    Offline,

    /// <summary>Too many requests wait for the bus already.</summary>
    QueueFull,

    /// <summary>Written, and nothing came in time.</summary>
    NoAnswer,

    /// <summary>The bus was not free within <c>queue-wait</c>: nothing was written.</summary>
    BusBusy,

    /// <summary>The session ended meanwhile.</summary>
    SessionEnded,

    /// <summary>The slave has not answered for some time and is not asked for a while: nothing was written.</summary>
    SlaveSuspended,

    /// <summary>More bytes than one write to this DTU carries (a datagram): nothing was written.</summary>
    TooLong,

    /// <summary>Taken back while it waited: nothing was written.</summary>
    Withdrawn,

    /// <summary>The database did not take the command: nothing was written, and nothing will be.</summary>
    StorageFailed,

    /// <summary>Its time to live was over: nothing was written.</summary>
    Expired,
}

/// <summary>
/// The conversation of whoever wants an answer from the instrument behind a DTU: tell the RouterActor a <see cref="Request"/> and get exactly one
/// <see cref="Answered"/> or <see cref="Refused"/> with the same correlation at <see cref="Request.ReplyTo"/>. It takes the bus for itself meanwhile, in either mode.
/// </summary>
public static class Asking
{
    /// <summary>
    /// How often an asker that a connection between nodes may have failed asks whether what it waits for is still held (<see cref="AreHeld"/>): an answer that was lost is missed within
    /// that time of the nodes' hearing each other again.
    /// </summary>
    public static readonly TimeSpan AskAgainEvery = TimeSpan.FromSeconds(5);

    /// <summary>How long an asker waits beyond the request's own time before it takes the word for lost: a session or a router that threw took it along.</summary>
    public static readonly TimeSpan MostWait = TimeSpan.FromMinutes(10);

    /// <param name="Dtu">Whom to ask.</param>
    /// <param name="Payload">What is written.</param>
    /// <param name="Timeout">From the write; null: the profile's <c>response-timeout</c>.</param>
    /// <param name="Rule">How the answer is known.</param>
    /// <param name="Correlation">The asker's own number.</param>
    /// <param name="Asker">An endpoint's name, or <c>api</c> for all its callers: what monitor and history call the source.</param>
    /// <param name="ReplyTo">Who hears of it.</param>
    /// <param name="Turn">
    /// Whose turn it takes on the bus, where one <paramref name="Asker"/> stands for several: those take turns, and requests of one keep their order. Anything with
    /// value equality; null: the asker's.
    /// </param>
    /// <param name="Follows">Whether the asker hears of <see cref="Begun"/> too.</param>
    public sealed record Request(
        DtuId Dtu, ReadOnlyMemory<byte> Payload, TimeSpan? Timeout, AnswerRule Rule, long Correlation, string Asker, IActorRef ReplyTo, object? Turn = null, bool Follows = false)
        : INoSerializationVerificationNeeded, IWire;

    /// <param name="Correlation">The asker's own number.</param>
    /// <param name="Frame">The answer.</param>
    /// <param name="Elapsed">From the write to the answer.</param>
    public sealed record Answered(long Correlation, Frame Frame, TimeSpan Elapsed) : INoSerializationVerificationNeeded, IWire;

    /// <param name="Correlation">The asker's own number.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="WasBegun">Of a <see cref="Send"/> that is followed: its bytes left all the same, whether <see cref="Begun"/> came or was lost between nodes.</param>
    public sealed record Refused(long Correlation, RefusalReason Reason, bool WasBegun = false) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Write these bytes and say when they are in the socket: one <see cref="Sent"/> or <see cref="Refused"/> to <see cref="ReplyTo"/>.</summary>
    /// <param name="Dtu">For whom.</param>
    /// <param name="Payload">What is written.</param>
    /// <param name="Correlation">The asker's own number.</param>
    /// <param name="Asker">As of a <see cref="Request"/>.</param>
    /// <param name="ReplyTo">Who hears of it.</param>
    /// <param name="Turn">As of a <see cref="Request"/>.</param>
    /// <param name="AnswerUp">The asker is an endpoint, and in request-response mode the answer is its uplink, as it is after a routed downlink.</param>
    /// <param name="Follows">
    /// Whether the asker hears of <see cref="Begun"/> too, and, where the bus waits for an answer, behind <see cref="Sent"/> or in its place one
    /// <see cref="Answered"/> or <see cref="Refused"/>.
    /// </param>
    /// <param name="Within">Where it does not leave within that time it is refused as <see cref="RefusalReason.Expired"/>; null: as late as the bus allows.</param>
    public sealed record Send(
        DtuId Dtu,
        ReadOnlyMemory<byte> Payload,
        long Correlation,
        string Asker,
        IActorRef ReplyTo,
        object? Turn = null,
        bool AnswerUp = false,
        bool Follows = false,
        TimeSpan? Within = null)
        : INoSerializationVerificationNeeded, IWire;

    /// <summary>The bytes leave, and can't be taken back; only to who follows.</summary>
    public sealed record Begun(long Correlation) : INoSerializationVerificationNeeded, IWire;

    /// <summary>The kernel has the bytes (transparent), or they stand in the bus queue's turn and were written (request-response).</summary>
    /// <param name="Correlation">The asker's own number.</param>
    /// <param name="AwaitsAnswer">Whether the bus waits for an answer to them: who follows a <see cref="Send"/> hears what becomes of it.</param>
    public sealed record Sent(long Correlation, bool AwaitsAnswer = false) : INoSerializationVerificationNeeded, IWire;

    /// <summary>
    /// Take back what waits for the bus and was never written: its asker hears <see cref="Refused"/> as <see cref="RefusalReason.Withdrawn"/>. One
    /// <see cref="WithdrawEnded"/> to <paramref name="ReplyTo"/>, behind that.
    /// </summary>
    /// <param name="Dtu">For whom it is.</param>
    /// <param name="Correlation">Its number.</param>
    /// <param name="ReplyTo">Its asker.</param>
    /// <param name="For">Whoever the asker wants to tell.</param>
    public sealed record Withdraw(DtuId Dtu, long Correlation, IActorRef ReplyTo, IActorRef For) : INoSerializationVerificationNeeded, IWire;

    /// <param name="WasWaiting">Whether it was waiting, and is never written.</param>
    /// <param name="For">Whom the asker wants to tell.</param>
    /// <param name="Correlation">The number of what was to be taken back.</param>
    public sealed record WithdrawEnded(bool WasWaiting, IActorRef For, long Correlation) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Do you still hold these? One <see cref="NotHeld"/> for each that has ended, or was never heard; silence where it is held, and its answer comes.</summary>
    /// <param name="Correlations">Numbers that the asker counted up, and whose end it has not heard.</param>
    /// <param name="ReplyTo">Their asker.</param>
    public sealed record AreHeld(ImmutableArray<long> Correlations, IActorRef ReplyTo) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Its answer was told before, or never will be.</summary>
    /// <param name="Correlation">The asker's own number.</param>
    /// <param name="WasHeard">Whether it may have been written; if not, it never was and never will be.</param>
    public sealed record NotHeld(long Correlation, bool WasHeard) : INoSerializationVerificationNeeded, IWire;

    /// <summary>Close the DTU's session as <c>kicked</c>: one <see cref="Sent"/> or <see cref="Refused"/>.</summary>
    public sealed record Kick(DtuId Dtu, long Correlation, IActorRef ReplyTo) : INoSerializationVerificationNeeded, IWire;
}

using Akka.Actor;

namespace DtuActors;

/// <summary>One command as it stands: a send or a request, from the word that it was taken to its one end.</summary>
/// <param name="Id">Its own; never used again.</param>
/// <param name="State">One of <see cref="CommandStates"/>.</param>
/// <param name="At">When it was taken.</param>
/// <param name="By">The name of the caller's key; null: who has none.</param>
/// <param name="Source">What events call the source of its bytes: <c>api</c>.</param>
/// <param name="Payload">What is written, without a DTU's envelope; the first 256 bytes.</param>
/// <param name="Bytes">How many it has in all.</param>
/// <param name="Reason">Why it failed: a word such as <c>offline</c>, <c>no-answer</c>; null: it did not.</param>
/// <param name="Answer">The first 256 bytes of its answer; null: it has none.</param>
/// <param name="ChangedAt">When it came to this state.</param>
public sealed record CommandStatus(
    string Id,
    string State,
    DateTimeOffset At,
    string? By,
    string Source,
    ReadOnlyMemory<byte> Payload,
    int Bytes,
    string? Reason,
    ReadOnlyMemory<byte>? Answer,
    DateTimeOffset ChangedAt) : INoSerializationVerificationNeeded
{
    /// <summary>When its time to live is over; null: it had none.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What it replaces, and is replaced by, while it waits; null: nothing.</summary>
    public string? Key { get; init; }
}

/// <summary>
/// What becomes of a command: <see cref="Queued"/>, <see cref="Sent"/> where it was written, then exactly one of the others.
/// </summary>
public static class CommandStates
{
    /// <summary>It waits for its turn.</summary>
    public const string Queued = "queued";

    /// <summary>Its bytes are on their way to the DTU, or written and the answer is waited for.</summary>
    public const string Sent = "sent";

    /// <summary>Written to the DTU's socket, and no answer is waited for: the bus is transparent, or nobody answers such bytes.</summary>
    public const string Delivered = "delivered";

    /// <summary>Its answer came.</summary>
    public const string Answered = "answered";

    /// <summary>Its time to live was over before it was written.</summary>
    public const string Expired = "expired";

    /// <summary>Taken back before it was written.</summary>
    public const string Withdrawn = "withdrawn";

    /// <summary>It ended otherwise, for a reason.</summary>
    public const string Failed = "failed";

    /// <summary>The reason of one whose end nobody told: whether it was written is not known.</summary>
    public const string UnknownOutcome = "unknown-outcome";

    /// <summary>The reason of one that was withdrawn because another came under its key.</summary>
    public const string Replaced = "replaced";

    /// <summary>Whether nothing follows.</summary>
    public static bool IsEnd(string state) => state is not (Queued or Sent);
}

/// <summary>What became of the wish to take a command back.</summary>
public enum WithdrawOutcome
{
    /// <summary>It was waiting, and is never written.</summary>
    Withdrawn,

    /// <summary>Its bytes are on their way, or it has ended.</summary>
    NotWaiting,

    /// <summary>No such command of that DTU is remembered.</summary>
    Unknown,
}

namespace DtuActors.Commanding;

/// <summary>What happened to one command, as the journal keeps it.</summary>
/// <param name="Id">The command's id.</param>
/// <param name="At">When.</param>
public abstract record CommandEvent(string Id, DateTimeOffset At);

/// <summary>It was accepted.</summary>
/// <param name="By">The name of the caller's key; null: who has none.</param>
/// <param name="Source">What events call the source of its bytes: <c>api</c>, or an endpoint's name.</param>
/// <param name="Payload">What is written, without a DTU's envelope.</param>
/// <param name="Until">When its time to live is over: from then on it is not written; null: it does not wait for a DTU that is offline.</param>
/// <param name="Retry">Whether it is written again where nobody knows if it was (<c>retry = always</c>).</param>
/// <param name="Key">It takes the place of one that waits under the same key; null: of none.</param>
/// <param name="AnswerUp">Whether its answer is the source's uplink (see <see cref="Sessions.Asking.Send"/>).</param>
public sealed record CommandTaken(
    string Id, DateTimeOffset At, string? By, string Source, ReadOnlyMemory<byte> Payload, DateTimeOffset? Until, bool Retry, string? Key, bool AnswerUp) : CommandEvent(Id, At);

/// <summary>It was handed to a session: from here on it may have been written.</summary>
public sealed record CommandSent(string Id, DateTimeOffset At) : CommandEvent(Id, At);

/// <summary>It was not written after all, or is to be written again: it waits at the head of the queue.</summary>
public sealed record CommandReturned(string Id, DateTimeOffset At) : CommandEvent(Id, At);

/// <summary>Its one end, one of <see cref="CommandStates"/>.</summary>
public sealed record CommandEnded(string Id, DateTimeOffset At, string State, string? Reason, ReadOnlyMemory<byte>? Answer) : CommandEvent(Id, At);

namespace DtuActors.Protocol.Pairing;

/// <summary>What a request says of itself.</summary>
/// <param name="Slave">Whom it asks, in the protocol's own digits; null for a wildcard and for all.</param>
/// <param name="IsRead">Whether it changes nothing, so that one answer is as good for two who ask the same.</param>
/// <param name="ExpectsAnswer">False where nobody may answer: a broadcast.</param>
public readonly record struct Question(string? Slave, bool IsRead, bool ExpectsAnswer);

/// <summary>How the requests and answers of one protocol belong together. Takes whole frames, preambles and checksum included.</summary>
public abstract class RequestPairing
{
    /// <summary>The codec whose frames it knows.</summary>
    public abstract string Codec { get; }

    /// <summary>What a frame asks; null where it is no request of this protocol, and nothing can be said about its answer.</summary>
    public abstract Question? Read(ReadOnlySpan<byte> request);

    /// <summary>Whether two requests ask the same of the same, so that one answer says what either wants to know.</summary>
    public virtual bool AsksTheSame(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other) => request.SequenceEqual(other);

    /// <summary>Whether <paramref name="frame"/> answers <paramref name="request"/>, well or with an error.</summary>
    public abstract bool Answers(ReadOnlySpan<byte> request, ReadOnlySpan<byte> frame);

    /// <summary>
    /// Whether an answer to <paramref name="request"/> could be taken for one to <paramref name="other"/>; an error often tells no more than who answers and
    /// which function. What is no request could be anything.
    /// </summary>
    public abstract bool Confusable(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other);
}

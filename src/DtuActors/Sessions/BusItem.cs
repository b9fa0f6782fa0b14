using DtuActors.Protocol.Pairing;

namespace DtuActors.Sessions;

/// <summary>One thing that wants the wire: a request that waits for its answer, or bytes that only want to be written.</summary>
public sealed class BusItem
{
    /// <summary>Who asks: askers take turns, and items of one overtake each other only as <see cref="MayBePassed"/> says. Anything with value equality: a name, an actor's reference.</summary>
    public required object Asker { get; init; }

    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Whether it holds the bus until its answer came or its time is over.</summary>
    public required bool WantsAnswer { get; init; }

    /// <summary>From the write to the answer.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Whether it goes out although its slave is suspended: keep-warm is for the DTU, which has to hear something, whoever answers.</summary>
    public bool Insists { get; init; }

    /// <summary>Whether it holds the bus until it is given back (<see cref="BusQueue.GiveBack"/>): nothing that comes is its answer, and its time has no end.</summary>
    public bool Holds { get; init; }

    /// <summary>
    /// Whether later items of the same asker to other slaves pass this one while a late answer holds it back: the asker tells its answers apart by numbers of
    /// its own. An endpoint's stream of bytes can't.
    /// </summary>
    public bool MayBePassed { get; init; }

    public AnswerRule Rule { get; init; }

    /// <summary>It is not written from then on, but refused as <see cref="RefusalReason.Expired"/>; null: only the bus limits its wait.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What the session knows it by.</summary>
    public required object Tag { get; init; }

    /// <summary>Since when it waits, on the session's clock: when it came, or when it was put back to be written again.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>When it was last written.</summary>
    public DateTimeOffset WrittenAt { get; internal set; }

    /// <summary>Whether its bytes were given to the line, once at least.</summary>
    public bool WasSent => Attempts > 0;

    /// <summary>Whether that happened more than once.</summary>
    public bool IsRetried => Attempts > 1;

    internal int Attempts { get; set; }

    /// <summary>Answered or refused.</summary>
    internal bool HasEnded { get; set; }

    /// <summary>What tells its answer from others; null: the first frame is its answer.</summary>
    internal RequestPairing? Pairing { get; private set; }

    /// <summary>Whom it asks; null where that is not known, or several.</summary>
    internal string? Slave { get; private set; }

    /// <summary>Whether it changes nothing.</summary>
    internal bool IsRead { get; private set; }

    /// <summary>Whether the same read waits or is on the wire already: it takes no place of its own in the queue.</summary>
    internal bool Shares { get; set; }

    // Where it stands in Turns: in its asker's line, and among the requests by age.
    internal LinkedListNode<BusItem>? Place { get; set; }

    internal LinkedListNode<BusItem>? Age { get; set; }

    internal void Know(RequestPairing? pairing)
    {
        var question = pairing?.Read(Payload.Span);

        // Who asks by a rule of his own gets what fits it or nothing, whatever he asked.
        Pairing = question is null && Rule is not AnswerRule.Modbus ? null : pairing;
        Slave = question?.Slave;
        IsRead = WantsAnswer && question is { IsRead: true };
    }

    /// <summary>Whether an answer to this one could be taken for one to the other.</summary>
    internal bool IsConfusableWith(BusItem other) =>
        Pairing is null || other.Pairing != Pairing || Pairing.Confusable(Payload.Span, other.Payload.Span);

    /// <summary>Whether both read the same and know the answer by the same pairing, so that one does for both.</summary>
    internal bool ReadsTheSameAs(BusItem other) =>
        IsRead && other.IsRead && Pairing == other.Pairing
        && (Payload.Span.SequenceEqual(other.Payload.Span) || (IsByRule && other.IsByRule && Pairing!.AsksTheSame(Payload.Span, other.Payload.Span)));

    // The asker of such a one hears unit and PDU, and nothing of the transaction they came under.
    private bool IsByRule => Rule is AnswerRule.Modbus;
}

/// <summary>What a <see cref="BusQueue"/> wants done.</summary>
public interface IBusLine
{
    /// <summary>Write these bytes now, and tell <see cref="BusQueue.Written"/> when the kernel has them.</summary>
    void Write(BusItem item);

    /// <summary>The item that wanted an answer has it; one that never <see cref="BusItem.WasSent"/> shares another's.</summary>
    void Answered(BusItem item, Frame answer);

    /// <summary>The item ends without an answer.</summary>
    void Refused(BusItem item, RefusalReason reason);

    /// <summary>Bytes of frames that were claimed, held because they could have been a part of an answer: no part of one, or of one that came too late.</summary>
    void HandedBack(ReadOnlyMemory<byte> bytes, bool isLate);
}

/// <summary>What an uplink frame is to the bus.</summary>
public enum BusClaim
{
    /// <summary>Nobody asked for it.</summary>
    Unasked,

    /// <summary>It answers an item whose time is over.</summary>
    Late,

    /// <summary>It is the answer, or a part of it, of an item that waits for one.</summary>
    Claimed,
}

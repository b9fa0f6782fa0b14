using System.Collections.Immutable;
using DtuActors.Configuration;
using DtuActors.Protocol.Pairing;

namespace DtuActors.Sessions;

/// <summary>
/// The half-duplex bus behind one DTU: at most one transaction on the wire. A pure state machine: times come as arguments, what is to be done goes to an
/// <see cref="IBusLine"/>. Bounded by <c>queue</c> requests and <see cref="MostBytes"/> bytes.
/// </summary>
/// <remarks>
/// <code>
/// waiting ──its turn──▶ on the wire ──answer──▶ answered
///    ▲ │                     └──time-out──▶ refused (NoAnswer), or, with retries left, ─┐
///    │ └──queue-wait, displaced, withdrawn, slave suspended──▶ refused                             │
///    └───────────until its own late-window has passed; an answer meanwhile is its answer┘
/// </code>
/// Slaves are known, and so suspended and their answers shared, where answers are matched: in request-response mode with a codec that has a pairing, and for
/// <see cref="AnswerRule.Modbus"/> in either mode.
/// </remarks>
public sealed class BusQueue
{
    /// <summary>The most bytes that wait for the bus. Windows keep each source under 64 kB; this bounds many sources together.</summary>
    public const int MostBytes = 256 * 1024;

    private readonly BusOptions _options;
    private readonly IBusLine _line;
    private readonly RequestPairing? _pairing;
    private readonly RequestPairing _modbus;
    private readonly bool _isCutOtherwise;
    private readonly Turns _turns = new();
    private readonly LateAnswers _late = new();
    private readonly Suspensions? _suspensions;
    private readonly SharedAnswers? _shared;

    private ModbusPieces? _pieces;
    private BusItem? _active;
    private bool _written;
    private DateTimeOffset _deadline;
    private DateTimeOffset _quietUntil = DateTimeOffset.MinValue;

    /// <param name="options">How the bus is to be used.</param>
    /// <param name="codec">What cuts the uplink.</param>
    /// <param name="line">What does as it is told.</param>
    /// <param name="isProven">Whether that codec's frames prove to be its own, so that no part of another protocol's answer is among them.</param>
    public BusQueue(BusOptions options, string codec, IBusLine line, bool isProven = false)
    {
        _options = options;
        _line = line;
        _pairing = Pairings.Find(codec);
        _modbus = Pairings.ForModbus(codec);
        _isCutOtherwise = !isProven && _modbus != _pairing;
        _suspensions = options.SuspendSlave is { } suspend ? new Suspensions(suspend) : null;
        _shared = options.Coalesce is { } age ? new SharedAnswers(age) : null;
    }

    /// <summary>Requests that wait for the bus.</summary>
    public int Waiting => _turns.Requests.Count;

    /// <summary>Since when the oldest of them waits; null: none does.</summary>
    public DateTimeOffset? WaitsSince => _turns.Oldest?.Since;

    /// <summary>When <see cref="Tick"/> is due, or null.</summary>
    public DateTimeOffset? Due { get; private set; }

    /// <summary>Slaves that keep timing out, as many as a person reads.</summary>
    public ImmutableArray<SuspendedSlave> Suspended => _suspensions?.Shown() ?? [];

    /// <summary>Whether bytes that want no answer may be written past the queue: nothing waits, and nobody here needs to know of them.</summary>
    public bool IsFree(DateTimeOffset now) => _active is null && _turns.IsEmpty && now >= _quietUntil && _shared is not { IsEmpty: false };

    /// <summary>
    /// Whether anybody may answer these bytes, as their asker has them: nobody answers a broadcast, which a checksum proves also where frames are not cut by its
    /// protocol.
    /// </summary>
    public bool ExpectsAnswer(ReadOnlySpan<byte> payload, AnswerRule rule)
    {
        var pairing = rule is AnswerRule.Modbus ? Pairings.ModbusRtu : PairingFor(rule) ?? (_options.Mode is BusMode.Transparent ? _pairing ?? Pairings.ModbusRtu : null);
        return pairing?.Read(payload) is not { ExpectsAnswer: false };
    }

    /// <summary>Takes an item, or says why not; the end of one that was taken is told to the line, at once or later.</summary>
    public RefusalReason? Enqueue(BusItem item, DateTimeOffset now)
    {
        item.Know(PairingFor(item.Rule));
        if (item is { WantsAnswer: true, Insists: false } && _suspensions?.Refuses(item.Slave, now) is true)
        {
            return RefusalReason.SlaveSuspended;
        }

        if (_turns.Bytes + item.Payload.Length > MostBytes)
        {
            return RefusalReason.QueueFull;
        }

        BusItem? displaced = null;
        item.Shares = CanShare(item, now);
        if (item is { WantsAnswer: true, Shares: false } && _turns.Places >= _options.Queue)
        {
            displaced = _turns.ToDisplaceFor(item, _active);
            if (displaced is null)
            {
                return RefusalReason.QueueFull;
            }

            _turns.Remove(displaced);
        }

        _turns.Add(item);
        if (displaced is not null)
        {
            End(displaced, RefusalReason.QueueFull);
        }

        Advance(now);
        return null;
    }

    /// <summary>Takes back the item that is meant, if it waits and was never written; its end is told to the line.</summary>
    public bool Withdraw(Func<BusItem, bool> isMeant, DateTimeOffset now)
    {
        if (_turns.Waiting.FirstOrDefault(item => !item.WasSent && isMeant(item)) is not { } item)
        {
            return false;
        }

        Dismiss(item, RefusalReason.Withdrawn);
        Advance(now);
        return true;
    }

    /// <summary>The kernel has the bytes of an item that was given to <see cref="IBusLine.Write"/>: its answer's time begins.</summary>
    public void Written(BusItem item, DateTimeOffset now)
    {
        item.WrittenAt = now;
        if (!ReferenceEquals(item, _active) || _written)
        {
            return;
        }

        _written = true;
        _deadline = now + (_suspensions?.Limit(item.Slave, item.Timeout) ?? item.Timeout);
        Advance(now);
    }

    /// <summary>Who held the bus is through. What is still said to him is nobody's answer: the next one has to wait for as long as that may take.</summary>
    public void GiveBack(BusItem item, DateTimeOffset now)
    {
        if (!ReferenceEquals(item, _active))
        {
            return;
        }

        item.HasEnded = true;
        _active = null;
        _quietUntil = now + (_options.LateWindow > _options.RequestGap ? _options.LateWindow : _options.RequestGap);
        Advance(now);
    }

    /// <summary>A frame came up.</summary>
    public BusClaim Uplink(Frame frame, DateTimeOffset now)
    {
        var claim = Claim(item => IsInPieces(item) ? null : AnswerIn(frame, item), now);
        if (claim is BusClaim.Unasked && AwaitsPieces)
        {
            ClaimPieces(frame, now);
            claim = BusClaim.Claimed;
        }

        Advance(now);
        return claim;
    }

    /// <summary>Whether bytes that wait for silence to become a frame end with the answer that is waited for.</summary>
    public bool IsAnsweredBy(ReadOnlySpan<byte> pending) =>
        _active is { } active && active.Pairing == Pairings.ModbusRtu && ModbusRtuPairing.EndsWithAnswer(active.Payload.Span, pending);

    /// <summary>Time has passed.</summary>
    public void Tick(DateTimeOffset now)
    {
        if (_active is { Holds: false } active && _written && now >= _deadline)
        {
            OnTimeOut(active, now);
        }

        Advance(now);
    }

    /// <summary>The session ends: so does everything that waits.</summary>
    public void Close()
    {
        if (_active is { } active)
        {
            _active = null;
            End(active, RefusalReason.SessionEnded);
        }

        foreach (var head in Everything())
        {
            Dismiss(head, RefusalReason.SessionEnded);
        }

        HandBackPieces();
        Due = null;
    }

    // ---- answers

    // In transparent mode the first frame after the write is the answer; in request-response mode it has to match where the codec knows what matches.
    private RequestPairing? PairingFor(AnswerRule rule) =>
        rule is AnswerRule.Modbus ? _modbus : _options.Mode is BusMode.RequestResponse ? _pairing : null;

    private bool IsInPieces(BusItem? item) => _isCutOtherwise && item?.Rule is AnswerRule.Modbus;

    private static Frame? AnswerIn(Frame frame, BusItem item) =>
        item.Pairing is null || item.Pairing.Answers(item.Payload.Span, frame.Payload.Span) ? frame : null;

    private ModbusPieces Pieces => _pieces ??= new ModbusPieces(bytes => HandBack(bytes, isLate: false));

    private bool AwaitsPieces => IsInPieces(_active) || _late.Any(IsInPieces);

    // What comes while an answer is put together is held for a part of it.
    private void ClaimPieces(Frame frame, DateTimeOffset now)
    {
        ReadOnlyMemory<byte> found = default;
        Frame? Answer(BusItem item)
        {
            if (!IsInPieces(item) || Pieces.Take(item.Payload.Span) is not { } answer)
            {
                return null;
            }

            found = answer;
            return frame with { Payload = answer, Codec = Pairings.ModbusRtu.Codec };
        }

        for (var rest = frame.Payload; rest.Length > 0;)
        {
            var piece = rest[..Math.Min(rest.Length, ModbusPieces.MostAtOnce)];
            rest = rest[piece.Length..];
            Pieces.Add(piece.Span, endsFrame: rest.IsEmpty);
            while (Claim(Answer, now) is var claimed and not BusClaim.Unasked)
            {
                if (claimed is BusClaim.Late)
                {
                    HandBack(found, isLate: true);
                }
            }
        }
    }

    private void HandBackPieces() => _pieces?.HandBack();

    // In transparent mode it was never held from anybody.
    private void HandBack(ReadOnlyMemory<byte> bytes, bool isLate)
    {
        if (_options.Mode is BusMode.RequestResponse)
        {
            _line.HandedBack(bytes, isLate);
        }
    }

    private BusClaim Claim(Func<BusItem, Frame?> answerTo, DateTimeOffset now)
    {
        if (_active is { Holds: false } active && answerTo(active) is { } answer)
        {
            Rest(now);
            Settle(active, answer, now);
            return BusClaim.Claimed;
        }

        if (_late.Take(answerTo) is not { } late)
        {
            return BusClaim.Unasked;
        }

        if (!late.Item.HasEnded)
        {
            // It was to be asked again.
            _turns.Remove(late.Item);
            Settle(late.Item, late.Answer, now);
            return BusClaim.Claimed;
        }

        Learn(late.Item);
        return BusClaim.Late;
    }

    private void Settle(BusItem item, Frame answer, DateTimeOffset now)
    {
        item.HasEnded = true;
        Learn(item);
        if (item.IsRead)
        {
            _shared?.Keep(item, answer, now);
        }

        _line.Answered(item, answer);
    }

    // Its slave lives; and what it was told to do is done now, if it was not before.
    private void Learn(BusItem answered)
    {
        _suspensions?.Answered(answered.Slave);
        if (!answered.IsRead)
        {
            _shared?.Forget(answered.Slave);
        }
    }

    private void OnTimeOut(BusItem item, DateTimeOffset now)
    {
        Rest(now);
        _late.Expect(item, now + _options.LateWindow);
        var isSuspended = _suspensions?.TimedOut(item.Slave, now) is true;
        if (!isSuspended && item.Attempts <= _options.Retries)
        {
            item.Since = now;
            _turns.PutBack(item);
            return;
        }

        if (_shared is not null)
        {
            foreach (var same in _turns.Candidates(IsHeldBack).Where(item.ReadsTheSameAs).ToArray())
            {
                Dismiss(same, RefusalReason.NoAnswer);
            }
        }

        if (isSuspended)
        {
            foreach (var other in _turns.Requests.Where(other => other.Slave == item.Slave && !other.Insists).ToArray())
            {
                Dismiss(other, RefusalReason.SlaveSuspended);
            }
        }

        End(item, RefusalReason.NoAnswer);
    }

    // ---- turns

    private void Advance(DateTimeOffset now)
    {
        _late.Forget(now);
        while (_turns.Oldest is { } oldest && now - oldest.Since >= _options.QueueWait)
        {
            Dismiss(oldest, RefusalReason.BusBusy);
        }

        do
        {
            AnswerWhatIsKnown(now);
        }
        while (_active is null && now >= _quietUntil && _turns.Take(IsHeldBack) is { } next && Begin(next, now));

        if (!AwaitsPieces)
        {
            HandBackPieces();
        }

        Due = NextDue(now);
    }

    // After a time-out an answer may still be on its way: what it could be mistaken for waits, others go on.
    private bool IsHeldBack(BusItem item) => item.WantsAnswer && _late.HoldsBack(item);

    private bool Begin(BusItem item, DateTimeOffset now)
    {
        if (item.Until <= now)
        {
            End(item, item.WasSent ? RefusalReason.NoAnswer : RefusalReason.Expired);
            return true;
        }

        if (!item.IsRead)
        {
            _shared?.Forget(item.Slave);
        }

        item.Attempts++;
        if (item.WantsAnswer)
        {
            _active = item;
            _written = false;
            if (!_late.Any(IsInPieces))
            {
                HandBackPieces();
            }
        }
        else if (_options.Mode is BusMode.RequestResponse)
        {
            Rest(now);
        }

        _line.Write(item);
        return true;
    }

    private void Rest(DateTimeOffset now)
    {
        _active = null;
        _quietUntil = now + _options.RequestGap;
    }

    // ---- sharing

    private bool CanShare(BusItem item, DateTimeOffset now) =>
        _shared is not null && item.IsRead && _turns.Requests.Count < _options.Queue + SharedAnswers.MostSharing
        && (_shared.Find(item, now) is not null || _active?.ReadsTheSameAs(item) is true || _turns.Requests.Any(item.ReadsTheSameAs));

    // Only what is its asker's turn, and of none that has one on the wire: an answer that is there already must not overtake what the same asker wanted before.
    private void AnswerWhatIsKnown(DateTimeOffset now)
    {
        if (_shared is not { IsEmpty: false } shared)
        {
            return;
        }

        while (_turns.Candidates(IsHeldBack).FirstOrDefault(item => !item.Asker.Equals(_active?.Asker) && shared.Find(item, now) is not null) is { } known)
        {
            _turns.Remove(known);
            known.HasEnded = true;
            _line.Answered(known, shared.Find(known, now)!);
        }
    }

    // ---- ends

    private void Dismiss(BusItem item, RefusalReason reason)
    {
        _turns.Remove(item);

        // What was written before went unanswered, whatever ends it now.
        End(item, item.WasSent && reason is not RefusalReason.SessionEnded ? RefusalReason.NoAnswer : reason);
    }

    private void End(BusItem item, RefusalReason reason)
    {
        item.HasEnded = true;
        _line.Refused(item, reason);
    }

    private IEnumerable<BusItem> Everything()
    {
        while (_turns.Heads.FirstOrDefault() is { } head)
        {
            yield return head;
        }
    }

    private DateTimeOffset? NextDue(DateTimeOffset now)
    {
        DateTimeOffset? due = _active is { Holds: false } && _written ? _deadline : null;
        Earlier(ref due, _turns.Oldest?.Since + _options.QueueWait);
        if (_pieces is { IsEmpty: false })
        {
            Earlier(ref due, _late.Next);
        }

        if (_active is null && !_turns.IsEmpty)
        {
            Earlier(ref due, _late.Next);
            Earlier(ref due, now < _quietUntil ? _quietUntil : null);
        }

        return due;
    }

    private static void Earlier(ref DateTimeOffset? due, DateTimeOffset? other)
    {
        if (other is not null && (due is null || other < due))
        {
            due = other;
        }
    }
}

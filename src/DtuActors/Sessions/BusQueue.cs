using DtuActors.Configuration;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Sessions;

/// <summary>One thing that wants the wire: a request that waits for its answer, or bytes that only want to be written.</summary>
public sealed class BusItem
{
    /// <summary>Who asks; items of one asker never overtake each other.</summary>
    public required string Asker { get; init; }

    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Whether it holds the bus until its answer came or its time is over.</summary>
    public required bool WantsAnswer { get; init; }

    /// <summary>From the write to the answer.</summary>
    public required TimeSpan Timeout { get; init; }

    public AnswerRule Rule { get; init; }

    /// <summary>What the session knows it by: an <see cref="Asking.Request"/>, an <see cref="Asking.Send"/>, a delivery of a route.</summary>
    public required object Tag { get; init; }

    /// <summary>When it came, on the session's clock.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When it was last written.</summary>
    public DateTimeOffset WrittenAt { get; internal set; }

    internal int Attempts { get; set; }
}

/// <summary>What a <see cref="BusQueue"/> wants done.</summary>
public interface IBusLine
{
    /// <summary>Write these bytes now, and tell <see cref="BusQueue.Written"/> when the kernel has them.</summary>
    void Write(BusItem item);

    /// <summary>The item that wanted an answer has it.</summary>
    void Answered(BusItem item, Frame answer);

    /// <summary>The item ends without an answer.</summary>
    void Refused(BusItem item, RefusalReason reason);
}

/// <summary>What an uplink frame is to the bus.</summary>
public enum BusClaim
{
    /// <summary>Nobody asked for it.</summary>
    Unasked,

    /// <summary>It is the answer, or a part of it, of the item that holds the bus.</summary>
    Claimed,

    /// <summary>It answers an item whose time is over.</summary>
    Late,
}

/// <summary>
/// The half-duplex bus behind one DTU: at most one transaction on the wire. A pure state machine: times come as arguments, what is to be done goes to an
/// <see cref="IBusLine"/>. Bounded by <c>queue</c> requests and <see cref="MostBytes"/> bytes.
/// </summary>
public sealed class BusQueue(BusOptions options, string codec, IBusLine line)
{
    /// <summary>The most bytes that wait for the bus. Windows keep each source under 64 kB; this bounds many sources together.</summary>
    public const int MostBytes = 256 * 1024;

    private readonly LinkedList<BusItem> _waiting = new();
    private int _waitingBytes;
    private int _waitingRequests;
    private BusItem? _active;
    private bool _written;
    private DateTimeOffset _deadline;
    private ModbusCollector? _collector;
    private BusItem? _late;
    private DateTimeOffset _lateUntil;
    private DateTimeOffset _quietUntil = DateTimeOffset.MinValue;

    /// <summary>Requests that wait for the bus.</summary>
    public int Waiting => _waitingRequests;

    /// <summary>When <see cref="Tick"/> is due, or null.</summary>
    public DateTimeOffset? Due { get; private set; }

    /// <summary>Whether bytes that want no answer may be written at once.</summary>
    public bool IsFree => _active is null && _waiting.Count == 0;

    /// <summary>Takes an item, or says why not; the item's end is told to the line, at once or later.</summary>
    public RefusalReason? Enqueue(BusItem item, DateTimeOffset now)
    {
        if ((item.WantsAnswer && _waitingRequests >= options.Queue) || _waitingBytes + item.Payload.Length > MostBytes)
        {
            return RefusalReason.QueueFull;
        }

        _waiting.AddLast(item);
        _waitingBytes += item.Payload.Length;
        _waitingRequests += item.WantsAnswer ? 1 : 0;
        Advance(now);
        return null;
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
        _deadline = now + item.Timeout;
        Advance(now);
    }

    /// <summary>A frame came up.</summary>
    public BusClaim Uplink(Frame frame, DateTimeOffset now)
    {
        if (_active is { } active)
        {
            var answer = AnswerIn(active, frame, out var partial);
            if (answer is not null)
            {
                End(now);
                line.Answered(active, answer);
                Advance(now);
                return BusClaim.Claimed;
            }

            if (partial)
            {
                return BusClaim.Claimed;
            }
        }

        if (_late is { } late && IsAnswer(late, frame))
        {
            _late = null;
            Advance(now);
            return BusClaim.Late;
        }

        return BusClaim.Unasked;
    }

    /// <summary>Time has passed.</summary>
    public void Tick(DateTimeOffset now)
    {
        if (_active is { } active && _written && now >= _deadline)
        {
            if (active.Attempts <= options.Retries)
            {
                Begin(active);
            }
            else
            {
                _late = active;
                _lateUntil = now + options.LateWindow;
                End(now);
                line.Refused(active, RefusalReason.NoAnswer);
            }
        }

        Advance(now);
    }

    /// <summary>The session ends: so does everything that waits.</summary>
    public void Close()
    {
        if (_active is { } active)
        {
            _active = null;
            line.Refused(active, RefusalReason.SessionEnded);
        }

        while (_waiting.First is { } first)
        {
            Leave(first);
            line.Refused(first.Value, RefusalReason.SessionEnded);
        }

        Due = null;
    }

    private void Advance(DateTimeOffset now)
    {
        if (_late is not null && now >= _lateUntil)
        {
            _late = null;
        }

        ExpireWaiting(now);
        while (_active is null && now >= _quietUntil && NextEligible() is { } next)
        {
            Leave(next);
            if (next.Value.WantsAnswer)
            {
                _active = next.Value;
                Begin(next.Value);
            }
            else
            {
                line.Write(next.Value);
            }
        }

        Due = NextDue(now);
    }

    private void Begin(BusItem item)
    {
        item.Attempts++;
        _written = false;
        _collector = item.Rule is AnswerRule.Modbus && codec != ModbusCollector.Codec ? new ModbusCollector() : null;
        line.Write(item);
    }

    private void End(DateTimeOffset now)
    {
        _active = null;
        _collector = null;
        _quietUntil = now + options.RequestGap;
    }

    private void ExpireWaiting(DateTimeOffset now)
    {
        for (var node = _waiting.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.WantsAnswer && now - node.Value.Since >= options.QueueWait)
            {
                Leave(node);
                line.Refused(node.Value, RefusalReason.BusBusy);
            }

            node = next;
        }
    }

    // After a time-out an answer may still be on its way: what it could be mistaken for waits, others go on, but never past an item of their own asker.
    private LinkedListNode<BusItem>? NextEligible()
    {
        if (_late is not { } late)
        {
            return _waiting.First;
        }

        HashSet<string>? passed = null;
        for (var node = _waiting.First; node is not null; node = node.Next)
        {
            if (passed?.Contains(node.Value.Asker) is true)
            {
                continue;
            }

            if (!node.Value.WantsAnswer || !Confusable(node.Value, late))
            {
                return node;
            }

            (passed ??= []).Add(node.Value.Asker);
        }

        return null;
    }

    private DateTimeOffset? NextDue(DateTimeOffset now)
    {
        DateTimeOffset? due = _active is not null && _written ? _deadline : null;
        if (_waiting.Count == 0)
        {
            return due;
        }

        if (_active is null)
        {
            Earlier(ref due, _late is not null ? _lateUntil : now >= _quietUntil ? null : _quietUntil);
        }

        foreach (var item in _waiting)
        {
            if (item.WantsAnswer)
            {
                Earlier(ref due, item.Since + options.QueueWait);
            }
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

    private void Leave(LinkedListNode<BusItem> node)
    {
        _waiting.Remove(node);
        _waitingBytes -= node.Value.Payload.Length;
        _waitingRequests -= node.Value.WantsAnswer ? 1 : 0;
    }

    private Frame? AnswerIn(BusItem item, Frame frame, out bool partial)
    {
        partial = false;
        if (_collector is { } collector)
        {
            partial = true;
            return collector.Feed(item.Payload.Span, frame);
        }

        return IsAnswer(item, frame) ? frame : null;
    }

    private bool IsAnswer(BusItem item, Frame frame) => !IsMatched(item) || ModbusRtu.Answers(item.Payload.Span, frame.Payload.Span);

    private bool Confusable(BusItem item, BusItem late) =>
        !IsMatched(item) || !IsMatched(late) || ModbusRtu.Confusable(item.Payload.Span, late.Payload.Span);

    // In transparent mode the first frame after the write is the answer; in request-response mode it has to match where the codec knows what matches.
    private bool IsMatched(BusItem item) =>
        item.Rule is AnswerRule.Modbus
        || (options.Mode is BusMode.RequestResponse && codec == ModbusCollector.Codec && ModbusRtu.IsValid(item.Payload.Span));
}

/// <summary>Puts a Modbus answer together from pieces that another codec cut.</summary>
internal sealed class ModbusCollector : IFrameSink
{
    public const string Codec = "modbus-rtu";

    private static readonly Codec Responses = Codecs.Create(new FramingOptions { Codec = Codec, Role = ModbusRole.Responses });

    private readonly Framer _framer = new(Responses, ModbusRtu.MaxFrame);
    private readonly List<byte[]> _frames = [];

    /// <summary>The answer to <paramref name="request"/>, once it is whole.</summary>
    public Frame? Feed(ReadOnlySpan<byte> request, Frame piece)
    {
        var self = this;
        _framer.Feed(piece.Payload.Span, ref self);
        foreach (var candidate in _frames)
        {
            if (ModbusRtu.Answers(request, candidate))
            {
                return piece with { Payload = candidate, Codec = Codec };
            }
        }

        _frames.Clear();
        return null;
    }

    public void OnFrame(ReadOnlySpan<byte> frame) => _frames.Add(frame.ToArray());

    public void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
    {
    }

    // What is no Modbus answer went the way of every uplink already, and is counted there.
    public void OnDropped(ReadOnlySpan<byte> bytes, string reason)
    {
    }
}

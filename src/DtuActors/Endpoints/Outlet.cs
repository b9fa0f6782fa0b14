using Akka.Actor;
using DtuActors.Dispatching;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>
/// The line before a resource that takes one acknowledged write at a time: what waits, and what is in flight. Keeps the order, books each frame's end once,
/// and settles it then. Frames share a write only whole.
/// </summary>
internal sealed class Outlet(TrafficLedger ledger, Action<Relay.Deliver> settle)
{
    private readonly Queue<Entry> _waiting = new();
    private readonly Queue<Entry> _inFlight = new();
    private readonly Dictionary<IActorRef, int> _bySource = new(ByUid.Comparer);

    // Of the write that is being put together.
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];
    private long _next;
    private long _settledBefore;

    /// <summary>Bytes that wait, those in flight not counted.</summary>
    public int WaitingBytes { get; private set; }

    public bool IsWriting => _inFlight.Count > 0;

    /// <summary>Frames and heartbeats that are being written.</summary>
    public IEnumerable<Relay.Deliver> InFlight => _inFlight.Where(entry => entry.HasBytes).Select(entry => entry.Delivery);

    public bool IsEmpty => _inFlight.Count == 0 && _waiting.Count == 0;

    /// <summary>Whether a source has far more here than its window lets it: it does not keep to it, or does not know of it yet.</summary>
    public bool IsOverrunBy(IActorRef source) => _bySource.GetValueOrDefault(source) > 2 * OutboundWindows.DefaultWindow;

    /// <summary>Takes a frame that the ledger has accepted, a heartbeat, which no ledger knows, or a probe, behind what waits.</summary>
    public void Add(Relay.Deliver delivery, DateTimeOffset now)
    {
        var entry = new Entry(_next++, delivery, now);
        if (!entry.HasBytes && IsEmpty)
        {
            settle(delivery);
            return;
        }

        WaitingBytes += entry.Bytes;
        _bySource[delivery.Source] = _bySource.GetValueOrDefault(delivery.Source) + entry.Bytes;
        _waiting.Enqueue(entry);
    }

    /// <summary>
    /// Drops a frame at once, and acknowledges it in its turn: a word that comes before what still waits would open the window of a source that is already
    /// too far ahead, for good.
    /// </summary>
    public void Refuse(Relay.Deliver delivery, string reason, DateTimeOffset now)
    {
        ledger.Accept(delivery.Frame!.Payload.Length);
        ledger.Drop(delivery.Frame.Payload.Length, reason);
        if (delivery.AckWanted)
        {
            Add(delivery with { Frame = null }, now);
        }
    }

    /// <summary>
    /// The next write: as many whole frames as fit into <paramref name="most"/> bytes, at least one, each as <paramref name="dress"/> makes it; null while one is in flight
    /// or none waits.
    /// </summary>
    public ReadOnlyMemory<byte>? Next(int most, Func<Relay.Deliver, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? dress = null)
    {
        if (IsWriting)
        {
            return null;
        }

        var total = 0;
        _pieces.Clear();
        while (_waiting.TryPeek(out var head))
        {
            var bytes = dress is null || !head.HasBytes ? head.Payload : dress(head.Delivery, head.Payload);
            if (_pieces.Count > 0 && total + bytes.Length > most)
            {
                break;
            }

            _waiting.Dequeue();
            if (!head.HasBytes && _inFlight.Count == 0)
            {
                End(head);
                continue;
            }

            if (head.HasBytes)
            {
                _pieces.Add(bytes);
            }

            total += bytes.Length;
            WaitingBytes -= head.Bytes;
            _inFlight.Enqueue(head);
        }

        if (_pieces.Count == 0)
        {
            return null;
        }

        var next = _pieces.Count == 1 ? _pieces[0] : Batch(total);
        _pieces.Clear();
        return next;
    }

    private byte[] Batch(int total)
    {
        var batch = new byte[total];
        var rest = batch.AsMemory();
        foreach (var piece in _pieces)
        {
            piece.CopyTo(rest);
            rest = rest[piece.Length..];
        }

        return batch;
    }

    /// <summary>The resource has what was in flight.</summary>
    public void Wrote(DateTimeOffset now)
    {
        while (_inFlight.TryDequeue(out var entry))
        {
            if (entry.Delivery.Frame is { } frame)
            {
                ledger.Write(frame.Payload.Length, frame.Since, now);
            }

            End(entry);
        }
    }

    /// <summary>What was in flight did not arrive, or nobody knows how much of it.</summary>
    public void DropInFlight(string reason)
    {
        while (_inFlight.TryDequeue(out var entry))
        {
            Drop(entry, reason);
        }
    }

    /// <summary>Drops the oldest until at most <paramref name="bytes"/> wait.</summary>
    public void TrimTo(int bytes, string reason)
    {
        while (WaitingBytes > bytes)
        {
            DropOldest(reason);
        }
    }

    /// <summary>Drops what came before <paramref name="limit"/>.</summary>
    public void DropOlderThan(DateTimeOffset limit, string reason)
    {
        while (_waiting.TryPeek(out var head) && head.At < limit)
        {
            DropOldest(reason);
        }
    }

    /// <summary>Forgets heartbeats that wait: they are of the moment.</summary>
    public void DropHeartbeats()
    {
        for (var left = _waiting.Count; left > 0; left--)
        {
            var entry = _waiting.Dequeue();
            if (entry.IsFrame || !entry.HasBytes)
            {
                _waiting.Enqueue(entry);
            }
            else
            {
                WaitingBytes -= entry.Bytes;
                End(entry);
            }
        }
    }

    public void DropAll(string reason)
    {
        DropInFlight(reason);
        while (_waiting.Count > 0)
        {
            DropOldest(reason);
        }
    }

    /// <summary>Acknowledges all that waits though it is not written yet: from here on the buffer's own bound holds, not the sources' windows.</summary>
    public void SettleAll()
    {
        foreach (var entry in _inFlight)
        {
            SettleOnce(entry);
        }

        foreach (var entry in _waiting)
        {
            SettleOnce(entry);
        }

        _settledBefore = _next;

        // What its source has been told of is the buffer's from here on: the source has its whole window again.
        _bySource.Clear();
    }

    private void DropOldest(string reason)
    {
        var entry = _waiting.Dequeue();
        WaitingBytes -= entry.Bytes;
        Drop(entry, reason);
    }

    private void Drop(Entry entry, string reason)
    {
        if (entry.Delivery.Frame is { } frame)
        {
            ledger.Drop(frame.Payload.Length, reason);
        }

        End(entry);
    }

    private void End(Entry entry)
    {
        if (entry.Number < _settledBefore)
        {
            return;
        }

        var left = _bySource.GetValueOrDefault(entry.Delivery.Source) - entry.Bytes;
        if (left > 0)
        {
            _bySource[entry.Delivery.Source] = left;
        }
        else
        {
            _bySource.Remove(entry.Delivery.Source);
        }

        settle(entry.Delivery);
    }

    private void SettleOnce(Entry entry)
    {
        if (entry.Number >= _settledBefore)
        {
            settle(entry.Delivery);
        }
    }

    private readonly record struct Entry(long Number, Relay.Deliver Delivery, DateTimeOffset At)
    {
        public bool IsFrame => Delivery.Frame is not null;

        public bool HasBytes => IsFrame || Delivery.Heartbeat is not null;

        public ReadOnlyMemory<byte> Payload => Delivery.Frame?.Payload ?? Delivery.Heartbeat?.Bytes ?? default;

        public int Bytes => Payload.Length;
    }
}

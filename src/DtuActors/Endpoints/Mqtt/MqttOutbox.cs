using DtuActors.Protocol;
using DtuActors.Routing;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>
/// What waits for the broker and what it has not acknowledged yet, in one order: uplinks, results and states as they happened. After a lost connection what was not
/// acknowledged goes first, so that nothing that the broker may have lost is missing and the order stays. Books each uplink's end once.
/// </summary>
/// <remarks>
/// Uplinks are bounded by bytes, number and age, the oldest goes first. Results are bounded by whoever makes them. Of a DTU's states only the last waits, and none that the
/// broker was told on this connection.
/// </remarks>
internal sealed class MqttOutbox(TrafficLedger ledger, int mostBytes)
{
    /// <summary>Messages on the way at a time, where the broker does not want fewer.</summary>
    public const int MostInFlight = 64;

    /// <summary>A bound on small frames, which cost more than their bytes.</summary>
    public const int MostUplinks = 100_000;

    private readonly Queue<Item> _again = new();
    private readonly Queue<Item> _first = new();
    private readonly Queue<Item> _uplinks = new();
    private readonly Queue<Item> _results = new();
    private readonly LinkedList<Item> _states = new();
    private readonly Dictionary<DtuId, LinkedListNode<Item>> _waitingStates = [];
    private readonly Dictionary<DtuId, bool> _told = [];
    private readonly SortedDictionary<long, Item> _inFlight = [];
    private long _order;
    private long _sent;
    private int _uplinkBytes;

    public int InFlight => _inFlight.Count;

    /// <summary>Results that wait or are on their way.</summary>
    public int Results { get; private set; }

    public bool IsEmpty => _inFlight.Count == 0 && !IsWaiting;

    private bool IsWaiting => _again.Count + _first.Count + _uplinks.Count + _results.Count + _states.Count > 0;

    /// <summary>Takes an uplink that the ledger has accepted; drops the oldest beyond the bounds.</summary>
    public void AddUplink(DtuId dtu, Frame frame, DateTimeOffset now)
    {
        _uplinkBytes += frame.Payload.Length;
        _uplinks.Enqueue(new Item(++_order, now) { Dtu = dtu, Frame = frame });
        while (_uplinks.Count > MostUplinks || (_uplinkBytes > mostBytes && _uplinks.Count > 1))
        {
            DropUplink(_uplinks.Dequeue(), RelayDrops.BufferFull);
        }
    }

    public void AddResult(MqttMessage result, DateTimeOffset now)
    {
        Results++;
        _results.Enqueue(new Item(++_order, now) { Result = result });
    }

    /// <summary>A DTU's state changed; the default id is the gateway itself.</summary>
    public void AddState(DtuId dtu, bool isOnline, DateTimeOffset now)
    {
        if (_waitingStates.Remove(dtu, out var older))
        {
            _states.Remove(older);
        }

        if (!_told.TryGetValue(dtu, out var told) || told != isOnline)
        {
            _waitingStates.Add(dtu, _states.AddLast(new Item(++_order, now) { Dtu = dtu, Online = isOnline }));
        }
    }

    /// <summary>A state that did not change while the broker was away goes before all that happened meanwhile.</summary>
    public void RepeatState(DtuId dtu, bool isOnline, DateTimeOffset now)
    {
        if (!_waitingStates.ContainsKey(dtu))
        {
            _first.Enqueue(new Item(0, now) { Dtu = dtu, Online = isOnline });
        }
    }

    /// <summary>Nothing more is known of a DTU.</summary>
    public void Forget(DtuId dtu) => _told.Remove(dtu);

    /// <summary>The next to publish, with its number; null where none waits.</summary>
    public (long Number, Item Item)? Next()
    {
        if (!IsWaiting)
        {
            return null;
        }

        var item = _again.TryDequeue(out var again) ? again
            : _first.TryDequeue(out var first) ? first
            : Oldest();
        if (item.Online is { } isOnline)
        {
            _told[item.Dtu] = isOnline;
        }

        _inFlight.Add(++_sent, item);
        return (_sent, item);
    }

    /// <summary>The broker has it.</summary>
    public void Taken(long number, DateTimeOffset now)
    {
        if (_inFlight.Remove(number, out var item))
        {
            Leave(item);
            if (item.Frame is { } frame)
            {
                ledger.Write(frame.Payload.Length, frame.Since, now);
            }
        }
    }

    /// <summary>It will never be published.</summary>
    public void Drop(long number, string reason)
    {
        if (_inFlight.Remove(number, out var item))
        {
            DropItem(item, reason);
        }
    }

    /// <summary>
    /// The connection is gone: what was not acknowledged goes first on the next one, but states, which are told anew then. <paramref name="isAtMostOnce"/>: it may have
    /// arrived, and is not said twice.
    /// </summary>
    public void OnLost(bool isAtMostOnce)
    {
        Item[] unsure = [.. _inFlight.Values];
        Item[] behind = [.. _again];
        _inFlight.Clear();
        _again.Clear();
        _first.Clear();
        _told.Clear();
        foreach (var item in unsure)
        {
            if (item.Online is null && !isAtMostOnce)
            {
                _again.Enqueue(item);
            }
            else
            {
                DropItem(item, RelayDrops.DestinationLost);
            }
        }

        foreach (var item in behind)
        {
            _again.Enqueue(item);
        }
    }

    /// <summary>Drops uplinks that wait since before <paramref name="limit"/>.</summary>
    public void DropOlderThan(DateTimeOffset limit)
    {
        while (_uplinks.TryPeek(out var oldest) && oldest.At < limit)
        {
            DropUplink(_uplinks.Dequeue(), RelayDrops.TooOld);
        }

        for (var left = _again.Count; left > 0; left--)
        {
            var item = _again.Dequeue();
            if (item.Frame is not null && item.At < limit)
            {
                DropUplink(item, RelayDrops.TooOld);
            }
            else
            {
                _again.Enqueue(item);
            }
        }
    }

    public void DropAll(string reason)
    {
        foreach (var item in _inFlight.Values.Concat(_again).Concat(_uplinks))
        {
            DropItem(item, reason);
        }

        _inFlight.Clear();
        _again.Clear();
        _uplinks.Clear();
        _results.Clear();
        _states.Clear();
        _waitingStates.Clear();
        _first.Clear();
    }

    private Item Oldest()
    {
        var uplink = _uplinks.TryPeek(out var firstUplink) ? firstUplink.Order : long.MaxValue;
        var result = _results.TryPeek(out var firstResult) ? firstResult.Order : long.MaxValue;
        var state = _states.First?.Value.Order ?? long.MaxValue;
        if (uplink < result && uplink < state)
        {
            return _uplinks.Dequeue();
        }

        if (result < state)
        {
            return _results.Dequeue();
        }

        var oldest = _states.First!.Value;
        _states.RemoveFirst();
        _waitingStates.Remove(oldest.Dtu);
        return oldest;
    }

    private void DropItem(Item item, string reason)
    {
        if (item.Frame is not null)
        {
            DropUplink(item, reason);
        }
        else
        {
            Leave(item);
        }
    }

    private void DropUplink(Item item, string reason)
    {
        Leave(item);
        ledger.Drop(item.Frame!.Payload.Length, reason);
    }

    private void Leave(Item item)
    {
        _uplinkBytes -= item.Frame?.Payload.Length ?? 0;
        Results -= item.Result is null ? 0 : 1;
    }

    /// <summary>One of <see cref="Frame"/>, <see cref="Result"/> and <see cref="Online"/> is there.</summary>
    internal sealed record Item(long Order, DateTimeOffset At)
    {
        public DtuId Dtu { get; init; }

        public Frame? Frame { get; init; }

        public MqttMessage? Result { get; init; }

        public bool? Online { get; init; }
    }
}

using DtuActors.Directory;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>One frame, or one session that ended, on its way to the history.</summary>
internal readonly record struct HistoryEntry(DtuId Dtu, FramePassed? Frame, SessionRecord? Session)
{
    public DateTimeOffset At => Frame?.At ?? Session!.EndedAt ?? Session.ConnectedAt;

    // A record of a session with its chain of evidence has about a kilobyte.
    public int Bytes => Frame?.PayloadBytes ?? 1024;
}

/// <summary>
/// What waits to be written to the history: whoever adds never waits. Bounded by number and bytes: the oldest leave for the newest, counted. One object shared by
/// recorder, FleetView and HistoryActor, whose restart it outlives; safe from any thread.
/// </summary>
internal sealed class HistoryBuffer
{
    public const int MostWaiting = 50_000;
    public const long MostWaitingBytes = 32 * 1024 * 1024;

    // Of a DTU the last word waits only: while the database fails, that many have one.
    private const int MostKnown = 100_000;

    private readonly Lock _lock = new();
    private readonly Queue<HistoryEntry> _waiting = new();
    private readonly Dictionary<DtuId, KnownDtu?> _known = [];
    private long _bytes;
    private long _told;
    private long _lost;
    private volatile bool _isFailing;

    /// <summary>Why what is lost is lost: the disk fails, or it came faster than it is written.</summary>
    public bool IsFailing
    {
        get => _isFailing;
        set => _isFailing = value;
    }

    /// <summary>What was taken out and is not written yet: it is tried again before all that waits.</summary>
    public IReadOnlyList<HistoryEntry> InHand { get; private set; } = [];

    /// <summary>How many wait, those in hand included.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count + InHand.Count;
            }
        }
    }

    public void Add(FramePassed frame) => Add(new HistoryEntry(frame.Dtu, frame, null));

    public void Add(DtuId dtu, SessionRecord session) => Add(new HistoryEntry(dtu, null, session));

    /// <summary>What is to be remembered of a DTU; null: nothing.</summary>
    public void Know(DtuId dtu, KnownDtu? known)
    {
        lock (_lock)
        {
            if (_known.Count < MostKnown || _known.ContainsKey(dtu))
            {
                _known[dtu] = known;
            }
        }
    }

    /// <summary>Takes out what is to be remembered of so many at most.</summary>
    public IReadOnlyCollection<KeyValuePair<DtuId, KnownDtu?>> TakeKnown(int most)
    {
        lock (_lock)
        {
            var taken = _known.Take(most).ToList();
            taken.ForEach(row => _known.Remove(row.Key));
            return taken;
        }
    }

    /// <summary>It was not written: it waits again, where nothing newer does.</summary>
    public void PutBack(IEnumerable<KeyValuePair<DtuId, KnownDtu?>> known)
    {
        lock (_lock)
        {
            foreach (var (dtu, row) in known)
            {
                _known.TryAdd(dtu, row);
            }
        }
    }

    /// <summary>Takes the oldest in hand, if nothing is: at most so many, and so many bytes where they are more than one.</summary>
    public IReadOnlyList<HistoryEntry> Take(int most, long mostBytes)
    {
        lock (_lock)
        {
            if (InHand.Count == 0 && _waiting.Count > 0)
            {
                var taken = new List<HistoryEntry>(Math.Min(most, _waiting.Count));
                for (var bytes = 0L; taken.Count < most && _waiting.TryPeek(out var next) && (taken.Count == 0 || bytes + next.Bytes <= mostBytes); bytes += next.Bytes)
                {
                    taken.Add(_waiting.Dequeue());
                    _bytes -= next.Bytes;
                }

                InHand = taken;
            }

            return InHand;
        }
    }

    /// <summary>What was in hand is written, or given up.</summary>
    public void Done(bool isKept)
    {
        lock (_lock)
        {
            var frames = InHand.Count(entry => entry.Frame is not null);
            if (isKept)
            {
                GatewayMetrics.HistoryFrames.Add(frames, GatewayMetrics.Kept);
                GatewayMetrics.HistorySessions.Add(InHand.Count - frames, GatewayMetrics.Kept);
            }
            else
            {
                foreach (var entry in InHand)
                {
                    Lose(entry);
                }
            }

            InHand = [];
        }
    }

    /// <summary>How many were lost since the last call.</summary>
    public long TakeLost() => Interlocked.Exchange(ref _lost, 0);

    /// <summary>Tells the metric how many wait now; from one thread.</summary>
    public void TellWaiting()
    {
        var now = Waiting;
        GatewayMetrics.HistoryWaiting.Add(now - _told);
        _told = now;
    }

    private void Add(HistoryEntry entry)
    {
        lock (_lock)
        {
            _waiting.Enqueue(entry);
            _bytes += entry.Bytes;
            while (_waiting.Count > MostWaiting || (_bytes > MostWaitingBytes && _waiting.Count > 1))
            {
                var oldest = _waiting.Dequeue();
                _bytes -= oldest.Bytes;
                Lose(oldest);
            }
        }
    }

    private void Lose(HistoryEntry entry)
    {
        Interlocked.Increment(ref _lost);
        var counter = entry.Frame is null ? GatewayMetrics.HistorySessions : GatewayMetrics.HistoryFrames;
        counter.Add(1, GatewayMetrics.Lost, _isFailing ? GatewayMetrics.ByStorage : GatewayMetrics.ByNumber);
    }
}

namespace DtuActors.Alarming;

/// <summary>Two counts per key over the last <paramref name="within"/>, in ten steps. A key takes room only while its first count is not zero.</summary>
internal sealed class SlidingCounts<T>(TimeSpan within)
    where T : notnull
{
    private const int Steps = 10;

    private readonly Dictionary<T, Counts> _counts = [];
    private readonly TimeSpan _step = within / Steps;
    private long _now;

    /// <summary>Lets time pass: what is older is forgotten.</summary>
    public void Advance(DateTimeOffset now)
    {
        var step = now.UtcTicks / _step.Ticks;
        if (step == _now)
        {
            return;
        }

        foreach (var (key, counts) in _counts.ToList())
        {
            counts.Forget(_now, step);
            if (counts.First == 0)
            {
                _counts.Remove(key);
            }
        }

        _now = step;
    }

    /// <summary>Adds to both; the second alone begins nothing.</summary>
    public void Add(T key, long first, long second = 0)
    {
        if (!_counts.TryGetValue(key, out var counts))
        {
            if (first <= 0)
            {
                return;
            }

            _counts.Add(key, counts = new Counts());
        }

        counts.Add(_now, first, second);
    }

    /// <summary>The keys that have anything, with their sums.</summary>
    public IEnumerable<(T Key, long First, long Second)> Sums => _counts.Select(row => (row.Key, row.Value.First, row.Value.Second));

    private sealed class Counts
    {
        private readonly long[] _first = new long[Steps];
        private readonly long[] _second = new long[Steps];

        public long First { get; private set; }

        public long Second { get; private set; }

        public void Add(long step, long first, long second)
        {
            _first[step % Steps] += first;
            _second[step % Steps] += second;
            First += first;
            Second += second;
        }

        public void Forget(long was, long now)
        {
            for (var step = Math.Max(was + 1, now - Steps + 1); step <= now; step++)
            {
                First -= _first[step % Steps];
                Second -= _second[step % Steps];
                (_first[step % Steps], _second[step % Steps]) = (0, 0);
            }
        }
    }
}

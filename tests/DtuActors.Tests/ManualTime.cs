namespace DtuActors.Tests;

/// <summary>Time that passes when a test says so; timers fire once, on the caller's thread.</summary>
/// <param name="start">What the clock shows at first.</param>
internal class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private long _now = start.Ticks;

    public ManualTime()
        : this(DateTimeOffset.UnixEpoch)
    {
    }

    /// <summary>Held while timers are set, and while they become due.</summary>
    protected Lock Gate { get; } = new();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => new(GetTimestamp(), TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>How long the next timer waits still; null: none does.</summary>
    protected TimeSpan? NextDue
    {
        get
        {
            lock (Gate)
            {
                return _timers.Count == 0 ? null : TimeSpan.FromTicks(_timers.Min(timer => timer.Due) - _now);
            }
        }
    }

    public void Advance(TimeSpan time)
    {
        List<Timer> due;
        lock (Gate)
        {
            _now += time.Ticks;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            _timers.RemoveAll(due.Contains);
        }

        due.ForEach(timer => timer.Fire());
    }

    /// <summary>Somebody begins to wait; the <see cref="Gate"/> is held.</summary>
    protected virtual void OnWait()
    {
    }

    private sealed class Timer(ManualTime time, Action fire) : ITimer
    {
        public long Due { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.Gate)
            {
                time._timers.Remove(this);
                if (dueTime >= TimeSpan.Zero)
                {
                    Due = time._now + dueTime.Ticks;
                    time._timers.Add(this);
                    time.OnWait();
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (time.Gate)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

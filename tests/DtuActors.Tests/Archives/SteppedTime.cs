namespace DtuActors.Tests.Archives;

/// <summary>Time that passes when a test says so, and that tells when somebody waits: one waiter at a time, as an archive's loop is.</summary>
internal sealed class SteppedTime(DateTimeOffset now) : TimeProvider
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private DateTimeOffset _now = now;
    private TaskCompletionSource _waits = New();
    private int _registrations;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>How often somebody began to wait.</summary>
    public int Registrations => Volatile.Read(ref _registrations);

    /// <summary>How long the loop wants to wait, once it does.</summary>
    /// <param name="behind">So many waits are over, though nobody may have said so yet.</param>
    public async Task<TimeSpan> WaitedForAsync(int behind = 0)
    {
        while (true)
        {
            Task waits;
            lock (_lock)
            {
                if (_timers.Count > 0 && _registrations > behind)
                {
                    return _timers.Min(timer => timer.Due) - _now;
                }

                waits = _waits.Task;
            }

            await waits.WaitAsync(Patience);
        }
    }

    /// <summary>Lets so much pass, step by step, each once the loop waits again; it waits at the end.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        for (var until = GetUtcNow() + time; ;)
        {
            var due = await WaitedForAsync();
            if (GetUtcNow() + due > until)
            {
                Advance(until - GetUtcNow());
                return;
            }

            Advance(due);
        }
    }

    private void Advance(TimeSpan time)
    {
        List<Timer> due;
        lock (_lock)
        {
            _now += time;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            _timers.RemoveAll(due.Contains);
        }

        due.ForEach(timer => timer.Fire());
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Timer(SteppedTime time, Action fire) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
                if (dueTime >= TimeSpan.Zero)
                {
                    Due = time._now + dueTime;
                    time._timers.Add(this);
                    time._registrations++;
                    time._waits.TrySetResult();
                    time._waits = New();
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (time._lock)
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

using Akka.Actor;

namespace DtuActors.Dispatching;

/// <summary>The time of one message of an actor of the data path: one message's time is one time, and the system is asked for it once. Its actor renews it before each.</summary>
internal struct TurnClock(IScheduler scheduler)
{
    // Ticks of UTC; 0: not asked yet.
    private long _now;
    private long _at;

    /// <summary>By <see cref="SteadyTime"/>: for deadlines and ages.</summary>
    public DateTimeOffset Now => new(_now != 0 ? _now : _now = SteadyTime.Now(scheduler).UtcTicks, TimeSpan.Zero);

    /// <summary>By the wall clock: for dates.</summary>
    public DateTimeOffset At => new(_at != 0 ? _at : _at = scheduler.Now.UtcTicks, TimeSpan.Zero);

    public void Renew() => (_now, _at) = (0, 0);
}

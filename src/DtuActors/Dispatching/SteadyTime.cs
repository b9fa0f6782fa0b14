using Akka.Actor;

namespace DtuActors.Dispatching;

/// <summary>A scheduler that knows a time nobody sets; what others call the time is that time.</summary>
internal interface ISteadyScheduler
{
    DateTimeOffset SteadyNow { get; }
}

/// <summary>
/// The time of deadlines, ages and rates. It began as the wall clock's and goes on by itself: who sets the clock, by hand or by NTP, blocks no bus and ends no session. It is no
/// date: what people read, and what outlives the process, is the scheduler's <see cref="ITimeProvider.Now"/>. The two are never compared with each other.
/// </summary>
internal sealed class SteadyTime(TimeProvider time)
{
    private static readonly SteadyTime OfProcess = new(TimeProvider.System);

    private readonly DateTimeOffset _began = time.GetUtcNow();
    private readonly long _mark = time.GetTimestamp();

    public DateTimeOffset Current => _began + time.GetElapsedTime(_mark);

    /// <summary>Akka's own scheduler tells the wall clock's time; virtual time is as steady as its owner makes it.</summary>
    public static DateTimeOffset Now(IScheduler scheduler) => scheduler switch
    {
        HashedWheelTimerScheduler => OfProcess.Current,
        ISteadyScheduler steady => steady.SteadyNow,
        _ => scheduler.Now,
    };
}

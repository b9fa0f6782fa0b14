using Akka.Actor;

namespace DtuActors.Dispatching;

/// <summary>The time of one message of an actor of the data path: one message's time is one time, and the system is asked for it once. Its actor renews it before each.</summary>
internal struct TurnClock(IScheduler scheduler)
{
    private DateTimeOffset? _now;

    public DateTimeOffset Now => _now ??= scheduler.Now;

    public void Renew() => _now = null;
}

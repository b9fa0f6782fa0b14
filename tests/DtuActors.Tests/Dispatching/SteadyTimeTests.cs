using Akka.Actor;
using DtuActors.Dispatching;

namespace DtuActors.Tests.Dispatching;

public sealed class SteadyTimeTests : ActorSpec
{
    private static readonly DateTimeOffset Begin = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    public SteadyTimeTests()
        : base(SetClock.Hocon)
    {
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public void It_goes_on_by_itself_whatever_the_clock_is_set_to(int hours)
    {
        var clock = new Settable { Wall = Begin };
        var steady = new SteadyTime(clock);
        Assert.Equal(Begin, steady.Current);
        clock.Wall += TimeSpan.FromHours(hours);
        Assert.Equal(Begin, steady.Current);
        clock.Elapsed += TimeSpan.FromSeconds(1);
        Assert.Equal(Begin + TimeSpan.FromSeconds(1), steady.Current);
    }

    [Fact]
    public void A_turn_has_one_time_and_one_date()
    {
        var scheduler = (SetClock)Sys.Scheduler;
        var turn = new TurnClock(scheduler);
        var (now, at) = (turn.Now, turn.At);
        Assert.Equal(now, at);

        scheduler.IsOffBy = -TimeSpan.FromHours(10);
        scheduler.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((now, at), (turn.Now, turn.At));

        turn.Renew();
        Assert.Equal(now + TimeSpan.FromSeconds(1), turn.Now);
        Assert.Equal(at + TimeSpan.FromSeconds(1) - TimeSpan.FromHours(10), turn.At);
    }

    [Fact]
    public void Akkas_own_scheduler_has_a_time_of_its_own()
    {
        using var system = ActorSystem.Create("steady");
        var earlier = SteadyTime.Now(system.Scheduler);
        Assert.InRange(SteadyTime.Now(system.Scheduler), earlier, earlier + TimeSpan.FromMinutes(1));
        Assert.InRange((system.Scheduler.Now - earlier).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    private sealed class Settable : TimeProvider
    {
        public DateTimeOffset Wall { get; set; }

        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}

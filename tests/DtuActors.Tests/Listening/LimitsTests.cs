using System.Net;
using DtuActors.Listening;
using FsCheck;
using FsCheck.Fluent;

namespace DtuActors.Tests.Listening;

public sealed class LimitsTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void A_bucket_lets_no_more_through_than_its_rate_and_one_burst()
    {
        var steps = Gen.Choose(0, 50).Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds)).ListOf();
        Prop.ForAll(Gen.Choose(1, 500).SelectMany(rate => steps.Select(list => (rate, list))).ToArbitrary(), run =>
        {
            var bucket = new TokenBucket(run.rate, Start);
            var now = Start;
            var taken = 0;
            foreach (var step in run.list)
            {
                now += step;
                while (bucket.TryTake(now))
                {
                    taken++;
                }

                now += bucket.UntilNext(now);
                if (!bucket.TryTake(now))
                {
                    return false;
                }

                taken++;
            }

            return taken <= ((now - Start).TotalSeconds * run.rate) + Math.Max(1, run.rate / 10.0) + 1;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_clock_that_is_set_back_gives_nothing_and_stops_nothing()
    {
        var bucket = new TokenBucket(1, Start);
        Assert.True(bucket.TryTake(Start));
        Assert.False(bucket.TryTake(Start - TimeSpan.FromHours(1)));
        Assert.True(bucket.TryTake(Start - TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Limits_count_altogether_and_by_address_and_forget_who_left()
    {
        var (a, b) = (IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.2"));
        var limits = new ConnectionLimits(3, 2);
        Assert.Null(limits.Enter(a));
        Assert.Null(limits.Enter(a));
        Assert.Contains("max-per-address = 2", limits.Enter(a), StringComparison.Ordinal);
        Assert.Null(limits.Enter(b));
        Assert.Contains("max-connections = 3", limits.Enter(null), StringComparison.Ordinal);
        limits.Leave(a);
        Assert.Null(limits.Enter(a));
        Assert.Equal(3, limits.Count);
    }

    [Fact]
    public void What_happens_all_the_time_is_said_once_a_minute_with_how_often()
    {
        var grumble = new Grumble();
        Assert.True(grumble.IsDue(Start, out _));
        Assert.False(grumble.IsDue(Start + TimeSpan.FromSeconds(1), out _));
        Assert.True(grumble.IsDue(Start + TimeSpan.FromSeconds(61), out var times));
        Assert.Equal(2, times);
    }
}

using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

public sealed class ClaimPaceTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch + TimeSpan.FromDays(10_000);
    private readonly ClaimPace _pace = new(perSecond: 10, atOnce: 3);

    [Fact]
    public void Some_go_at_once_and_the_others_one_after_the_other()
    {
        int[] turns = [.. Enumerable.Range(0, 8).Select(_ => (int)_pace.Take(Start).TotalMilliseconds)];
        Assert.Equal([0, 0, 0, 0, 100, 200, 300, 400], turns);
    }

    [Fact]
    public void Time_gives_turns_back_but_no_more_than_some()
    {
        for (var i = 0; i < 14; i++)
        {
            _pace.Take(Start);
        }

        Assert.Equal(TimeSpan.FromMilliseconds(100), _pace.Take(Start + TimeSpan.FromSeconds(1)));
        Assert.Equal(4, Enumerable.Range(0, 10).Count(_ => _pace.Take(Start + TimeSpan.FromHours(1)) == TimeSpan.Zero));
    }

    [Fact]
    public void No_turn_is_given_twice_whatever_the_threads()
    {
        var turns = new System.Collections.Concurrent.ConcurrentBag<TimeSpan>();
        Parallel.For(0, 1000, _ => turns.Add(_pace.Take(Start)));
        Assert.Equal(Enumerable.Range(1, 996).Select(turn => TimeSpan.FromMilliseconds(100 * turn)), turns.Order().Skip(4));
    }
}

using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Routing;

public sealed class EndedEpochsTests
{
    private static readonly DtuId Dtu = DtuId.Parse("dtu-1");

    [Fact]
    public void What_is_older_than_the_newest_that_ended_is_late()
    {
        var ended = new EndedEpochs();
        Assert.False(ended.IsLate(Dtu, new Epoch(1, 0)));
        ended.Add(Dtu, new Epoch(5, 0));
        ended.Add(Dtu, new Epoch(3, 0));
        Assert.True(ended.IsLate(Dtu, new Epoch(4, 0)));
        Assert.False(ended.IsLate(Dtu, new Epoch(5, 0)));
        Assert.False(ended.IsLate(Dtu, new Epoch(6, 0)));
        Assert.False(ended.IsLate(DtuId.Parse("dtu-2"), new Epoch(1, 0)));
    }

    [Fact]
    public void So_many_are_kept_and_the_last_ones_always()
    {
        var ended = new EndedEpochs(most: 10);
        for (var number = 0; number < 1000; number++)
        {
            ended.Add(DtuId.Parse($"dtu-{number % 37}"), new Epoch(number, 0));
            Assert.True(ended.Count <= 10);
            for (var last = number; last > Math.Max(number - 5, 0); last--)
            {
                Assert.True(ended.IsLate(DtuId.Parse($"dtu-{last % 37}"), new Epoch(last - 1, 0)));
            }
        }
    }
}

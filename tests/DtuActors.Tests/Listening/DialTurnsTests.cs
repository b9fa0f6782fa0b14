using Akka.Actor;
using DtuActors.Listening;
using Xunit;

namespace DtuActors.Tests.Listening;

public sealed class DialTurnsTests : ActorSpec
{
    [Fact]
    public void So_many_dial_at_a_time_in_the_order_in_which_they_asked_and_one_that_ends_gives_its_turn_back()
    {
        var turns = Sys.ActorOf(DialTurnsActor.Props(1));
        var dialers = Enumerable.Range(0, 4).Select(i => CreateTestProbe($"dialer-{i}")).ToArray();
        foreach (var dialer in dialers)
        {
            turns.Tell(DialTurns.Take.Instance, dialer);
        }

        dialers[0].ExpectMsg<DialTurns.Granted>();
        Settle(turns);
        Assert.All(dialers[1..], dialer => Assert.False(dialer.HasMessages));

        turns.Tell(DialTurns.Done.Instance, dialers[0]);
        dialers[1].ExpectMsg<DialTurns.Granted>();

        // One that waits gives up, one that dials ends.
        Sys.Stop(dialers[2]);
        Sys.Stop(dialers[1]);
        dialers[3].ExpectMsg<DialTurns.Granted>();
    }
}

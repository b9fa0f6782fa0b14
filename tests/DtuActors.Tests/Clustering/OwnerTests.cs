using Akka.Actor;
using DtuActors.Clustering;

namespace DtuActors.Tests.Clustering;

public sealed class OwnerTests
{
    [Fact]
    public async Task What_there_is_once_moves_when_the_node_that_had_it_has_let_go()
    {
        await using var north = TestNode.Start("north");
        var (_, up) = north.Join();
        up.FishForMessage(message => message is Membership.Joined);
        var first = north.Kit.CreateTestProbe();
        ClusterSetup.TakePart(north.System, first);
        first.ExpectMsg<Owning.Yours>();

        await using var south = TestNode.Start("south", north);
        var (_, alsoUp) = south.Join();
        alsoUp.FishForMessage(message => message is Membership.Joined);
        var second = south.Kit.CreateTestProbe();
        ClusterSetup.TakePart(south.System, second);

        var leaving = north.LeaveAsync();
        first.ExpectMsg<Owning.NotYours>();
        Assert.False(second.HasMessages);
        first.Reply(Owning.LetGo.Instance);
        second.ExpectMsg<Owning.Yours>();
        await leaving;
    }

    [Fact]
    public async Task A_gateway_that_has_stopped_has_let_go()
    {
        await using var north = TestNode.Start("north");
        var (_, up) = north.Join();
        up.FishForMessage(message => message is Membership.Joined);
        var gateway = north.Kit.CreateTestProbe();
        var owner = north.System.ActorOf(OwnerActor.Props(gateway));
        var watcher = north.Kit.CreateTestProbe();
        watcher.Watch(owner);
        gateway.ExpectMsg<Owning.Yours>();
        north.System.Stop(gateway);
        owner.Tell(OwnerActor.Release.Instance);
        watcher.ExpectTerminated(owner);
    }
}

using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Tests.Clustering;

/// <summary>One directory on two nodes: sessions are probes there and here.</summary>
public sealed class DtuRegionTests
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private static readonly DtuId Id = DtuId.Parse("dtu-1");

    [Fact]
    public async Task A_DTU_that_comes_back_at_another_node_is_that_ones_and_the_old_session_makes_room()
    {
        await using var north = TestNode.Start("north");
        await using var south = TestNode.Start("south", north);
        var (here, there) = (Start(north), Start(south));
        var first = north.Kit.CreateTestProbe();
        var granted = Claim(here, first, null, Id);
        Assert.Equal(granted.Epoch, Find(south, there)!.Epoch);

        var second = south.Kit.CreateTestProbe();
        there.Tell(Announce(null, second, Id), second);
        second.ExpectMsg<Holding.Prove>();
        there.Tell(Announce(null, second, Id) with { IsProof = true }, second);
        first.ExpectMsg<Holding.Superseded>();
        here.Tell(new Holding.Released(Id, granted.Epoch));
        var newer = second.ExpectMsg<Holding.Granted>();
        Assert.True(newer.Epoch > granted.Epoch);
        Assert.Equal(newer.Epoch, Find(north, here)!.Epoch);
        Assert.Equal(south.Address, Find(north, here)!.Connection.Path.Address);
    }

    [Fact]
    public async Task Sessions_keep_their_DTUs_when_the_node_of_the_DTUs_actors_leaves()
    {
        await using var north = TestNode.Start("north");
        Start(north);
        await using var south = TestNode.Start("south", north);
        var there = Start(south);
        var sessions = Enumerable.Range(0, 16).Select(_ => south.Kit.CreateTestProbe()).ToList();
        var granted = sessions.Select((session, i) => Claim(there, session, null, DtuId.Parse($"dtu-{i}"))).ToList();
        for (var i = 0; i < sessions.Count; i++)
        {
            sessions[i].Watch(granted[i].Owner);
        }

        await north.LeaveAsync();
        for (var i = 0; i < sessions.Count; i++)
        {
            var (session, id) = (sessions[i], DtuId.Parse($"dtu-{i}"));
            if (granted[i].Owner.Path.Address.Equals(north.Address))
            {
                // Whoever watches it hears so, and tells the next one.
                session.ExpectTerminated(granted[i].Owner, TestNode.Patience);
                Assert.Equal(granted[i].Epoch, Claim(there, session, granted[i].Epoch, id).Epoch);
            }

            Assert.Equal(granted[i].Epoch, Find(south, there, id)!.Epoch);
        }

        Assert.Contains(granted, one => one.Owner.Path.Address.Equals(north.Address));
    }

    private static IActorRef Start(TestNode node)
    {
        var (_, parent) = node.Join();
        parent.FishForMessage(message => message is DtuActors.Clustering.Membership.Joined, TestNode.Patience);
        var region = parent.ChildActorOf(DtuRegion.Props(null), "directory");
        parent.FishForMessage(message => message is DtuRegion.Ready, TestNode.Patience);
        return region;
    }

    // As a session does: a claim whose shard is on its way to another node may be lost with it.
    private static Holding.Granted Claim(IActorRef region, TestProbe session, Epoch? epoch, DtuId id)
    {
        for (var left = TestNode.Patience; left > TimeSpan.Zero; left -= Again)
        {
            region.Tell(Announce(epoch, session, id), session);
            if (session.ReceiveOne(Again) is Holding.Granted granted)
            {
                return granted;
            }
        }

        throw new TimeoutException($"nobody grants {id}");
    }

    private static SessionRef? Find(TestNode node, IActorRef region, DtuId? id = null)
    {
        var asker = node.Kit.CreateTestProbe();
        region.Tell(new Holding.Find(id ?? Id), asker);
        return asker.ExpectMsg<Holding.Found>(TestNode.Patience).Session;
    }

    private static Holding.Announce Announce(Epoch? epoch, IActorRef session, DtuId id) => new(id, epoch, session, session.Path.Name, new DuplicatesOptions());
}

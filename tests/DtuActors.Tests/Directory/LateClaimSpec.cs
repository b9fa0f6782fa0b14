using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Tests.Directory;

/// <summary>A DtuActor in a cluster: what a session said waits for a shard's home, and may come when the session is gone and a newer one is there.</summary>
public sealed class LateClaimSpec : ActorSpec
{
    private static readonly DtuId Id = DtuId.Parse("dtu-1");
    private readonly IActorRef _dtu;

    public LateClaimSpec() => _dtu = CreateTestProbe("shard").ChildActorOf(DtuActor.Props(Id, 0, new ShardHome(null)));

    [Fact]
    public void A_claim_that_comes_after_its_sessions_end_takes_the_DTU_from_nobody()
    {
        var (gone, living) = (CreateTestProbe("gone"), CreateTestProbe("living"));
        End(gone);
        Announce(living, new Epoch(100, 1));
        living.ExpectMsg<Holding.Granted>();
        living.ExpectMsg<Holding.Contested>();
        Announce(gone);
        Settle(_dtu);
        living.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(living.Ref, Holder());
    }

    [Fact]
    public void A_claim_of_one_that_is_there_takes_the_DTU_over_once_it_has_said_so()
    {
        var (before, after) = (CreateTestProbe("before"), CreateTestProbe("after"));
        Announce(before);
        before.ExpectMsg<Holding.Granted>();
        Announce(after);
        after.ExpectMsg<Holding.Prove>();
        before.ExpectNoMsg(TimeSpan.Zero);
        Announce(after, isProof: true);
        before.ExpectMsg<Holding.Superseded>();
        _dtu.Tell(new Holding.Released(Id, HolderEpoch()));
        after.ExpectMsg<Holding.Granted>();
        Assert.Equal(after.Ref, Holder());
    }

    [Fact]
    public void One_that_went_ahead_keeps_its_DTU_although_a_dead_ones_claim_was_first_and_gives_it_up_for_one_that_is_there()
    {
        var (gone, living) = (CreateTestProbe("gone"), CreateTestProbe("living"));
        Announce(gone);
        var granted = gone.ExpectMsg<Holding.Granted>();
        var older = new Epoch(granted.Epoch.Number - 1, 1);
        Announce(living, older);
        gone.ExpectMsg<Holding.Prove>();
        living.ExpectNoMsg(TimeSpan.Zero);
        End(gone);
        Settle(_dtu);
        Announce(living, older);
        living.ExpectMsg<Holding.Granted>();
        living.ExpectMsg<Holding.Contested>();

        var newer = CreateTestProbe("newer");
        Announce(newer, isProof: true);
        living.ExpectMsg<Holding.Superseded>();
        _dtu.Tell(new Holding.Released(Id, older));
        newer.ExpectMsg<Holding.Granted>();
        Announce(living, older);
        living.ExpectMsg<Holding.Superseded>();
    }

    private void Announce(TestProbe session, Epoch? epoch = null, bool isProof = false) =>
        _dtu.Tell(new Holding.Announce(Id, epoch, session, "10.0.0.1:1", new DuplicatesOptions(), isProof));

    private void End(TestProbe session)
    {
        Watch(session);
        Sys.Stop(session);
        ExpectTerminated(session);
    }

    private Epoch HolderEpoch() => Found().Epoch;

    private IActorRef? Holder() => Found().Connection;

    private SessionRef Found()
    {
        _dtu.Tell(new Holding.Find(Id), TestActor);
        return ExpectMsg<Holding.Found>().Session!;
    }
}

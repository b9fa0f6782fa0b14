using Akka.Actor;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Tests.Directory;

public sealed class DtuDirectorySpec : ActorSpec
{
    private static readonly DtuId Id = DtuId.Parse("dtu-1");
    private readonly IActorRef _directory;

    public DtuDirectorySpec() => _directory = Sys.ActorOf(DtuDirectory.Props(), "directory");

    [Fact]
    public void The_newest_session_wins_and_the_displaced_one_is_told()
    {
        var (old, oldEpoch) = Open();
        var (_, newEpoch) = Open();
        Assert.True(newEpoch > oldEpoch);
        Assert.Equal(newEpoch, old.ExpectMsg<Holding.Superseded>().By);
    }

    [Fact]
    public void The_end_of_a_displaced_session_never_takes_the_new_one_down()
    {
        var (old, oldEpoch) = Open();
        var (current, _) = Open();
        _directory.Tell(new Holding.Released(Id, oldEpoch));
        Sys.Stop(old);
        Assert.Equal(current.Ref, Find()!.Connection);
    }

    [Fact]
    public void A_session_that_ends_leaves_nothing_behind()
    {
        var (session, epoch) = Open();
        _directory.Tell(new Holding.Released(Id, epoch));
        Assert.Null(Find());
        _ = session;
    }

    [Fact]
    public void A_session_that_dies_without_a_word_is_noticed()
    {
        var (session, _) = Open();
        Sys.Stop(session);
        AwaitCondition(() => Find() is null);
    }

    [Fact]
    public void A_claim_that_is_repeated_is_granted_the_same_epoch()
    {
        var (session, epoch) = Open();
        _directory.Tell(new Holding.Announce(Id, null, session));
        Assert.Equal(epoch, session.ExpectMsg<Holding.Granted>().Epoch);
    }

    [Fact]
    public void A_fresh_owner_that_hears_two_keeps_the_higher_epoch_and_closes_the_other()
    {
        var low = CreateTestProbe();
        var high = CreateTestProbe();
        _directory.Tell(new Holding.Announce(Id, new Epoch(5, 9), low));
        low.ExpectMsg<Holding.Granted>();
        _directory.Tell(new Holding.Announce(Id, new Epoch(6, 1), high));
        high.ExpectMsg<Holding.Granted>();
        low.ExpectMsg<Holding.Superseded>();
        _directory.Tell(new Holding.Announce(Id, new Epoch(5, 9), low));
        Assert.Equal(new Epoch(6, 1), low.ExpectMsg<Holding.Superseded>().By);
        Assert.Equal(high.Ref, Find()!.Connection);
    }

    [Fact]
    public void An_owner_that_fails_is_stopped_and_a_fresh_one_hears_from_the_session()
    {
        var (session, epoch) = Open();
        var owner = Find(out var from);
        Assert.NotNull(owner);
        Watch(from);
        EventFilter.Exception<ActorKilledException>().ExpectOne(() => from.Tell(Kill.Instance));
        ExpectTerminated(from);
        _directory.Tell(new Holding.Announce(Id, epoch, session));
        Assert.Equal(epoch, session.ExpectMsg<Holding.Granted>().Epoch);
    }

    [Fact]
    public void An_owner_without_a_session_is_let_go_after_a_minute()
    {
        var (_, epoch) = Open();
        _ = Find(out var owner);
        Watch(owner);
        _directory.Tell(new Holding.Released(Id, epoch));
        Settle(_directory);
        Settle(owner);
        Advance(TimeSpan.FromSeconds(61), TimeSpan.FromSeconds(1));
        ExpectTerminated(owner);
    }

    [Fact]
    public void Every_open_session_is_recited()
    {
        var (session, _) = Open();
        _directory.Tell(new Holding.Recite(TestActor));
        Assert.Equal(session.Ref, ExpectMsg<Holding.Found>().Session!.Connection);
    }

    private (Akka.TestKit.TestProbe Session, Epoch Epoch) Open()
    {
        var session = CreateTestProbe();
        _directory.Tell(new Holding.Announce(Id, null, session));
        return (session, session.ExpectMsg<Holding.Granted>().Epoch);
    }

    private SessionRef? Find() => Find(out _);

    private SessionRef? Find(out IActorRef owner)
    {
        var asker = CreateTestProbe();
        _directory.Tell(new Holding.Find(Id), asker);
        var found = asker.ExpectMsg<Holding.Found>();
        owner = asker.LastSender;
        return found.Session;
    }
}

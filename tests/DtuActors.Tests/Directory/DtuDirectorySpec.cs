using Akka.Actor;
using DtuActors.Configuration;
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
    public void The_newest_session_wins_as_soon_as_the_displaced_one_has_made_room()
    {
        var (old, oldEpoch) = Open();
        var claimant = Claim();
        Assert.Equal(Address(claimant), old.ExpectMsg<Holding.Superseded>().By);
        claimant.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        _directory.Tell(new Holding.Released(Id, oldEpoch));
        Assert.True(claimant.ExpectMsg<Holding.Granted>().Epoch > oldEpoch);
    }

    [Fact]
    public void A_holder_that_does_not_answer_is_not_waited_for_longer_than_a_second()
    {
        Open();
        var claimant = Claim();
        Settle(_directory);
        _ = Find(out var owner);
        Settle(owner);
        Advance(TimeSpan.FromSeconds(1.1));
        claimant.ExpectMsg<Holding.Granted>();
    }

    [Fact]
    public void A_newer_claim_takes_the_place_of_one_that_is_not_granted_yet()
    {
        var (_, epoch) = Open();
        var earlier = Claim();
        var later = Claim();
        Assert.Equal(Address(later), earlier.ExpectMsg<Holding.Superseded>().By);
        _directory.Tell(new Holding.Released(Id, epoch));
        later.ExpectMsg<Holding.Granted>();
        earlier.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void A_claimant_that_dies_leaves_the_dtu_free()
    {
        var (_, epoch) = Open();
        var claimant = Claim();
        Settle(_directory);
        Sys.Stop(claimant);
        _directory.Tell(new Holding.Released(Id, epoch));
        AwaitCondition(() => Find() is null);
        Open();
    }

    [Theory]
    [InlineData("before")]
    [InlineData("between")]
    [InlineData("after")]
    public void The_end_of_the_old_session_takes_nobody_down_whenever_it_is_told(string when)
    {
        var (old, oldEpoch) = Open();
        void End()
        {
            _directory.Tell(new Holding.Released(Id, oldEpoch));
            Sys.Stop(old);
        }

        if (when == "before")
        {
            End();
        }

        var claimant = Claim();
        if (when == "between")
        {
            End();
        }
        else if (when == "after")
        {
            _directory.Tell(new Holding.Released(Id, oldEpoch));
        }

        var epoch = claimant.ExpectMsg<Holding.Granted>().Epoch;
        End();
        _directory.Tell(new Holding.StillAlive(Id, oldEpoch, "10.8.0.7:40001"));
        Assert.Equal(new SessionRef(Id, epoch, claimant), Find());
        claimant.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
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
        _directory.Tell(Announce(null, session));
        Assert.Equal(epoch, session.ExpectMsg<Holding.Granted>().Epoch);
    }

    [Fact]
    public void A_fresh_owner_that_hears_two_keeps_the_higher_epoch_and_closes_the_other()
    {
        var low = CreateTestProbe();
        var high = CreateTestProbe();
        _directory.Tell(Announce(new Epoch(5, 9), low));
        low.ExpectMsg<Holding.Granted>();
        low.ExpectMsg<Holding.Contested>();
        _directory.Tell(Announce(new Epoch(6, 1), high));
        low.ExpectMsg<Holding.Superseded>();
        _directory.Tell(new Holding.Released(Id, new Epoch(5, 9)));
        Assert.Equal(new Epoch(6, 1), high.ExpectMsg<Holding.Granted>().Epoch);
        _directory.Tell(Announce(new Epoch(5, 9), low));
        low.ExpectMsg<Holding.Superseded>();
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
        _directory.Tell(Announce(epoch, session));
        Assert.Equal(epoch, session.ExpectMsg<Holding.Granted>().Epoch);
    }

    [Fact]
    public void A_session_that_tells_a_fresh_owner_of_itself_hears_that_the_old_ones_conflict_is_over()
    {
        var session = CreateTestProbe();
        _directory.Tell(Announce(new Epoch(5, 9), session));
        session.ExpectMsg<Holding.Granted>();
        Assert.Null(session.ExpectMsg<Holding.Contested>().With);
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
    public void An_owner_that_comes_after_one_that_was_let_go_grants_a_higher_epoch_whatever_the_clock_says()
    {
        var ahead = new Epoch(Clock.Now.AddYears(1).ToUnixTimeMilliseconds(), 0);
        var session = CreateTestProbe();
        _directory.Tell(Announce(ahead, session));
        session.ExpectMsg<Holding.Granted>();
        _ = Find(out var owner);
        Watch(owner);
        _directory.Tell(new Holding.Released(Id, ahead));
        Settle(_directory);
        Settle(owner);
        Advance(TimeSpan.FromSeconds(61), TimeSpan.FromSeconds(1));
        ExpectTerminated(owner);
        Settle(_directory);
        Assert.True(Open().Epoch > ahead);
    }

    [Fact]
    public void A_session_that_gave_itself_an_epoch_is_known_under_that()
    {
        var (session, granted) = Open();
        var own = granted with { Number = granted.Number + 5 };
        _directory.Tell(Announce(own, session));
        Assert.Equal(own, session.ExpectMsg<Holding.Granted>().Epoch);
        Assert.Equal(own, Find()!.Epoch);
    }

    [Fact]
    public void Whoever_claims_after_one_whose_own_epoch_is_an_hour_ahead_is_granted_a_higher_one_and_keeps_the_DTU_against_its_late_word()
    {
        var (session, granted) = Open();
        var ahead = granted with { Number = granted.Number + 3_600_000 };
        _directory.Tell(Announce(ahead, session));
        session.ExpectMsg<Holding.Granted>();
        var next = Claim();
        session.ExpectMsg<Holding.Superseded>();
        _directory.Tell(new Holding.Released(Id, ahead));
        Assert.True(next.ExpectMsg<Holding.Granted>().Epoch > ahead);
        _directory.Tell(Announce(ahead, session));
        session.ExpectMsg<Holding.Superseded>();
        next.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(next.Ref, Find()!.Connection);
    }

    private (Akka.TestKit.TestProbe Session, Epoch Epoch) Open()
    {
        var session = Claim();
        return (session, session.ExpectMsg<Holding.Granted>().Epoch);
    }

    private Akka.TestKit.TestProbe Claim()
    {
        var session = CreateTestProbe();
        _directory.Tell(Announce(null, session));
        return session;
    }

    private static Holding.Announce Announce(Epoch? epoch, IActorRef session) => new(Id, epoch, session, Address(session), new DuplicatesOptions());

    private static string Address(IActorRef session) => $"address of {session.Path.Name}";

    private static string Address(Akka.TestKit.TestProbe session) => Address(session.Ref);

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

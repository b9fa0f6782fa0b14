using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Tests.Directory;

/// <summary>A DtuActor among probes that play sessions: they make room when told to, and say whether their peer was alive.</summary>
public sealed class ConflictSpec : ActorSpec
{
    private static readonly DtuId Id = DtuId.Parse("twin");
    private readonly TestProbe _parent;
    private readonly IActorRef _dtu;
    private DuplicatesOptions _options = new();

    public ConflictSpec()
    {
        _parent = CreateTestProbe("parent");
        _dtu = _parent.ChildActorOf(DtuActor.Props(Id, 0, new AloneHome(null)));
    }

    [Fact]
    public void Three_takeovers_between_live_sockets_within_a_minute_are_a_conflict_and_the_holder_hears_of_the_other()
    {
        var (a, b) = (Open("a:1"), Claim("b:1"));
        MakeRoom(a, alive: true);
        b.Granted();
        var a2 = Claim("a:2");
        MakeRoom(b, alive: true);
        a2.Granted();
        var b2 = Claim("b:2");
        MakeRoom(a2, alive: false);
        b2.Granted();
        b2.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        _dtu.Tell(new Holding.StillAlive(Id, a2.Epoch, a2.Remote));
        Assert.Equal("a:2", b2.Contested());
    }

    [Fact]
    public void A_link_that_flaps_however_often_is_no_conflict_while_its_old_sockets_are_dead()
    {
        var holder = Open("a:0");
        for (var i = 1; i <= 20; i++)
        {
            var next = Claim($"a:{i}");
            MakeRoom(holder, alive: false);
            next.Granted();
            holder = next;
            Advance(TimeSpan.FromSeconds(1));
        }

        holder.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void Takeovers_that_lie_further_apart_are_no_conflict()
    {
        var holder = Open("a:0");
        for (var i = 1; i <= 6; i++)
        {
            var next = Claim($"a:{i}");
            MakeRoom(holder, alive: true);
            next.Granted();
            holder = next;
            Settle(_dtu);
            Advance(TimeSpan.FromSeconds(31), TimeSpan.FromSeconds(31));
        }

        holder.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void In_a_conflict_a_takeover_waits_ten_seconds()
    {
        var holder = Contested();
        var next = Claim("c:1");
        Assert.Equal("c:1", holder.Contested());
        Advance(TimeSpan.FromSeconds(9.9));
        holder.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        Advance(TimeSpan.FromSeconds(0.2));
        MakeRoom(holder, alive: true);
        next.Granted();
        Assert.Equal(holder.Remote, next.Contested());
    }

    [Fact]
    public void In_a_conflict_a_newer_claim_takes_the_place_of_the_one_that_waits_and_the_time_it_has_waited()
    {
        var holder = Contested();
        var first = Claim("c:1");
        holder.Contested();
        Advance(TimeSpan.FromSeconds(6));
        var second = Claim("d:1");
        Assert.Equal("d:1", first.Probe.ExpectMsg<Holding.Superseded>().By);
        holder.Contested();
        Advance(TimeSpan.FromSeconds(4.1));
        MakeRoom(holder, alive: true);
        second.Granted();
    }

    [Fact]
    public void A_claim_that_waits_is_repeated_without_effect_and_granted_at_once_when_the_holder_ends()
    {
        var holder = Contested();
        var next = Claim("c:1");
        holder.Contested();
        Announce(next);
        Settle(_dtu);
        next.Probe.ExpectMsg<Holding.Waiting>();
        _dtu.Tell(new Holding.Released(Id, holder.Epoch));
        next.Granted();
    }

    [Fact]
    public void A_claimant_that_gave_up_does_not_take_the_dtu_from_its_holder()
    {
        var holder = Contested();
        var next = Claim("c:1");
        holder.Contested();
        Die(next);
        Advance(TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(1));
        Settle(_dtu);
        Assert.Equal(holder.Probe.Ref, Holder());
        holder.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void Under_hold_first_the_newest_wins_until_there_is_a_conflict_and_then_the_holder_stays()
    {
        _options = new DuplicatesOptions { Policy = DuplicatesPolicy.HoldFirst };
        var holder = Contested();
        var refused = Claim("c:1");
        Assert.Equal(holder.Remote, refused.Probe.ExpectMsg<Holding.Refused>().Holder);
        Assert.Equal("c:1", holder.Contested());
        _dtu.Tell(new Holding.Released(Id, holder.Epoch));
        var next = Open("d:1");
        Assert.Equal("c:1", next.Contested());
    }

    [Fact]
    public void Five_quiet_minutes_end_it_and_a_claim_makes_them_begin_anew()
    {
        var holder = Contested();
        Advance(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(1));
        var next = Claim("c:1");
        holder.Contested();
        Die(next);
        Advance(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(1));
        holder.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        Advance(TimeSpan.FromMinutes(1.1), TimeSpan.FromMinutes(1));
        Assert.Null(holder.Contested());
        var after = Claim("d:1");
        MakeRoom(holder, alive: true);
        after.Granted();
        after.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void It_is_not_forgotten_while_it_lasts_and_let_go_a_minute_after()
    {
        var holder = Contested();
        _dtu.Tell(new Holding.Released(Id, holder.Epoch));
        Settle(_dtu);
        Advance(TimeSpan.FromMinutes(4.9), TimeSpan.FromSeconds(1));
        _parent.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        Advance(TimeSpan.FromMinutes(0.2), TimeSpan.FromSeconds(1));
        Settle(_dtu);
        Advance(TimeSpan.FromMinutes(1.1), TimeSpan.FromSeconds(1));
        _parent.ExpectMsg<Holding.Passivate>();
    }

    [Fact]
    public void A_session_that_tells_a_fresh_owner_of_itself_does_not_wait_in_a_conflict()
    {
        var holder = Contested();
        var higher = new Session(CreateTestProbe(), "e:1");
        Announce(higher, new Epoch(holder.Epoch.Number + 1, 0));
        MakeRoom(holder, alive: false);
        higher.Granted();
    }

    [Fact]
    public void Devices_that_take_turns_within_one_session_are_a_conflict_for_as_long_as_they_do_and_both_are_known()
    {
        var holder = Open("a:1");
        TakeTurn(ref holder, "b:1");
        TakeTurn(ref holder, "a:1");
        holder.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        TakeTurn(ref holder, "b:1");
        Assert.Equal("a:1", holder.Contested());
        for (var i = 0; i < 3; i++)
        {
            Advance(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(1));
            var left = holder.Remote;
            TakeTurn(ref holder, left == "a:1" ? "b:1" : "a:1");
            Assert.Equal(left, holder.Contested());
        }

        // Whoever claims it hears of the address that is spoken from.
        var next = Claim("c:1");
        Assert.Equal("c:1", holder.Contested());
        Advance(TimeSpan.FromSeconds(10.1));
        MakeRoom(holder, alive: false);
        next.Granted();
        Assert.Equal(holder.Remote, next.Contested());
    }

    [Fact]
    public void What_a_displaced_session_hears_shows_in_no_conflict_that_is_known()
    {
        var old = Open("a:0");
        var holder = old;
        for (var i = 1; i <= 3; i++)
        {
            var next = Claim($"a:{i}");
            MakeRoom(holder, alive: true);
            next.Granted();
            holder = next;
        }

        Assert.Equal("a:2", holder.Contested());
        _dtu.Tell(new Holding.StillAlive(Id, old.Epoch, old.Remote));
        Settle(_dtu);
        holder.Probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    private void TakeTurn(ref Session holder, string to)
    {
        var left = holder.Remote;
        holder = holder with { Remote = to };
        Announce(holder, holder.Epoch);
        holder.Granted();
        _dtu.Tell(new Holding.StillAlive(Id, holder.Epoch, left));
        Settle(_dtu);
    }

    /// <summary>The holder of a DTU that has just come into conflict.</summary>
    private Session Contested()
    {
        var holder = Open("a:0");
        for (var i = 1; i <= 3; i++)
        {
            var next = Claim($"a:{i}");
            MakeRoom(holder, alive: true);
            next.Granted();
            holder = next;
        }

        Assert.Equal("a:2", holder.Contested());
        return holder;
    }

    private Session Open(string remote)
    {
        var session = Claim(remote);
        session.Granted();
        return session;
    }

    private Session Claim(string remote)
    {
        var session = new Session(CreateTestProbe(), remote);
        Announce(session);
        Settle(_dtu);
        return session;
    }

    private void Announce(Session session, Epoch? epoch = null) =>
        _dtu.Tell(new Holding.Announce(Id, epoch, session.Probe, session.Remote, _options));

    private void MakeRoom(Session holder, bool alive)
    {
        holder.Probe.ExpectMsg<Holding.Superseded>();
        _dtu.Tell(new Holding.Released(Id, holder.Epoch));
        if (alive)
        {
            _dtu.Tell(new Holding.StillAlive(Id, holder.Epoch, holder.Remote));
        }
    }

    // Who watched first is told first: the DtuActor knows when the test does.
    private void Die(Session session)
    {
        Watch(session.Probe);
        Sys.Stop(session.Probe);
        ExpectTerminated(session.Probe);
        Settle(_dtu);
    }

    private IActorRef? Holder()
    {
        var asker = CreateTestProbe();
        _dtu.Tell(new Holding.Find(Id), asker);
        return asker.ExpectMsg<Holding.Found>().Session?.Connection;
    }

    private sealed record Session(TestProbe Probe, string Remote)
    {
        public Epoch Epoch { get; private set; }

        public void Granted() => Epoch = Probe.ExpectMsg<Holding.Granted>().Epoch;

        public string? Contested() => Probe.ExpectMsg<Holding.Contested>().With;
    }
}

using Akka.Actor;
using Akka.IO;
using DtuActors.Directory;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>A directory on many nodes, of which the one that a DTU needs does not answer.</summary>
public sealed class GoingAheadSpec : SessionSpec
{
    public GoingAheadSpec() => Pace = new ClaimPace();

    [Fact]
    public void A_session_whose_claims_nobody_answers_is_open_after_two_and_claims_on_under_its_own_epoch()
    {
        var session = Registered();
        Assert.Null(Directory.ExpectMsg<Holding.Announce>().Epoch);
        Pass(session, 1.1);
        Assert.Null(Directory.ExpectMsg<Holding.Announce>().Epoch);
        Pass(session, 2.1);
        var opened = Router.ExpectMsg<Registry.SessionOpened>().Session;
        Assert.Equal(opened.Epoch, Directory.ExpectMsg<Holding.Announce>().Epoch);
        Receive(session, "data");
        Assert.Equal(opened, Uplink().Session);
        session.Tell(new Holding.Granted(opened.Epoch, Owner));
        Pass(session, 10);
        Directory.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void One_that_went_ahead_and_is_granted_its_first_claim_after_all_says_under_which_epoch_others_know_it()
    {
        var session = Registered();
        Pass(session, 1.1);
        for (var i = 0; i < ClaimPace.AtOnce + (3 * ClaimPace.PerSecond); i++)
        {
            Pace!.Take(Clock.Now);
        }

        Pass(session, 2.1);
        var opened = Router.ExpectMsg<Registry.SessionOpened>().Session;
        Assert.All(Directory.ReceiveN(2), announce => Assert.Null(((Holding.Announce)announce).Epoch));
        Directory.ExpectNoMsg(TimeSpan.Zero);
        var first = opened.Epoch with { Number = opened.Epoch.Number - 1 };
        session.Tell(new Holding.Granted(first, Owner));
        Assert.Equal(opened.Epoch, Directory.ExpectMsg<Holding.Announce>().Epoch);
        session.Tell(new Holding.Granted(opened.Epoch, Owner));
        Pass(session, 10);
        Directory.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void One_that_turns_out_to_be_superseded_makes_room()
    {
        var session = Registered();
        Pass(session, 1.1);
        Pass(session, 2.1);
        var opened = Router.FishForMessage<Registry.SessionOpened>(_ => true).Session;
        session.Tell(new Holding.Superseded("10.8.0.9:1"));
        Assert.Equal(opened.Epoch, Directory.FishForMessage<Holding.Released>(_ => true).Epoch);
    }

    [Fact]
    public void A_claim_that_is_said_to_wait_waits()
    {
        var session = Registered();
        for (var i = 0; i < 5; i++)
        {
            Directory.ExpectMsg<Holding.Announce>();
            session.Tell(Holding.Waiting.Instance);
            Pass(session, 2.1);
        }

        Router.ExpectNoMsg(TimeSpan.Zero);
        Grant(session, "dtu-1");
        Router.ExpectMsg<Registry.SessionOpened>();
    }

    [Fact]
    public void One_whose_turn_to_claim_is_far_off_is_open_at_once_and_claims_when_it_comes()
    {
        for (var i = 0; i < ClaimPace.AtOnce + (3 * ClaimPace.PerSecond); i++)
        {
            Pace!.Take(Clock.Now);
        }

        var session = Registered();
        var opened = Router.ExpectMsg<Registry.SessionOpened>().Session;
        Directory.ExpectNoMsg(TimeSpan.Zero);
        Pass(session, 3.1);
        Assert.Equal(opened.Epoch, Directory.ExpectMsg<Holding.Announce>().Epoch);
    }

    private IActorRef Registered()
    {
        var session = Connect();
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, "dtu-1\n");
        Settle(session);
        return session;
    }

    private void Pass(IActorRef session, double seconds)
    {
        Settle(session);
        Advance(TimeSpan.FromSeconds(seconds));
        Settle(session);
    }
}

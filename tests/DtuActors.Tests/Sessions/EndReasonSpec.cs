using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol.Registration;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>Every way in which a connection ends, from every state: registering, claiming, online, closing.</summary>
public sealed class EndReasonSpec : SessionSpec
{
    private static readonly Tcp.CommandFailed WriteFailed = new(Tcp.Write.Create(ByteString.FromString("x")));

    /// <summary>How a socket ends by itself, and the reason that is told.</summary>
    public static TheoryData<string, string> SocketEnds => new()
    {
        { "peer-closed", "closed" }, { "confirmed", "closed" }, { "error", "reset" }, { "socket-actor", "reset" }, { "write-failed", "failed" },
    };

    [Theory]
    [MemberData(nameof(SocketEnds))]
    public void A_socket_that_ends_before_it_registered_ends_the_actor_and_no_session(string how, string reason)
    {
        var session = Connect();
        End(session, how);
        AssertEndedWithoutSession(session, reason);
    }

    [Theory]
    [MemberData(nameof(SocketEnds))]
    public void A_socket_that_ends_while_its_dtu_is_claimed_ends_the_actor_and_no_session(string how, string reason)
    {
        var session = Claiming();
        End(session, how);
        WaitForWhatCame(session);
        AssertEndedWithoutSession(session, reason);
    }

    [Fact]
    public void Who_is_sent_to_a_session_whose_socket_ended_while_it_claimed_is_answered()
    {
        var session = Claiming();
        session.Tell(new Asking.Request(Protocol.DtuId.Parse("dtu-1"), new byte[1], null, AnswerRule.ByMode, 1, "api", TestActor));
        Assert.Equal(new Asking.Refused(1, RefusalReason.SessionEnded), ExpectMsg<Asking.Refused>());
        session.Tell(Tcp.PeerClosed.Instance);
        session.Tell(new Holding.Granted(FirstEpoch, Owner));
        Assert.Equal(FirstEpoch, Directory.ExpectMsg<Holding.Released>().Epoch);
        session.Tell(new Asking.Request(Protocol.DtuId.Parse("dtu-1"), new byte[1], null, AnswerRule.ByMode, 2, "api", TestActor));
        Assert.Equal(new Asking.Refused(2, RefusalReason.SessionEnded), ExpectMsg<Asking.Refused>());
        WaitForWhatCame(session);
        ExpectTerminatedSession(session);
    }

    [Theory]
    [MemberData(nameof(SocketEnds))]
    public void A_socket_that_ends_online_ends_the_session_with_its_reason(string how, string reason)
    {
        var session = Online();
        End(session, how);
        AssertEnded(session, reason);
    }

    [Theory]
    [MemberData(nameof(SocketEnds))]
    public void A_session_that_is_closing_keeps_its_first_reason(string how, string reason)
    {
        var session = Online();
        session.Tell(new Asking.Kick(Protocol.DtuId.Parse("dtu-1"), 7, TestActor));
        Socket.FishForMessage(message => message is Tcp.Close);
        End(session, how);
        AssertEnded(session, "kicked");
        Assert.NotEqual("kicked", reason);
    }

    [Fact]
    public void A_shut_down_closes_whoever_registers_claims_or_is_online()
    {
        var (registering, claiming, online) = (Connect(), Claiming(), Online());
        IActorRef[] sessions = [registering, claiming, online];
        foreach (var session in sessions)
        {
            session.Tell(ShutDown.Drain.Instance);
            Socket.FishForMessage(message => message is Tcp.Close);
        }

        // One after the other: which of them is gone first is nobody's business.
        registering.Tell(Tcp.Closed.Instance);
        ExpectTerminated(registering);
        claiming.Tell(Tcp.Closed.Instance);
        WaitForWhatCame(claiming);
        ExpectTerminated(claiming);
        online.Tell(Tcp.Closed.Instance);
        AssertEnded(online, "stopping");
    }

    // A claim that may still be granted.
    private void WaitForWhatCame(IActorRef session)
    {
        for (var second = 0; second < 3; second++)
        {
            Settle(session);
            Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void A_session_that_is_stopped_ended_when_it_was_not_when_it_last_heard_something()
    {
        var session = Online();
        Advance(TimeSpan.FromSeconds(5));
        Sys.Stop(session);
        ExpectTerminatedSession(session);
        Assert.Equal(Clock.Now, Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report.EndedAt);
    }

    [Fact]
    public void A_dtu_that_takes_no_bytes_is_silent()
    {
        var session = Online();
        session.Tell(Delivery(TestActor, "never taken"u8.ToArray()));
        Settle(session);
        Advance(TimeSpan.FromSeconds(31), TimeSpan.FromSeconds(1));
        Socket.FishForMessage(message => message is Tcp.Abort);
        session.Tell(Tcp.Aborted.Instance);
        AssertEnded(session, "silent", "the DTU takes no bytes");
    }

    [Fact]
    public void A_dtu_that_says_nothing_is_silent_and_the_words_tell_for_how_long()
    {
        var session = Online(profile: Options.Profile(heartbeat: new HeartbeatOptions { Timeout = TimeSpan.FromSeconds(30) }));
        Advance(TimeSpan.FromSeconds(31), TimeSpan.FromSeconds(1));
        Socket.FishForMessage(message => message is Tcp.Abort);
        session.Tell(Tcp.Aborted.Instance);
        AssertEnded(session, "silent", "no byte for 3");
    }

    [Fact]
    public void Another_id_on_a_live_session_is_refused()
    {
        var session = Connect(Options.Profile() with { Registration = new RegistrationOptions { Form = new JsonForm() } });
        Receive(session, """{"imei":"1001"}""");
        Grant(session, "1001");
        Receive(session, """{"imei":"1002"}""");
        Socket.FishForMessage(message => message is Tcp.Close);
        session.Tell(Tcp.Closed.Instance);
        ExpectTerminatedSession(session);
        Assert.Equal("refused", Event<DtuOffline>().Reason);
        Assert.Equal("refused", Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Reason);
    }

    [Fact]
    public void A_session_that_throws_has_failed()
    {
        var session = Online();
        EventFilter.Exception<ActorKilledException>().ExpectOne(() => session.Tell(Kill.Instance));
        AssertEnded(session, "failed");
    }

    [Fact]
    public void A_session_that_throws_while_it_closes_keeps_its_reason()
    {
        var session = Online();
        session.Tell(new Asking.Kick(Protocol.DtuId.Parse("dtu-1"), 7, TestActor));
        Settle(session);
        EventFilter.Exception<ActorKilledException>().ExpectOne(() => session.Tell(Kill.Instance));
        AssertEnded(session, "kicked");
    }

    [Fact]
    public void A_claim_that_a_newer_one_displaces_is_closed()
    {
        var session = Claiming();
        session.Tell(new Holding.Superseded("10.8.0.9:1"));
        Socket.FishForMessage(message => message is Tcp.Close);
        session.Tell(Tcp.Closed.Instance);
        AssertEndedWithoutSession(session, "replaced");
    }

    [Fact]
    public void A_claim_that_is_refused_is_closed_and_waits_in_the_inbox_as_a_conflict()
    {
        var session = Claiming();
        session.Tell(new Holding.Refused("10.8.0.9:1"));
        var refused = Recorder.ExpectMsg<RefusedConnection>();
        Assert.Equal("conflict", refused.Reason);
        Assert.Equal("dtu-1\n"u8.ToArray(), refused.FirstBytes.ToArray());
        Socket.FishForMessage(message => message is Tcp.Close);
        session.Tell(Tcp.Closed.Instance);
        AssertEndedWithoutSession(session, "refused");
    }

    [Fact]
    public void A_grant_that_comes_too_late_is_given_back()
    {
        var session = Claiming();
        session.Tell(ShutDown.Drain.Instance);
        session.Tell(new Holding.Granted(FirstEpoch, Owner));
        Assert.Equal(FirstEpoch, Directory.ExpectMsg<Holding.Released>().Epoch);
    }

    [Fact]
    public void What_a_dtu_says_while_it_is_claimed_is_kept_up_to_a_bound_and_is_data_then()
    {
        var session = Claiming();
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, "one");
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, new byte[4096]);
        Socket.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        session.Tell(new Holding.Granted(FirstEpoch, Owner));
        Router.ExpectMsg<Registry.SessionOpened>();
        Assert.Equal("one"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
        Assert.Equal(4096, Uplink().Frame!.Payload.Length);
        Socket.ExpectMsg<Tcp.ResumeReading>();
    }

    private IActorRef Claiming()
    {
        var session = Connect();
        Socket.FishForMessage(message => message is Tcp.ResumeReading);
        Receive(session, "dtu-1\n");
        Directory.ExpectMsg<Holding.Announce>();
        return session;
    }

    private void End(IActorRef session, string how)
    {
        Settle(session);
        if (how == "socket-actor")
        {
            Sys.Stop(Socket);
            return;
        }

        session.Tell(how switch
        {
            "peer-closed" => Tcp.PeerClosed.Instance,
            "confirmed" => Tcp.ConfirmedClosed.Instance,
            "error" => new Tcp.ErrorClosed("connection reset by peer"),
            _ => WriteFailed,
        });
    }

    private void AssertEnded(IActorRef session, string reason, string? words = null)
    {
        ExpectTerminatedSession(session);
        Assert.Equal(reason, Event<DtuOffline>().Reason);
        var ended = Fleet.FishForMessage<Fleet.SessionEnded>(_ => true);
        Assert.Equal(reason, ended.Reason);
        Assert.NotNull(ended.Report.EndedAt);
        if (words is not null)
        {
            Assert.StartsWith(words, ended.Report.LastError, StringComparison.Ordinal);
        }

        Router.FishForMessage<Registry.SessionClosed>(_ => true);
        Directory.FishForMessage<Holding.Released>(_ => true);
        Recorder.ExpectNoMsg(TimeSpan.Zero);
    }

    private void AssertEndedWithoutSession(IActorRef session, string reason)
    {
        ExpectTerminatedSession(session);
        Assert.NotEmpty(reason);
        Recorder.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        Router.ExpectNoMsg(TimeSpan.Zero);
        Fleet.ExpectNoMsg(TimeSpan.Zero);
    }

    private void ExpectTerminatedSession(IActorRef session) =>
        FishForMessage<Terminated>(terminated => terminated.ActorRef.Equals(session));
}

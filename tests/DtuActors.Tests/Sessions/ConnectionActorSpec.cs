using System.Text;
using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol.Framing;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

public sealed class ConnectionActorSpec : SessionSpec
{
    [Fact]
    public void A_registration_with_a_newline_makes_a_session_and_what_is_glued_behind_it_is_data()
    {
        var session = Connect();
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, "dtu-1\r\nhello");
        Grant(session, "dtu-1");

        Assert.Equal(new SessionRef(Protocol.DtuId.Parse("dtu-1"), FirstEpoch, session), Router.ExpectMsg<Registry.SessionOpened>().Session);
        Assert.Equal("hello"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
        Event<DtuOnline>();
    }

    [Fact]
    public void A_bare_text_is_decided_by_silence()
    {
        var session = Connect();
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, "dtu-1");
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Directory.ExpectNoMsg(TimeSpan.Zero);
        Advance(TimeSpan.FromMilliseconds(600));
        Grant(session, "dtu-1");
        Router.ExpectMsg<Registry.SessionOpened>();
    }

    [Fact]
    public void What_does_not_match_is_refused_and_its_first_bytes_wait_in_the_inbox()
    {
        var session = Connect();
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, "no such thing!\r\n");

        var refused = Recorder.ExpectMsg<RefusedConnection>();
        Assert.Equal("no-match", refused.Reason);
        Assert.Equal("no such thing!\r\n", Encoding.ASCII.GetString(refused.FirstBytes.Span));
        Socket.ExpectMsg<Tcp.Close>();
        session.Tell(Tcp.Closed.Instance);
        ExpectTerminated(session);
        Router.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_silent_socket_is_closed_when_the_time_to_register_is_over()
    {
        var session = Connect();
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Advance(TimeSpan.FromSeconds(61), TimeSpan.FromSeconds(1));
        Assert.Equal("timeout", Recorder.ExpectMsg<RefusedConnection>().Reason);
        Socket.ExpectMsg<Tcp.Close>();
        session.Tell(Tcp.Closed.Instance);
        ExpectTerminated(session);
    }

    [Fact]
    public void A_registration_that_comes_byte_by_byte_has_no_longer_than_one_that_does_not_come()
    {
        var session = Connect();

        // None is so late that silence ends it, and all together are no more than a registration may have.
        for (var i = 0; i < 60_000 / 90; i++)
        {
            Receive(session, "x");
            Settle(session);
            Recorder.ExpectNoMsg(TimeSpan.Zero);
            Advance(TimeSpan.FromMilliseconds(90));
        }

        Advance(TimeSpan.FromMilliseconds(90));
        Assert.Equal("timeout", Recorder.ExpectMsg<RefusedConnection>().Reason);
        Socket.FishForMessage(message => message is Tcp.Close);
    }

    [Fact]
    public void A_listener_with_a_dtu_needs_no_registration()
    {
        var session = Connect(dtu: "pump-7");
        Grant(session, "pump-7");
        Router.ExpectMsg<Registry.SessionOpened>();
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, "data");
        Assert.Equal("data"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
    }

    [Fact]
    public void A_claim_is_repeated_until_the_directory_answers()
    {
        var session = Connect();
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, "dtu-1\n");
        Directory.ExpectMsg<Holding.Announce>();
        Advance(TimeSpan.FromSeconds(1.1));
        Grant(session, "dtu-1");
        Router.ExpectMsg<Registry.SessionOpened>();
    }

    [Fact]
    public void A_session_whose_owner_dies_tells_the_next_one_its_epoch_at_once()
    {
        var session = Online();
        Sys.Stop(Owner);
        var again = Directory.ExpectMsg<Holding.Announce>();
        Assert.Equal(FirstEpoch, again.Epoch);
        Assert.Equal(session, again.Connection);
    }

    [Fact]
    public void A_superseded_session_closes_as_replaced()
    {
        var session = Online();
        session.Tell(new Holding.Superseded("10.8.0.8:2"));
        Settle(session);
        Advance(TimeSpan.FromMilliseconds(600));
        Socket.FishForMessage(message => message is Tcp.ConfirmedClose);
        session.Tell(Tcp.ConfirmedClosed.Instance);
        ExpectTerminated(session);
        Assert.Equal("replaced", Event<DtuOffline>().Reason);
        Assert.Equal(FirstEpoch, Router.ExpectMsg<Registry.SessionClosed>().Session.Epoch);
    }

    [Theory]
    [InlineData("closed")]
    [InlineData("reset")]
    public void A_socket_that_ends_ends_the_session_with_its_reason(string reason)
    {
        var session = Online();
        session.Tell(reason == "closed" ? Tcp.PeerClosed.Instance : new Tcp.ErrorClosed("connection reset by peer"));
        ExpectTerminated(session);
        Assert.Equal(reason, Event<DtuOffline>().Reason);
    }

    [Fact]
    public void A_close_that_hangs_is_aborted_after_two_seconds()
    {
        var session = Online();
        session.Tell(new Asking.Kick(Protocol.DtuId.Parse("dtu-1"), 7, TestActor));
        ExpectMsg<Asking.Sent>();
        Socket.FishForMessage(message => message is Tcp.Close);
        Advance(TimeSpan.FromSeconds(2.1));
        Socket.ExpectMsg<Tcp.Abort>();
        session.Tell(Tcp.Aborted.Instance);
        ExpectTerminated(session);
        Assert.Equal("kicked", Event<DtuOffline>().Reason);
    }

    [Fact]
    public void A_dtu_that_says_nothing_for_its_timeout_is_silent()
    {
        var session = Online(profile: Options.Profile(heartbeat: new HeartbeatOptions { Timeout = TimeSpan.FromSeconds(30) }));
        Advance(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1), session);
        Receive(session, "still here");
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Advance(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1), session);
        Socket.ExpectNoMsg(TimeSpan.Zero);
        Advance(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(1), session);
        Socket.ExpectMsg<Tcp.Abort>();
        session.Tell(Tcp.Aborted.Instance);
        ExpectTerminated(session);
        Assert.Equal("silent", Event<DtuOffline>().Reason);
    }

    [Fact]
    public void A_machine_that_stood_still_reads_what_a_dtu_said_before_it_calls_it_silent()
    {
        var session = OnlineBehindAStandstill();
        Receive(session, "said meanwhile");
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Advance(TimeSpan.FromSeconds(2), settled: session);
        Socket.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_dtu_that_said_nothing_while_the_machine_stood_still_is_silent_soon()
    {
        var session = OnlineBehindAStandstill();
        Socket.ExpectNoMsg(TimeSpan.Zero);
        Advance(TimeSpan.FromSeconds(2), settled: session);
        Socket.ExpectMsg<Tcp.Abort>();
    }

    private IActorRef OnlineBehindAStandstill()
    {
        var session = Online(profile: Options.Profile(heartbeat: new HeartbeatOptions { Timeout = TimeSpan.FromSeconds(30) }));
        Settle(session);
        var standstill = TimeSpan.FromSeconds(40);
        Advance(standstill, standstill, session);
        return session;
    }

    [Fact]
    public void Heartbeats_are_answered_and_reach_no_endpoint()
    {
        var session = Online(profile: Options.Profile(heartbeat: new HeartbeatOptions { Match = ["ping"u8.ToArray()], Reply = "pong"u8.ToArray() }));
        Receive(session, "ping");
        Assert.Equal("pong"u8.ToArray(), Written(session));
        Receive(session, "data");
        Assert.Equal("data"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
    }

    [Fact]
    public void The_same_registration_again_is_a_heartbeat_and_answered_like_the_first()
    {
        var session = Connect(Options.Profile(reply: "OK"));
        Receive(session, "dtu-1\n");
        Grant(session, "dtu-1");
        Assert.Equal("OK"u8.ToArray(), Written(session));
        Router.ExpectMsg<Registry.SessionOpened>();
        Receive(session, "dtu-1\r\n");
        Assert.Equal("OK"u8.ToArray(), Written(session));
        Router.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void An_alias_goes_by_its_dtus_id_and_a_wrong_secret_is_refused()
    {
        var options = Options.Gateway().With(Options.Dtu("wtp-07", secret: "s3cret", aliases: "13800138000"));
        var session = Connect(options: options);
        Receive(session, "13800138000,s3cret\n");
        Grant(session, "wtp-07");
        Assert.Equal("13800138000", ((Fleet.SessionSeen)Fleet.FishForMessage(message => message is Fleet.SessionSeen)).Report.PresentedId);

        var other = Connect(options: options);
        Receive(other, "13800138000,wrong\n");
        Assert.Equal("wrong-secret", Recorder.FishForMessage<RefusedConnection>(_ => true).Reason);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("dtu-1")]
    public void Who_is_looked_for_at_one_address_is_refused_at_another_also_where_the_listener_names_him(string? named)
    {
        var options = Options.Gateway().With(Options.Dtu("dtu-1", secret: named is null ? "s3cret" : null) with { Remote = System.Net.IPAddress.Parse("10.8.0.8") });
        var session = Connect(options: options, dtu: named);
        Receive(session, "dtu-1,s3cret\n");
        var refused = Recorder.FishForMessage<RefusedConnection>(_ => true);
        Assert.Equal("wrong-address", refused.Reason);
        Assert.DoesNotContain("s3cret", Encoding.ASCII.GetString(refused.FirstBytes.Span), StringComparison.Ordinal);
        Directory.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_secret_that_is_cut_by_what_is_kept_is_hidden_too()
    {
        var began = new string('1', RefusedConnection.MostFirstBytes - 3) + "s3cret";
        Assert.Equal(new string('1', RefusedConnection.MostFirstBytes - 3) + "***", Encoding.ASCII.GetString(RefusedConnection.Keep(Encoding.ASCII.GetBytes(began), "s3cret")));
        Assert.Equal("began", Encoding.ASCII.GetString(RefusedConnection.Keep("began"u8, null)));
    }

    [Fact]
    public void Who_is_not_listed_is_refused_where_only_the_listed_are_admitted()
    {
        var session = Connect(options: Options.Gateway() with { Admission = AdmissionMode.Listed });
        Receive(session, "stranger\n");
        Assert.Equal("not-listed", Recorder.ExpectMsg<RefusedConnection>().Reason);
    }

    [Fact]
    public void A_listeners_prefix_stands_before_the_id()
    {
        var session = Connect(idPrefix: "tenant-a/");
        Receive(session, "dtu-1\n");
        Grant(session, "tenant-a/dtu-1");
    }

    [Fact]
    public void Reads_stop_while_a_window_is_closed_a_probe_asks_and_taking_opens_it_again()
    {
        var session = Online();
        var port = new Destination(CreateTestProbe("port"), 1);
        session.Tell(new Flow.PathAdded(port));
        Receive(session, new byte[OutboundWindows.DefaultWindow]);

        Relay.Uplink last;
        long emitted = 0;
        do
        {
            last = Uplink();
            emitted += last.Frame?.Payload.Length ?? 0;
        }
        while (last.Frame is not null);

        Assert.Equal(OutboundWindows.DefaultWindow, emitted);
        Assert.Equal(emitted, last.Through);
        Assert.True(last.AckWanted);
        Socket.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Advance(TimeSpan.FromSeconds(1.1));
        Assert.Null(Uplink().Frame);

        session.Tell(new Flow.Taken(port with { Incarnation = 2 }, emitted));
        Socket.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        session.Tell(new Flow.Taken(port, emitted));
        Socket.ExpectMsg<Tcp.ResumeReading>();
    }

    [Fact]
    public void A_session_paused_for_thirty_seconds_reads_on_and_counts_what_it_drops()
    {
        var session = Online();
        session.Tell(new Flow.PathAdded(new Destination(CreateTestProbe("port"), 1)));
        Receive(session, new byte[OutboundWindows.DefaultWindow]);
        Router.FishForMessage<Relay.Uplink>(uplink => uplink.Frame is null);
        Advance(TimeSpan.FromSeconds(32), TimeSpan.FromSeconds(1));
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, "too much");
        Assert.Equal("destination-slow", Recorder.FishForMessage<FramePassed>(passed => passed.Verdict is not null).Verdict);
        Socket.ExpectMsg<Tcp.ResumeReading>();
    }

    [Fact]
    public void Downlinks_leave_in_order_one_write_in_flight_and_are_taken_when_the_kernel_has_them()
    {
        var session = Online();
        var com = CreateTestProbe("com");
        session.Tell(Delivery(com, "one"u8.ToArray()));
        session.Tell(Delivery(com, "two"u8.ToArray()));
        session.Tell(Delivery(com, "three"u8.ToArray(), ackWanted: true, through: 11));
        Settle(session);

        Assert.Equal("one"u8.ToArray(), Written(session));
        com.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal("twothree"u8.ToArray(), Written(session));
        Assert.Equal(11, com.ExpectMsg<Flow.Taken>().Through);
    }

    [Fact]
    public void A_probe_is_answered_behind_what_waits()
    {
        var session = Online();
        var com = CreateTestProbe("com");
        session.Tell(Delivery(com, "one"u8.ToArray()));
        session.Tell(Delivery(com, [], ackWanted: true, through: 3) with { Frame = null });
        com.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Written(session);
        Assert.Equal(3, com.ExpectMsg<Flow.Taken>().Through);
    }

    [Fact]
    public void A_frame_for_an_older_epoch_is_given_back_to_the_router()
    {
        var session = Online();
        var late = Delivery(TestActor, "late"u8.ToArray(), new Epoch(999, 1));
        session.Tell(late, Router);
        Assert.Equal(late, Router.ExpectMsg<Relay.StaleSession>().Delivery);
    }

    [Fact]
    public void The_books_of_downlinks_add_up_when_the_socket_ends_in_the_middle()
    {
        var session = Online();
        session.Tell(Delivery(TestActor, "one"u8.ToArray()));
        session.Tell(Delivery(TestActor, "two"u8.ToArray()));
        session.Tell(Delivery(TestActor, "six"u8.ToArray()));
        Written(session);
        session.Tell(new Tcp.ErrorClosed("broken"));
        ExpectTerminated(session);
        var down = Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report.Down;
        Assert.Equal((3, 1, 0), (down.Accepted, down.Written, down.Waiting));
        Assert.Equal(2, down.Dropped["destination-lost"]);
    }

    [Fact]
    public void A_send_is_answered_when_the_kernel_has_it_or_the_session_ends()
    {
        var session = Online();
        session.Tell(new Asking.Send(Protocol.DtuId.Parse("dtu-1"), "a"u8.ToArray(), 1, "api", TestActor));
        session.Tell(new Asking.Send(Protocol.DtuId.Parse("dtu-1"), "b"u8.ToArray(), 2, "api", TestActor));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Written(session);
        Assert.Equal(1, ExpectMsg<Asking.Sent>().Correlation);
        session.Tell(Tcp.PeerClosed.Instance);
        Assert.Equal(RefusalReason.SessionEnded, ExpectMsg<Asking.Refused>().Reason);
    }

    [Fact]
    public void In_transparent_mode_the_first_frame_after_the_write_answers_and_the_routes_see_it_too()
    {
        var session = Online();
        session.Tell(Request("ask", 5));
        Assert.Equal("ask"u8.ToArray(), Written(session));
        Receive(session, "answer");
        Assert.Equal("answer"u8.ToArray(), ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
        Assert.Equal("answer"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
    }

    [Fact]
    public void A_request_takes_the_bus_so_a_routes_downlink_waits_until_it_is_answered()
    {
        var session = Online();
        session.Tell(Request("ask", 5));
        session.Tell(Delivery(TestActor, "later"u8.ToArray()));
        Assert.Equal("ask"u8.ToArray(), Written(session));
        Socket.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Receive(session, "answer");
        Assert.Equal("later"u8.ToArray(), Written(session));
    }

    [Fact]
    public void A_request_without_an_answer_ends_by_its_timeout_counted_from_the_write()
    {
        var session = Online();
        session.Tell(Request("ask", 5));
        Advance(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Written(session);
        Advance(TimeSpan.FromSeconds(4.5), TimeSpan.FromSeconds(0.5));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Advance(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.5));
        Assert.Equal(RefusalReason.NoAnswer, ExpectMsg<Asking.Refused>().Reason);
    }

    [Fact]
    public void In_request_response_mode_an_answer_goes_to_its_asker_only_and_the_unasked_to_all()
    {
        var session = Online(profile: Options.Profile(bus: new BusOptions { Mode = BusMode.RequestResponse }));
        session.Tell(Delivery(TestActor, "from com"u8.ToArray(), from: "com"));
        session.Tell(Delivery(TestActor, "from tcp"u8.ToArray(), from: "tcp"));
        Assert.Equal("from com"u8.ToArray(), Written(session));
        Socket.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Receive(session, "to com");
        Assert.Equal("com", Uplink().Only);
        Assert.Equal("from tcp"u8.ToArray(), Written(session));
        Receive(session, "to tcp");
        Assert.Equal("tcp", Uplink().Only);
        Receive(session, "unasked");
        Assert.Null(Uplink().Only);
    }

    [Fact]
    public void A_modbus_request_is_answered_although_the_profile_cuts_raw_pieces()
    {
        var session = Online();
        var request = Protocol.Modbus.ModbusRtu.Build(1, [3, 0, 0, 0, 1]);
        var response = Protocol.Modbus.ModbusRtu.Build(1, [3, 2, 0x12, 0x34]);
        session.Tell(new Asking.Request(Protocol.DtuId.Parse("dtu-1"), request, null, AnswerRule.Modbus, 9, "modbus", TestActor));
        Assert.Equal(request, Written(session));
        Receive(session, response[..3]);
        Receive(session, response[3..]);
        Assert.Equal(response, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
    }

    [Fact]
    public void An_idle_gap_frame_is_whole_after_silence()
    {
        var session = Online(profile: Options.Profile(framing: new FramingOptions { Codec = "idle-gap", Gap = TimeSpan.FromMilliseconds(100) }));
        Receive(session, "half ");
        Receive(session, "frame");
        Router.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal("half frame"u8.ToArray(), Uplink().Frame!.Payload.ToArray());
    }

    private Asking.Request Request(string text, int seconds) => new(
        Protocol.DtuId.Parse("dtu-1"), Encoding.ASCII.GetBytes(text), TimeSpan.FromSeconds(seconds), AnswerRule.ByMode, 1, "api", TestActor);
}

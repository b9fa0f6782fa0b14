using System.Text;
using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>What the bus makes of a session: who hears what, what is counted, and what noise does to it.</summary>
public sealed class SessionBusSpec : SessionSpec
{
    private static readonly byte[] Ask = Items.Read(1, 0);
    private static readonly byte[] Value = Items.Value(1, 0x1234);

    [Fact]
    public void One_is_on_the_wire_at_a_time_whoever_asks()
    {
        var session = OnBus(new BusOptions());
        Socket.IgnoreMessages(message => message is Tcp.ResumeReading);
        session.Tell(Delivery(TestActor, Items.Read(1, 1), from: "com"));
        session.Tell(Delivery(TestActor, Items.Read(1, 2), from: "scada"));
        session.Tell(Request(Items.Read(1, 3), 3, AnswerRule.Modbus, "modbus"));
        session.Tell(Request(Items.Read(1, 4), 4, AnswerRule.ByMode, "api"));
        session.Tell(new Asking.Send(Protocol.DtuId.Parse("dtu-1"), Items.Read(1, 5), 5, "console", TestActor));

        foreach (var asked in Enumerable.Range(1, 5))
        {
            Assert.Equal(Items.Read(1, (ushort)asked), Written(session));
            Socket.ExpectNoMsg(TimeSpan.Zero);
            Receive(session, Items.Value(1, asked));
            Settle(session);
        }

        Assert.Equal("com", Uplink().Only);
        Assert.Equal("scada", Uplink().Only);
        Assert.Equal([3L, 4L, 5L], new[] { ExpectMsg<Asking.Answered>().Correlation, ExpectMsg<Asking.Answered>().Correlation, ExpectMsg<Asking.Sent>().Correlation }.Order());
        Router.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void An_answer_to_what_its_instrument_asked_another_DTU_is_written_and_waits_for_none_itself()
    {
        var session = OnBus(new BusOptions());
        session.Tell(Delivery(TestActor, Value, from: "dtu:b") with { IsAnswer = true });
        Assert.Equal(Value, Written(session));
        session.Tell(Delivery(TestActor, Items.Value(1, 2), from: "dtu:b") with { IsAnswer = true });
        Assert.Equal(Items.Value(1, 2), Written(session));
        Receive(session, Ask);
        Assert.Null(Uplink().Only);
    }

    [Fact]
    public void Whoever_asks_whether_it_is_held_hears_of_what_has_ended_and_of_what_was_never_heard()
    {
        var session = OnBus(new BusOptions());
        session.Tell(Request(Items.Read(1, 1), 1));
        session.Tell(Request(Items.Read(1, 2), 2));
        session.Tell(new Asking.Send(Protocol.DtuId.Parse("dtu-1"), Items.Read(1, 3), 3, "console", TestActor, Follows: true));
        Written(session);
        Receive(session, Items.Value(1, 1));
        Assert.Equal(1, ExpectMsg<Asking.Answered>().Correlation);
        Assert.Equal(Items.Read(1, 2), Written(session));
        Of([1, 2, 3, 4], new Asking.NotHeld(1, WasHeard: true), new Asking.NotHeld(4, WasHeard: false));

        Receive(session, Items.Value(1, 2));
        Assert.Equal(2, ExpectMsg<Asking.Answered>().Correlation);
        Assert.Equal(Items.Read(1, 3), Written(session));
        Assert.Equal((3, 3), (ExpectMsg<Asking.Begun>().Correlation, ExpectMsg<Asking.Sent>().Correlation));
        Of([2, 3], new Asking.NotHeld(2, WasHeard: true));

        Receive(session, Items.Value(1, 3));
        Assert.Equal(3, ExpectMsg<Asking.Answered>().Correlation);
        Of([3], new Asking.NotHeld(3, WasHeard: true));

        void Of(long[] numbers, params Asking.NotHeld[] notHeld)
        {
            session.Tell(new Asking.AreHeld([.. numbers], TestActor));
            Settle(session);
            Assert.All(notHeld, expected => Assert.Equal(expected, ExpectMsg<Asking.NotHeld>()));
            ExpectNoMsg(TimeSpan.Zero);
        }
    }

    [Fact]
    public void What_is_sent_and_not_followed_has_ended_as_it_is_written_and_what_is_refused_at_once()
    {
        var session = OnBus(new BusOptions());
        session.Tell(new Asking.Send(Protocol.DtuId.Parse("dtu-1"), Items.Read(1, 1), 1, "console", TestActor));
        Written(session);
        ExpectMsg<Asking.Sent>();
        session.Tell(Request(new byte[BusQueue.MostBytes + 1], 2));
        ExpectMsg<Asking.Refused>();
        session.Tell(new Asking.AreHeld([1, 2], TestActor));
        Assert.Equal((1, 2), (ExpectMsg<Asking.NotHeld>().Correlation, ExpectMsg<Asking.NotHeld>().Correlation));
    }

    [Fact]
    public void Masters_behind_one_name_take_turns()
    {
        var session = OnBus(new BusOptions());
        session.Tell(Request(Items.Read(1, 1), 1, AnswerRule.Modbus, "modbus", turn: "greedy"));
        session.Tell(Request(Items.Read(1, 2), 2, AnswerRule.Modbus, "modbus", turn: "greedy"));
        session.Tell(Request(Items.Read(1, 3), 3, AnswerRule.Modbus, "modbus", turn: "modest"));
        Written(session);
        Receive(session, Value);
        Assert.Equal(Items.Read(1, 2), Written(session));
        Receive(session, Value);
        Assert.Equal(Items.Read(1, 3), Written(session));
    }

    [Fact]
    public void A_request_to_another_slave_goes_out_while_a_late_answer_holds_back_its_asker_s_one_before_but_a_stream_keeps_its_order()
    {
        var session = OnBus(new BusOptions { ResponseTimeout = TimeSpan.FromSeconds(1), LateWindow = TimeSpan.FromSeconds(5) });
        Socket.IgnoreMessages(message => message is Tcp.ResumeReading);
        session.Tell(Request(Items.Read(1, 1), 1));
        Written(session);
        Advance(TimeSpan.FromSeconds(1.1));
        ExpectMsg<Asking.Refused>();
        session.Tell(Delivery(TestActor, Items.Read(1, 2), from: "com"));
        session.Tell(Delivery(TestActor, Items.Read(2, 3), from: "com"));
        session.Tell(Request(Items.Read(1, 4), 4));
        session.Tell(Request(Items.Read(2, 5), 5));
        Assert.Equal(Items.Read(2, 5), Written(session));
        Receive(session, Items.Value(2, 5));
        Assert.Equal(5, ExpectMsg<Asking.Answered>().Correlation);
        Settle(session);
        Socket.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_late_answer_reaches_nobody_and_is_counted()
    {
        var session = OnBus(new BusOptions());
        session.Tell(Delivery(TestActor, Ask));
        Written(session);
        Advance(TimeSpan.FromSeconds(5.1));
        Receive(session, Value);
        Settle(session);
        Router.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal("late-answer", Recorder.FishForMessage<FramePassed>(passed => passed.Verdict is not null).Verdict);
        Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(1, ((Fleet.SessionSeen)Fleet.FishForMessage(message => message is Fleet.SessionSeen { Report.DroppedUp.Count: > 0 })).Report.DroppedUp["late-answer"]);
    }

    [Fact]
    public void An_answer_that_nobody_asked_for_is_an_event_to_all_and_no_error()
    {
        var session = OnBus(new BusOptions());
        session.Tell(Request(Ask, 1));
        Written(session);
        var alarm = ModbusRtu.Build(7, [3, 2, 0, 1]);
        Receive(session, alarm);
        var uplink = Uplink();
        Assert.Equal(alarm, uplink.Frame!.Payload.ToArray());
        Assert.Null(uplink.Only);
        Receive(session, Value);
        Assert.Equal(Value, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
        Router.ExpectNoMsg(TimeSpan.Zero);
        Assert.Empty(EndedWith(session).DroppedUp);
    }

    [Fact]
    public void Transparent_mode_gives_every_frame_to_every_route_and_writes_without_waiting()
    {
        var session = OnBus(new BusOptions(), BusMode.Transparent);
        session.Tell(Delivery(TestActor, Items.Read(1, 1), from: "com"));
        session.Tell(Delivery(TestActor, Items.Read(1, 2), from: "scada"));
        Assert.Equal(Items.Read(1, 1), Written(session));
        Assert.Equal(Items.Read(1, 2), Written(session));
        Receive(session, [.. Value, .. Items.Value(1, 2)]);
        Assert.Equal(
            [(Convert.ToHexString(Value), null), (Convert.ToHexString(Items.Value(1, 2)), null)],
            new[] { Uplink(), Uplink() }.Select(uplink => (Convert.ToHexString(uplink.Frame!.Payload.Span), uplink.Only)));
    }

    [Fact]
    public void What_nobody_answers_waits_for_its_turn_too_and_holds_nobody_up()
    {
        var session = OnBus(new BusOptions());
        session.Tell(Request(Ask, 1));
        session.Tell(Delivery(TestActor, Items.WriteOne(0, 1), from: "broadcaster"));
        Assert.Equal(Ask, Written(session));
        Socket.ExpectNoMsg(TimeSpan.Zero);
        Receive(session, Value);
        Assert.Equal(Items.WriteOne(0, 1), Written(session));
        session.Tell(Request(Ask, 2));
        Assert.Equal(Ask, Written(session));
    }

    [Fact]
    public void A_shared_answer_goes_to_each_of_its_askers_and_the_books_add_up()
    {
        var session = OnBus(new BusOptions { Coalesce = TimeSpan.FromSeconds(1) });
        session.Tell(Delivery(TestActor, Ask, from: "com", ackWanted: true, through: 8));
        session.Tell(Request(Ask, 7, AnswerRule.ByMode, "api"));
        session.Tell(Delivery(TestActor, Ask, from: "scada", ackWanted: true, through: 16));
        Assert.Equal(Ask, Written(session));
        Assert.Equal(8, ExpectMsg<Flow.Taken>().Through);
        Receive(session, Value);
        Assert.Equal("com", Uplink().Only);
        Assert.Equal("scada", Uplink().Only);
        Assert.Equal(7, ExpectMsg<Asking.Answered>().Correlation);
        Assert.Equal(16, ExpectMsg<Flow.Taken>().Through);
        session.Tell(Tcp.PeerClosed.Instance);
        var down = Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report.Down;
        Assert.Equal((3, 1, 2, 0), (down.Accepted, down.Written, down.Dropped["coalesced"], down.Waiting));
    }

    [Fact]
    public void A_suspended_slave_is_refused_counted_and_shown()
    {
        var session = OnBus(new BusOptions { SuspendSlave = new SuspendOptions { After = 1 } });
        session.Tell(Request(Ask, 1));
        Written(session);
        Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal(RefusalReason.NoAnswer, ExpectMsg<Asking.Refused>().Reason);
        session.Tell(Request(Ask, 2));
        Assert.Equal(RefusalReason.SlaveSuspended, ExpectMsg<Asking.Refused>().Reason);
        Settle(session);
        Advance(TimeSpan.FromSeconds(1.1));
        var report = ((Fleet.SessionSeen)Fleet.FishForMessage(message => message is Fleet.SessionSeen { Report.SuspendedSlaves.Length: 1 })).Report;
        Assert.Equal("1", report.SuspendedSlaves[0].Slave);
        Assert.Equal(1, report.Down.Dropped["slave-suspended"]);
    }

    // ---- noise

    public static TheoryData<BusMode, string, string> Heartbeats()
    {
        var rows = new TheoryData<BusMode, string, string>();
        foreach (var mode in new[] { BusMode.Transparent, BusMode.RequestResponse })
        {
            foreach (var codec in new[] { "modbus-rtu", "raw" })
            {
                rows.Add(mode, codec, "\u00FE");
                rows.Add(mode, codec, "ping");
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Heartbeats))]
    public void A_heartbeat_between_two_answers_or_between_the_pieces_of_one_harms_neither_and_is_not_lost(BusMode mode, string codec, string text)
    {
        var heartbeat = Encoding.Latin1.GetBytes(text);
        var session = Online(profile: Noisy(mode, codec, heartbeat));
        foreach (var correlation in Enumerable.Range(1, 2))
        {
            session.Tell(Request(Ask, correlation, AnswerRule.Modbus));
            Written(session);
            Receive(session, heartbeat);
            BeSilent(session);
            Receive(session, Value[..3]);
            Receive(session, heartbeat);
            Receive(session, Value[3..]);
            Receive(session, heartbeat);
            BeSilent(session);
            Assert.Equal(Value, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
        }

        Assert.Equal(6, EndedWith(session).Heartbeats);
    }

    [Theory]
    [InlineData(BusMode.Transparent, "\u00FE")]
    [InlineData(BusMode.Transparent, "ping")]
    [InlineData(BusMode.RequestResponse, "\u00FE")]
    [InlineData(BusMode.RequestResponse, "ping")]
    public void A_heartbeat_glued_to_an_answer_in_front_or_behind_is_told_from_it(BusMode mode, string text)
    {
        var heartbeat = Encoding.Latin1.GetBytes(text);
        var session = Online(profile: Noisy(mode, "modbus-rtu", heartbeat));
        session.Tell(Request(Ask, 1, AnswerRule.Modbus));
        Written(session);
        Receive(session, [.. heartbeat, .. Value, .. heartbeat]);
        BeSilent(session);
        Assert.Equal(Value, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
        session.Tell(Request(Ask, 2, AnswerRule.Modbus));
        Written(session);
        Receive(session, [.. Value, .. heartbeat, .. Value]);
        BeSilent(session);
        Assert.Equal(Value, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
        Assert.Equal(3, EndedWith(session).Heartbeats);
    }

    [Fact]
    public void What_comes_unasked_while_a_modbus_request_is_on_a_raw_bus_reaches_the_routes_when_the_answer_is_found()
    {
        var session = Online(profile: Noisy(BusMode.RequestResponse, "raw", "ping"u8.ToArray()));
        session.Tell(Request(Ask, 1, AnswerRule.Modbus));
        Written(session);
        Receive(session, "alarm");
        Receive(session, [.. "more"u8, .. Value, .. "tail"u8]);
        Assert.Equal(Value, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
        Assert.Equal(["alarm", "more", "tail"], new[] { Said(), Said(), Said() });
        Receive(session, "next");
        Assert.Equal("next", Said());
    }

    [Fact]
    public void What_comes_unasked_reaches_the_routes_also_where_the_answer_never_comes_and_a_late_one_is_counted()
    {
        var session = Online(profile: Noisy(BusMode.RequestResponse, "raw", "ping"u8.ToArray()));
        session.Tell(Request(Ask, 1, AnswerRule.Modbus));
        Written(session);
        Receive(session, "alarm");
        Settle(session);
        Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal(RefusalReason.NoAnswer, ExpectMsg<Asking.Refused>().Reason);
        Receive(session, [.. Value[..3]]);
        Receive(session, [.. Value[3..]]);
        Assert.Equal("alarm", Said());
        session.Tell(Request(Ask, 2, AnswerRule.Modbus));
        Written(session);
        Settle(session);
        Advance(TimeSpan.FromSeconds(5.1));
        Receive(session, "second");
        Settle(session);
        Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal("second", Said());
        Assert.Equal(1, EndedWith(session).DroppedUp["late-answer"]);
    }

    [Fact]
    public void What_was_held_for_an_answer_is_said_before_its_session_ends()
    {
        var session = Online(profile: Noisy(BusMode.RequestResponse, "raw", "ping"u8.ToArray()));
        session.Tell(Request(Ask, 1, AnswerRule.Modbus));
        Written(session);
        Receive(session, "alarm");
        session.Tell(Tcp.PeerClosed.Instance);
        Assert.Equal("alarm", Said());
        Router.ExpectMsg<Registry.SessionClosed>();
    }

    [Fact]
    public void Who_follows_a_send_hears_that_it_leaves_that_it_was_written_and_its_answer()
    {
        var session = OnBus(new BusOptions());
        session.Tell(Followed(Ask, 1));
        Assert.Equal(1, ExpectMsg<Asking.Begun>().Correlation);
        Written(session);
        Assert.True(ExpectMsg<Asking.Sent>().AwaitsAnswer);
        Receive(session, Value);
        Assert.Equal(Value, ExpectMsg<Asking.Answered>().Frame.Payload.ToArray());
        Receive(session, Value);
        Settle(session);
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Who_follows_a_send_hears_once_that_nobody_answered_or_that_the_session_ended()
    {
        var session = OnBus(new BusOptions());
        session.Tell(Followed(Ask, 1));
        Written(session);
        ExpectMsg<Asking.Begun>();
        ExpectMsg<Asking.Sent>();
        Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal(new Asking.Refused(1, RefusalReason.NoAnswer, WasBegun: true), ExpectMsg<Asking.Refused>());
        Settle(session);
        session.Tell(Followed(Items.Read(2, 1), 2));
        Settle(session);
        Advance(TimeSpan.FromSeconds(1));
        ExpectMsg<Asking.Begun>();
        session.Tell(Tcp.PeerClosed.Instance);
        Assert.Equal(new Asking.Refused(2, RefusalReason.SessionEnded, WasBegun: true), ExpectMsg<Asking.Refused>());
        Router.FishForMessage<Registry.SessionClosed>(_ => true);
        ExpectTerminated(session);
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void What_waits_for_the_bus_is_withdrawn_by_its_asker_only_and_the_books_still_add_up()
    {
        var session = OnBus(new BusOptions());
        var stranger = CreateTestProbe();
        session.Tell(Followed(Ask, 1));
        session.Tell(Followed(Items.Read(1, 2), 2));
        ExpectMsg<Asking.Begun>();
        session.Tell(new Asking.Withdraw(Protocol.DtuId.Parse("dtu-1"), 2, stranger, stranger));
        Assert.False(stranger.ExpectMsg<Asking.WithdrawEnded>().WasWaiting);
        session.Tell(new Asking.Withdraw(Protocol.DtuId.Parse("dtu-1"), 1, TestActor, stranger));
        Assert.False(ExpectMsg<Asking.WithdrawEnded>().WasWaiting);
        session.Tell(new Asking.Withdraw(Protocol.DtuId.Parse("dtu-1"), 2, TestActor, stranger));
        Assert.Equal(new Asking.Refused(2, RefusalReason.Withdrawn), ExpectMsg<Asking.Refused>());
        Assert.Equal(new Asking.WithdrawEnded(WasWaiting: true, stranger, 2), ExpectMsg<Asking.WithdrawEnded>());
        Written(session);
        ExpectMsg<Asking.Sent>();
        Receive(session, Value);
        ExpectMsg<Asking.Answered>();
        Settle(session);
        Socket.FishForMessage(message => message is Tcp.ResumeReading);
        var down = EndedWith(session).Down;
        Assert.Equal((2, 1, 1, 0), (down.Accepted, down.Written, down.Dropped["withdrawn"], down.Waiting));
    }

    private Asking.Send Followed(byte[] bytes, long correlation) => new(Protocol.DtuId.Parse("dtu-1"), bytes, correlation, "api", TestActor, Follows: true);

    private string Said() => Encoding.ASCII.GetString(Uplink().Frame!.Payload.Span);

    private static ProfileOptions Noisy(BusMode mode, string codec, byte[] heartbeat) => Options.Profile(
        framing: new FramingOptions { Codec = codec, Role = ModbusRole.Responses },
        bus: new BusOptions { Mode = mode },
        heartbeat: new HeartbeatOptions { Match = [heartbeat] });

    private IActorRef OnBus(BusOptions bus, BusMode mode = BusMode.RequestResponse) =>
        Online(profile: Options.Profile(framing: new FramingOptions { Codec = "modbus-rtu" }, bus: bus with { Mode = mode }));

    // What could be the beginning of a frame is decided by silence, of ten gaps with this codec.
    private void BeSilent(IActorRef session)
    {
        Settle(session);
        Advance(TimeSpan.FromSeconds(1.2));
        Settle(session);
    }

    private SessionReport EndedWith(IActorRef session)
    {
        session.Tell(Tcp.PeerClosed.Instance);
        return Fleet.FishForMessage<Fleet.SessionEnded>(_ => true).Report;
    }

    private Asking.Request Request(byte[] bytes, long correlation, AnswerRule rule = AnswerRule.ByMode, string asker = "api", object? turn = null) => new(
        Protocol.DtuId.Parse("dtu-1"), bytes, null, rule, correlation, asker, TestActor, turn);
}

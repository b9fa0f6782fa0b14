using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence.Journal;
using Akka.TestKit;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Sessions;
using DtuActors.Storage;

namespace DtuActors.Tests.Commanding;

/// <summary>Stored commands, through the directory: probes play the sessions, the test is who wants them; the journal is in memory, and outlives the directory.</summary>
public sealed class CommandQueueSpec : ActorSpec
{
    // A journal's own messages are not made to be serialized; what it stores is, and CommandSerializerTests see to it.
    private const string Plugins = """
        akka.actor.serialize-messages = off
        akka.persistence {
          journal.dtu { class = "DtuActors.Tests.Commanding.FailingJournal, DtuActors.Tests", plugin-dispatcher = akka.actor.default-dispatcher
            circuit-breaker { max-failures = 100, call-timeout = 10s, reset-timeout = 10s } }
          snapshot-store.dtu { class = "Akka.Persistence.Snapshot.MemorySnapshotStore, Akka.Persistence", plugin-dispatcher = akka.actor.default-dispatcher }
        }
        """;

    private static readonly DtuId Dtu = DtuId.Parse("dtu-1");
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly StorageHealth _health = new();
    private readonly TestProbe _recorder;
    private readonly TestProbe _fleet;
    private readonly CommandStorage _storage;
    private IActorRef _directory;

    public CommandQueueSpec()
        : base(Plugins + SetClock.Hocon)
    {
        _recorder = CreateTestProbe("recorder");
        _fleet = CreateTestProbe("fleet");
        var events = new EventInlet();
        events.Attach(_recorder);
        _storage = new CommandStorage { Events = events, Fleet = _fleet, Health = _health };
        _directory = Sys.ActorOf(DtuDirectory.Props(_storage));
    }

    [Fact]
    public void Without_a_time_to_live_nothing_waits_for_an_offline_dtu()
    {
        Take("c1", null);
        Assert.Equal(RefusalReason.Offline, ExpectMsg<Queueing.Refused>().Reason);
        Assert.Empty(List());
    }

    [Fact]
    public void A_command_waits_for_its_dtu_and_is_delivered_when_it_comes()
    {
        Assert.Equal("queued", Taken("c1").Status.State);
        var session = Open();
        var send = Deliver(session, [1]);
        Assert.True(send.Follows);
        Assert.Equal("delivered", ExpectMsg<Queueing.Ended>().Status.State);
        Assert.Equal(["queued", "sent", "delivered"], Changes(3));
        Assert.Equal(("c1", "delivered"), (List()[0].Id, List()[0].State));
    }

    [Fact]
    public void Commands_leave_in_their_order_one_at_a_time()
    {
        for (byte i = 1; i <= 3; i++)
        {
            Taken($"c{i}", payload: [i]);
        }

        var session = Open();
        for (byte i = 1; i <= 3; i++)
        {
            var send = session.ExpectMsg<Asking.Send>();
            Assert.Equal([i], send.Payload.ToArray());
            session.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
            send.ReplyTo.Tell(new Asking.Begun(send.Correlation));
            send.ReplyTo.Tell(new Asking.Sent(send.Correlation));
        }

        Assert.Equal(["c1", "c2", "c3"], Enumerable.Range(0, 3).Select(_ => ExpectMsg<Queueing.Ended>().Status.Id));
    }

    [Fact]
    public void One_whose_time_is_over_is_never_written()
    {
        Taken("c1", TimeSpan.FromSeconds(5), payload: [1]);
        Taken("c2", payload: [2]);
        Advance(TimeSpan.FromSeconds(6));
        var ended = ExpectMsg<Queueing.Ended>();
        Assert.Equal(("c1", "expired", RefusalReason.Expired), (ended.Status.Id, ended.Status.State, ended.Refusal));
        Assert.Equal([2], Open().ExpectMsg<Asking.Send>().Payload.ToArray());
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public void One_whose_time_is_over_is_so_within_a_minute_though_the_clock_is_set(int hours)
    {
        Taken("c1", TimeSpan.FromSeconds(50));
        ((SetClock)Sys.Scheduler).IsOffBy = TimeSpan.FromHours(hours);
        Advance(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(1));
        Assert.Equal("expired", ExpectMsg<Queueing.Ended>().Status.State);
    }

    [Fact]
    public void A_session_hears_how_long_it_may_still_leave()
    {
        Taken("c1", TimeSpan.FromSeconds(5));
        Advance(TimeSpan.FromSeconds(2));
        var session = Open();
        var send = session.ExpectMsg<Asking.Send>();
        Assert.InRange(send.Within!.Value, TimeSpan.FromSeconds(2.9), TimeSpan.FromSeconds(3));
        session.Reply(new Asking.Refused(send.Correlation, RefusalReason.Expired));
        Assert.Equal("expired", ExpectMsg<Queueing.Ended>().Status.State);
    }

    [Fact]
    public void A_caller_hears_at_once_of_a_dtu_that_is_offline_and_within_his_time_of_one_that_is_online()
    {
        Assert.Equal("queued", Taken("c1").Status.State);
        var session = Open();
        Deliver(session, [1]);
        ExpectMsg<Queueing.Ended>();

        Take("c2", Hour, answerWithin: TimeSpan.FromSeconds(1));
        var send = session.ExpectMsg<Asking.Send>();
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        session.Reply(new Asking.Sent(send.Correlation));
        Assert.Equal("delivered", ExpectMsg<Queueing.Taken>().Status.State);
        Assert.Equal("delivered", ExpectMsg<Queueing.Ended>().Status.State);

        Take("c3", Hour, answerWithin: TimeSpan.FromSeconds(1));
        session.ExpectMsg<Asking.Send>();
        Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal("queued", ExpectMsg<Queueing.Taken>().Status.State);
    }

    [Fact]
    public void One_that_waits_is_withdrawn_and_one_that_a_session_has_by_the_session()
    {
        Taken("c1", payload: [1]);
        Taken("c2", payload: [2]);
        Assert.Equal(WithdrawOutcome.Withdrawn, Withdraw("c2"));
        Assert.Equal(("c2", "withdrawn"), (List()[0].Id, ExpectMsg<Queueing.Ended>().Status.State) is var (_, state) ? ("c2", state) : default);
        Assert.Equal(WithdrawOutcome.NotWaiting, Withdraw("c2"));
        Assert.Equal(WithdrawOutcome.Unknown, Withdraw("c9"));

        var session = Open();
        var send = session.ExpectMsg<Asking.Send>();
        _directory.Tell(new Queueing.Withdraw(Dtu, "c1"), TestActor);
        var withdraw = session.ExpectMsg<Asking.Withdraw>();
        Assert.Equal(send.Correlation, withdraw.Correlation);
        session.Reply(new Asking.Refused(send.Correlation, RefusalReason.Withdrawn));
        session.Reply(new Asking.WithdrawEnded(WasWaiting: true, withdraw.For, withdraw.Correlation));
        Assert.Equal("withdrawn", ExpectMsg<Queueing.Ended>().Status.State);
        Assert.Equal(WithdrawOutcome.Withdrawn, ExpectMsg<Commands.WithdrawEnded>().Outcome);
    }

    [Fact]
    public void A_key_takes_the_place_of_one_that_waits_under_it()
    {
        Taken("c1", key: "setpoint", payload: [1]);
        Taken("c2", key: "other", payload: [2]);
        Taken("c3", key: "setpoint", payload: [3], ended: "c1");
        var session = Open();
        Deliver(session, [2]);
        Deliver(session, [3]);
        var first = List().Single(command => command.Id == "c1");
        Assert.Equal(("withdrawn", "replaced"), (first.State, first.Reason));
    }

    [Fact]
    public void A_bus_that_is_busy_is_tried_again_while_there_is_time()
    {
        Taken("c1");
        var session = Open();
        session.Reply(new Asking.Refused(session.ExpectMsg<Asking.Send>().Correlation, RefusalReason.BusBusy));
        Until(() => List()[0].State == "queued");
        session.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        Advance(TimeSpan.FromSeconds(1.1));
        Deliver(session, [1]);
    }

    [Fact]
    public void Without_a_time_to_live_a_busy_bus_is_the_end()
    {
        var session = Open();
        Take("c1", null, answerWithin: TimeSpan.FromSeconds(1));
        session.Reply(new Asking.Refused(session.ExpectMsg<Asking.Send>().Correlation, RefusalReason.BusBusy));
        var taken = ExpectMsg<Queueing.Taken>();
        Assert.Equal(("failed", "bus-busy", RefusalReason.BusBusy), (taken.Status.State, taken.Status.Reason, taken.Refusal));
    }

    [Fact]
    public void An_answer_ends_a_command_and_is_shown_with_it()
    {
        Taken("c1");
        var session = Open();
        var send = session.ExpectMsg<Asking.Send>();
        session.Reply(new Asking.Begun(send.Correlation));
        session.Reply(new Asking.Sent(send.Correlation, AwaitsAnswer: true));
        Until(() => List()[0].State == "sent");
        session.Reply(new Asking.Answered(send.Correlation, new Frame(new byte[] { 7 }, FrameDirection.Up, "raw", default), default));
        Assert.Equal("answered", ExpectMsg<Queueing.Ended>().Status.State);
        Assert.Equal([7], List()[0].Answer!.Value.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_written_when_its_session_ended_is_written_again_only_where_that_is_wished(bool retry)
    {
        Taken("c1", retry: retry);
        var session = Open();
        var send = session.ExpectMsg<Asking.Send>();
        session.Reply(new Asking.Begun(send.Correlation));
        session.Reply(new Asking.Refused(send.Correlation, RefusalReason.SessionEnded));
        if (retry)
        {
            Until(() => List()[0].State == "queued");
            Close(session);
            Deliver(Open(), [1]);
        }
        else
        {
            var ended = ExpectMsg<Queueing.Ended>();
            Assert.Equal(("failed", "session-ended"), (ended.Status.State, ended.Status.Reason));
        }
    }

    [Fact]
    public void One_that_its_session_never_heard_is_sent_to_it_again()
    {
        Taken("c1");
        var session = Open();
        Lose(session, wasHeard: false);
        Until(() => List()[0].State == "queued");
        Advance(TimeSpan.FromSeconds(1.1));
        Deliver(session, [1]);
        Assert.Equal("delivered", ExpectMsg<Queueing.Ended>().Status.State);
    }

    [Fact]
    public void One_of_which_its_session_has_nothing_more_to_say_is_not_written_twice()
    {
        Taken("c1");
        Lose(Open(), wasHeard: true);
        var ended = ExpectMsg<Queueing.Ended>();
        Assert.Equal(("failed", "unknown-outcome"), (ended.Status.State, ended.Status.Reason));
    }

    // What it said goes with its node: that the bytes left, too.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_session_elsewhere_died_with_may_have_been_written(bool retry)
    {
        var queue = Sys.ActorOf(CommandQueueActor.Props(_storage, Dtu));
        queue.Tell(new Queueing.Take(Dtu, "c1", "boss", "api", new byte[] { 1 }, Hour, retry, null, FollowsEnd: true), TestActor);
        ExpectMsg<Queueing.Taken>();
        var elsewhere = new EmptyLocalActorRef(((ExtendedActorSystem)Sys).Provider, new RootActorPath(Address.Parse("akka.tcp://dtu@node-b:7000")) / "session", Sys.EventStream);
        queue.Tell(new Queueing.SessionIs(new SessionRef(Dtu, default, elsewhere)));
        if (retry)
        {
            var session = CreateTestProbe();
            queue.Tell(new Queueing.SessionIs(new SessionRef(Dtu, default, session)));
            Deliver(session, [1]);
            Assert.Equal("delivered", ExpectMsg<Queueing.Ended>().Status.State);
        }
        else
        {
            var ended = ExpectMsg<Queueing.Ended>();
            Assert.Equal(("failed", "unknown-outcome"), (ended.Status.State, ended.Status.Reason));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_written_is_so_though_the_word_of_it_was_lost(bool retry)
    {
        Taken("c1", retry: retry);
        var session = Open();
        session.Reply(new Asking.Refused(session.ExpectMsg<Asking.Send>().Correlation, RefusalReason.SessionEnded, WasBegun: true));
        if (retry)
        {
            Until(() => List()[0].State == "queued");
        }
        else
        {
            Assert.Equal("failed", ExpectMsg<Queueing.Ended>().Status.State);
        }
    }

    [Fact]
    public void What_a_session_died_with_unwritten_waits_for_the_next()
    {
        Taken("c1");
        var session = Open();
        session.ExpectMsg<Asking.Send>();
        Sys.Stop(session);
        Deliver(Open(), [1]);
    }

    [Fact]
    public void A_new_session_gets_nothing_while_the_displaced_one_may_still_write()
    {
        Taken("c1");
        var old = Open();
        var send = old.ExpectMsg<Asking.Send>();
        var newer = CreateTestProbe();
        _directory.Tell(new Holding.Announce(Dtu, null, newer, "newer", new DuplicatesOptions()), newer);
        old.ExpectMsg<Holding.Superseded>();
        _directory.Tell(new Holding.Released(Dtu, _epochs[old]), old);
        newer.ExpectMsg<Holding.Granted>();
        newer.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        send.ReplyTo.Tell(new Asking.Refused(send.Correlation, RefusalReason.SessionEnded));
        Deliver(newer, [1]);
    }

    [Fact]
    public void Where_a_dtus_actor_fails_the_next_one_goes_on_with_its_commands()
    {
        Taken("c1", payload: [1]);
        Sys.ActorSelection(_directory.Path + "/*").Tell(new Identify(null), TestActor);
        var failing = Watch(ExpectMsg<ActorIdentity>().Subject);
        failing.Tell(Kill.Instance);
        ExpectTerminated(failing);

        // Whoever comes before the directory has heard of it comes again, as sessions do.
        var session = CreateTestProbe();
        AwaitAssert(() =>
        {
            _directory.Tell(new Holding.Announce(Dtu, null, session, "here", new DuplicatesOptions()), session);
            session.FishForMessage<Holding.Granted>(_ => true, TimeSpan.FromMilliseconds(500));
        });
        Deliver(session, [1]);
    }

    [Theory]
    [InlineData(false, "failed", "unknown-outcome")]
    [InlineData(true, "delivered", null)]
    public void After_a_crash_what_was_under_way_is_not_written_again_but_where_that_is_wished(bool retry, string state, string? reason)
    {
        Taken("c1", retry: retry, payload: [1]);
        Taken("c2", payload: [2]);
        var session = Open();
        session.ExpectMsg<Asking.Send>();
        Crash();
        var next = Open();
        if (retry)
        {
            Deliver(next, [1]);
        }

        Deliver(next, [2]);
        Until(() => List().All(command => CommandStates.IsEnd(command.State)));
        var first = List().Single(command => command.Id == "c1");
        Assert.Equal((state, reason), (first.State, first.Reason));
    }

    [Fact]
    public void A_crash_does_not_give_an_old_command_more_time()
    {
        Taken("c1", TimeSpan.FromSeconds(5));
        Crash(wake: false);
        Advance(TimeSpan.FromSeconds(6));
        _directory.Tell(new Queueing.Wake(Dtu));
        Until(() => List()[0].State == "expired");
        Open().ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void A_queue_is_bounded()
    {
        for (var i = 0; i < CommandQueue.MostOpen; i++)
        {
            _directory.Tell(new Queueing.Take(Dtu, $"c{i}", null, "api", new byte[] { 1 }, Hour));
        }

        ReceiveN(CommandQueue.MostOpen, TimeSpan.FromSeconds(30));
        Take("one-more", Hour);
        Assert.Equal(RefusalReason.QueueFull, ExpectMsg<Queueing.Refused>().Reason);
    }

    [Fact]
    public void Many_commands_leave_a_snapshot_and_few_events_and_an_idle_queue_goes_and_is_remembered()
    {
        var session = Open();
        for (var i = 0; i < 60; i++)
        {
            Take($"c{i}", null);
            Deliver(session, [1]);
            ExpectMsg<Queueing.Taken>();
            ExpectMsg<Queueing.Ended>();
        }

        Assert.Equal(50, List().Length);
        Advance(CommandQueueActor.IdleAfter + TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        Settle(_directory);
        Until(() =>
        {
            Advance(CommandQueueActor.IdleAfter, TimeSpan.FromSeconds(10));
            return FailingJournal.Kept(PersistenceId) == 0;
        });
        Crash();
        Assert.Equal(50, List().Length);
        Assert.Equal("c59", List()[0].Id);
    }

    [Fact]
    public void A_journal_that_fails_refuses_and_is_told_and_works_again()
    {
        Taken("c1", payload: [1]);
        FailingJournal.Fails(PersistenceId, true);
        Take("c2", Hour);
        Assert.Equal(RefusalReason.StorageFailed, ExpectMsg<Queueing.Refused>().Reason);
        Until(() => _health.Problems.ContainsKey("commands"));
        FailingJournal.Fails(PersistenceId, false);
        Until(() =>
        {
            Advance(TimeSpan.FromSeconds(1));
            return ListOrNull()?.Length == 1;
        });
        Until(() =>
        {
            Advance(TimeSpan.FromSeconds(1));
            return _health.Problems.IsEmpty;
        });
        Deliver(Open(), [1]);
    }

    [Fact]
    public void Whoever_asks_while_the_journal_fails_hears_so_at_once()
    {
        Taken("c1");
        FailingJournal.Fails(PersistenceId, true);
        Take("c2", Hour);
        Take("c3", Hour);
        _directory.Tell(new Queueing.List(Dtu), TestActor);
        _directory.Tell(new Queueing.Withdraw(Dtu, "c1"), TestActor);
        for (var asked = 0; asked < 4; asked++)
        {
            Assert.Equal(RefusalReason.StorageFailed, ExpectMsg<Queueing.Refused>().Reason);
        }
    }

    [Fact]
    public void Whoever_asks_a_queue_that_is_ending_hears_so_at_once()
    {
        Taken("c1");
        Sys.ActorSelection(_directory.Path / "*" / "*").Tell(PoisonPill.Instance);
        Take("c2", Hour);
        _directory.Tell(new Queueing.List(Dtu), TestActor);
        Assert.Equal(RefusalReason.StorageFailed, ExpectMsg<Queueing.Refused>().Reason);
        Assert.Equal(RefusalReason.StorageFailed, ExpectMsg<Queueing.Refused>().Reason);
    }

    private readonly Dictionary<IActorRef, Epoch> _epochs = [];

    private static string PersistenceId => CommandQueueActor.IdPrefix + Dtu.Value;

    protected override void AfterAll()
    {
        FailingJournal.Fails(PersistenceId, false);
        base.AfterAll();
    }

    private void Take(string id, TimeSpan? timeToLive, byte[]? payload = null, string? key = null, bool retry = false, TimeSpan answerWithin = default) =>
        _directory.Tell(
            new Queueing.Take(Dtu, id, "boss", "api", payload ?? [1], timeToLive, retry, key, AnswerWithin: answerWithin, FollowsEnd: true), TestActor);

    private Queueing.Taken Taken(string id, TimeSpan? timeToLive = null, byte[]? payload = null, string? key = null, bool retry = false, string? ended = null)
    {
        Take(id, timeToLive ?? Hour, payload, key, retry);
        if (ended is not null)
        {
            Assert.Equal(ended, ExpectMsg<Queueing.Ended>().Status.Id);
        }

        var taken = ExpectMsg<Queueing.Taken>();

        // It is told before its time begins: a queue that answers has done both.
        List();
        return taken;
    }

    private TestProbe Open()
    {
        var session = CreateTestProbe();
        _directory.Tell(new Holding.Announce(Dtu, null, session, "here", new DuplicatesOptions()), session);
        _epochs[session] = session.ExpectMsg<Holding.Granted>().Epoch;
        return session;
    }

    private void Close(TestProbe session) => _directory.Tell(new Holding.Released(Dtu, _epochs[session]), session);

    // A broken connection between nodes took along the command, or what was said of it.
    private void Lose(TestProbe session, bool wasHeard)
    {
        var send = session.ExpectMsg<Asking.Send>();
        Advance(Asking.AskAgainEvery + TimeSpan.FromSeconds(0.1));
        var question = session.ExpectMsg<Asking.AreHeld>();
        Assert.Equal(send.Correlation, Assert.Single(question.Correlations));
        question.ReplyTo.Tell(new Asking.NotHeld(send.Correlation, wasHeard));
    }

    private static Asking.Send Deliver(TestProbe session, byte[] payload)
    {
        var send = session.ExpectMsg<Asking.Send>();
        Assert.Equal(payload, send.Payload.ToArray());
        session.Reply(new Asking.Begun(send.Correlation));
        session.Reply(new Asking.Sent(send.Correlation));
        return send;
    }

    // The process dies: nobody has time to say anything; the journal stays.
    private void Crash(bool wake = true)
    {
        Watch(_directory);
        Sys.Stop(_directory);
        FishForMessage<Terminated>(_ => true);
        Unwatch(_directory);
        _directory = Sys.ActorOf(DtuDirectory.Props(_storage));
        if (wake)
        {
            _directory.Tell(new Queueing.Wake(Dtu));
        }
    }

    private WithdrawOutcome Withdraw(string id)
    {
        var asker = CreateTestProbe();
        _directory.Tell(new Queueing.Withdraw(Dtu, id), asker);
        return asker.ExpectMsg<Commands.WithdrawEnded>().Outcome;
    }

    private ImmutableArray<CommandStatus> List() => ListOrNull() ?? throw new InvalidOperationException("the commands can't be read");

    private ImmutableArray<CommandStatus>? ListOrNull()
    {
        var asker = CreateTestProbe();
        _directory.Tell(new Queueing.List(Dtu), asker);
        return asker.ExpectMsg<object>() is Commands.Listed listed ? listed.Items : null;
    }

    private void Until(Func<bool> condition) => AwaitCondition(condition, TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(20));

    private List<string> Changes(int count) =>
        Enumerable.Range(0, count).Select(_ => _recorder.FishForMessage<CommandChanged>(_ => true).State).ToList();
}

/// <summary>A journal in memory that outlives its actors, and fails where it is told to.</summary>
public sealed class FailingJournal : MemoryJournal
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> Failing = new();
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> Events = new();

    public static void Fails(string id, bool fails) => Failing[id] = fails;

    /// <summary>Events that were not deleted.</summary>
    public static int Kept(string id) => Events.GetValueOrDefault(id);

    protected override Task<IImmutableList<Exception?>> WriteMessagesAsync(IEnumerable<Akka.Persistence.AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var writes = messages.ToList();
        if (writes.Exists(write => Failing.GetValueOrDefault(write.PersistenceId)))
        {
            return Task.FromException<IImmutableList<Exception?>>(new IOException("database or disk is full"));
        }

        foreach (var write in writes)
        {
            Events.AddOrUpdate(write.PersistenceId, write.Size, (_, kept) => kept + write.Size);
        }

        return base.WriteMessagesAsync(writes, cancellationToken);
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken)
    {
        Events[persistenceId] = 0;
        return base.DeleteMessagesToAsync(persistenceId, toSequenceNr, cancellationToken);
    }
}

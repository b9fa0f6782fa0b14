using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using DtuActors.Commanding;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Sessions;

namespace DtuActors.Tests.Commanding;

/// <summary>Commands among probes: one plays the router and the session behind it, one hears the events; the test itself is the caller.</summary>
public sealed class CommandsActorSpec : ActorSpec
{
    private static readonly DtuId Dtu = DtuId.Parse("dtu-1");

    private readonly TestProbe _router;
    private readonly TestProbe _recorder;
    private readonly IActorRef _commands;

    public CommandsActorSpec()
    {
        _router = CreateTestProbe("router");
        _recorder = CreateTestProbe("recorder");
        var events = new EventInlet();
        events.Attach(_recorder);
        _commands = Sys.ActorOf(CommandsActor.Props(events, _router), "commands");
    }

    [Fact]
    public void A_send_is_queued_then_sent_then_delivered_and_its_caller_hears_once()
    {
        var send = Sent("c1");
        Assert.True(send.Follows);
        Assert.Equal("queued", Only().State);
        _commands.Tell(new Asking.Begun(send.Correlation));
        _commands.Tell(new Asking.Sent(send.Correlation));
        Assert.Equal(7, ExpectMsg<Asking.Sent>().Correlation);
        Assert.Equal(["queued", "sent", "delivered"], Changes(3));
        var command = Only();
        Assert.Equal(("c1", "delivered", "boss", "api", 3), (command.Id, command.State, command.By, command.Source, command.Bytes));
        Assert.Equal([1, 2, 3], command.Payload.ToArray());
        Assert.Null(command.Reason);
    }

    [Fact]
    public void A_send_whose_answer_is_waited_for_ends_as_answered_with_it()
    {
        var send = Sent("c1");
        _commands.Tell(new Asking.Begun(send.Correlation));
        _commands.Tell(new Asking.Sent(send.Correlation, AwaitsAnswer: true));
        Assert.True(ExpectMsg<Asking.Sent>().AwaitsAnswer);
        Assert.Equal("sent", Only().State);
        _commands.Tell(new Asking.Answered(send.Correlation, Answer([9, 9]), TimeSpan.Zero));
        Assert.Equal(["queued", "sent", "answered"], Changes(3));
        Assert.Equal([9, 9], Only().Answer!.Value.ToArray());
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_send_that_nobody_answers_was_sent_for_its_caller_and_fails_as_a_command()
    {
        var send = Sent("c1");
        _commands.Tell(new Asking.Sent(send.Correlation, AwaitsAnswer: true));
        _commands.Tell(new Asking.Refused(send.Correlation, RefusalReason.NoAnswer));
        ExpectMsg<Asking.Sent>();
        Assert.Equal(["queued", "sent", "failed"], Changes(3));
        Assert.Equal("no-answer", Only().Reason);
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void An_answer_that_comes_before_the_word_of_the_write_is_the_end_and_nothing_follows()
    {
        var send = Sent("c1");
        _commands.Tell(new Asking.Answered(send.Correlation, Answer([9]), TimeSpan.Zero));
        _commands.Tell(new Asking.Sent(send.Correlation, AwaitsAnswer: true));
        _commands.Tell(new Asking.Refused(send.Correlation, RefusalReason.SessionEnded));
        ExpectMsg<Asking.Sent>();
        Assert.Equal(["queued", "sent", "answered"], Changes(3));
        Assert.Equal("answered", Only().State);
        _recorder.ExpectNoMsg(TimeSpan.Zero);
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_request_gets_its_answer_and_its_own_number_and_is_answered()
    {
        _commands.Tell(new Commands.Request("c1", null, new Asking.Request(Dtu, new byte[] { 5 }, null, AnswerRule.ByMode, 42, "api", TestActor)));
        var request = _router.ExpectMsg<Asking.Request>();
        _commands.Tell(new Asking.Begun(request.Correlation));
        _commands.Tell(new Asking.Answered(request.Correlation, Answer([6]), TimeSpan.FromSeconds(1)));
        var answered = ExpectMsg<Asking.Answered>();
        Assert.Equal((42, TimeSpan.FromSeconds(1)), (answered.Correlation, answered.Elapsed));
        Assert.Equal(["queued", "sent", "answered"], Changes(3));
        Assert.Null(Only().By);
    }

    [Fact]
    public void What_finds_the_DTU_offline_fails_and_never_was_sent()
    {
        var send = Sent("c1");
        _commands.Tell(new Asking.Refused(send.Correlation, RefusalReason.Offline));
        Assert.Equal((7, RefusalReason.Offline), (ExpectMsg<Asking.Refused>() is var refused ? refused.Correlation : 0, refused.Reason));
        Assert.Equal(["queued", "failed"], Changes(2));
        Assert.Equal("offline", Only().Reason);
    }

    [Fact]
    public void What_is_taken_back_in_time_is_withdrawn_before_who_asked_for_it_hears_so()
    {
        var send = Sent("c1");
        var operatorProbe = CreateTestProbe();
        _commands.Tell(new Commands.Withdraw(Dtu, "c1"), operatorProbe);
        var withdraw = _router.ExpectMsg<Asking.Withdraw>();
        Assert.Equal(send.Correlation, withdraw.Correlation);
        _commands.Tell(new Asking.Refused(send.Correlation, RefusalReason.Withdrawn));
        _commands.Tell(new Asking.WithdrawEnded(WasWaiting: true, withdraw.For, withdraw.Correlation));
        Assert.Equal(WithdrawOutcome.Withdrawn, operatorProbe.ExpectMsg<Commands.WithdrawEnded>().Outcome);
        Assert.Equal(RefusalReason.Withdrawn, ExpectMsg<Asking.Refused>().Reason);
        Assert.Equal(["queued", "withdrawn"], Changes(2));
        Assert.Equal(("withdrawn", (string?)null), (Only().State, Only().Reason));
        Assert.Equal(WithdrawOutcome.NotWaiting, Withdrawn("c1"));
    }

    [Fact]
    public void What_is_on_its_way_or_unknown_is_not_withdrawn()
    {
        var send = Sent("c1");
        _commands.Tell(new Asking.Begun(send.Correlation));
        Assert.Equal(WithdrawOutcome.NotWaiting, Withdrawn("c1"));
        Assert.Equal(WithdrawOutcome.Unknown, Withdrawn("c2"));
        _commands.Tell(new Commands.Withdraw(DtuId.Parse("another"), "c1"));
        Assert.Equal(WithdrawOutcome.Unknown, ExpectMsg<Commands.WithdrawEnded>().Outcome);
        _router.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_command_whose_end_is_lost_fails_with_an_unknown_outcome()
    {
        var send = Sent("c1");
        _commands.Tell(new Asking.Begun(send.Correlation));
        Advance(Asking.MostWait - TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        Assert.Equal("sent", Only().State);
        Advance(TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(1));
        ExpectMsg<Asking.Refused>();
        Assert.Equal(["queued", "sent", "failed"], Changes(3));
        Assert.Equal("unknown-outcome", Only().Reason);
    }

    [Fact]
    public void Commands_outlive_a_restart_and_still_end()
    {
        var send = Sent("c1");
        EventFilter.Exception<NullReferenceException>().ExpectOne(() => _commands.Tell(new Commands.Send("broken", null, null!)));
        Settle(_commands);
        _commands.Tell(new Asking.Sent(send.Correlation));
        Assert.Equal(7, ExpectMsg<Asking.Sent>().Correlation);
        Assert.Equal("delivered", Only().State);
    }

    [Fact]
    public void Of_a_DTU_the_last_fifty_that_ended_are_kept_newest_first_and_none_that_is_open_is_forgotten()
    {
        var open = Sent("open");
        for (var i = 0; i < CommandBook.MostOfOne + 5; i++)
        {
            _commands.Tell(new Asking.Sent(Sent($"c{i}").Correlation));
            ExpectMsg<Asking.Sent>();
        }

        var kept = Listed();
        Assert.Equal(CommandBook.MostOfOne, kept.Length);
        Assert.Equal(("c54", "open"), (kept[0].Id, kept[^1].Id));
        _commands.Tell(new Asking.Sent(open.Correlation));
        ExpectMsg<Asking.Sent>();
        Assert.Equal("delivered", Listed()[^1].State);
    }

    [Fact]
    public void Only_the_begin_of_a_long_payload_is_kept()
    {
        var payload = new byte[5000];
        payload[0] = 1;
        _commands.Tell(new Commands.Send("c1", null, new Asking.Send(Dtu, payload, 7, "api", TestActor)));
        Assert.Equal(5000, _router.ExpectMsg<Asking.Send>().Payload.Length);
        Assert.Equal((256, 5000), (Only().Payload.Length, Only().Bytes));
    }

    private Asking.Send Sent(string id)
    {
        _commands.Tell(new Commands.Send(id, "boss", new Asking.Send(Dtu, new byte[] { 1, 2, 3 }, 7, "api", TestActor)));
        return _router.ExpectMsg<Asking.Send>();
    }

    private WithdrawOutcome Withdrawn(string id)
    {
        _commands.Tell(new Commands.Withdraw(Dtu, id));
        return ExpectMsg<Commands.WithdrawEnded>().Outcome;
    }

    private ImmutableArray<CommandStatus> Listed()
    {
        var reader = CreateTestProbe();
        _commands.Tell(new Commands.List(Dtu), reader);
        return reader.ExpectMsg<Commands.Listed>().Items;
    }

    private CommandStatus Only() => Assert.Single(Listed());

    private string[] Changes(int count) => [.. Enumerable.Range(0, count).Select(_ => _recorder.ExpectMsg<CommandChanged>().State)];

    private static Frame Answer(byte[] bytes) => new(bytes, FrameDirection.Up, "raw", DateTimeOffset.UnixEpoch);
}

using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Sessions;

namespace DtuActors.Commanding;

/// <summary>The CommandsActor's conversation, for who sends and asks in a person's or a program's name.</summary>
public static class Commands
{
    /// <summary>Send this as a command: one <see cref="Asking.Sent"/> or <see cref="Asking.Refused"/> to its <see cref="Asking.Send.ReplyTo"/>.</summary>
    /// <param name="Id">The command's id.</param>
    /// <param name="By">Who wants it; null: who has no name.</param>
    /// <param name="What">What is sent.</param>
    public sealed record Send(string Id, string? By, Asking.Send What) : INoSerializationVerificationNeeded;

    /// <summary>Ask this as a command: answered as an <see cref="Asking.Request"/> is.</summary>
    public sealed record Request(string Id, string? By, Asking.Request What) : INoSerializationVerificationNeeded;

    /// <summary>Remember that this one was not accepted, and why.</summary>
    public sealed record Refused(string Id, string? By, string Source, DtuId Dtu, ReadOnlyMemory<byte> Payload, RefusalReason Reason) : INoSerializationVerificationNeeded;

    /// <summary>Take it back: one <see cref="WithdrawEnded"/> to the sender.</summary>
    public sealed record Withdraw(DtuId Dtu, string Id) : INoSerializationVerificationNeeded;

    public sealed record WithdrawEnded(WithdrawOutcome Outcome) : INoSerializationVerificationNeeded, IWire;

    /// <summary>One <see cref="Listed"/> to the sender.</summary>
    public sealed record List(DtuId Dtu) : INoSerializationVerificationNeeded;

    /// <summary>A DTU's commands, newest first.</summary>
    public sealed record Listed(ImmutableArray<CommandStatus> Items) : INoSerializationVerificationNeeded, IWire;
}

/// <summary>
/// Stands between who sends and asks, and the router: each send and each request is a command with an id, states, and exactly one end, told as events. Its book
/// outlives its restarts, not the process. Where no end is told within the time that an asker waits at most, the command ends as failed.
/// </summary>
public sealed class CommandsActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly CommandBook _book;
    private readonly EventInlet _events;
    private readonly IActorRef _router;

    public CommandsActor(CommandBook book, EventInlet events, IActorRef router)
    {
        _book = book;
        _events = events;
        _router = router;

        Receive<Commands.Send>(OnSend);
        Receive<Commands.Request>(OnRequest);
        Receive<Commands.Refused>(OnRefused);
        Receive<Asking.Begun>(OnBegun);
        Receive<Asking.Sent>(OnSent);
        Receive<Asking.Answered>(OnAnswered);
        Receive<Asking.Refused>(OnRefused);
        Receive<Commands.Withdraw>(OnWithdraw);
        Receive<Asking.WithdrawEnded>(OnWithdrawEnded);
        Receive<Commands.List>(list => Sender.Tell(new Commands.Listed(_book.Of(list.Dtu))));
        Receive<SweepDue>(_ => Sweep());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => SteadyTime.Now(Context.System.Scheduler);

    private static DateTimeOffset At => Context.System.Scheduler.Now;

    public static Props Props(EventInlet events, IActorRef router) => Akka.Actor.Props.Create<CommandsActor>(new CommandBook(), events, router);

    protected override void PreStart() => Timers.StartPeriodicTimer(SweepDue.Instance, SweepDue.Instance, SweepEvery);

    // ---- taken

    private void OnSend(Commands.Send send)
    {
        var what = send.What;
        if (Open(send.Id, send.By, what.Dtu, what.Payload, what.Asker, what.ReplyTo, what.Correlation, null) is { } command)
        {
            _router.Tell(what with { Correlation = command.Number, ReplyTo = Self, Follows = true });
        }
    }

    private void OnRequest(Commands.Request request)
    {
        var what = request.What;
        if (Open(request.Id, request.By, what.Dtu, what.Payload, what.Asker, what.ReplyTo, what.Correlation, what.Timeout ?? TimeSpan.Zero) is { } command)
        {
            _router.Tell(what with { Correlation = command.Number, ReplyTo = Self, Follows = true });
        }
    }

    private void OnRefused(Commands.Refused refused)
    {
        if (_book.Open(refused.Id, refused.Dtu, refused.By, refused.Source, refused.Payload, At) is { } command)
        {
            End(command, CommandStates.Failed, Word(refused.Reason));
        }
    }

    private Command? Open(string id, string? by, DtuId dtu, ReadOnlyMemory<byte> payload, string source, IActorRef asker, long correlation, TimeSpan? answerWithin)
    {
        if (_book.Open(id, dtu, by, source, payload, At) is not { } command)
        {
            asker.Tell(new Asking.Refused(correlation, RefusalReason.QueueFull));
            return null;
        }

        (command.Asker, command.Correlation, command.IsRequest) = (asker, correlation, answerWithin is not null);
        command.Overdue = Now + Asking.MostWait + (answerWithin ?? TimeSpan.Zero);
        Tell(command);
        return command;
    }

    // ---- under way

    private void OnBegun(Asking.Begun begun)
    {
        if (_book.Find(begun.Correlation) is { } command)
        {
            Progress(command);
        }
    }

    private void OnSent(Asking.Sent sent)
    {
        if (_book.Find(sent.Correlation) is not { } command)
        {
            return;
        }

        Answer(command, new Asking.Sent(command.Correlation, sent.AwaitsAnswer));
        Progress(command);
        if (!sent.AwaitsAnswer)
        {
            End(command, CommandStates.Delivered);
        }
    }

    // What comes before the word that it was written, was written.
    private void OnAnswered(Asking.Answered answered)
    {
        if (_book.Find(answered.Correlation) is { } command)
        {
            Answer(command, command.IsRequest ? answered with { Correlation = command.Correlation } : new Asking.Sent(command.Correlation, AwaitsAnswer: true));
            Progress(command);
            End(command, CommandStates.Answered, answer: answered.Frame.Payload);
        }
    }

    private void OnRefused(Asking.Refused refused)
    {
        if (_book.Find(refused.Correlation) is { } command)
        {
            Answer(command, refused with { Correlation = command.Correlation });
            if (refused.Reason is RefusalReason.Withdrawn)
            {
                End(command, CommandStates.Withdrawn);
            }
            else
            {
                End(command, CommandStates.Failed, Word(refused.Reason));
            }
        }
    }

    /// <summary>The reason of a command that failed, as its problem type has it too.</summary>
    internal static string Word(RefusalReason reason) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(reason.ToString());

    private void Progress(Command command)
    {
        if (command.Status.State == CommandStates.Queued)
        {
            command.Status = command.Status with { State = CommandStates.Sent, ChangedAt = At };
            Tell(command);
        }
    }

    private static void Answer(Command command, object answer)
    {
        if (!command.IsTold)
        {
            command.IsTold = true;
            command.Asker.Tell(answer);
        }
    }

    private void End(Command command, string state, string? reason = null, ReadOnlyMemory<byte>? answer = null)
    {
        _book.End(command, state, reason, answer, At);
        Tell(command);
    }

    private void Tell(Command command) =>
        _events.Offer(new CommandChanged(command.Status.ChangedAt, command.Dtu, command.Status.Id, command.Status.State, command.Status.Reason));

    private void Sweep()
    {
        foreach (var lost in _book.Overdue(Now))
        {
            Answer(lost, new Asking.Refused(lost.Correlation, RefusalReason.SessionEnded));
            End(lost, CommandStates.Failed, CommandStates.UnknownOutcome);
        }
    }

    // ---- taken back: only who holds the bytes knows whether they went

    private void OnWithdraw(Commands.Withdraw withdraw)
    {
        if (_book.Find(withdraw.Dtu, withdraw.Id) is not { } command)
        {
            Sender.Tell(new Commands.WithdrawEnded(WithdrawOutcome.Unknown));
        }
        else if (command.Status.State != CommandStates.Queued)
        {
            Sender.Tell(new Commands.WithdrawEnded(WithdrawOutcome.NotWaiting));
        }
        else
        {
            _router.Tell(new Asking.Withdraw(command.Dtu, command.Number, Self, Sender));
        }
    }

    // Behind the word that the command ended, where it did.
    private static void OnWithdrawEnded(Asking.WithdrawEnded ended) =>
        ended.For.Tell(new Commands.WithdrawEnded(ended.WasWaiting ? WithdrawOutcome.Withdrawn : WithdrawOutcome.NotWaiting));

    private sealed record SweepDue : INoSerializationVerificationNeeded
    {
        public static readonly SweepDue Instance = new();
    }
}

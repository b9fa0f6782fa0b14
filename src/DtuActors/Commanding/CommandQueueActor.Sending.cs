using Akka.Actor;
using DtuActors.Directory;
using DtuActors.Recording;
using DtuActors.Sessions;

namespace DtuActors.Commanding;

/// <summary>How commands leave: one at a time, to the session that holds the DTU, and what it says of them.</summary>
public sealed partial class CommandQueueActor
{
    private void OnSession(SessionRef? session)
    {
        _session = session;
        _again = FirstAgain;
        Timers.Cancel(TimerKey.Again);
        if (session is not null)
        {
            Pump();
            return;
        }

        // What does not wait for an offline DTU.
        Write(
            [.. _queue.Open.Where(command => !command.IsSent && command.Taken.Until is null).Select(command => Ending(command, CommandStates.Failed, CommandsActor.Word(RefusalReason.Offline)))],
            Settle,
            RefusalReason.Offline);
    }

    /// <summary>Whatever may be done now is done, and timers are armed for the rest.</summary>
    private void Settle()
    {
        if (_finishing && _underWay is null)
        {
            Context.Stop(Self);
            return;
        }

        ArmDue();
        ArmIdle();
        Pump();
    }

    private void Pump()
    {
        if (!_finishing && _session is not null && _underWay is null && !Timers.IsTimerActive(TimerKey.Again) && Waiting() is { } next)
        {
            Write([new CommandSent(next.Taken.Id, At)], () => Hand(next));
        }
    }

    // One whose time is over is left to its timer.
    private OpenCommand? Waiting(OpenCommand? but = null)
    {
        var (now, at) = (Now, At);
        return _queue.Open.FirstOrDefault(command => command != but && !command.IsSent && !command.IsOver(now, at));
    }

    private void Hand(OpenCommand command)
    {
        var connection = _session!.Connection;
        _underWay = new UnderWay(++_numbers, command, connection);
        Context.Watch(connection);
        Timers.StartSingleTimer(TimerKey.Outcome, new OutcomeOverdue(_numbers), Asking.MostWait);
        Timers.StartPeriodicTimer(TimerKey.AskAgain, AskAgainDue.Instance, Asking.AskAgainEvery);
        var taken = command.Taken;
        connection.Tell(new Asking.Send(_dtu, taken.Payload, _numbers, taken.Source, Self, AnswerUp: taken.AnswerUp, Follows: true, Within: command.Left(Now, At)));
    }

    // ---- what the session says

    private OpenCommand? Known(long number) => _underWay?.Number == number ? _underWay.Command : null;

    private void OnBegun(Asking.Begun begun)
    {
        if (Known(begun.Correlation) is { } command)
        {
            Begin(command);
        }
    }

    private void Begin(OpenCommand command)
    {
        if (!command.IsBegun)
        {
            (command.IsBegun, command.ChangedAt) = (true, At);
            _setup.Events.Offer(new CommandChanged(command.ChangedAt, _dtu, command.Taken.Id, CommandStates.Sent, null));
        }
    }

    private void OnSent(Asking.Sent sent)
    {
        if (Known(sent.Correlation) is not { } command)
        {
            return;
        }

        Begin(command);
        if (sent.AwaitsAnswer)
        {
            TellTaken(command.Taken.Id, null);
        }
        else
        {
            End(command, CommandStates.Delivered);
        }
    }

    // What comes before the word that it was written, was written.
    private void OnAnswered(Asking.Answered answered)
    {
        if (Known(answered.Correlation) is { } command)
        {
            Begin(command);
            End(command, CommandStates.Answered, answer: answered.Frame.Payload);
        }
    }

    private void OnRefused(Asking.Refused refused)
    {
        if (Known(refused.Correlation) is { } command)
        {
            if (refused.WasBegun)
            {
                Begin(command);
            }

            Interrupted(refused.Reason);
        }
    }

    // Its session may be on another node, and a connection between nodes that breaks takes messages along.
    private void AskAgain()
    {
        if (_underWay is { } underWay)
        {
            underWay.Connection.Tell(new Asking.AreHeld([underWay.Number], Self));
        }
    }

    private void OnNotHeld(Asking.NotHeld lost)
    {
        if (Known(lost.Correlation) is not { } command)
        {
            return;
        }

        if (lost.WasHeard || command.IsBegun)
        {
            EndWritten(command, CommandStates.UnknownOutcome, RefusalReason.SessionEnded, again: true);
        }
        else
        {
            PutBack(command, RefusalReason.SessionEnded, again: true);
        }
    }

    // One here says of everything whether it left, before it ends. The words of one elsewhere go with its node, or with a connection to it that breaks.
    private void OnSessionGone()
    {
        var (command, connection) = (_underWay!.Command, _underWay.Connection);
        if (connection.Path.Address.HasLocalScope)
        {
            Interrupted(RefusalReason.SessionEnded);
        }
        else
        {
            ForgetSession(connection);
            EndWritten(command, CommandStates.UnknownOutcome, RefusalReason.SessionEnded, again: false);
        }
    }

    private void Interrupted(RefusalReason reason)
    {
        var (command, connection) = (_underWay!.Command, _underWay.Connection);
        if (reason is RefusalReason.SessionEnded)
        {
            ForgetSession(connection);
        }

        if (reason is RefusalReason.Withdrawn)
        {
            End(command, CommandStates.Withdrawn);
        }
        else if (command.IsBegun)
        {
            EndWritten(command, CommandsActor.Word(reason), reason, again: false);
        }
        else
        {
            PutBack(command, reason, again: reason is not RefusalReason.SessionEnded);
        }
    }

    // The directory tells of the next one.
    private void ForgetSession(IActorRef ended) => _session = ended.Equals(_session?.Connection) ? null : _session;

    // Written, or maybe so, and without its answer.
    private void EndWritten(OpenCommand command, string word, RefusalReason reason, bool again)
    {
        if (reason is RefusalReason.SessionEnded && command.Taken.Retry && command.Left(Now, At) > TimeSpan.Zero)
        {
            Return(command, again);
        }
        else
        {
            End(command, CommandStates.Failed, word, reason);
        }
    }

    // Never written.
    private void PutBack(OpenCommand command, RefusalReason reason, bool again)
    {
        if (command.IsOver(Now, At) || reason is RefusalReason.Expired)
        {
            End(command, CommandStates.Expired);
        }
        else if (command.Taken.Until is null || reason is RefusalReason.TooLong)
        {
            End(command, CommandStates.Failed, CommandsActor.Word(reason), reason);
        }
        else
        {
            Return(command, again);
        }
    }

    // To the same session once more, or to the next, which the directory tells of.
    private void Return(OpenCommand command, bool again)
    {
        LetGo();
        Write([new CommandReturned(command.Taken.Id, At)], () =>
        {
            if (again)
            {
                Timers.StartSingleTimer(TimerKey.Again, TryAgain.Instance, _again);
                _again = _again * 2 < LastAgain ? _again * 2 : LastAgain;
            }

            Settle();
        });
    }

    // Its end and the next one's way out are one write to the journal.
    private void End(OpenCommand command, string state, string? reason = null, RefusalReason? refusal = null, ReadOnlyMemory<byte>? answer = null)
    {
        LetGo();
        if (state is CommandStates.Delivered or CommandStates.Answered)
        {
            _again = FirstAgain;
        }

        List<CommandEvent> events = [Ending(command, state, reason, answer)];
        var next = _session is null || _finishing ? null : Waiting(but: command);
        if (next is not null)
        {
            events.Add(new CommandSent(next.Taken.Id, At));
        }

        Write(
            events,
            () =>
            {
                if (next is not null)
                {
                    Hand(next);
                }

                Settle();
            },
            refusal);
    }

    private void LetGo()
    {
        if (_underWay is { } underWay)
        {
            Context.Unwatch(underWay.Connection);
            Timers.Cancel(TimerKey.Outcome);
            Timers.Cancel(TimerKey.AskAgain);
            _underWay = null;
        }
    }

    private void ArmDue()
    {
        if (_queue.NextDue(Now, At) is not { } wait)
        {
            Timers.Cancel(TimerKey.Due);
            return;
        }

        Timers.StartSingleTimer(TimerKey.Due, TimeOver.Instance, wait < TimeSpan.Zero ? TimeSpan.Zero : wait < LongestTimer ? wait : LongestTimer);
    }
}

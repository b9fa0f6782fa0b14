using Akka.Actor;
using DtuActors.Configuration;

namespace DtuActors.Sessions;

/// <summary>Online, asking by itself: polls on their schedule and keep-warm, each a request among the others on the bus. Its answer is every up-route's.</summary>
public sealed partial class ConnectionActor
{
    private PollSchedule? _polls;

    private void OpenPolls()
    {
        var (own, warm) = OwnPolls();
        if (own.Length > 0 || warm is not null)
        {
            _polls = new PollSchedule(own, warm, _setup.Chance, Now);
            ArmPolls();
        }
    }

    // What waits on the bus, or is on its way, stays there.
    private void OnPollsChanged()
    {
        if (_polls is null)
        {
            OpenPolls();
        }
        else
        {
            var (own, warm) = OwnPolls();
            _polls.Use(own, warm, Now);
            ArmPolls();
        }

        PublishSoon();
    }

    private (PollOptions[] Own, (PollOptions Poll, TimeSpan Every)? Warm) OwnPolls() =>
        ([.. _setup.Polls.For(_id)], _profile.KeepWarm is { } keep && _setup.Polls.Find(keep.Poll) is { } poll ? (poll, keep.Every) : null);

    private void OnPollDue()
    {
        while (_endReason is null && _polls!.Begin(Now) is { } poll)
        {
            Ask(poll);
        }

        ArmPolls();
    }

    private void Ask(ScheduledPoll poll)
    {
        var downlink = new Downlink(poll.Options.Payload, poll.Source, Now) { Poll = poll };
        _down.Accept(downlink.Payload.Length);
        Enqueue(downlink, Bus.ExpectsAnswer(downlink.Payload.Span, AnswerRule.ByMode), AnswerRule.ByMode, null);
    }

    private void OnPollWritten(ScheduledPoll poll, bool wantsAnswer)
    {
        _polls!.Written(poll);
        if (!wantsAnswer)
        {
            _polls.Answered(poll, hasAnswer: false, Now, At);
            ArmPolls();
        }
    }

    // In transparent mode the routes have it already, as they have every uplink.
    private void OnPollAnswered(ScheduledPoll poll, Frame answer)
    {
        _polls!.Answered(poll, hasAnswer: true, Now, At);
        ArmPolls();
        if (IsRequestResponse)
        {
            _isTaken = Emit(answer, only: null);
        }
    }

    private void OnPollRefused(ScheduledPoll poll, RefusalReason reason)
    {
        _polls!.Failed(poll, Words(reason), Now, At);
        if (reason is not RefusalReason.SessionEnded)
        {
            ArmPolls();
            PublishSoon();
        }
    }

    private static string Words(RefusalReason reason) => reason switch
    {
        RefusalReason.NoAnswer => "no answer in time",
        RefusalReason.BusBusy => "the bus was not free in time",
        RefusalReason.QueueFull => "too many requests wait for the bus",
        RefusalReason.SlaveSuspended => "its slave is suspended",
        _ => "the session ended",
    };

    private void ArmPolls()
    {
        if (_endReason is not null)
        {
            return;
        }

        if (_polls!.Due is { } due)
        {
            var wait = due - Now;
            Timers.StartSingleTimer(TimerKey.Poll, PollDue.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
        else
        {
            Timers.Cancel(TimerKey.Poll);
        }
    }

    private sealed record PollDue : INoSerializationVerificationNeeded
    {
        public static readonly PollDue Instance = new();
    }
}

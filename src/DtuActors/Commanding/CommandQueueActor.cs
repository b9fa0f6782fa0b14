using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using DtuActors.Directory;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Sessions;

namespace DtuActors.Commanding;

/// <summary>
/// One DTU's durable commands: accepted when the journal has them, written in order, one at a time, while a session is there, and journalled as sent before a byte leaves; each
/// ends exactly once. It exists only where commands are open, and says when it is not needed any more. Where the journal fails it stops, and its DtuActor
/// starts it again: what is open is in the journal.
/// </summary>
/// <remarks>While an event is on its way to the journal no other message is looked at: the state is always the journal's.</remarks>
public sealed partial class CommandQueueActor : UntypedPersistentActor, IWithTimers
{
    /// <summary>What a queue's id in the journal begins with; the DTU's follows.</summary>
    public const string IdPrefix = "commands-";

    internal const string HealthPart = "commands";

    // A journal of some thousand rows is read in no time; a snapshot of a full queue has a megabyte.
    private const int SnapshotEvery = 100;

    internal static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(30);

    // A bus that is busy or a slave that is suspended is tried again while there is time.
    private static readonly TimeSpan FirstAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastAgain = TimeSpan.FromSeconds(10);

    // A clock that is set forward is noticed then: what is over by its date is shown so.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMinutes(1);

    private readonly CommandStorage _setup;
    private readonly DtuId _dtu;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, Asker> _askers = [];

    // Heard while the journal was written or read, and looked at when that is done.
    private readonly Dictionary<Queueing.IForQueue, IActorRef> _unread = new(ReferenceEqualityComparer.Instance);
    private CommandQueue _queue = new();
    private SessionRef? _session;
    private UnderWay? _underWay;
    private Asker? _asking;
    private TimeSpan _again = FirstAgain;
    private long _numbers;
    private int _sinceSnapshot;
    private bool _works;
    private bool _finishing;

    public CommandQueueActor(CommandStorage setup, DtuId dtu)
    {
        _setup = setup;
        _dtu = dtu;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public override string PersistenceId => IdPrefix + _dtu.Value;

    private DateTimeOffset Now => SteadyTime.Now(Context.System.Scheduler);

    private DateTimeOffset At => Context.System.Scheduler.Now;

    protected override void PreStart()
    {
        // Whoever asks for it does not know which queues there are.
        Context.System.EventStream.Subscribe(Self, typeof(Directory.Fleet.TellAgain));
        base.PreStart();
    }

    public static Props Props(CommandStorage setup, DtuId dtu) => Maker.Of((setup, dtu), static from => new CommandQueueActor(from.setup, from.dtu)
    {
        JournalPluginId = CommandJournal.JournalPlugin,
        SnapshotPluginId = CommandJournal.SnapshotPlugin,
    });

    protected override bool AroundReceive(Receive receive, object message)
    {
        // What was set aside comes by here again.
        if (message is Queueing.IForQueue question && _unread.TryAdd(question, Sender))
        {
            Context.Parent.Tell(Queueing.Heard.Instance);
        }

        return base.AroundReceive(receive, message);
    }

    protected override void OnCommand(object message)
    {
        if (message is Queueing.IForQueue question)
        {
            _unread.Remove(question);
        }

        switch (message)
        {
            case Queueing.Take take:
                OnTake(take);
                break;
            case Queueing.Withdraw withdraw:
                OnWithdraw(withdraw);
                break;
            case Queueing.List:
                Sender.Tell(new Commands.Listed(_queue.List()));
                break;
            case Queueing.Wake:
                break;
            case Queueing.SessionIs session:
                OnSession(session.Session);
                break;
            case Queueing.Finish:
                _finishing = true;
                Settle();
                break;
            case Asking.Begun begun:
                OnBegun(begun);
                break;
            case Asking.Sent sent:
                OnSent(sent);
                break;
            case Asking.Answered answered:
                OnAnswered(answered);
                break;
            case Asking.Refused refused:
                OnRefused(refused);
                break;
            case Asking.NotHeld lost:
                OnNotHeld(lost);
                break;
            case Asking.WithdrawEnded ended:
                ended.For.Tell(new Commands.WithdrawEnded(ended.WasWaiting ? WithdrawOutcome.Withdrawn : WithdrawOutcome.NotWaiting));
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_underWay?.Connection):
                OnSessionGone();
                break;
            case OutcomeOverdue overdue when overdue.Number == _underWay?.Number:
                End(_underWay.Command, CommandStates.Failed, CommandStates.UnknownOutcome, RefusalReason.SessionEnded);
                break;
            case AskAgainDue:
                AskAgain();
                break;
            case AnswerDue due:
                TellTaken(due.Id, null);
                break;
            case TimeOver:
                Expire();
                break;
            case TryAgain:
                Pump();
                break;
            case Directory.Fleet.TellAgain:
                TellStanding();
                break;
            default:
                if (!OnSnapshots(message))
                {
                    Unhandled(message);
                }

                break;
        }
    }

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: CommandQueue queue }:
                _queue = queue;
                break;
            case CommandEvent happened:
                _sinceSnapshot++;
                _queue.Apply(happened);
                break;
            case RecoveryCompleted:
                OnRecovered();
                break;
        }
    }

    // What was under way when the process died may have been written, or not; what does not wait for an offline DTU has nobody to go to.
    private void OnRecovered()
    {
        var (now, at) = (Now, At);
        List<CommandEvent> events = [];
        foreach (var command in _queue.Open)
        {
            var isOver = command.IsOver(now, at);
            if (command.IsSent)
            {
                events.Add(command.Taken.Retry && !isOver
                    ? new CommandReturned(command.Taken.Id, at)
                    : new CommandEnded(command.Taken.Id, at, CommandStates.Failed, CommandStates.UnknownOutcome, null));
            }
            else if (isOver)
            {
                events.Add(new CommandEnded(command.Taken.Id, at, CommandStates.Expired, null, null));
            }
            else if (command.Taken.Until is null)
            {
                events.Add(new CommandEnded(command.Taken.Id, at, CommandStates.Failed, CommandsActor.Word(RefusalReason.Offline), null));
            }
        }

        Write(events, Settle);
        if (_setup.Health.Problems.ContainsKey(HealthPart))
        {
            Save();
        }
    }

    // ---- accepted

    private void OnTake(Queueing.Take take)
    {
        if (_queue.StatusOf(take.Id) is { } known)
        {
            // Its asker did not hear the answer, and asks again.
            Sender.Tell(new Queueing.Taken(take.Correlation, known, null));
        }
        else if (take.TimeToLive is null && _session is null)
        {
            Refuse(RefusalReason.Offline);
        }
        else if (!_queue.HasRoomFor(take.Payload.Length))
        {
            Refuse(RefusalReason.QueueFull);
        }
        else
        {
            var at = At;
            var taken = new CommandTaken(take.Id, at, take.By, take.Source, take.Payload, at + take.TimeToLive, take.Retry, take.Key, take.AnswerUp);
            List<CommandEvent> events = [];
            if (_queue.ToReplace(take.Key) is { } replaced)
            {
                events.Add(new CommandEnded(replaced.Taken.Id, at, CommandStates.Withdrawn, CommandStates.Replaced, null));
            }

            events.Add(taken);
            _asking = new Asker(Sender, take.Correlation, take.FollowsEnd);
            Timers.Cancel(TimerKey.Idle);
            Write(events, () => OnJournalled(take));
        }

        void Refuse(RefusalReason reason) => Sender.Tell(new Queueing.Refused(take.Correlation, reason));
    }

    private void OnJournalled(Queueing.Take take)
    {
        _askers[take.Id] = _asking!;
        _asking = null;
        if (_session is null || take.AnswerWithin <= TimeSpan.Zero)
        {
            TellTaken(take.Id, null);
        }
        else
        {
            Timers.StartSingleTimer(take.Id, new AnswerDue(take.Id), take.AnswerWithin);
        }

        Settle();
    }

    private void TellTaken(string id, RefusalReason? refusal)
    {
        if (_askers.TryGetValue(id, out var asker) && !asker.IsTold && _queue.Find(id) is { } command)
        {
            Tell(asker, command.Status, refusal);
            if (!asker.FollowsEnd)
            {
                _askers.Remove(id);
            }
        }
    }

    private void Tell(Asker asker, CommandStatus status, RefusalReason? refusal)
    {
        asker.IsTold = true;
        Timers.Cancel(status.Id);
        asker.Ref.Tell(new Queueing.Taken(asker.Correlation, status, refusal));
    }

    // ---- taken back

    private void OnWithdraw(Queueing.Withdraw withdraw)
    {
        var asker = Sender;
        if (_queue.Find(withdraw.Id) is not { } command)
        {
            var isKnown = _queue.Ended.Any(ended => ended.Id == withdraw.Id);
            asker.Tell(new Commands.WithdrawEnded(isKnown ? WithdrawOutcome.NotWaiting : WithdrawOutcome.Unknown));
        }
        else if (_underWay is { } underWay && underWay.Command == command)
        {
            // Only who holds the bytes knows whether they went. The word that they did not comes before its answer.
            underWay.Connection.Tell(new Asking.Withdraw(_dtu, underWay.Number, Self, asker));
        }
        else
        {
            Write([Ending(command, CommandStates.Withdrawn, null)], () =>
            {
                asker.Tell(new Commands.WithdrawEnded(WithdrawOutcome.Withdrawn));
                Settle();
            });
        }
    }

    private void Expire() => Write([.. _queue.Overdue(Now, At).Select(command => Ending(command, CommandStates.Expired, null))], Settle);

    // ---- the journal

    private CommandEnded Ending(OpenCommand command, string state, string? reason, ReadOnlyMemory<byte>? answer = null) => new(command.Taken.Id, At, state, reason, answer);

    /// <summary>Events go to the journal together, become state, and are told; then <paramref name="then"/>. In the meantime other messages wait.</summary>
    private void Write(List<CommandEvent> events, Action then, RefusalReason? refusal = null)
    {
        if (events.Count == 0)
        {
            then();
            return;
        }

        var left = events.Count;
        PersistAll(events, happened =>
        {
            Apply(happened, refusal);
            if (--left == 0)
            {
                TellWorks();
                TellStanding();
                then();
                SnapshotIfDue();
            }
        });
    }

    private void Apply(CommandEvent happened, RefusalReason? refusal)
    {
        var before = _queue.Find(happened.Id);
        _queue.Apply(happened);
        _sinceSnapshot++;
        switch (happened)
        {
            case CommandTaken:
                Tell(CommandStates.Queued, null);
                break;
            case CommandReturned when before is not null:
                Tell(CommandStates.Queued, null);
                break;
            case CommandEnded ended when before is not null:
                Tell(ended.State, ended.Reason);
                TellEnd(CommandQueue.StatusOf(before.Taken, ended, before.Taken.Payload.Length), refusal);
                break;
        }

        void Tell(string state, string? reason) => _setup.Events.Offer(new CommandChanged(happened.At, _dtu, happened.Id, state, reason));
    }

    private void TellEnd(CommandStatus status, RefusalReason? refusal)
    {
        if (!_askers.Remove(status.Id, out var asker))
        {
            return;
        }

        refusal = status.State switch
        {
            CommandStates.Failed => refusal ?? RefusalReason.SessionEnded,
            CommandStates.Expired => RefusalReason.Expired,
            CommandStates.Withdrawn => RefusalReason.Withdrawn,
            _ => null,
        };
        if (!asker.IsTold)
        {
            Tell(asker, status, refusal);
        }

        if (asker.FollowsEnd)
        {
            asker.Ref.Tell(new Queueing.Ended(asker.Correlation, status, refusal));
        }
    }

    private void TellWorks()
    {
        _setup.Health.Works(HealthPart);
        if (!_works)
        {
            _works = true;
            Context.Parent.Tell(Queueing.Works.Instance);
        }
    }

    private void TellStanding() => _setup.Fleet.Tell(new Queueing.Standing(_dtu, _queue.Open.Count - (_queue.UnderWay is null ? 0 : 1)));

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => OnJournalFailed(cause);

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) => OnJournalFailed(cause);

    protected override void OnRecoveryFailure(Exception reason, object? message = null) => OnJournalFailed(reason);

    // Said once, and by readiness as long as it lasts.
    private void OnJournalFailed(Exception cause)
    {
        var reason = (cause.GetBaseException() ?? cause).Message;
        if (!_setup.Health.Problems.ContainsKey(HealthPart))
        {
            _log.Error("the journal of commands fails: {0}", reason);
        }

        _setup.Health.Failed(HealthPart, reason);
        _asking?.Ref.Tell(new Queueing.Refused(_asking.Correlation, RefusalReason.StorageFailed));
        _asking = null;
    }

    // What was accepted stays so, whatever happens to this actor.
    protected override void PostStop()
    {
        foreach (var (id, asker) in _askers)
        {
            if (!asker.IsTold && _queue.Find(id) is { } command)
            {
                asker.Ref.Tell(new Queueing.Taken(asker.Correlation, command.Status, null));
            }
        }

        foreach (var (question, asker) in _unread)
        {
            Queueing.RefuseForStorage(question, asker);
        }

        base.PostStop();
    }

    /// <summary>Who wanted a command, and what he has been told.</summary>
    private sealed class Asker(IActorRef who, long correlation, bool followsEnd)
    {
        public IActorRef Ref => who;

        public long Correlation => correlation;

        public bool FollowsEnd => followsEnd;

        public bool IsTold { get; set; }
    }

    /// <summary>What a session has of it.</summary>
    private sealed record UnderWay(long Number, OpenCommand Command, IActorRef Connection);

    private enum TimerKey
    {
        Due,
        Again,
        Outcome,
        AskAgain,
        Idle,
        Save,
    }

    private sealed record AnswerDue(string Id) : INoSerializationVerificationNeeded;

    private sealed record OutcomeOverdue(long Number) : INoSerializationVerificationNeeded;

    private sealed record AskAgainDue : INoSerializationVerificationNeeded
    {
        public static readonly AskAgainDue Instance = new();
    }

    private sealed record TimeOver : INoSerializationVerificationNeeded
    {
        public static readonly TimeOver Instance = new();
    }

    private sealed record TryAgain : INoSerializationVerificationNeeded
    {
        public static readonly TryAgain Instance = new();
    }
}

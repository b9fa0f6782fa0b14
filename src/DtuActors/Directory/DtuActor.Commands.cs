using Akka.Actor;
using DtuActors.Commanding;
using DtuActors.Sessions;

namespace DtuActors.Directory;

/// <summary>The queue of its commands, while there are any: it hears who holds the DTU, is started again where it fails, and is let go where nothing is open.</summary>
public sealed partial class DtuActor
{
    // A journal that failed is left alone for a while: what is open is in it.
    private static readonly TimeSpan FirstAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastAgain = TimeSpan.FromSeconds(30);
    private static readonly object QueueKey = new();
    private static readonly object LeaveKey = new();

    // An answer from the instrument that is on its way; what takes longer ends as a crash would end it.
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(8);

    // What it was told and does not have yet: lost, where it ends before.
    private readonly Queue<(Queueing.IForQueue Question, IActorRef Asker)> _unheard = new();

    private IActorRef? _queue;
    private TimeSpan _queueAgain = FirstAgain;
    private bool _leaving;

    // Or had, and has one again soon, here or at its next home.
    private bool HasQueue => _leaving || _queue is not null || Timers.IsTimerActive(QueueKey);

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private bool OnQueueing(object message)
    {
        switch (message)
        {
            case Queueing.IForQueue forQueue when _home.Commands is not null:
                OnForQueue(forQueue);
                return true;
            case Queueing.Works:
                _queueAgain = FirstAgain;
                return true;
            case Queueing.Heard when Sender.Equals(_queue):
                _unheard.Dequeue();
                return true;
            case Queueing.Idle when Sender.Equals(_queue):
                OnQueueIdle();
                return true;
            case QueueDue:
                StartQueue();
                return true;
            default:
                return false;
        }
    }

    private void OnForQueue(Queueing.IForQueue message)
    {
        if (message is Queueing.Take { TimeToLive: null } take && _session is null)
        {
            Sender.Tell(new Queueing.Refused(take.Correlation, RefusalReason.Offline));
            PassivateSoon();
        }
        else if (_queue is null && Timers.IsTimerActive(QueueKey))
        {
            Queueing.RefuseForStorage(message, Sender);
        }
        else
        {
            if (_queue is null)
            {
                StartQueue();
            }

            _unheard.Enqueue((message, Sender));
            _queue!.Forward(message);
        }
    }

    private void StartQueue()
    {
        _queue = Context.Watch(Context.ActorOf(CommandQueueActor.Props(_home.Commands!, _id)));
        TellQueue();
    }

    private void TellQueue() => _queue?.Tell(new Queueing.SessionIs(_session));

    private void OnQueueIdle()
    {
        if (_unheard.Count == 0)
        {
            Context.Unwatch(_queue!);
            Context.Stop(_queue);
            _queue = null;
            if (_session is null)
            {
                PassivateSoon();
            }
        }
    }

    // Whatever ended this actor, what is open is in the journal, and another one of these has to see to it.
    private void WakeQueueAgain()
    {
        if (HasQueue)
        {
            _home.Wake(Context, _id);
        }
    }

    // Where it has a queue, its next home wakes that.
    private void OnLeave(bool isOverdue)
    {
        if (isOverdue || _queue is null)
        {
            _leaving |= HasQueue;
            Context.Stop(Self);
        }
        else if (!_leaving)
        {
            _leaving = true;
            _queue.Tell(Queueing.Finish.Instance);
            Timers.StartSingleTimer(LeaveKey, LeaveOverdue.Instance, LeaveLimit);
        }
    }

    // Its journal fails, or it has finished.
    private void OnQueueEnded()
    {
        _queue = null;
        while (_unheard.TryDequeue(out var lost))
        {
            Queueing.RefuseForStorage(lost.Question, lost.Asker);
        }

        if (_leaving)
        {
            Context.Stop(Self);
            return;
        }

        Timers.StartSingleTimer(QueueKey, QueueDue.Instance, _queueAgain);
        _queueAgain = _queueAgain * 2 < LastAgain ? _queueAgain * 2 : LastAgain;
    }

    private sealed record LeaveOverdue : INoSerializationVerificationNeeded
    {
        public static readonly LeaveOverdue Instance = new();
    }

    private sealed record QueueDue : INoSerializationVerificationNeeded
    {
        public static readonly QueueDue Instance = new();
    }
}

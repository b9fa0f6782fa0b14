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

    private readonly CommandStorage? _commands;
    private IActorRef? _queue;
    private TimeSpan _queueAgain = FirstAgain;
    private long _toldQueue;

    // Or had, and has one again soon.
    private bool HasQueue => _queue is not null || Timers.IsTimerActive(QueueKey);

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private bool OnQueueing(object message)
    {
        switch (message)
        {
            case Queueing.IForDtu forQueue when _commands is not null:
                OnForQueue(forQueue);
                return true;
            case Queueing.Works:
                _queueAgain = FirstAgain;
                return true;
            case Queueing.Idle idle:
                OnQueueIdle(idle);
                return true;
            case QueueDue:
                StartQueue();
                return true;
            case Fleet.TellAgain again:
                _queue?.Tell(again);
                return true;
            default:
                return false;
        }
    }

    private void OnForQueue(Queueing.IForDtu message)
    {
        if (message is Queueing.Take { TimeToLive: null } take && _session is null)
        {
            Sender.Tell(new Queueing.Refused(take.Correlation, RefusalReason.Offline));
            PassivateSoon();
        }
        else if (_queue is null && Timers.IsTimerActive(QueueKey))
        {
            Sender.Tell(new Queueing.Refused((message as Queueing.Take)?.Correlation ?? 0, RefusalReason.StorageFailed));
        }
        else
        {
            if (_queue is null)
            {
                StartQueue();
            }

            _toldQueue++;
            _queue!.Forward(message);
        }
    }

    private void StartQueue()
    {
        _toldQueue = 0;
        _queue = Context.Watch(Context.ActorOf(CommandQueueActor.Props(_commands!, _id)));
        TellQueue();
    }

    private void TellQueue() => _queue?.Tell(new Queueing.SessionIs(_session));

    private void OnQueueIdle(Queueing.Idle idle)
    {
        if (_queue is not null && idle.Heard == _toldQueue)
        {
            Context.Unwatch(_queue);
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
            Context.Parent.Tell(new Queueing.Wake(_id));
        }
    }

    // Its journal fails.
    private void OnQueueEnded()
    {
        _queue = null;
        Timers.StartSingleTimer(QueueKey, QueueDue.Instance, _queueAgain);
        _queueAgain = _queueAgain * 2 < LastAgain ? _queueAgain * 2 : LastAgain;
    }

    private sealed record QueueDue : INoSerializationVerificationNeeded
    {
        public static readonly QueueDue Instance = new();
    }
}

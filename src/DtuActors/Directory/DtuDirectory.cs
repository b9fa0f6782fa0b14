using Akka.Actor;
using Akka.Event;
using DtuActors.Commanding;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Directory;

/// <summary>
/// Finds the DtuActor of an id, and makes it where there is none. On one node; in a cluster a shard region stands in its place, with the same messages.
/// A DtuActor that fails is stopped, not restarted: its session watches it, and tells a fresh one.
/// </summary>
public sealed class DtuDirectory : ReceiveActor
{
    private readonly Dictionary<DtuId, IActorRef> _children = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();

    // What those that were let go had granted, all DTUs together: a clock that is set back makes no epoch lower than one before.
    private long _last;

    private readonly AloneHome _home;

    public DtuDirectory(CommandStorage? commands)
    {
        _home = new AloneHome(commands);
        Receive<Holding.Announce>(announce => ChildOf(announce.Dtu).Forward(announce));
        Receive<Holding.Released>(released => Existing(released.Dtu)?.Forward(released));
        Receive<Holding.StillAlive>(alive => Existing(alive.Dtu)?.Forward(alive));
        Receive<Holding.Find>(OnFind);
        Receive<Holding.Passivate>(OnPassivate);
        Receive<Ended>(OnEnded);
        Receive<Queueing.Wake>(OnWake);
        Receive<Queueing.IForQueue>(OnQueueing);
    }

    /// <param name="commands">What the queues of commands need; null: none is stored.</param>
    public static Props Props(CommandStorage? commands = null) => Maker.Of(commands, static from => new DtuDirectory(from));

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        _log.Error(failure, "a DTU's actor failed; its session tells the next one");
        return Directive.Stop;
    }, loggingEnabled: false);

    private void OnFind(Holding.Find find)
    {
        if (Existing(find.Dtu) is { } child)
        {
            child.Forward(find);
        }
        else
        {
            Sender.Tell(new Holding.Found(find.Dtu, null));
        }
    }

    // A claim that is already in the child's mailbox is granted by it and lost with it; its session watches the child, and claims again.
    private void OnPassivate(Holding.Passivate passivate)
    {
        if (_children.Remove(passivate.Dtu, out var child))
        {
            _last = Math.Max(_last, passivate.Last);
            Context.Unwatch(child);
            child.Tell(PoisonPill.Instance);
        }
    }

    private void OnEnded(Ended ended)
    {
        if (ended.Child.Equals(Existing(ended.Dtu)))
        {
            _children.Remove(ended.Dtu);
        }
    }

    // Of the DTU's own actor it is the last word: its queue has ended before it, and the next one goes on with what is open.
    private void OnWake(Queueing.Wake wake)
    {
        if (Sender.Equals(Existing(wake.Dtu)))
        {
            _children.Remove(wake.Dtu);
        }

        OnQueueing(wake);
    }

    private void OnQueueing(Queueing.IForQueue message)
    {
        if (message is Queueing.Take { TimeToLive: null } take && Existing(take.Dtu) is null)
        {
            Sender.Tell(new Queueing.Refused(take.Correlation, RefusalReason.Offline));
        }
        else
        {
            ChildOf(message.Dtu).Forward(message);
        }
    }

    private IActorRef? Existing(DtuId id) => _children.GetValueOrDefault(id);

    private IActorRef ChildOf(DtuId id)
    {
        if (!_children.TryGetValue(id, out var child))
        {
            child = Context.ActorOf(DtuActor.Props(id, _last, _home));
            Context.WatchWith(child, new Ended(id, child));
            _children.Add(id, child);
        }

        return child;
    }

    private sealed record Ended(DtuId Dtu, IActorRef Child) : INoSerializationVerificationNeeded;
}

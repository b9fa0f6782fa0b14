using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Dispatch.SysMsg;

namespace DtuActors.Listening.Streams;

/// <summary>
/// A reference that behaves as an actor's does (told, watched, watching, stopped; one message at a time; a failure stops it) and has no actor behind it: whoever tells it
/// something does its work at once. That work is short and waits for nothing, as an actor's is; and there is no cell, no mailbox and no place among a parent's children,
/// where there is one of it for each socket.
/// </summary>
/// <remarks>
/// What it does may tell it something again before it is done (a read that had its bytes at once), so that is the last thing it does. What it tells others carries itself as
/// the sender: the sender that Akka would find is whoever is doing its work.
/// </remarks>
/// <param name="parent">Under whose path it stands.</param>
/// <param name="number">Unlike its siblings'.</param>
internal abstract class DirectRef(IActorRef parent, long number) : MinimalActorRef
{
    private readonly Lock _turn = new();
    private List<IInternalActorRef>? _watchers;
    private IInternalActorRef? _watched;
    private ActorPath? _path;
    private bool _isStopped;

    public override IInternalActorRef Parent => (IInternalActorRef)parent;

    public override IActorRefProvider Provider => Parent.Provider;

    public override ActorPath Path => _path ??= parent.Path / $"${number}";

    // No two are equal, and a path's own hash is a walk to the root.
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    public override void SendSystemMessage(ISystemMessage message)
    {
        lock (_turn)
        {
            switch (message)
            {
                case Watch watch when _isStopped:
                    TellOfEnd(watch.Watcher);
                    break;
                case Watch watch:
                    (_watchers ??= new List<IInternalActorRef>(1)).Add(watch.Watcher);
                    break;
                case Unwatch unwatch:
                    _watchers?.Remove(unwatch.Watcher);
                    break;
                case DeathWatchNotification or Terminate:
                    Stop(null);
                    break;
            }
        }
    }

    public override void Stop()
    {
        lock (_turn)
        {
            Stop(null);
        }
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        lock (_turn)
        {
            if (_isStopped)
            {
                return;
            }

            try
            {
                OnTold(message, sender ?? ActorRefs.Nobody);
            }
            catch (Exception failure) // whatever it is: it is this one's end and nobody else's
            {
                Stop(failure);
            }
        }
    }

    protected abstract void OnTold(object message, IActorRef sender);

    /// <summary>Its last act. <paramref name="failure"/>: what it failed by, or null.</summary>
    protected abstract void OnStopped(Exception? failure);

    /// <summary>The end of that one will be its own. One only.</summary>
    protected void EndWith(IActorRef other)
    {
        _watched = (IInternalActorRef)other;
        _watched.SendSystemMessage(new Watch(_watched, this));
    }

    private void Stop(Exception? failure)
    {
        if (_isStopped)
        {
            return;
        }

        _isStopped = true;
        OnStopped(failure);
        _watched?.SendSystemMessage(new Unwatch(_watched, this));
        _watchers?.ForEach(TellOfEnd);
    }

    private void TellOfEnd(IInternalActorRef watcher) => watcher.SendSystemMessage(new DeathWatchNotification(this, existenceConfirmed: true, addressTerminated: false));
}

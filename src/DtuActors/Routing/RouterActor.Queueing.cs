using Akka.Actor;
using DtuActors.Commanding;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>
/// Routes with <c>when-offline = queue</c>: what comes for a DTU that is offline waits as a command in its queue; and as long as some of that waits there, what comes after it
/// goes the same way, so that nothing overtakes.
/// </summary>
public sealed partial class RouterActor
{
    // Frames whose queue has not told their end yet; queues have bounds of their own.
    private const int MostQueued = 100_000;

    private readonly Dictionary<long, QueuedFrame> _queued = [];
    private readonly Dictionary<DtuId, int> _queueing = [];
    private readonly Dictionary<IActorRef, DtuId> _queues = [];
    private long _queuedInAll;

    private bool IsQueueing(SessionParty session) => _queueing.ContainsKey(session.Session.Id);

    private void DeliverDown(RouteTarget target, SessionParty session, Relay.Deliver said)
    {
        var route = target.Near[session];
        if (!IsQueueing(session) || !TryQueue(route, route.Down, session.Session.Id, session, said))
        {
            Deliver(session, route.Down, said);
        }
    }

    /// <summary>False where nothing waits on this route: the frame is still the caller's. Where its queue is full it is dropped here.</summary>
    /// <param name="online">The session that the source waits for; null: there is none.</param>
    private bool TryQueue(Route route, RouteTraffic traffic, DtuId dtu, SessionParty? online, Relay.Deliver said)
    {
        if (route.Options.WaitsOffline is not { } timeToLive || said.Frame is not { } frame || said.IsAnswer)
        {
            return false;
        }

        if (said.AckWanted && online?.Life is { } life)
        {
            // It is the queue's now, and the queue has a bound of its own.
            said.Source.Tell(new Flow.Taken(life, said.Through));
        }

        if (_queued.Count >= MostQueued)
        {
            DropQueued(traffic, frame, RelayDrops.QueueFull);
            return true;
        }

        var number = ++_queuedInAll;
        _queued.Add(number, new QueuedFrame(dtu, traffic, frame));
        _queueing[dtu] = _queueing.GetValueOrDefault(dtu) + 1;
        _directory.Tell(new Queueing.Take(
            dtu, $"r{Guid.CreateVersion7():n}", null, Abroad(said.SourceName), frame.Payload, timeToLive, AnswerUp: true, Correlation: number, FollowsEnd: true));
        return true;
    }

    // An endpoint's command for a DTU of its routes: it waits where it says so itself, or its route does.
    private void OnCommand(Relay.Command command)
    {
        var take = command.Take;
        if (_table.For(take.Dtu).FirstOrDefault(route => route.IsDown && route.Options.To == command.Endpoint) is { } route)
        {
            _directory.Forward(take with { Source = Abroad(take.Source), TimeToLive = take.TimeToLive ?? route.Options.WaitsOffline });
        }
        else
        {
            Sender.Tell(new Queueing.Refused(take.Correlation, RefusalReason.Offline));
        }
    }

    private void OnTaken(Queueing.Taken taken)
    {
        if (_queued.TryGetValue(taken.Correlation, out var frame) && _queues.TryAdd(Sender, frame.Dtu))
        {
            Context.Watch(Sender);
        }
    }

    private void OnQueueRefused(Queueing.Refused refused)
    {
        if (Forget(refused.Correlation) is { } frame)
        {
            DropQueued(frame.Traffic, frame.Frame, refused.Reason is RefusalReason.QueueFull ? RelayDrops.QueueFull : RelayDrops.StorageFailed);
        }
    }

    private void OnQueueEnded(Queueing.Ended ended)
    {
        if (Forget(ended.Correlation) is not { } frame)
        {
            return;
        }

        if (ended.Refusal is null)
        {
            frame.Traffic.Frames++;
            PublishSoon();
        }
        else
        {
            DropQueued(frame.Traffic, frame.Frame, ended.Refusal is RefusalReason.Expired ? RelayDrops.Expired : RelayDrops.DestinationLost);
        }
    }

    private void DropQueued(RouteTraffic traffic, Frame frame, string reason)
    {
        traffic.Dropped++;
        Drop(frame, reason);
    }

    private QueuedFrame? Forget(long number)
    {
        if (!_queued.Remove(number, out var frame))
        {
            return null;
        }

        if (--_queueing[frame.Dtu] == 0)
        {
            _queueing.Remove(frame.Dtu);
        }

        return frame;
    }

    private void OnTerminated(Terminated terminated)
    {
        if (!_queues.Remove(terminated.ActorRef, out var dtu))
        {
            CloseSession(terminated.ActorRef);
            return;
        }

        // What is open is in the journal, and its next queue has nobody to tell.
        foreach (var number in _queued.Where(queued => queued.Value.Dtu == dtu).Select(queued => queued.Key).ToList())
        {
            Forget(number);
        }
    }

    private sealed record QueuedFrame(DtuId Dtu, RouteTraffic Traffic, Frame Frame);
}

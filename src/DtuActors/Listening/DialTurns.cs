using Akka.Actor;

namespace DtuActors.Listening;

/// <summary>The conversation of many dialers to one place with whoever lets so many of them dial at a time.</summary>
internal static class DialTurns
{
    /// <summary>Dialer → turns: one <see cref="Granted"/>, please.</summary>
    public sealed record Take : INoSerializationVerificationNeeded
    {
        public static readonly Take Instance = new();
    }

    /// <summary>Turns → dialer: dial, and then <see cref="Done"/>.</summary>
    public sealed record Granted : INoSerializationVerificationNeeded
    {
        public static readonly Granted Instance = new();
    }

    /// <summary>Dialer → turns: connected or not, it is over. A dialer that ends says as much.</summary>
    public sealed record Done : INoSerializationVerificationNeeded
    {
        public static readonly Done Instance = new();
    }
}

/// <summary>
/// Lets so many dialers dial at a time, in the order in which they asked: a place that comes back is not met by thousands at once.
/// </summary>
internal sealed class DialTurnsActor : ReceiveActor
{
    private readonly int _most;
    private readonly HashSet<IActorRef> _dialling = [];
    private readonly LinkedList<IActorRef> _waiting = new();
    private readonly Dictionary<IActorRef, LinkedListNode<IActorRef>> _places = [];

    public DialTurnsActor(int most)
    {
        _most = most;
        Receive<DialTurns.Take>(_ => OnTake(Sender));
        Receive<DialTurns.Done>(_ => OnDone(Sender));
        Receive<Terminated>(ended => OnDone(ended.ActorRef));
    }

    public static Props Props(int most) => Akka.Actor.Props.Create<DialTurnsActor>(most);

    private void OnTake(IActorRef dialer)
    {
        if (_dialling.Contains(dialer) || _places.ContainsKey(dialer))
        {
            return;
        }

        Context.Watch(dialer);
        if (_dialling.Count < _most)
        {
            Grant(dialer);
        }
        else
        {
            _places.Add(dialer, _waiting.AddLast(dialer));
        }
    }

    private void OnDone(IActorRef dialer)
    {
        Context.Unwatch(dialer);
        if (_places.Remove(dialer, out var place))
        {
            _waiting.Remove(place);
        }

        if (_dialling.Remove(dialer) && _waiting.First is { } next)
        {
            _waiting.RemoveFirst();
            _places.Remove(next.Value);
            Grant(next.Value);
        }
    }

    private void Grant(IActorRef dialer)
    {
        _dialling.Add(dialer);
        dialer.Tell(DialTurns.Granted.Instance);
    }
}

using Akka.Actor;

namespace DtuActors.Recording;

/// <summary>
/// Where the data path hands events to recorder and monitors: never waits, and bounded: with <see cref="MostWaiting"/> events unread it counts what it
/// passes over instead of queueing it. One object shared by all actors of a gateway; safe from any thread.
/// </summary>
public sealed class EventInlet
{
    /// <summary>Events that may wait for the recorder.</summary>
    public const int MostWaiting = 50_000;

    private IActorRef _recorder = ActorRefs.Nobody;
    private long _waiting;
    private long _lost;

    /// <summary>Names the actor that reads; told by the recorder at each of its starts.</summary>
    public void Attach(IActorRef recorder)
    {
        Volatile.Write(ref _recorder, recorder);
    }

    /// <summary>Hands over one event, or counts it as lost.</summary>
    public void Offer(FieldEvent happened)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            Interlocked.Increment(ref _lost);
            return;
        }

        Volatile.Read(ref _recorder).Tell(happened, ActorRefs.NoSender);
    }

    /// <summary>The recorder has read one.</summary>
    public void Read() => Interlocked.Decrement(ref _waiting);

    /// <summary>How many were passed over since the last call.</summary>
    public long TakeLost() => Interlocked.Exchange(ref _lost, 0);
}

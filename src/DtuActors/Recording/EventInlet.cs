using Akka.Actor;

namespace DtuActors.Recording;

/// <summary>
/// Where the data path hands events to recorder and monitors: never waits, and bounded: with <see cref="MostWaiting"/> events or
/// <see cref="MostWaitingBytes"/> of frames unread it counts what it passes over instead of queueing it. One object shared by all actors of a gateway; safe
/// from any thread.
/// </summary>
public sealed class EventInlet
{
    /// <summary>Events that may wait for the recorder.</summary>
    public const int MostWaiting = 50_000;

    /// <summary>Bytes of frames that may wait with them.</summary>
    public const long MostWaitingBytes = 16 * 1024 * 1024;

    private IActorRef _recorder = ActorRefs.Nobody;
    private bool _isObserved;
    private long _waiting;
    private long _waitingBytes;
    private long _lost;
    private long _lostInAll;

    /// <summary>Whether anybody observes: where nobody does, what the recorder has read waits for nobody else.</summary>
    public bool IsObserved
    {
        get => Volatile.Read(ref _isObserved);
        set => Volatile.Write(ref _isObserved, value);
    }

    /// <summary>Names the actor that reads; told by the recorder at each of its starts.</summary>
    public void Attach(IActorRef recorder)
    {
        Volatile.Write(ref _recorder, recorder);
    }

    /// <summary>Hands over one event, or counts it as lost.</summary>
    public void Offer(FieldEvent happened)
    {
        var recorder = Volatile.Read(ref _recorder);
        var isTooMany = Interlocked.Increment(ref _waiting) > MostWaiting;
        var isTooMuch = Interlocked.Add(ref _waitingBytes, happened.PayloadBytes) > MostWaitingBytes;
        if (isTooMany || isTooMuch || recorder.IsNobody())
        {
            Read(happened);
            Interlocked.Increment(ref _lost);
            Interlocked.Increment(ref _lostInAll);
            return;
        }

        recorder.Tell(happened, ActorRefs.NoSender);
    }

    /// <summary>This event waits no more.</summary>
    public void Read(FieldEvent happened)
    {
        Interlocked.Decrement(ref _waiting);
        Interlocked.Add(ref _waitingBytes, -happened.PayloadBytes);
    }

    /// <summary>How many were passed over since the start.</summary>
    public long LostInAll => Interlocked.Read(ref _lostInAll);

    /// <summary>How many were passed over since the last call.</summary>
    public long TakeLost() => Interlocked.Exchange(ref _lost, 0);
}

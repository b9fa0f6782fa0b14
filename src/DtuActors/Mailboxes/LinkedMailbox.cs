using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace DtuActors.Mailboxes;

/// <summary>
/// The actors' mailbox, named in Akka's configuration. Akka's own holds room for 32 messages from its first one on, 1.3 kB that an idle session has three times; this one holds what
/// waits and one link.
/// </summary>
public sealed class LinkedMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<LinkedMessageQueue>
{
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new LinkedMessageQueue();
}

/// <summary>
/// A chain of links, after D. Vyukov's queue for many writers and one reader: a writer swaps itself in as the last link, then hangs itself on the one before. Between the two the
/// reader sees an end, while <see cref="HasMessages"/> already says that there is more: its mailbox is scheduled again.
/// </summary>
public sealed class LinkedMessageQueue : IMessageQueue, IUnboundedMessageQueueSemantics
{
    // The link before the first message: what it carried has been read.
    private Link _read;
    private Link _last;

    public LinkedMessageQueue() => _read = _last = new Link(default);

    public bool HasMessages => Volatile.Read(ref _read) != Volatile.Read(ref _last);

    /// <summary>Counted by walking, so by the reader only.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            for (var link = _read; Volatile.Read(ref link.Next) is { } next; link = next)
            {
                count++;
            }

            return count;
        }
    }

    public void Enqueue(IActorRef receiver, Envelope envelope)
    {
        var link = new Link(envelope);
        Volatile.Write(ref Interlocked.Exchange(ref _last, link).Next, link);
    }

    public bool TryDequeue(out Envelope envelope)
    {
        var read = _read;
        if (Volatile.Read(ref read.Next) is not { } first)
        {
            envelope = default;
            return false;
        }

        // A link that has grown old must not hold on to all that came after it.
        read.Next = null;
        (envelope, first.Envelope) = (first.Envelope, default);
        Volatile.Write(ref _read, first);
        return true;
    }

    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        while (TryDequeue(out var envelope))
        {
            deadletters.Enqueue(owner, envelope);
        }
    }

    private sealed class Link(Envelope envelope)
    {
        public Envelope Envelope = envelope;
        public Link? Next;
    }
}

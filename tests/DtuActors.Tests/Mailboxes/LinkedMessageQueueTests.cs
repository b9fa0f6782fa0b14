using Akka.Actor;
using Akka.Dispatch.MessageQueues;
using DtuActors.Mailboxes;
using Xunit;

namespace DtuActors.Tests.Mailboxes;

public class LinkedMessageQueueTests
{
    private const int Writers = 4;
    private const int Each = 20_000;

    [Fact]
    public async Task What_many_writers_send_at_once_comes_out_whole_and_in_each_writers_order()
    {
        var queue = new LinkedMessageQueue();
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(() =>
        {
            for (var number = 0; number < Each; number++)
            {
                queue.Enqueue(ActorRefs.Nobody, Message((writer, number)));
            }
        })).ToArray();

        var next = new int[Writers];
        while (next.Sum() < Writers * Each)
        {
            if (!queue.TryDequeue(out var envelope))
            {
                await Task.Yield();
                continue;
            }

            var (writer, number) = ((int, int))envelope.Message;
            Assert.Equal(next[writer]++, number);
        }

        await Task.WhenAll(writers);
        Assert.False(queue.HasMessages);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void It_says_what_waits()
    {
        var queue = new LinkedMessageQueue();
        Assert.False(queue.HasMessages);
        Assert.False(queue.TryDequeue(out _));

        queue.Enqueue(ActorRefs.Nobody, Message("a"));
        queue.Enqueue(ActorRefs.Nobody, Message("b"));
        Assert.True(queue.HasMessages);
        Assert.Equal(2, queue.Count);

        Assert.True(queue.TryDequeue(out var first));
        Assert.Equal("a", first.Message);
        Assert.True(queue.HasMessages);
        Assert.Equal(1, queue.Count);
    }

    [Fact]
    public void What_an_actor_that_ends_has_not_read_becomes_dead_letters_in_order()
    {
        var queue = new LinkedMessageQueue();
        var dead = new UnboundedMessageQueue();
        queue.Enqueue(ActorRefs.Nobody, Message("a"));
        queue.Enqueue(ActorRefs.Nobody, Message("b"));

        queue.CleanUp(ActorRefs.Nobody, dead);

        Assert.False(queue.HasMessages);
        Assert.True(dead.TryDequeue(out var first));
        Assert.True(dead.TryDequeue(out var second));
        Assert.Equal(["a", "b"], [first.Message, second.Message]);
    }

    private static Envelope Message(object message) => new(message, ActorRefs.NoSender);
}

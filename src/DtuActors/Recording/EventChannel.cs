using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace DtuActors.Recording;

/// <summary>
/// What waits for one observer: at most so many events, and at most <see cref="MostBytes"/> of frames. A full one takes nothing (<c>TryWrite</c> is false). One
/// writer, one reader.
/// </summary>
internal sealed class EventChannel : Channel<FieldEvent>
{
    /// <summary>A frame may have a megabyte, and an observer a thousand of them waiting.</summary>
    public const long MostBytes = 4 * 1024 * 1024;

    private long _bytes;

    // Small events would still fit, and each would tell of one lost frame: what is full takes nothing until something was read.
    private volatile bool _full;

    public EventChannel(int capacity)
    {
        var events = Channel.CreateBounded<FieldEvent>(new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });
        Reader = new Out(this, events.Reader);
        Writer = new In(this, events.Writer);
    }

    private sealed class In(EventChannel channel, ChannelWriter<FieldEvent> events) : ChannelWriter<FieldEvent>
    {
        public override bool TryWrite(FieldEvent item)
        {
            if (channel._full && Interlocked.Read(ref channel._bytes) > 0)
            {
                return false;
            }

            channel._full = Interlocked.Add(ref channel._bytes, item.PayloadBytes) > MostBytes;
            if (!channel._full && events.TryWrite(item))
            {
                return true;
            }

            Interlocked.Add(ref channel._bytes, -item.PayloadBytes);
            return false;
        }

        public override ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default) => events.WaitToWriteAsync(cancellationToken);

        public override bool TryComplete(Exception? error = null) => events.TryComplete(error);
    }

    private sealed class Out(EventChannel channel, ChannelReader<FieldEvent> events) : ChannelReader<FieldEvent>
    {
        public override Task Completion => events.Completion;

        public override bool TryRead([MaybeNullWhen(false)] out FieldEvent item)
        {
            var isRead = events.TryRead(out item);
            if (isRead)
            {
                Interlocked.Add(ref channel._bytes, -item!.PayloadBytes);
                channel._full = false;
            }

            return isRead;
        }

        public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => events.WaitToReadAsync(cancellationToken);
    }
}

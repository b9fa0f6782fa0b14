using System.Collections.Immutable;
using System.Globalization;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>
/// The last frames of every DTU, in memory: at most <see cref="MostPerDtu"/> of one DTU and <see cref="MostBytes"/> in all; the oldest leave first. Stored
/// history takes its place when it is built.
/// </summary>
public sealed class FrameMemory
{
    public const int MostPerDtu = 1000;
    public const long MostBytes = 64 * 1024 * 1024;

    // What a frame costs beside its payload: its record, its array, its places in two queues, its share of its DTU's own.
    private const int Overhead = 256;

    private readonly Dictionary<DtuId, LinkedList<RecordedFrame>> _frames = [];
    private readonly Queue<(DtuId Dtu, long Sequence)> _order = new();
    private long _sequence;
    private long _bytes;

    public void Add(FramePassed passed)
    {
        var frame = new RecordedFrame(++_sequence, passed.At, passed.Direction, passed.Payload, passed.Codec, passed.Source, passed.Verdict);
        if (!_frames.TryGetValue(passed.Dtu, out var frames))
        {
            frames = new LinkedList<RecordedFrame>();
            _frames.Add(passed.Dtu, frames);
        }

        frames.AddLast(frame);
        _order.Enqueue((passed.Dtu, frame.Sequence));
        _bytes += Cost(frame);
        if (frames.Count > MostPerDtu)
        {
            RemoveFirst(passed.Dtu, frames);
        }

        while (_bytes > MostBytes || _order.Count > 2 * (MostBytes / Overhead))
        {
            RemoveOldest();
        }
    }

    /// <summary>A page, oldest first.</summary>
    public FramePage Page(DtuId dtu, DateTimeOffset? since, DateTimeOffset? until, int limit, string? after)
    {
        if (!_frames.TryGetValue(dtu, out var frames))
        {
            return new FramePage([], null);
        }

        var from = long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;
        var items = frames
            .Where(frame => frame.Sequence > from && (since is null || frame.At >= since) && (until is null || frame.At < until))
            .Take(limit + 1)
            .ToImmutableArray();
        return items.Length > limit
            ? new FramePage(items.RemoveAt(limit), items[limit - 1].Sequence.ToString(CultureInfo.InvariantCulture))
            : new FramePage(items, null);
    }

    // A frame that its own DTU's limit took already left its place in the order behind: nothing to remove then.
    private void RemoveOldest()
    {
        var (dtu, sequence) = _order.Dequeue();
        if (_frames.TryGetValue(dtu, out var frames) && frames.First!.Value.Sequence == sequence)
        {
            RemoveFirst(dtu, frames);
        }
    }

    private void RemoveFirst(DtuId dtu, LinkedList<RecordedFrame> frames)
    {
        _bytes -= Cost(frames.First!.Value);
        frames.RemoveFirst();
        if (frames.Count == 0)
        {
            _frames.Remove(dtu);
        }
    }

    private static long Cost(RecordedFrame frame) => frame.Payload.Length + Overhead;
}

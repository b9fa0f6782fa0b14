using System.Collections.Immutable;
using System.Globalization;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>
/// The last frames of every DTU, in memory, where nothing is stored: at most <see cref="MostPerDtu"/> of one DTU and <see cref="MostBytes"/> in all; the oldest
/// leave first.
/// </summary>
public sealed class FrameMemory
{
    public const int MostPerDtu = 1000;
    public const long MostBytes = 64 * 1024 * 1024;

    // What a frame costs beside its payload: its record, its array, its places in two lists, its share of its DTU's own.
    private const int Overhead = 256;

    private readonly Dictionary<DtuId, Queue<LinkedListNode<(DtuId Dtu, RecordedFrame Frame)>>> _frames = [];
    private readonly LinkedList<(DtuId Dtu, RecordedFrame Frame)> _all = new();
    private long _sequence;
    private long _bytes;

    public void Add(FramePassed passed)
    {
        var frame = new RecordedFrame(++_sequence, passed.At, passed.Direction, passed.Payload, passed.Codec, passed.Source, passed.Verdict);
        if (!_frames.TryGetValue(passed.Dtu, out var frames))
        {
            frames = new Queue<LinkedListNode<(DtuId, RecordedFrame)>>();
            _frames.Add(passed.Dtu, frames);
        }

        frames.Enqueue(_all.AddLast((passed.Dtu, frame)));
        _bytes += Cost(frame);
        if (frames.Count > MostPerDtu)
        {
            RemoveOldest(passed.Dtu);
        }

        while (_bytes > MostBytes)
        {
            RemoveOldest(_all.First!.Value.Dtu);
        }
    }

    /// <summary>A page, oldest first.</summary>
    public FramePage Page(Records.GetFrames asked)
    {
        if (!_frames.TryGetValue(asked.Dtu, out var frames))
        {
            return new FramePage([], null);
        }

        var limit = asked.Limit;
        var from = long.TryParse(asked.After, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;
        var fit = frames
            .Select(node => node.Value.Frame)
            .Where(frame => frame.Sequence > from && (asked.Since is null || frame.At >= asked.Since) && (asked.Until is null || frame.At < asked.Until));
        if (asked.Newest)
        {
            return new FramePage([.. fit.TakeLast(limit)], null);
        }

        var items = fit.Take(limit + 1).ToImmutableArray();
        return items.Length > limit
            ? new FramePage(items.RemoveAt(limit), items[limit - 1].Sequence.ToString(CultureInfo.InvariantCulture))
            : new FramePage(items, null);
    }

    private void RemoveOldest(DtuId dtu)
    {
        var frames = _frames[dtu];
        var oldest = frames.Dequeue();
        _all.Remove(oldest);
        _bytes -= Cost(oldest.Value.Frame);
        if (frames.Count == 0)
        {
            _frames.Remove(dtu);
        }
    }

    private static long Cost(RecordedFrame frame) => frame.Payload.Length + Overhead;
}

using System.Collections.Immutable;
using System.Globalization;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>
/// The last frames of every DTU, in memory, where nothing is stored: at most <see cref="MostPerDtu"/> of one DTU, and what takes <see cref="MostBytes"/> of memory in all; the
/// oldest leave first.
/// </summary>
public sealed class FrameMemory
{
    public const int MostPerDtu = 1000;
    public const long MostBytes = 64 * 1024 * 1024;

    // Which share of all frames leaves at once, where there are too many: all DTUs are looked through for it.
    private const int Share = 16;

    private readonly Dictionary<DtuId, FrameRing> _rings = [];
    private long _sequence;
    private long _bytes;

    public void Add(FramePassed passed)
    {
        if (!_rings.TryGetValue(passed.Dtu, out var ring))
        {
            _rings.Add(passed.Dtu, ring = new FrameRing());
            _bytes += ring.Size;
        }

        _bytes -= ring.Size;
        if (ring.Count == MostPerDtu)
        {
            ring.RemoveFirst();
        }

        ring.Add(++_sequence, passed);
        _bytes += ring.Size;
        while (_bytes > MostBytes)
        {
            ForgetOldest();
        }
    }

    /// <summary>A page, oldest first.</summary>
    public FramePage Page(Records.GetFrames asked)
    {
        if (!_rings.TryGetValue(asked.Dtu, out var ring))
        {
            return new FramePage([], null);
        }

        var limit = asked.Limit;
        var after = long.TryParse(asked.After, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;
        if (asked.Newest)
        {
            return new FramePage([.. ring.Last(limit, after, asked)], null);
        }

        var items = ring.First(limit + 1, after, asked).ToImmutableArray();
        return items.Length > limit
            ? new FramePage(items.RemoveAt(limit), items[limit - 1].Sequence.ToString(CultureInfo.InvariantCulture))
            : new FramePage(items, null);
    }

    private void ForgetOldest()
    {
        var oldest = _rings.Values.Min(ring => ring.FirstSequence);
        var first = oldest + 1 + ((_sequence - oldest) / Share);
        foreach (var (dtu, ring) in _rings.Where(entry => entry.Value.FirstSequence < first).ToList())
        {
            _bytes -= ring.Size;
            while (ring.Count > 0 && ring.FirstSequence < first)
            {
                ring.RemoveFirst();
            }

            if (ring.Count == 0)
            {
                _rings.Remove(dtu);
                continue;
            }

            ring.Shrink();
            _bytes += ring.Size;
        }
    }
}

using System.Collections.Immutable;

namespace DtuActors.Routing;

/// <summary>
/// What is for the parties of one other node, in its order. One pack is under way at a time, and what comes meanwhile makes the next: with little to say each frame leaves at once, with
/// much to say packs grow. A pack that is full leaves in any case, so nothing is held back for long and little is kept.
/// </summary>
internal sealed class PackLine
{
    // With what goes around them far below what one message between nodes may have.
    private const int MostItems = 256;
    private const int MostBytes = 256 * 1024;

    private readonly List<Peering.Packed> _items = [];
    private int _bytes;
    private long _came;
    private bool _owes;

    public bool IsEmpty => _items.Count == 0;

    public bool IsFull => _items.Count >= MostItems || _bytes >= MostBytes;

    /// <summary>Whether a pack left, and nobody has said yet that it came.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>The number of the last one that left.</summary>
    public long Number { get; private set; }

    /// <summary>Whether there is something to say now: a pack, or that one came.</summary>
    public bool IsDue => _owes || (!IsEmpty && !IsUnderWay);

    public void Add(Peering.Packed item)
    {
        _items.Add(item);
        _bytes += item.Delivery.Frame?.Payload.Length ?? 0;
    }

    /// <summary>All that waits, which is under way from here on.</summary>
    public Peering.Pack Leave(string from)
    {
        (IsUnderWay, _owes) = (true, false);
        return new Peering.Pack(from, ++Number, _came, Clear());
    }

    /// <summary>What there is to say now: all that waits, unless one is under way; else no more than that the other's last one came. Null: nothing.</summary>
    public Peering.Pack? Next(string from)
    {
        if (!IsEmpty && !IsUnderWay)
        {
            return Leave(from);
        }

        var owed = _owes;
        _owes = false;
        return owed ? new Peering.Pack(from, 0, _came, []) : null;
    }

    public void Hear(Peering.Pack pack)
    {
        IsUnderWay &= pack.Taken < Number;
        if (pack.Number > 0)
        {
            (_came, _owes) = (pack.Number, true);
        }
    }

    /// <summary>The word that it came is lost, or it is: what waits goes on.</summary>
    public void GiveUp() => IsUnderWay = false;

    /// <summary>What waited.</summary>
    public ImmutableArray<Peering.Packed> Clear()
    {
        ImmutableArray<Peering.Packed> items = [.. _items];
        _items.Clear();
        _bytes = 0;
        return items;
    }
}

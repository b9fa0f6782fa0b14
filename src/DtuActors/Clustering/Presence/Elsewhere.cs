using System.Runtime.InteropServices;
using DtuActors.Protocol;

namespace DtuActors.Clustering.Presence;

/// <summary>
/// Which DTUs other nodes have seen: of each DTU the other node that comes first: where it is online, else where its newest session was. Nothing but that, for a fleet has a row of each DTU
/// that was ever elsewhere. A session's number is its epoch's: nodes agree on it whatever their clocks say.
/// </summary>
/// <param name="self">This node's name.</param>
/// <param name="mostPerNode">Rows of one node; more are passed over, and such a DTU may be listed twice.</param>
internal sealed class Elsewhere(string self, int mostPerNode)
{
    private readonly Dictionary<DtuId, Row> _rows = [];
    private readonly Dictionary<string, Node> _nodes = new(StringComparer.Ordinal);

    public int Count => _rows.Count;

    public bool Contains(DtuId id) => _rows.ContainsKey(id);

    /// <summary>Whether another node comes before this one, where the DTU's newest session is, or was, of that number.</summary>
    public bool IsBefore(DtuId id, bool isOnline, long number) => _rows.TryGetValue(id, out var row) && Compare(row, new Row(null, number, isOnline), self) > 0;

    public bool IsOnline(DtuId id) => _rows.TryGetValue(id, out var row) && row.IsOnline;

    /// <summary>What a node says of a DTU that it has seen. Of one session its end is the last word, in whichever order they come.</summary>
    public void Take(string node, DtuId id, long number, bool isOnline)
    {
        if (!_nodes.TryGetValue(node, out var of))
        {
            _nodes.Add(node, of = new Node(node));
        }

        ref var row = ref CollectionsMarshal.GetValueRefOrNullRef(_rows, id);
        var next = new Row(of, number, isOnline);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref row))
        {
            if (of.Rows < mostPerNode)
            {
                of.Rows++;
                _rows.Add(id, next);
            }
        }
        else if (ReferenceEquals(row.Of, of))
        {
            row = number > row.Number || (number == row.Number && !isOnline) ? next : row;
        }
        else if (of.Rows < mostPerNode && Compare(next, row, self) > 0)
        {
            row.Of!.Rows--;
            of.Rows++;
            row = next;
        }
    }

    /// <summary>A node has no row of that DTU any more.</summary>
    public void Remove(string node, DtuId id)
    {
        if (_rows.TryGetValue(id, out var row) && row.Of!.Name == node)
        {
            row.Of.Rows--;
            _rows.Remove(id);
        }
    }

    /// <summary>Nothing is known of that node any more: those DTUs that were online there.</summary>
    public IReadOnlyList<(DtuId Dtu, long Number)> Lose(string node)
    {
        if (!_nodes.Remove(node, out var gone) || gone.Rows == 0)
        {
            return [];
        }

        var online = new List<(DtuId, long)>();
        foreach (var (id, row) in _rows)
        {
            if (ReferenceEquals(row.Of, gone))
            {
                _rows.Remove(id);
                if (row.IsOnline)
                {
                    online.Add((id, row.Number));
                }
            }
        }

        return online;
    }

    private static int Compare(Row one, Row other, string self) =>
        one.IsOnline != other.IsOnline ? one.IsOnline.CompareTo(other.IsOnline)
        : one.Number != other.Number ? one.Number.CompareTo(other.Number)
        : string.CompareOrdinal(one.Of?.Name ?? self, other.Of?.Name ?? self);

    private sealed class Node(string name)
    {
        public string Name => name;

        public int Rows { get; set; }
    }

    // Two words: there are a hundred thousand. A number is milliseconds since 1970, about: its lowest bit has room beside it.
    private readonly struct Row(Node? of, long number, bool isOnline)
    {
        private readonly long _mark = (number << 1) | (isOnline ? 1L : 0);

        public Node? Of => of;

        public long Number => _mark >> 1;

        public bool IsOnline => (_mark & 1) != 0;
    }
}

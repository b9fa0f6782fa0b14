namespace DtuActors.Sessions;

/// <summary>
/// Who is next: askers take turns, one item each; within one asker the order is that in which it asked, but that what is held back may be passed on the way
/// to another slave.
/// </summary>
internal sealed class Turns
{
    // How far it is looked for another slave behind items that are held back. More than a bus has slaves.
    private const int MostLookedAt = 256;

    private readonly Dictionary<object, Line> _lines = [];

    // The next asker first; one that had its turn goes to the end.
    private readonly LinkedList<Line> _ring = new();
    private readonly LinkedList<BusItem> _requests = new();

    /// <summary>Payload bytes of all that waits.</summary>
    public int Bytes { get; private set; }

    /// <summary>Requests that take a place in the queue.</summary>
    public int Places { get; private set; }

    public bool IsEmpty => _ring.Count == 0;

    /// <summary>What wants an answer, longest waiting first.</summary>
    public IReadOnlyCollection<BusItem> Requests => _requests;

    public BusItem? Oldest => _requests.First?.Value;

    /// <summary>All that waits, one asker's behind another's.</summary>
    public IEnumerable<BusItem> Waiting => _ring.SelectMany(line => line.Items);

    /// <summary>The first of each asker.</summary>
    public IEnumerable<BusItem> Heads => _ring.Select(line => line.Head);

    public void Add(BusItem item) => Enter(item, first: false);

    /// <summary>Back to the head of its asker's line, so that it does not lose its place to what the same asker wanted later.</summary>
    public void PutBack(BusItem item) => Enter(item, first: true);

    public void Remove(BusItem item)
    {
        if (item.Place is not { } place)
        {
            return;
        }

        var line = _lines[item.Asker];
        line.Items.Remove(place);
        item.Place = null;
        Bytes -= item.Payload.Length;
        if (item.Age is { } age)
        {
            _requests.Remove(age);
            item.Age = null;
            line.Places -= item.Shares ? 0 : 1;
            Places -= item.Shares ? 0 : 1;
        }

        if (line.Items.Count == 0)
        {
            _lines.Remove(item.Asker);
            _ring.Remove(line.InRing);
        }
    }

    /// <summary>
    /// What each asker could have now as far as its own order goes: its first item, and behind one that is held back and may be passed also the first to the next
    /// slave. Only the last of an asker's can be one that is not held back.
    /// </summary>
    public IEnumerable<BusItem> Candidates(Func<BusItem, bool> isHeldBack) => _ring.SelectMany(line => line.Candidates(isHeldBack));

    /// <summary>Takes the first candidate that is not held back. An asker without one keeps its turn: it is the next as soon as it has.</summary>
    public BusItem? Take(Func<BusItem, bool> isHeldBack)
    {
        if (Candidates(isHeldBack).FirstOrDefault(item => !isHeldBack(item)) is not { } item)
        {
            return null;
        }

        var line = _lines[item.Asker];
        _ring.Remove(line.InRing);
        _ring.AddLast(line.InRing);
        Remove(item);
        return item;
    }

    /// <summary>
    /// What has to give way where the queue is full: the newest request of the asker with most, what it has on the wire included, if that still has at
    /// least as much afterwards as who comes. Null where nobody has so much more.
    /// </summary>
    public BusItem? ToDisplaceFor(BusItem newcomer, BusItem? onTheWire)
    {
        int Load(Line line) => line.Places + (line.Asker.Equals(onTheWire?.Asker) ? 1 : 0);

        var own = (_lines.TryGetValue(newcomer.Asker, out var mine) ? mine.Places : 0) + (newcomer.Asker.Equals(onTheWire?.Asker) ? 1 : 0);
        return _ring.Where(line => line.Places > 0).MaxBy(Load) is { } greediest && Load(greediest) >= own + 2
            ? greediest.Items.LastOrDefault(item => item is { WantsAnswer: true, Shares: false, WasSent: false })
            : null;
    }

    private void Enter(BusItem item, bool first)
    {
        if (!_lines.TryGetValue(item.Asker, out var line))
        {
            line = new Line(item.Asker);
            _lines.Add(item.Asker, line);
            _ring.AddLast(line.InRing);
        }

        item.Place = first ? line.Items.AddFirst(item) : line.Items.AddLast(item);
        Bytes += item.Payload.Length;
        if (item.WantsAnswer)
        {
            item.Age = _requests.AddLast(item);
            line.Places += item.Shares ? 0 : 1;
            Places += item.Shares ? 0 : 1;
        }
    }

    private sealed class Line
    {
        public Line(object asker)
        {
            Asker = asker;
            InRing = new LinkedListNode<Line>(this);
        }

        public object Asker { get; }

        public LinkedListNode<Line> InRing { get; }

        public LinkedList<BusItem> Items { get; } = new();

        public BusItem Head => Items.First!.Value;

        public int Places { get; set; }

        public IEnumerable<BusItem> Candidates(Func<BusItem, bool> isHeldBack)
        {
            HashSet<string>? passed = null;
            foreach (var item in Items.Take(MostLookedAt))
            {
                var slave = item.MayBePassed ? item.Slave : null;
                if (passed is not null && slave is null)
                {
                    yield break;
                }

                if (passed?.Contains(slave!) is true)
                {
                    continue;
                }

                yield return item;
                if (slave is null || !isHeldBack(item))
                {
                    yield break;
                }

                (passed ??= []).Add(slave);
            }
        }
    }
}

namespace DtuActors.Integration.Tests.Faults;

/// <summary>
/// What those outside a gateway said, heard and saw in one run, and which promises that breaks. It knows nothing of how the gateway works. Called by many at once.
/// </summary>
/// <param name="limits">How long what may take.</param>
internal sealed class FaultHistory(FaultLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Way Way, int Dtu), int> _said = [];
    private readonly Dictionary<string, SortedDictionary<int, Heard>> _heard = [];
    private readonly Dictionary<(int Dtu, int Connection), TimeSpan> _onBus = [];
    private readonly Dictionary<string, bool> _online = [];
    private readonly Dictionary<object, (int Dtu, TimeSpan Since)> _silent = [];
    private readonly List<string> _broken = [];
    private TimeSpan _excused;

    public FaultLimits Limits => limits;

    /// <summary>Each promise that did not hold, by its letter, and how.</summary>
    public IReadOnlyList<string> Broken
    {
        get
        {
            lock (_lock)
            {
                return [.. _broken];
            }
        }
    }

    /// <summary>Frames and answers that came through: a run in which nothing happens proves nothing.</summary>
    public int Arrivals { get; private set; }

    /// <summary>Of them frames, not answers.</summary>
    public int Frames { get; private set; }

    /// <summary>Dead peers whose end was seen.</summary>
    public int DeadNoticed { get; private set; }

    /// <summary>Time in which the gateway could not run: all that it has to do in time may take so much longer.</summary>
    public void Excuse(TimeSpan time)
    {
        lock (_lock)
        {
            _excused += time;
        }
    }

    // ---- (a) nothing reordered, doubled or crossed

    /// <summary>The next frame that somebody says.</summary>
    public StreamFrame Say(Way way, int dtu)
    {
        lock (_lock)
        {
            return new StreamFrame(way, dtu, _said[(way, dtu)] = _said.GetValueOrDefault((way, dtu)) + 1);
        }
    }

    /// <summary>A frame is there.</summary>
    /// <param name="place">Who heard it.</param>
    /// <param name="connection">On which connection of its, counted: what an older one brings late may not come behind what a newer one brought.</param>
    /// <param name="dtu">Whose frame it has to be.</param>
    /// <param name="frame">Null: bytes that are no frame.</param>
    /// <param name="atLeastOnce">Whether a frame may come again, as MQTT's quality 1 allows.</param>
    public void Arrive(string place, int connection, int dtu, StreamFrame? frame, bool atLeastOnce = false)
    {
        lock (_lock)
        {
            if (frame is not { } known)
            {
                Break('a', $"{place}: bytes that nobody said");
                return;
            }

            Arrivals++;
            Frames++;
            if (known.Dtu != dtu)
            {
                Break('a', $"{place}: crossed, {known}");
            }
            else if (known.Number > _said.GetValueOrDefault((known.Way, known.Dtu)))
            {
                Break('a', $"{place}: never said, {known}");
            }
            else
            {
                Order(place, connection, known, atLeastOnce);
            }
        }
    }

    private void Order(string place, int connection, StreamFrame frame, bool atLeastOnce)
    {
        var connections = _heard.TryGetValue(place, out var known) ? known : _heard[place] = [];
        if (connections.Values.Any(heard => heard.Numbers.Contains(frame.Number)))
        {
            if (!atLeastOnce)
            {
                Break('a', $"{place}: doubled, {frame}");
            }

            return;
        }

        if (connections.FirstOrDefault(heard => heard.Key <= connection ? heard.Value.Last > frame.Number : heard.Value.First < frame.Number) is { Value: not null } wrong)
        {
            Break(wrong.Key == connection ? 'a' : 'd', $"{place}: {frame} on connection {connection}, and {wrong.Value.First} to {wrong.Value.Last} on connection {wrong.Key}: out of order");
        }

        (connections.TryGetValue(connection, out var here) ? here : connections[connection] = new Heard()).Add(frame.Number);
    }

    /// <summary>Everything that was said that way has to be there: nothing happened to these two.</summary>
    public void Complete(string place, Way way, int dtu)
    {
        lock (_lock)
        {
            var there = _heard.TryGetValue(place, out var known) ? known.Values.Sum(heard => heard.Numbers.Count) : 0;
            if (there != _said.GetValueOrDefault((way, dtu)))
            {
                Break('a', $"{place}: {_said.GetValueOrDefault((way, dtu))} frames were said and {there} came, though nothing happened to either side");
            }
        }
    }

    /// <summary>An answer that does not fit what was asked.</summary>
    public void Answer(string who, bool fits, string what)
    {
        lock (_lock)
        {
            Arrivals++;
            if (!fits)
            {
                Break('a', $"{who}: a crossed answer, {what}");
            }
        }
    }

    // ---- (b) one transaction on a bus

    /// <summary>A request is at an instrument.</summary>
    public void BeginBus(int dtu, int connection, TimeSpan now)
    {
        lock (_lock)
        {
            if (_onBus.TryGetValue((dtu, connection), out var before) && limits.BusAtLeast is { } least && now - before < least)
            {
                Break('b', $"bus {dtu}: a request {(now - before).TotalMilliseconds:0} ms behind one that is neither answered nor timed out");
            }

            _onBus[(dtu, connection)] = now;
        }
    }

    /// <summary>Its answer is said.</summary>
    public void EndBus(int dtu, int connection)
    {
        lock (_lock)
        {
            _onBus.Remove((dtu, connection));
        }
    }

    // ---- (c) what is accepted ends once

    /// <summary>Something accepted did not end, or ended otherwise than it may.</summary>
    public void End(bool isWell, string what)
    {
        lock (_lock)
        {
            if (!isWell)
            {
                Break('c', what);
            }
        }
    }

    // ---- (d) one owner, (e) dead peers

    /// <summary>The gateway says that a DTU is online, or is not any more.</summary>
    public void Tell(string dtu, bool online)
    {
        lock (_lock)
        {
            if (online && _online.GetValueOrDefault(dtu))
            {
                Break('d', $"{dtu} is online twice");
            }

            _online[dtu] = online;
        }
    }

    /// <summary>Events were missed: nothing is known.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _online.Clear();
        }
    }

    /// <summary>A DTU says nothing any more, and does not hang up.</summary>
    public void FallSilent(object connection, int dtu, TimeSpan now)
    {
        lock (_lock)
        {
            _silent[connection] = (dtu, now - _excused);
        }
    }

    /// <summary>Its connection was ended by the gateway.</summary>
    public void Noticed(object connection, TimeSpan now)
    {
        lock (_lock)
        {
            if (_silent.Remove(connection, out var silent))
            {
                DeadNoticed++;
                CheckSilence(silent.Dtu, silent.Since, now);
            }
        }
    }

    /// <summary>Those whose connections still stand.</summary>
    public void CheckSilent(TimeSpan now)
    {
        lock (_lock)
        {
            foreach (var (dtu, since) in _silent.Values)
            {
                CheckSilence(dtu, since, now);
            }
        }
    }

    private void CheckSilence(int dtu, TimeSpan since, TimeSpan now)
    {
        var time = now - _excused - since;
        if (time > limits.Silence)
        {
            Break('e', $"DTU {dtu} said nothing, and its connection stood for {time.TotalSeconds:0.0} s");
        }
    }

    // ---- (f) nothing is left, and the books add up

    /// <summary>Something that has to be so in the end.</summary>
    public void Hold(bool isSo, string what)
    {
        lock (_lock)
        {
            if (!isSo)
            {
                Break('f', what);
            }
        }
    }

    private void Break(char promise, string how) => _broken.Add($"({promise}) {how}");

    private sealed class Heard
    {
        public HashSet<int> Numbers { get; } = [];

        public int First { get; private set; } = int.MaxValue;

        public int Last { get; private set; }

        public void Add(int number)
        {
            Numbers.Add(number);
            (First, Last) = (Math.Min(First, number), Math.Max(Last, number));
        }
    }
}

/// <summary>How long what may take in a run.</summary>
internal sealed record FaultLimits
{
    /// <summary>Until a connection whose DTU says nothing is ended.</summary>
    public required TimeSpan Silence { get; init; }

    /// <summary>Between a request and the next where nothing answered; null: the line between changes such times.</summary>
    public TimeSpan? BusAtLeast { get; init; }

    /// <summary>When a DTU that fell silent looks whether anybody is still there, because the line loses the word of the end (a reset is said once); null: it need not.</summary>
    public TimeSpan? LookAfter { get; init; }
}

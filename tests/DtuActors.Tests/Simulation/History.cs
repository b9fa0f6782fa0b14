using DtuActors.Directory;
using DtuActors.Sessions;

namespace DtuActors.Tests.Simulation;

/// <summary>What happened in one run as those outside saw it, and which promises it breaks. It knows nothing of how the gateway works.</summary>
/// <param name="answerTime">After which a request without an answer is over.</param>
/// <param name="silence">After which a DTU that says nothing is none any more.</param>
internal sealed class History(TimeSpan answerTime, TimeSpan silence)
{
    /// <summary>Where frames of a DTU come up.</summary>
    public const string Endpoint = "endpoint";

    // The claim of a DTU in conflict waits for ten seconds, and its silence counts from then; whoever is closed has two more, and steps are a second.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(14);

    private readonly Dictionary<(Kind Kind, int Dtu), int> _said = [];
    private readonly Dictionary<(Kind Kind, int Dtu, string Where), int> _arrived = [];
    private readonly Dictionary<int, Epoch> _epochs = [];
    private readonly Dictionary<int, bool> _online = [];
    private readonly Dictionary<long, (int Dtu, List<string> Ends)> _asked = [];
    private readonly HashSet<(Numbered Frame, string Where)> _there = [];
    private readonly List<string> _broken = [];

    /// <summary>Each promise that did not hold, by its letter, and how.</summary>
    public IReadOnlyList<string> Broken => _broken;

    /// <summary>Frames that came through, either way, and requests that were answered: a run in which nothing happens proves nothing.</summary>
    public int Arrivals { get; private set; }

    /// <summary>The next frame of that kind, to or from that DTU.</summary>
    public Numbered Say(Kind kind, int dtu) => new(kind, dtu, _said[(kind, dtu)] = _said.GetValueOrDefault((kind, dtu)) + 1);

    // ---- (a) nothing reordered, doubled or crossed

    /// <summary>A frame is there, which whoever has it takes for one of this DTU's.</summary>
    public void Arrive(int dtu, Numbered? frame, string where)
    {
        if (frame is not { } known)
        {
            Break('a', $"{where} of DTU {dtu}: bytes that nobody said");
            return;
        }

        Arrivals++;
        if (known.Dtu != dtu)
        {
            Break('a', $"{where} of DTU {dtu}: crossed, {known}");
        }
        else if (known.Number > _said.GetValueOrDefault((known.Kind, dtu)))
        {
            Break('a', $"{where} of DTU {dtu}: never said, {known}");
        }
        else if (!_there.Add((known, where)))
        {
            Break('a', $"{where} of DTU {dtu}: doubled, {known}");
        }
        else if (known.Kind != Kind.Ask && known.Number <= _arrived.GetValueOrDefault((known.Kind, dtu, where)))
        {
            Break('a', $"{where} of DTU {dtu}: reordered, {known} behind {_arrived[(known.Kind, dtu, where)]}");
        }
        else
        {
            _arrived[(known.Kind, dtu, where)] = known.Number;
        }
    }

    // ---- (b) one transaction on a bus

    /// <summary>The gateway writes a frame to a bus whose last transaction was written then, or is answered (null).</summary>
    public void Write(int dtu, Numbered? frame, DateTimeOffset? openSince, DateTimeOffset now)
    {
        if (openSince is { } since && now - since < answerTime)
        {
            Break('b', $"DTU {dtu}: {frame} is written {(now - since).TotalMilliseconds} ms behind a request that nobody answered yet");
        }
    }

    // ---- (c) a command ends once

    public void Ask(int dtu, long correlation) => _asked.Add(correlation, (dtu, []));

    public void Answer(long correlation, Numbered? answer)
    {
        var (dtu, ends) = _asked[correlation];
        ends.Add("answered");
        Arrivals++;
        if (answer is not { } known || known != new Numbered(Kind.Ask, dtu, (int)correlation % 0x10000))
        {
            Break('a', $"request {correlation} to DTU {dtu} was given the answer {answer}");
        }
        else if (!_there.Add((known, "asker")))
        {
            Break('a', $"request {correlation} to DTU {dtu} was answered twice");
        }
    }

    public void Refuse(long correlation, string reason) => _asked[correlation].Ends.Add(reason);

    // ---- (d) one owner

    public void Online(int dtu)
    {
        if (_online.GetValueOrDefault(dtu))
        {
            Break('d', $"DTU {dtu} is online twice");
        }

        _online[dtu] = true;
    }

    public void Offline(int dtu)
    {
        if (!_online.GetValueOrDefault(dtu))
        {
            Break('d', $"DTU {dtu} goes offline, and was not online");
        }

        _online[dtu] = false;
    }

    /// <summary>A frame of a session of that epoch reached the endpoint.</summary>
    public void Hear(int dtu, Epoch epoch)
    {
        var last = _epochs.GetValueOrDefault(dtu);
        if (epoch < last)
        {
            Break('d', $"DTU {dtu}: a frame of an older session came behind one of a newer");
        }
        else if (epoch > last)
        {
            // The network may bring an older connection's first word behind a newer one's; order is a connection's.
            _epochs[dtu] = epoch;
            foreach (var kind in Enum.GetValues<Kind>())
            {
                _arrived.Remove((kind, dtu, Endpoint));
            }
        }
    }

    // ---- (e) dead peers

    /// <summary>A connection whose DTU was last heard then still stands.</summary>
    public void Stand(int dtu, DateTimeOffset lastHeard, DateTimeOffset now)
    {
        if (now - lastHeard > silence + Slack)
        {
            Break('e', $"DTU {dtu} has said nothing for {(now - lastHeard).TotalSeconds:0} s, and its connection stands");
        }
    }

    // ---- (f) nothing is left, and the books add up

    public void End(SessionReport report)
    {
        var down = report.Down;
        var ended = down.Written + down.Dropped.Values.Sum();
        if (down.Accepted != ended)
        {
            Break('f', $"{report.Session.Id}: {down.Accepted} frames went down, and {ended} of them ended");
        }
    }

    /// <summary>An actor threw, which none may.</summary>
    public void Fail(Exception failure) => Break('f', $"an actor failed: {failure}");

    /// <summary>The run is over, and all its devices have been silent for long.</summary>
    public void Finish(int connections)
    {
        foreach (var (correlation, (dtu, ends)) in _asked)
        {
            if (ends.Count != 1)
            {
                Break('c', $"request {correlation} to DTU {dtu} ended {ends.Count} times: {string.Join(", ", ends)}");
            }
        }

        foreach (var (dtu, isOnline) in _online)
        {
            if (isOnline)
            {
                Break('e', $"DTU {dtu} is online, and nobody is there");
            }
        }

        if (connections > 0)
        {
            Break('f', $"{connections} connections are left");
        }
    }

    private void Break(char promise, string how) => _broken.Add($"({promise}) {how}");
}

using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>Where a party stands: the routes that lead from it, and the targets that lead to it.</summary>
internal readonly record struct Place(ImmutableArray<(Route Route, RouteTarget Target)> Ways, ImmutableArray<RouteTarget> Ends)
{
    public static readonly Place Nowhere = new([], []);

    public bool IsSameAs(Place other) => Ways.SequenceEqual(other.Ways) && Ends.SequenceEqual(other.Ends);
}

/// <summary>Who says and hears frames: an endpoint, or a DTU's session, of this node or of another.</summary>
internal abstract class Party(string name, IActorRef reference, string? node)
{
    /// <summary>The endpoint's name, <c>name@node</c> where it is another node's, or <c>dtu:ID</c>: as destinations know their source, and whom an answer is for.</summary>
    public string Name => name;

    public IActorRef Ref => reference;

    /// <summary>The other node that it is on; null: it is here.</summary>
    public string? Node => node;

    /// <summary>Whether it is this router that tells it of windows and sessions; each tells those of its own node.</summary>
    public bool IsHere => node is null;

    /// <summary>As windows know it; null until it announced itself.</summary>
    public abstract Destination? Life { get; }

    /// <summary>Whose session it is; null for an endpoint.</summary>
    public abstract DtuId? Dtu { get; }

    public Place Place { get; set; } = Place.Nowhere;

    /// <summary>The windows that it was told to hold.</summary>
    public Dictionary<Party, Destination> Windows { get; } = new(0);

    /// <summary>Whether what it says reaches the other over a path that holds a window.</summary>
    public bool Awaits(Party other)
    {
        if (other == this)
        {
            return false;
        }

        foreach (var (route, target) in Place.Ways)
        {
            if (route.IsUp && target.Far.Contains(other) && target.HoldsNearFor(other, route))
            {
                return true;
            }
        }

        foreach (var target in Place.Ends)
        {
            if (other is SessionParty near && target.Near.TryGetValue(near, out var route) && route.IsDown && target.HoldsFarFor(route))
            {
                return true;
            }
        }

        return false;
    }
}

internal sealed class EndpointParty(string to, IActorRef endpoint, string? node = null) : Party(node is null ? to : EndpointNames.At(to, node), endpoint, node)
{
    /// <summary>The name that routes give it, whichever node it is on.</summary>
    public string To => to;

    /// <summary>What it said of itself, last.</summary>
    public Registry.EndpointStarted? Announced { get; set; }

    public override Destination? Life => Announced?.Destination;

    public override DtuId? Dtu => null;

    /// <summary>How it wants the serial line of a DTU set, last; of no DTU: of all that it reaches.</summary>
    public Dictionary<DtuId, LineSettings> LineOf { get; } = new(0);

    public LineSettings? Line { get; set; }

    /// <summary>The sessions that it was told of, and which way their frames go.</summary>
    public Dictionary<SessionParty, (bool Up, bool Down)> Seen { get; } = new(0);

    /// <summary>Keeps settings for whoever comes back: a DTU forgets them with its power.</summary>
    public void Keep(LineSettings line, DtuId? dtu)
    {
        if (dtu is { } one)
        {
            LineOf[one] = line;
        }
        else
        {
            Line = line;
        }
    }

    /// <summary>How it should see a session; null: not at all.</summary>
    public (bool Up, bool Down)? SeesOf(SessionParty session) =>
        IsHere && Announced is { WantsSessions: true } && !Place.Ends.IsEmpty && Place.Ends[0].Near.TryGetValue(session, out var route) ? (route.IsUp, route.IsDown) : null;
}

internal sealed class SessionParty(SessionRef session, string? node = null) : Party(RouteOptions.DtuPrefix + session.Id.Value, session.Connection, node)
{
    // Of a DTU that more sources than this speak to, all count as heard: a frame that came back is lost then, rather than out of order.
    private const int MostSources = 1024;

    private readonly HashSet<string> _sources = new(0);
    private long _heard;

    public SessionRef Session => session;

    /// <summary>Whether anybody here asked it something, while it was on another node.</summary>
    public bool HadErrands { get; set; }

    /// <summary>How it registered, while the router is telling of it; nobody keeps it here.</summary>
    public Replaying.Registration? Registration { get; set; }

    public override Destination? Life { get; } = new Destination(session.Connection, 0);

    public override DtuId? Dtu => session.Id;

    /// <summary>The router's own count of uplinks at this session's last one: the last speaker has the highest.</summary>
    public long LastUplink { get; set; }

    /// <summary>False where two routes lead one and the same uplink to it, and it has it already.</summary>
    public bool HearsFirst(long uplink)
    {
        var isFirst = _heard != uplink;
        _heard = uplink;
        return isFirst;
    }

    /// <summary>Something of that source is on its way to it.</summary>
    public void Hears(string source)
    {
        if (_sources.Count < MostSources)
        {
            _sources.Add(source);
        }
    }

    public bool HasHeard(string source) => _sources.Count >= MostSources || _sources.Contains(source);
}

/// <summary>
/// What routes lead to, under the name that they give it: an endpoint, a DTU, a group. At its near end are the DTUs that the routes match, at its far end those who
/// stand there: the endpoint, the DTU's session, the sessions of the group's members. Each end hears what the other says, and nobody itself.
/// </summary>
internal sealed class RouteTarget(string to)
{
    private readonly bool _isDtu = to.StartsWith(RouteOptions.DtuPrefix, StringComparison.Ordinal);
    private readonly bool _isGroup = to.StartsWith(RouteOptions.GroupPrefix, StringComparison.Ordinal);

    /// <summary>The name that routes give it.</summary>
    public string To => to;

    public bool IsGroup => _isGroup;

    /// <summary>Whether sessions are at its far end: it is down while none is.</summary>
    public bool IsOfDtus => _isDtu || _isGroup;

    /// <summary>The one DTU that it is (<c>dtu:ID</c>); null: it is something else.</summary>
    public DtuId? Dtu { get; } = to.StartsWith(RouteOptions.DtuPrefix, StringComparison.Ordinal) ? DtuId.Parse(to[RouteOptions.DtuPrefix.Length..]) : null;

    public HashSet<Party> Far { get; } = new(1);

    public Dictionary<SessionParty, Route> Near { get; } = [];

    /// <summary>Those of the near end that hear the far one.</summary>
    public HashSet<SessionParty> Down { get; } = [];

    /// <summary>The first route that leads down from it, whether its DTU is online or not; null: none.</summary>
    public Route? DownRoute { get; set; }

    /// <summary>Whether anything can be slowed here: a group loses first, both ways, so that no member slows another.</summary>
    public bool HoldsAny => !_isGroup;

    /// <summary>Whether the near DTU of that route waits for one of the far end; never for one that mirrors it.</summary>
    public bool HoldsNearFor(Party far, Route route) =>
        _isDtu || far is EndpointParty { Announced: { Exclusive: true } endpoint } && (route.IsDown || !endpoint.MirrorsUp);

    /// <summary>
    /// Whether the far end waits for the near DTU of that route. A cable has two ends, which wait for each other; where a glob makes one end many, the
    /// slowest of them must not be everybody's pace.
    /// </summary>
    public bool HoldsFarFor(Route route) => !IsOfDtus || (_isDtu && route.IsForOne);

    /// <summary>How it stands, for status; an endpoint says so itself.</summary>
    public (string State, string? LastError) State =>
        !IsOfDtus ? ("connecting", null)
        : Far.Count > 0 ? ("up", null)
        : ("down", _isGroup ? "no member of the group is online" : "the DTU is offline");
}

using System.Text.RegularExpressions;
using DtuActors.Configuration;
using DtuActors.Protocol;

namespace DtuActors.Routing;

/// <summary>One route, compiled, with its own counters.</summary>
public sealed class Route
{
    private readonly Regex? _glob;

    public Route(RouteOptions options)
    {
        Options = options;
        if (options.Dtu.AsSpan().IndexOfAny('*', '?') >= 0)
        {
            var pattern = Regex.Escape(options.Dtu).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal);
            _glob = new Regex($"\\A(?:{pattern})\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
    }

    public RouteOptions Options { get; }

    public bool Up => Options.Direction is not RouteDirection.Down;

    public bool DownToDtu => Options.Direction is not RouteDirection.Up;

    public long FramesUp { get; set; }

    public long FramesDown { get; set; }

    /// <summary>Downlinks that found no DTU online.</summary>
    public long DroppedDown { get; set; }

    /// <summary>DTUs online that it leads to.</summary>
    public int Online { get; set; }

    /// <summary>A literal id is more specific than any glob; of two globs the one with more literal characters.</summary>
    public int Specificity => _glob is null ? int.MaxValue : Options.Dtu.Count(c => c is not ('*' or '?'));

    public bool Matches(DtuId id) => _glob?.IsMatch(id.Value) ?? Options.Dtu == id.Value;
}

/// <summary>The routes, in the order of configuration. All that match a DTU apply; of several to the same endpoint the most specific one.</summary>
public sealed class RouteTable(IEnumerable<RouteOptions> options)
{
    private readonly Route[] _routes = [.. options.Select(route => new Route(route))];

    public IReadOnlyList<Route> All => _routes;

    /// <summary>The routes of one DTU, one per endpoint.</summary>
    public IReadOnlyList<Route> For(DtuId id)
    {
        List<Route>? chosen = null;
        foreach (var route in _routes)
        {
            if (!route.Matches(id))
            {
                continue;
            }

            var other = chosen?.FindIndex(candidate => candidate.Options.To == route.Options.To) ?? -1;
            if (other < 0)
            {
                (chosen ??= []).Add(route);
            }
            else if (route.Specificity > chosen![other].Specificity)
            {
                chosen[other] = route;
            }
        }

        return chosen ?? (IReadOnlyList<Route>)[];
    }
}

using DtuActors.Configuration;
using DtuActors.Protocol;

namespace DtuActors.Routing;

/// <summary>One route, compiled, with its own counters.</summary>
public sealed class Route(RouteOptions options)
{
    private readonly DtuGlob _dtu = new(options.Dtu);

    public RouteOptions Options => options;

    public bool Up => Options.Direction is not RouteDirection.Down;

    public bool DownToDtu => Options.Direction is not RouteDirection.Up;

    public long FramesUp { get; set; }

    public long FramesDown { get; set; }

    /// <summary>Downlinks that found no DTU online.</summary>
    public long DroppedDown { get; set; }

    /// <summary>DTUs online that it leads to.</summary>
    public int Online { get; set; }

    public int Specificity => _dtu.Specificity;

    public bool Matches(DtuId id) => _dtu.Matches(id);
}

/// <summary>The routes, in the order of configuration. All that match a DTU apply; of several to the same endpoint the most specific one.</summary>
public sealed class RouteTable(IEnumerable<RouteOptions> options, RouteTable? before = null)
{
    private readonly Route[] _routes = [.. options.Select(route => before?.All.FirstOrDefault(known => known.Options == route) ?? new Route(route))];

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

using DtuActors.Configuration;
using DtuActors.Protocol;

namespace DtuActors.Routing;

/// <summary>Frames over one route in one direction, each as often as it was delivered.</summary>
public sealed class RouteTraffic
{
    public long Frames { get; set; }

    /// <summary>Those that found nobody online.</summary>
    public long Dropped { get; set; }
}

/// <summary>One route, compiled, with its own counters.</summary>
public sealed class Route(RouteOptions options)
{
    private readonly DtuGlob _dtu = new(options.Dtu);

    public RouteOptions Options => options;

    public bool IsUp => Options.Direction is not RouteDirection.Down;

    public bool IsDown => Options.Direction is not RouteDirection.Up;

    /// <summary>Whether it names one DTU by its id, not all that a glob matches.</summary>
    public bool IsForOne => !DtuGlob.IsGlob(Options.Dtu);

    public RouteTraffic Up { get; } = new();

    public RouteTraffic Down { get; } = new();

    /// <summary>DTUs online that it leads from.</summary>
    public int Online { get; set; }

    public int Specificity => _dtu.Specificity;

    public bool Matches(DtuId id) => _dtu.Matches(id);
}

/// <summary>The routes, in the order of configuration. All that match a DTU apply; of several with the same target the most specific one.</summary>
public sealed class RouteTable
{
    public static readonly RouteTable Empty = new([]);

    private readonly Route[] _routes;

    /// <param name="options">What is configured.</param>
    /// <param name="before">The table that this one replaces: its routes that are still configured go on, with their counters.</param>
    public RouteTable(IEnumerable<RouteOptions> options, RouteTable? before = null)
    {
        var kept = (before?._routes ?? []).GroupBy(route => route.Options).ToDictionary(same => same.Key, same => new Queue<Route>(same));
        _routes = [.. options.Select(route => kept.TryGetValue(route, out var same) && same.TryDequeue(out var known) ? known : new Route(route))];
    }

    public IReadOnlyList<Route> All => _routes;

    /// <summary>The routes of one DTU, one per target.</summary>
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

using System.Collections.Immutable;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol;

namespace DtuActors.Configuration;

/// <summary>Binds <c>routes</c> and checks them against the endpoints they name.</summary>
internal static class RouteBinder
{
    public static ImmutableArray<RouteOptions> Bind(BlockReader root, IReadOnlyList<EndpointOptions> endpoints, EndpointBinder bound, Func<DtuId, DtuId> canonical)
    {
        var byName = new Dictionary<string, EndpointOptions>(StringComparer.Ordinal);
        foreach (var endpoint in endpoints)
        {
            byName.TryAdd(endpoint.Name, endpoint);
        }

        var routes = ImmutableArray.CreateBuilder<RouteOptions>();
        foreach (var block in Blocks(root))
        {
            block.Missing("dtu", "an id, or a glob as pump-*");
            block.Missing("to", "an endpoint's name");
            var dtu = block.Id("dtu")?.Value;
            var to = block.NonEmpty("to", "an endpoint's name");
            var direction = block.Word("direction", "both", "both", "up", "down") switch
            {
                "up" => RouteDirection.Up,
                "down" => RouteDirection.Down,
                _ => RouteDirection.Both,
            };
            _ = block.Word("when-offline", "drop", "drop", "queue");
            if (to is not null)
            {
                CheckTarget(block, to, byName, bound.Known);
            }

            if (dtu is not null && to is not null)
            {
                routes.Add(new RouteOptions { Dtu = DtuGlob.IsGlob(dtu) ? dtu : canonical(DtuId.Parse(dtu)).Value, To = to, Direction = direction });
            }
        }

        CheckDownlinks(root.Context, routes, byName, bound);
        return routes.ToImmutable();
    }

    private static IEnumerable<BlockReader> Blocks(BlockReader root)
    {
        switch (root.Find("routes"))
        {
            case null:
                yield break;
            case HoconList list:
                for (var i = 0; i < list.Items.Count && !root.Context.IsFull; i++)
                {
                    var path = $"dtu.routes[{i}]";
                    if (list.Items[i] is HoconObject route)
                    {
                        yield return new BlockReader(root.Context, route, Schema.Route, path);
                    }
                    else if (list.Items[i] is not HoconBroken)
                    {
                        root.Context.Fault(path, list.Items[i].Position, $"{list.Items[i].Shape} where a block should stand", "{ dtu = ID, to = ENDPOINT }");
                    }
                }

                yield break;
            case var other:
                root.Fault("routes", $"{other.Shape} where a list should stand", "routes = [ { dtu = ID, to = ENDPOINT } ]");
                yield break;
        }
    }

    private static void CheckTarget(BlockReader block, string to, Dictionary<string, EndpointOptions> endpoints, HashSet<string> known)
    {
        if (to.StartsWith("dtu:", StringComparison.Ordinal) || to.StartsWith("group:", StringComparison.Ordinal))
        {
            block.Fault("to", NotBuilt.Says($"'{to[..(to.IndexOf(':', StringComparison.Ordinal) + 1)]}'", "built: an endpoint's name"), null);
        }
        else if (!known.Contains(to))
        {
            block.Fault("to", $"there is no endpoint '{KeyPath.Shown(to)}'", known.Count == 0 ? "a block of that name under dtu.endpoints" : BlockReader.Meant(to, known));
        }
        else if (endpoints.TryGetValue(to, out var endpoint) && endpoint is ModbusTcpEndpointOptions)
        {
            block.Fault("to", $"'{KeyPath.Shown(to)}' is a modbus-tcp endpoint: its units say which DTU answers, not a route", "an endpoint that carries a stream");
        }
    }

    /// <summary>A downlink without an address goes to the endpoint's only DTU: where several can be meant, the endpoint must say to which.</summary>
    private static void CheckDownlinks(BindingContext context, IReadOnlyList<RouteOptions> routes, Dictionary<string, EndpointOptions> endpoints, EndpointBinder bound)
    {
        foreach (var towards in routes.Where(route => route.Direction != RouteDirection.Up).GroupBy(route => route.To, StringComparer.Ordinal))
        {
            if (!endpoints.TryGetValue(towards.Key, out var endpoint) || endpoint is ModbusTcpEndpointOptions || endpoint.IsOnePerDtu || endpoint.Select != DownlinkSelect.None)
            {
                continue;
            }

            var dtus = towards.Select(route => route.Dtu).Distinct(StringComparer.Ordinal).ToList();
            if (dtus.Count > 1 || dtus.Exists(DtuGlob.IsGlob))
            {
                var named = string.Join(", ", dtus.Take(3).Select(dtu => $"'{KeyPath.Shown(dtu)}'")) + (dtus.Count > 3 ? " ..." : "");
                context.Fault($"{endpoint.KeyPath}.select", bound.Positions[endpoint.Name],
                    $"is missing: a downlink without an address goes to the endpoint's only online DTU, and the routes ({named}) can mean several",
                    "select = broadcast | last-speaker on the endpoint, or direction = up on the routes");
            }
        }
    }
}

using System.Collections.Immutable;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol;

namespace DtuActors.Configuration;

/// <summary>Binds <c>routes</c> and checks them against the endpoints and DTUs they name.</summary>
internal static class RouteBinder
{
    private const string TargetForm = "an endpoint's name, dtu:ID or group:NAME";

    public static ImmutableArray<RouteOptions> Bind(BlockReader root, IReadOnlyList<EndpointOptions> endpoints, EndpointBinder bound, Func<DtuId, DtuId> canonical, StorageOptions storage)
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
            block.Missing("to", TargetForm);
            var dtu = block.Id("dtu")?.Value;
            dtu = dtu is null || DtuGlob.IsGlob(dtu) ? dtu : canonical(DtuId.Parse(dtu)).Value;
            var to = block.NonEmpty("to", TargetForm);
            var direction = block.Word("direction", "both", "both", "up", "down") switch
            {
                "up" => RouteDirection.Up,
                "down" => RouteDirection.Down,
                _ => RouteDirection.Both,
            };
            var waits = WaitsOffline(block, storage);
            if (to?.StartsWith(RouteOptions.DtuPrefix, StringComparison.Ordinal) is true)
            {
                to = OtherDtu(block, dtu, to[RouteOptions.DtuPrefix.Length..], canonical);
            }
            else if (to?.StartsWith(RouteOptions.GroupPrefix, StringComparison.Ordinal) is true)
            {
                CheckGroup(block, to[RouteOptions.GroupPrefix.Length..]);
            }
            else if (to is not null)
            {
                CheckEndpoint(block, to, byName, bound.Known);
            }

            if (dtu is not null && to is not null)
            {
                routes.Add(new RouteOptions { Dtu = dtu, To = to, Direction = direction, WaitsOffline = waits });
            }
        }

        CheckDownlinks(root.Context, routes, byName, bound);
        CheckUnits(root.Context, routes, endpoints, bound);
        return routes.ToImmutable();
    }

    private static TimeSpan? WaitsOffline(BlockReader block, StorageOptions storage)
    {
        var waits = block.Word("when-offline", "drop", "drop", "queue") == "queue";
        var timeToLive = block.Duration("ttl", TimeSpan.FromDays(1), TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
        if (waits && storage.Provider is StorageProvider.None)
        {
            block.Fault("when-offline", "what waits is stored, and dtu.storage.provider = none stores nothing", "drop, or storage.provider = sqlite | postgresql");
        }
        else if (!waits && block.Has("ttl"))
        {
            block.Fault("ttl", "nothing waits on this route", "when-offline = queue beside it");
        }

        return waits ? timeToLive : null;
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

    // As dtu itself: an alias means its DTU. Null, with the fault told, where it is none.
    private static string? OtherDtu(BlockReader block, string? dtu, string other, Func<DtuId, DtuId> canonical)
    {
        if (DtuGlob.IsGlob(other))
        {
            block.Fault("to", $"'{KeyPath.Shown(other)}' is a glob, and a cable ends at one DTU", "dtu:ID, the id of one DTU; or group:NAME, for several");
            return null;
        }

        if (!DtuId.TryParse(other, out var id))
        {
            block.Fault("to", $"'{KeyPath.Shown(other)}' is not a DTU's id", $"dtu:ID, 1 to {DtuId.MaxLength} characters, no control characters");
            return null;
        }

        id = canonical(id);
        if (id.Value == dtu)
        {
            block.Fault("to", $"the DTU '{KeyPath.Shown(dtu)}' would talk to itself", "dtu:ID, the id of another DTU");
            return null;
        }

        return RouteOptions.DtuPrefix + id.Value;
    }

    // A group that nobody is in yet is no fault: the register may fill it at any time.
    private static void CheckGroup(BlockReader block, string group)
    {
        if (string.IsNullOrWhiteSpace(group) || group.Trim() != group)
        {
            block.Fault("to", $"'{KeyPath.Shown(group)}' is no group's name", "group:NAME, as under groups of dtus or of the register");
        }
    }

    private static void CheckEndpoint(BlockReader block, string to, Dictionary<string, EndpointOptions> endpoints, HashSet<string> known)
    {
        if (!known.Contains(to))
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
            if (!endpoints.TryGetValue(towards.Key, out var endpoint) || endpoint.NamesItsDtus || endpoint.Select != DownlinkSelect.None)
            {
                continue;
            }

            var dtus = towards.Select(route => route.Dtu).Distinct(StringComparer.Ordinal).ToList();
            if (dtus.Count > 1 || dtus.Exists(DtuGlob.IsGlob))
            {
                var named = string.Join(", ", dtus.Take(3).Select(dtu => $"'{KeyPath.Shown(dtu)}'")) + (dtus.Count > 3 ? " ..." : "");
                context.Fault($"{endpoint.KeyPath}.select", bound.Positions[endpoint.Name],
                    $"is missing: a downlink without an address goes to the endpoint's only online DTU, and the routes ({named}) can mean several",
                    "select = broadcast | last-speaker | unit-map on the endpoint, or direction = up on the routes");
            }
        }
    }

    /// <summary>A unit map says which DTU is meant; a route is what leads there and back.</summary>
    private static void CheckUnits(BindingContext context, IReadOnlyList<RouteOptions> routes, IReadOnlyList<EndpointOptions> endpoints, EndpointBinder bound)
    {
        foreach (var line in endpoints.OfType<StreamEndpointOptions>())
        {
            foreach (var dtu in line.Units.Values.Select(unit => unit.Dtu).Distinct())
            {
                var found = routes.Where(route => route.To == line.Name && new DtuGlob(route.Dtu).Matches(dtu)).ToList();
                if (!found.Exists(route => route.Direction != RouteDirection.Up) || !found.Exists(route => route.Direction != RouteDirection.Down))
                {
                    context.Fault($"{line.KeyPath}.units", bound.Positions[line.Name],
                        $"names the DTU '{KeyPath.Shown(dtu.Value)}', and no route leads from the endpoint to it and back", $"{{ dtu = {KeyPath.Shown(dtu.Value)}, to = {line.Name} }} under dtu.routes");
                }
            }
        }
    }
}

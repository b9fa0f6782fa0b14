using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;

namespace DtuActors.Configuration;

/// <summary>What became of one kind of block: the names of those that are new, gone, or say something else, and how many are as they were.</summary>
public sealed record KindChange(ImmutableArray<string> Added, ImmutableArray<string> Removed, ImmutableArray<string> Changed, int Unchanged)
{
    /// <summary>There is none of that kind, before and after.</summary>
    public static readonly KindChange None = new([], [], [], 0);

    public bool IsEmpty => Added.IsEmpty && Removed.IsEmpty && Changed.IsEmpty;

    /// <summary>Compares blocks by name; of several under one name the last counts.</summary>
    internal static KindChange Between<T>(IEnumerable<T> before, IEnumerable<T> after, Func<T, string> nameOf)
        where T : class
    {
        var was = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var block in before)
        {
            was[nameOf(block)] = block;
        }

        var added = ImmutableArray.CreateBuilder<string>();
        var changed = ImmutableArray.CreateBuilder<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var unchanged = 0;
        foreach (var (name, block) in after.Reverse().Select(block => (nameOf(block), block)).Where(row => seen.Add(row.Item1)).Reverse())
        {
            if (!was.TryGetValue(name, out var known))
            {
                added.Add(name);
            }
            else if (SameOptions.Are(known, block))
            {
                unchanged++;
            }
            else
            {
                changed.Add(name);
            }
        }

        return new KindChange(added.ToImmutable(), [.. was.Keys.Where(name => !seen.Contains(name))], changed.ToImmutable(), unchanged);
    }
}

/// <summary>
/// From the options in force to others: what can be changed while sockets are open, and the keys of what can't. Whatever <see cref="GatewayOptions"/> holds beside
/// routes, DTUs, polls, endpoints and archives needs a restart.
/// </summary>
public sealed record OptionsChange
{
    private static readonly PropertyInfo[] NeedingRestart =
    [
        .. typeof(GatewayOptions).GetProperties().Where(property => property.Name
            is not (nameof(GatewayOptions.Routes) or nameof(GatewayOptions.Dtus) or nameof(GatewayOptions.Polls) or nameof(GatewayOptions.Endpoints) or nameof(GatewayOptions.Archives))),
    ];

    /// <summary>Routes, called as their status calls them: <c>DTU -> ENDPOINT</c>.</summary>
    public required KindChange Routes { get; init; }

    public required KindChange Dtus { get; init; }

    public required KindChange Polls { get; init; }

    public required KindChange Endpoints { get; init; }

    /// <summary>Not required: a node that is a release older does not tell it.</summary>
    public KindChange Archives { get; init; } = KindChange.None;

    /// <summary>Whether the same routes stand in another order, which decides between equals.</summary>
    public required bool RoutesMoved { get; init; }

    /// <summary>The key paths that changed and need a restart, in the order of the options.</summary>
    public required ImmutableArray<string> NeedRestart { get; init; }

    public bool IsEmpty => Routes.IsEmpty && !RoutesMoved && Dtus.IsEmpty && Polls.IsEmpty && Endpoints.IsEmpty && Archives.IsEmpty && NeedRestart.IsEmpty;

    public static OptionsChange Between(GatewayOptions before, GatewayOptions after) => new()
    {
        Routes = KindChange.Between(before.Routes, after.Routes, route => route.Name),
        Dtus = KindChange.Between(before.Dtus.Values, after.Dtus.Values, dtu => dtu.Id.Value),
        Polls = KindChange.Between(before.Polls, after.Polls, poll => poll.Name),
        Endpoints = KindChange.Between(before.Endpoints, after.Endpoints, endpoint => endpoint.Name),
        Archives = KindChange.Between(before.Archives, after.Archives, archive => archive.Name),
        RoutesMoved = !SameOptions.Are(before.Routes, after.Routes),
        NeedRestart = [.. NeedingRestart.SelectMany(property => Keys(property, property.GetValue(before), property.GetValue(after))).Distinct()],
    };

    private static IEnumerable<string> Keys(PropertyInfo property, object? before, object? after)
    {
        if (SameOptions.Are(before, after))
        {
            return [];
        }

        var path = property.Name == nameof(GatewayOptions.AkkaHocon) ? "akka" : KeyPath.Append("dtu", Key(property));
        return (before, after) switch
        {
            (IDictionary was, IDictionary now) => Names(was, now).Select(name => KeyPath.Append(path, name)),
            (ImmutableArray<ListenerOptions> was, ImmutableArray<ListenerOptions> now) => Blocks(was, now, listener => listener.KeyPath),
            (ImmutableArray<DialerOptions> was, ImmutableArray<DialerOptions> now) => Blocks(was, now, dialer => dialer.KeyPath),
            (string or ValueType or IEnumerable or null, _) or (_, null) => [path],
            _ => from key in before.GetType().GetProperties()
                 where !SameOptions.Are(key.GetValue(before), key.GetValue(after))
                 select KeyPath.Append(path, Key(key)),
        };
    }

    private static IEnumerable<string> Names(IDictionary before, IDictionary after) =>
        from name in before.Keys.Cast<string>().Union(after.Keys.Cast<string>()).Order(StringComparer.Ordinal)
        where !SameOptions.Are(before[name], after[name])
        select name;

    // By key path, not by place: a block may stand elsewhere in the file. A range of ports is several listeners under one key.
    private static IEnumerable<string> Blocks<T>(ImmutableArray<T> before, ImmutableArray<T> after, Func<T, string> pathOf)
    {
        var (was, now) = (before.ToLookup(pathOf), after.ToLookup(pathOf));
        return before.Concat(after).Select(pathOf).Distinct().Where(path => !SameOptions.Are(was[path].ToArray(), now[path].ToArray()));
    }

    private static string Key(PropertyInfo property) => JsonNamingPolicy.KebabCaseLower.ConvertName(property.Name);
}

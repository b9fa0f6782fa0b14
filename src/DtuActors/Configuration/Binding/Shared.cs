using System.Net;
using System.Net.Sockets;
using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>The one namespace of listeners and endpoints.</summary>
internal sealed class Names(BindingContext context)
{
    private readonly Dictionary<string, string> _taken = new(StringComparer.Ordinal) { ["http"] = "", ["cluster"] = "" };

    public void Take(string name, string path, HoconPosition position)
    {
        Check(context, name, path, position);
        if (_taken.TryAdd(name, path))
        {
            return;
        }

        var owner = _taken[name];
        context.Fault(path, position, owner.Length == 0 ? $"the name '{KeyPath.Shown(name)}' is reserved" : $"the name '{KeyPath.Shown(name)}' is taken by {owner}", "a name of its own: listeners and endpoints share one namespace");
    }

    public static void Check(BindingContext context, string name, string path, HoconPosition position)
    {
        if (!Scalars.IsName(name))
        {
            context.Fault(path, position, "is no name", "1 to 64 letters, digits, '_', '-', '.'");
        }
    }
}

/// <summary>Who listens where: two on one address and port are a fault before the second bind fails.</summary>
internal sealed class Sockets(BindingContext context)
{
    private readonly Dictionary<(bool Udp, int Port), List<(IPAddress Address, string Owner)>> _taken = [];
    private readonly HashSet<(string, string)> _said = [];

    public void Take(string owner, HoconPosition position, IPAddress address, IEnumerable<int> ports, bool udp)
    {
        foreach (var port in ports.Where(port => port != 0))
        {
            if (!_taken.TryGetValue((udp, port), out var there))
            {
                _taken.Add((udp, port), [(address, owner)]);
                continue;
            }

            if (there.Find(other => Overlap(other.Address, address)) is { Owner: { } first } && _said.Add((first, owner)))
            {
                context.Fault(owner, position, $"{new IPEndPoint(address, port)} is already {first}'s", "an address and port of its own");
            }
            else if (there.Count < 64)
            {
                there.Add((address, owner));
            }
        }
    }

    /// <summary>Who of those bound so far listens there, by TCP; null: nobody, or the address is a name's.</summary>
    public string? OwnerOf(IPAddress? address, int port) =>
        address is not null && _taken.TryGetValue((false, port), out var there)
            ? there.Find(other => other.Address.Equals(address) || (IPAddress.IsLoopback(address) && IsAny(other.Address))).Owner
            : null;

    private static bool Overlap(IPAddress a, IPAddress b) =>
        a.Equals(b) || (a.AddressFamily == b.AddressFamily && (IsAny(a) || IsAny(b)));

    private static bool IsAny(IPAddress address) =>
        address.Equals(address.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any);
}

/// <summary>Blocks whose keys depend on a word in them.</summary>
internal static class Kinds
{
    /// <summary>Opens the block as what its <paramref name="key"/> says it is; null, with a fault, where it says nothing that is known.</summary>
    public static BlockReader? Choose(
        BindingContext context, HoconObject source, string path, string key, string? fallback, IReadOnlyDictionary<string, Block> kinds)
    {
        var member = source.TryGet(key, out var found) ? found : null;
        switch (member?.Value)
        {
            case HoconScalar { Text: var word } when kinds.TryGetValue(word, out var block):
                return new BlockReader(context, source, block, path, unknown => Elsewhere(key, unknown, block, kinds));
            case HoconScalar { Text: var word } scalar:
                context.Fault(KeyPath.Append(path, key), scalar.Position, $"'{KeyPath.Shown(word)}' is none of its words",
                    Nearest.Of(word, kinds.Keys) is { } near ? $"{near}; there are {string.Join(", ", kinds.Keys)}" : string.Join(", ", kinds.Keys));
                return null;
            case HoconBroken:
                return null;
            case { } other:
                context.Fault(KeyPath.Append(path, key), other.Position, $"{other.Shape} where a single value should stand", string.Join(", ", kinds.Keys));
                return null;
            case null when fallback is not null:
                return new BlockReader(context, source, kinds[fallback], path, unknown => Elsewhere(key, unknown, kinds[fallback], kinds));
            default:
                context.Fault(KeyPath.Append(path, key), source.Position, "is missing", string.Join(", ", kinds.Keys));
                return null;
        }
    }

    private static string? Elsewhere(string key, string unknown, Block block, IReadOnlyDictionary<string, Block> kinds)
    {
        var homes = kinds.Where(kind => kind.Value != block && kind.Value.Keys.Contains(unknown)).Select(kind => kind.Key).ToList();
        return homes.Count > 0 ? $"a key of {key} = {string.Join(" or ", homes)}" : null;
    }
}

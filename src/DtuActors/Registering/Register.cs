using System.Collections.Frozen;
using System.Collections.Immutable;
using DtuActors.Configuration;
using DtuActors.Protocol;

namespace DtuActors.Registering;

/// <summary>What the configuration says that bounds the register: ids and aliases that are its own, the profiles there are, how many rows there may be.</summary>
public sealed class RegisterRules
{
    private readonly FrozenDictionary<string, string> _configured;
    private readonly IReadOnlyCollection<string> _profiles;

    public RegisterRules(GatewayOptions options)
    {
        _profiles = [.. options.Profiles.Keys];
        MostRows = options.Storage.MaxKnown;
        var configured = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var dtu in options.Dtus.Values)
        {
            configured[dtu.Id.Value] = KeyOf(dtu.Id);
            foreach (var alias in dtu.Aliases)
            {
                configured[alias] = KeyPath.Append(KeyOf(dtu.Id), "ids");
            }
        }

        _configured = configured.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public int MostRows { get; }

    /// <summary>The ids and aliases under <c>dtus</c>.</summary>
    public IEnumerable<string> ConfiguredNames => _configured.Keys;

    public bool IsConfigured(string name) => _configured.ContainsKey(name);

    /// <summary>The key path of a DTU under <c>dtus</c>.</summary>
    public static string KeyOf(DtuId id) => KeyPath.Append("dtu.dtus", id.Value);

    /// <summary>Tells what the configuration has against a row.</summary>
    internal void Check(DtuEdit edit, RegisteredDtu dtu, RowFaults faults)
    {
        if (_configured.TryGetValue(dtu.Id.Value, out var key))
        {
            faults.Add(edit.Row, RegisterColumns.Id, $"'{KeyPath.Shown(dtu.Id.Value)}' is configured under {key}; expected a DTU that is not");
        }

        foreach (var alias in dtu.Aliases)
        {
            if (_configured.TryGetValue(alias, out key))
            {
                faults.Add(edit.Row, RegisterColumns.Aliases, $"'{KeyPath.Shown(alias)}' is configured under {key}; expected an id that is not");
            }
        }

        if (edit.Profile is { Length: > 0 } profile && !_profiles.Contains(profile))
        {
            faults.Add(edit.Row, RegisterColumns.Profile, $"there is no profile '{KeyPath.Shown(profile)}'; expected {BlockReader.Meant(profile, _profiles)}, or nothing");
        }
    }
}

/// <summary>What an import or an edit makes of the register.</summary>
/// <param name="Register">All rows afterwards.</param>
/// <param name="Written">The rows that are new or changed.</param>
public sealed record RegisterChange(Register Register, ImmutableArray<RegisteredDtu> Written, int Added, int Changed, int Unchanged);

/// <summary>
/// The rows of the register, with every id, alias and port in them only once. Immutable: sessions read it while the next one is made.
/// </summary>
public sealed class Register
{
    public static readonly Register Empty = new(
        ImmutableSortedDictionary<DtuId, RegisteredDtu>.Empty,
        ImmutableDictionary.Create<string, DtuId>(StringComparer.Ordinal),
        ImmutableDictionary<int, DtuId>.Empty);

    private readonly ImmutableSortedDictionary<DtuId, RegisteredDtu> _rows;
    private readonly ImmutableDictionary<string, DtuId> _names;
    private readonly ImmutableDictionary<int, DtuId> _ports;

    private Register(ImmutableSortedDictionary<DtuId, RegisteredDtu> rows, ImmutableDictionary<string, DtuId> names, ImmutableDictionary<int, DtuId> ports)
    {
        _rows = rows;
        _names = names;
        _ports = ports;
    }

    public int Count => _rows.Count;

    /// <summary>Ordered by id.</summary>
    public IEnumerable<RegisteredDtu> Rows => _rows.Values;

    public RegisteredDtu? Find(DtuId id) => _rows.GetValueOrDefault(id);

    /// <summary>The rows that have a port.</summary>
    public int PortCount => _ports.Count;

    /// <summary>Who has which port of a range, by port.</summary>
    public IEnumerable<KeyValuePair<int, DtuId>> PortsIn(PortRange range)
    {
        for (var port = range.First; port <= range.Last; port++)
        {
            if (_ports.TryGetValue(port, out var dtu))
            {
                yield return new(port, dtu);
            }
        }
    }

    /// <summary>The DTU that a registration's text stands for: its id or one of its aliases.</summary>
    public RegisteredDtu? FindByName(string name) => _names.TryGetValue(name, out var id) ? _rows[id] : null;

    /// <summary>The register with these rows, which it had written itself before: nothing is checked but that each id, alias and port stands there once; the first has it.</summary>
    public static Register Of(IEnumerable<RegisteredDtu> rows)
    {
        var next = new Builder(Empty);
        foreach (var dtu in rows)
        {
            next.Add(dtu, (_, _, _) => { });
        }

        return next.Build();
    }

    /// <summary>Without that row; itself where it has none.</summary>
    public Register Without(DtuId id)
    {
        if (Find(id) is not { } dtu)
        {
            return this;
        }

        var next = new Builder(this);
        next.Remove(dtu);
        return next.Build();
    }

    /// <summary>
    /// Adds and edits rows, all or none: null, with every fault told, where one is wrong. What counts is how it is afterwards: two rows may exchange a port.
    /// </summary>
    public RegisterChange? Apply(IReadOnlyCollection<DtuEdit> edits, RegisterRules rules, RowFaults faults)
    {
        var rowOf = new Dictionary<DtuId, int?>();
        var next = new Builder(this);
        var (added, changed) = (0, 0);
        var written = ImmutableArray.CreateBuilder<RegisteredDtu>();
        foreach (var edit in edits)
        {
            if (!rowOf.TryAdd(edit.Id, edit.Row))
            {
                faults.Add(edit.Row, RegisterColumns.Id, $"'{KeyPath.Shown(edit.Id.Value)}' stands in row {rowOf[edit.Id]} already");
                continue;
            }

            var before = Find(edit.Id);
            var after = edit.ApplyTo(before);
            rules.Check(edit, after, faults);
            if (after.Equals(before))
            {
                continue;
            }

            (added, changed) = before is null ? (added + 1, changed) : (added, changed + 1);
            written.Add(after);
            if (before is not null)
            {
                next.Remove(before);
            }
        }

        foreach (var dtu in written)
        {
            var row = rowOf[dtu.Id];
            next.Add(dtu, (column, value, owner) => faults.Add(row, column, $"'{KeyPath.Shown(value)}' belongs to {Owner(owner, rowOf)}; expected each id, alias and port once"));
        }

        if (next.Count > rules.MostRows)
        {
            faults.Add(null, null, $"the register would have {next.Count} DTUs; at most {rules.MostRows} (dtu.storage.max-known)");
        }

        return faults.Count > 0 ? null : new RegisterChange(next.Build(), written.ToImmutable(), added, changed, rowOf.Count - added - changed);
    }

    private static string Owner(DtuId owner, Dictionary<DtuId, int?> rowOf)
    {
        var name = $"'{KeyPath.Shown(owner.Value)}'";
        return rowOf.TryGetValue(owner, out var row) && row is not null ? $"{name} in row {row}" : $"{name} of the register";
    }

    private sealed class Builder(Register register)
    {
        private readonly ImmutableSortedDictionary<DtuId, RegisteredDtu>.Builder _rows = register._rows.ToBuilder();
        private readonly ImmutableDictionary<string, DtuId>.Builder _names = register._names.ToBuilder();
        private readonly ImmutableDictionary<int, DtuId>.Builder _ports = register._ports.ToBuilder();

        public int Count => _rows.Count;

        public Register Build() => new(_rows.ToImmutable(), _names.ToImmutable(), _ports.ToImmutable());

        /// <summary>Adds a row; <paramref name="taken"/> hears the column, the value and the owner of what is another's already, which stays the other's.</summary>
        public void Add(RegisteredDtu dtu, Action<string, string, DtuId> taken)
        {
            foreach (var name in dtu.Names)
            {
                if (!_names.TryAdd(name, dtu.Id))
                {
                    taken(name == dtu.Id.Value ? RegisterColumns.Id : RegisterColumns.Aliases, name, _names[name]);
                }
            }

            if (dtu.Port != 0 && !_ports.TryAdd(dtu.Port, dtu.Id))
            {
                taken(RegisterColumns.Port, RegisterColumns.Write(dtu, RegisterColumns.Port), _ports[dtu.Port]);
            }

            _rows[dtu.Id] = dtu;
        }

        public void Remove(RegisteredDtu dtu)
        {
            _rows.Remove(dtu.Id);
            foreach (var name in dtu.Names.Where(name => _names.GetValueOrDefault(name) == dtu.Id))
            {
                _names.Remove(name);
            }

            if (_ports.GetValueOrDefault(dtu.Port) == dtu.Id)
            {
                _ports.Remove(dtu.Port);
            }
        }
    }
}

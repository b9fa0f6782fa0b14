using System.Collections.Immutable;
using System.Net;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol;

namespace DtuActors.Configuration;

/// <summary>Binds the whole of <c>dtu { }</c> from the layered files.</summary>
internal static class GatewayBinder
{
    /// <param name="context">Where faults go.</param>
    /// <param name="dtu">The files' <c>dtu</c> over the built-in one.</param>
    /// <param name="builtInProfile">The built-in <c>profiles.default</c>.</param>
    public static GatewayOptions Bind(BindingContext context, HoconObject dtu, HoconObject builtInProfile)
    {
        var root = new BlockReader(context, dtu, Schema.Dtu, "dtu");
        var node = Node(root);
        context.NodeName = node.Name;
        var profiles = ProfileBinder.Bind(root, builtInProfile);
        var (dtus, canonical) = Dtus(root, profiles);
        var names = new Names(context);
        var sockets = new Sockets(context);
        var http = Http(root);
        var cluster = ClusterBinder.Bind(root, sockets);
        context.IsClustered = cluster.Enabled;
        sockets.Take("dtu.http", root.PositionOf("http"), http.Address, [http.Port], udp: false);
        var listeners = ListenerBinder.BindListeners(root, profiles, names, sockets, canonical);
        var bound = new EndpointBinder(names, sockets, canonical);
        var endpoints = bound.Bind(root);
        var storage = Storage(root);
        ClusterBinder.CheckStorage(root, cluster, storage);
        EndpointPorts.CheckStorage(context, endpoints, bound, storage);
        var options = new GatewayOptions
        {
            Node = node,
            Listeners = listeners,
            Dialers = ListenerBinder.BindDialers(root, profiles, canonical),
            Profiles = profiles,
            Admission = root.Word("admission", "open", "open", "listed") == "listed" ? AdmissionMode.Listed : AdmissionMode.Open,
            Dtus = dtus,
            Endpoints = endpoints,
            Routes = RouteBinder.Bind(root, endpoints, bound, canonical, storage),
            Polls = PollBinder.Bind(root, profiles.Values, canonical),
            Http = http,
            Storage = storage,
            Archives = ArchiveBinder.Bind(root, storage, canonical),
            Cluster = cluster,
            Alarms = AlarmBinder.Bind(root),
            Telemetry = TelemetryBinder.Bind(root),
        };
        return options;
    }

    private static NodeOptions Node(BlockReader root)
    {
        if (root.Nested("node", Schema.Node) is not { } block)
        {
            return new NodeOptions();
        }

        var name = block.NonEmpty("name", "as gateway") ?? "gateway";
        if (!Scalars.IsName(name))
        {
            block.Fault("name", $"'{KeyPath.Shown(name)}' is no name", "1 to 64 letters, digits, '_', '-', '.'");
        }

        return new NodeOptions { Name = name, DataDir = block.FilePath("data-dir", required: true) ?? "data" };
    }

    private static (ImmutableDictionary<DtuId, DtuOptions> Dtus, Func<DtuId, DtuId> Canonical) Dtus(BlockReader root, IReadOnlyDictionary<string, ProfileOptions> profiles)
    {
        var dtus = ImmutableDictionary.CreateBuilder<DtuId, DtuOptions>();
        var owners = new Dictionary<string, DtuId>(StringComparer.Ordinal);
        var blocks = root.Map("dtus").ToList();
        foreach (var (member, _, path) in blocks)
        {
            if (DtuId.TryParse(member.Key, out var id))
            {
                owners[member.Key] = id;
            }
            else
            {
                root.Context.Fault(path, member.Position, "is not a DTU's id", $"1 to {DtuId.MaxLength} characters, no control characters");
            }
        }

        foreach (var (member, value, path) in blocks.Where(block => owners.ContainsKey(block.Member.Key)))
        {
            var id = owners[member.Key];
            var block = new BlockReader(root.Context, value, Schema.KnownDtu, path,
                unknown => value.TryGet(unknown, out var nested) && nested.Value is HoconObject ? "quotes around an id that has dots" : null);
            var aliases = ImmutableArray.CreateBuilder<string>();
            foreach (var (alias, position, at) in block.Texts("ids"))
            {
                if (!DtuId.TryParse(alias, out _))
                {
                    root.Context.Fault(at, position, $"'{KeyPath.Shown(alias)}' is not a DTU's id", $"1 to {DtuId.MaxLength} characters, no control characters");
                }
                else if (owners.TryGetValue(alias, out var other) && other != id)
                {
                    root.Context.Fault(at, position, $"the id '{KeyPath.Shown(alias)}' is already the DTU '{KeyPath.Shown(other.Value)}'", "each id under one DTU only");
                }
                else if (owners.TryAdd(alias, id))
                {
                    aliases.Add(alias);
                }
            }

            dtus[id] = new DtuOptions
            {
                Id = id,
                Name = block.Text("name"),
                Aliases = aliases.ToImmutable(),
                Profile = block.Text("profile") is { } profile ? ListenerBinder.Profile(block, "profile", profile, profiles) : null,
                Secret = block.Secret("secret"),
                Groups = block.NonEmptyTexts("groups"),
                Remote = block.Has("remote") ? block.Address("remote", IPAddress.None) : null,
            };
        }

        return (dtus.ToImmutable(), id => owners.GetValueOrDefault(id.Value, id));
    }

    private static HttpOptions Http(BlockReader root)
    {
        var fallback = new HttpOptions();
        if (root.Nested("http", Schema.Http) is not { } block)
        {
            return fallback;
        }

        var http = new HttpOptions
        {
            Address = block.Address("address", fallback.Address),
            Port = block.Port("port", fallback.Port),
            ApiKeys = ApiKeys(block),
            Hosts = block.NonEmptyTexts("hosts"),
        };
        foreach (var host in http.Hosts.Where(host => !Scalars.IsHost(host)))
        {
            block.Fault("hosts", $"'{KeyPath.Shown(host)}' is neither a host's name nor an address", "names without a port, as gateway.example.net");
        }

        if (!IPAddress.IsLoopback(http.Address) && block.Find("api-keys") is (null or HoconList { Items.Count: 0 }))
        {
            block.Fault("address", $"{http.Address} is not loopback, and without api-keys everybody who reaches it could write to every DTU", "api-keys = [{ name = \"...\", key = \"...\", role = admin }] beside it, or 127.0.0.1");
        }

        return http;
    }

    private static ImmutableArray<ApiKeyOptions> ApiKeys(BlockReader http)
    {
        var keys = ImmutableArray.CreateBuilder<ApiKeyOptions>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (http.Find("api-keys") is not HoconList list)
        {
            if (http.Find("api-keys") is { } other)
            {
                http.Fault("api-keys", $"{other.Shape} where a list should stand", "api-keys = [{ name, key, role = read|operate|admin }]");
            }

            return [];
        }

        for (var i = 0; i < list.Items.Count; i++)
        {
            var path = $"{http.Path}.api-keys[{i}]";
            var position = list.Items[i].Position;
            string? key = null;
            var (name, role) = ($"key-{i + 1}", "admin");
            switch (list.Items[i])
            {
                case HoconScalar bare:
                    key = BlockReader.IsSecret(bare.Text) ? bare.Text : null;
                    if (key is null)
                    {
                        http.Context.Fault(path, position, "is no usable key (its value is not shown)", BlockReader.SecretForm);
                    }

                    break;
                case HoconObject value:
                    var block = new BlockReader(http.Context, value, Schema.ApiKey, path);
                    block.Missing("key", BlockReader.SecretForm);
                    block.Missing("role", "read, operate, admin");
                    key = block.Secret("key");
                    name = block.NonEmpty("name", "a text") ?? name;
                    role = block.Word("role", "read", "read", "operate", "admin");
                    break;
                case HoconBroken:
                    break;
                case var other:
                    http.Context.Fault(path, position, $"{other.Shape} where a key should stand", "{ name, key, role }");
                    break;
            }

            if (key is null)
            {
                continue;
            }

            if (!taken.Add(key) || !names.Add(name))
            {
                http.Context.Fault(path, position, "the same key, or the same name, stands there twice", "each once");
                continue;
            }

            keys.Add(new ApiKeyOptions(name, key, role switch { "admin" => ApiRole.Admin, "operate" => ApiRole.Operate, _ => ApiRole.Read }));
        }

        return keys.ToImmutable();
    }

    private static StorageOptions Storage(BlockReader root)
    {
        var fallback = new StorageOptions();
        if (root.Nested("storage", Schema.Storage) is not { } block)
        {
            return fallback;
        }

        var provider = block.Word("provider", "sqlite", "sqlite", "postgresql", "none") switch
        {
            "sqlite" => StorageProvider.Sqlite,
            "postgresql" => StorageProvider.PostgreSql,
            _ => StorageProvider.None,
        };
        var path = block.FilePath("path", required: true);
        var connection = PostgresConnection(block, required: provider is StorageProvider.PostgreSql);
        return new StorageOptions
        {
            // A fault ends the start; until then nothing is stored where it is not said where.
            Provider = (provider is StorageProvider.Sqlite && path is null) || (provider is StorageProvider.PostgreSql && connection is null) ? StorageProvider.None : provider,
            Path = provider is StorageProvider.Sqlite ? path : null,
            Connection = provider is StorageProvider.PostgreSql ? connection : null,
            Retention = block.Duration("retention", fallback.Retention, TimeSpan.FromMinutes(1), TimeSpan.FromDays(36_500)),
            MaxHistory = block.LongSize("max-history", fallback.MaxHistory, 1024 * 1024, 1024L * 1024 * 1024 * 1024),
            MaxKnown = block.Integer("max-known", fallback.MaxKnown, 1, 10_000_000),
        };
    }

    // Npgsql's own words repeat what they don't understand, and that may be a password.
    private static string? PostgresConnection(BlockReader block, bool required)
    {
        const string Form = "\"Host=127.0.0.1;Port=5432;Database=dtu;Username=dtu;Password=\"${?DTU_DB_PASSWORD}";
        var text = block.Text("connection");
        if (string.IsNullOrEmpty(text))
        {
            if (required)
            {
                block.Fault("connection", "is missing: provider = postgresql says which server, database and user there", $"connection = {Form}");
            }

            return null;
        }

        if (DtuActors.Storage.PostgresDatabase.IsConnection(text))
        {
            return text;
        }

        block.Fault("connection", "is no connection string with a host (its value is not shown)", $"{Form}, as Npgsql reads it");
        return null;
    }
}

using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;

namespace DtuActors.Configuration;

/// <summary>Binds <c>listeners</c> and <c>dialers</c>: where DTUs come from.</summary>
internal static class ListenerBinder
{
    /// <summary>The most ports of one <c>ports</c>.</summary>
    public const int MaxRange = 10_000;

    /// <summary>The most listeners of one configuration: a node has no more ports.</summary>
    public const int MaxListeners = 65_536;

    /// <summary>The most profiles of one listener: each of them reads every registration there.</summary>
    public const int MaxCandidates = 16;

    public static ImmutableArray<ListenerOptions> BindListeners(
        BlockReader root, IReadOnlyDictionary<string, ProfileOptions> profiles, Names names, Sockets sockets, Func<DtuId, DtuId> canonical)
    {
        var listeners = ImmutableArray.CreateBuilder<ListenerOptions>();
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (member, value, path) in root.Map("listeners"))
        {
            names.Take(member.Key, path, member.Position);
            if (Kinds.Choose(root.Context, value, path, "transport", "tcp", Schema.Listeners) is not { } block)
            {
                continue;
            }

            var transport = block.Text("transport") ?? "tcp";
            var ports = transport == "unix" ? [0] : Ports(block);
            var candidates = Profiles(block, profiles, out var dtu);
            var listener = ListenerTransportBinder.Bind(block, transport, member.Key, path) with
            {
                Profiles = candidates,
                IdPrefix = Prefix(block),
                MaxConnections = block.Integer("max-connections", 20_000, 1, 1_000_000),
            };
            if (listener is UdpListenerOptions)
            {
                CheckDatagrams(block, listener.ProxyProtocol, candidates, profiles);
            }

            if (listener is UnixListenerOptions unix)
            {
                CheckUnix(block, unix, profiles[candidates[0]], paths);
            }

            if (ports.Count > 1 && dtu?.Contains("{port}", StringComparison.Ordinal) == false)
            {
                block.Fault("dtu", "would be the same DTU on every one of the ports", "{port} in it, as in site-{port}");
            }

            if (ports.Count + listeners.Count > MaxListeners)
            {
                block.Fault("ports", $"more than {MaxListeners} listeners altogether", null);
                continue;
            }

            if (listener is TcpListenerOptions or UdpListenerOptions)
            {
                var address = listener is UdpListenerOptions udp ? udp.Address : ((TcpListenerOptions)listener).Address;
                sockets.Take(path, block.PositionOf(block.Has("ports") ? "ports" : "port"), address, ports, listener is UdpListenerOptions);
            }

            foreach (var port in ports)
            {
                var number = port.ToString(CultureInfo.InvariantCulture);
                var name = block.Has("ports") ? $"{member.Key}-{number}" : member.Key;
                if (block.Has("ports"))
                {
                    names.Take(name, path, member.Position);
                }

                DtuId? id = dtu is not null && DtuId.TryParse(dtu.Replace("{port}", number, StringComparison.Ordinal), out var parsed) ? canonical(parsed) : null;
                var one = listener with { Name = name, Dtu = id };
                listeners.Add(one switch
                {
                    TcpListenerOptions tcp => tcp with { Port = port },
                    UdpListenerOptions udp => udp with { Port = port },
                    _ => one,
                });
            }
        }

        return listeners.ToImmutable();
    }

    public static ImmutableArray<DialerOptions> BindDialers(BlockReader root, IReadOnlyDictionary<string, ProfileOptions> profiles, Func<DtuId, DtuId> canonical)
    {
        var dialers = ImmutableArray.CreateBuilder<DialerOptions>();
        foreach (var (member, value, path) in root.Map("dialers"))
        {
            Names.Check(root.Context, member.Key, path, member.Position);
            var block = new BlockReader(root.Context, value, Schema.Dialer, path);
            block.Missing("port", "the DTU's port: 1 to 65535");
            var profile = CheckCommon(block, profiles, out var dtu);
            dialers.Add(new DialerOptions
            {
                Name = member.Key,
                KeyPath = path,
                Host = Host(block, required: true) ?? "localhost",
                Port = block.Port("port", 1, anyFree: false),
                Profile = profile,
                Dtu = dtu is not null && DtuId.TryParse(dtu, out var id) ? canonical(id) : null,
                IdPrefix = Prefix(block),
                Reopen = Reopen(block, Schema.DialerReopen),
            });
        }

        return dialers.ToImmutable();
    }

    public static string? Host(BlockReader block, bool required)
    {
        var host = required ? block.RequiredText("host", "a name or an address") : block.Text("host");
        if (host is not null && !Scalars.IsHost(host))
        {
            block.Fault("host", $"'{KeyPath.Shown(host)}' is neither a host's name nor an address", "as dtu7.example.net, 10.0.0.7");
        }

        return host;
    }

    public static ReopenOptions Reopen(BlockReader parent, Block schema)
    {
        var fallback = new ReopenOptions();
        if (parent.Nested("reopen", schema) is not { } block)
        {
            return fallback;
        }

        var reopen = new ReopenOptions { Min = block.Duration("min", fallback.Min), Max = block.Duration("max", fallback.Max) };
        if (reopen.Max < reopen.Min)
        {
            block.Fault("max", $"{Scalars.Show(reopen.Max)} is less than min", $"at least {Scalars.Show(reopen.Min)}");
        }

        return reopen;
    }

    /// <summary>A name under <c>profiles</c>.</summary>
    public static string Profile(BlockReader block, string key, string? name, IReadOnlyDictionary<string, ProfileOptions> profiles)
    {
        if (name is null || profiles.ContainsKey(name))
        {
            return name ?? "default";
        }

        block.Fault(key, $"there is no profile '{KeyPath.Shown(name)}'", BlockReader.Meant(name, [.. profiles.Keys.Order(StringComparer.Ordinal)]));
        return "default";
    }

    /// <summary>The listener's profiles: one, or several of which the first whose registration matches is the DTU's.</summary>
    private static ImmutableArray<string> Profiles(BlockReader block, IReadOnlyDictionary<string, ProfileOptions> profiles, out string? dtu)
    {
        if (!block.Has("profiles"))
        {
            return [CheckCommon(block, profiles, out dtu)];
        }

        dtu = block.Id("dtu")?.Value;
        foreach (var key in new[] { "profile", "dtu" })
        {
            if (block.Has(key))
            {
                block.Fault(key, "stands beside profiles", "one of the two");
            }
        }

        var names = ImmutableArray.CreateBuilder<string>();
        var written = 0;
        foreach (var (name, position, path) in block.Texts("profiles"))
        {
            written++;
            if (!profiles.TryGetValue(name, out var profile))
            {
                block.Context.Fault(path, position, $"there is no profile '{KeyPath.Shown(name)}'", BlockReader.Meant(name, [.. profiles.Keys.Order(StringComparer.Ordinal)]));
            }
            else if (profile.Registration.Form.Kind is RegistrationKind.None or RegistrationKind.Address or RegistrationKind.Probe)
            {
                // None would win before a byte came, and a question to one kind of DTU is noise to the others.
                block.Context.Fault(path, position, $"the registration of '{name}' is not read from what the DTU sends, so it cannot be told from others", "a listener of its own");
            }
            else if (names.Contains(name))
            {
                block.Context.Fault(path, position, "stands there twice", null);
            }
            else
            {
                names.Add(name);
            }
        }

        if (written is 0 or > MaxCandidates)
        {
            block.Fault("profiles", written == 0 ? "is empty" : $"{written} profiles are too many", $"1 to {MaxCandidates} names under profiles");
        }

        return names.Count == 0 ? ["default"] : names.ToImmutable();
    }

    private static string CheckCommon(BlockReader block, IReadOnlyDictionary<string, ProfileOptions> profiles, out string? dtu)
    {
        var profile = Profile(block, "profile", block.Text("profile"), profiles);
        dtu = block.Id("dtu")?.Value;
        var isNamed = block.Has("dtu") || ListenerTransportBinder.NamesByCertificate(block);
        if (!isNamed && profiles[profile].Registration.Form.Kind == RegistrationKind.None)
        {
            block.Fault("dtu", $"is missing: the profile '{profile}' has registration.kind = none, so nobody says who comes", "the DTU's id, or a profile with a registration");
        }

        return profile;
    }

    // No connection stands behind a datagram: what has to be asked for, or comes in another form over datagrams, can't register here.
    private static void CheckDatagrams(BlockReader block, ProxyVersion? proxy, IReadOnlyList<string> candidates, IReadOnlyDictionary<string, ProfileOptions> profiles)
    {
        if (proxy == ProxyVersion.V1)
        {
            block.Fault("proxy-protocol", "v1 is a line of text before a stream, which udp has none of", "off or v2");
        }

        var key = block.Has("profiles") ? "profiles" : "profile";
        foreach (var name in candidates)
        {
            switch (profiles[name].Registration.Form)
            {
                case ProbeForm when !block.Has("dtu"):
                    block.Fault(key, $"'{name}' asks whoever connects who it is, but over udp nobody is there before its first datagram", "transport = tcp, or dtu beside it");
                    break;
                case LoginForm { Vendor.Name: "teltonika" } when !block.Has("dtu"):
                    block.Fault(key, $"'{name}' registers by Teltonika's login, which has another layout over udp", "transport = tcp");
                    break;
            }
        }
    }

    private static string Prefix(BlockReader block)
    {
        var prefix = block.Text("id-prefix") ?? "";
        if (prefix.Length > DtuId.MaxLength / 2 || prefix.Any(char.IsControl))
        {
            block.Fault("id-prefix", "cannot stand before an id", $"at most {DtuId.MaxLength / 2} characters, no control characters");
        }

        return prefix;
    }

    private static List<int> Ports(BlockReader block)
    {
        if (!block.Has("ports"))
        {
            return [block.Port("port", 9000)];
        }

        if (block.Has("port"))
        {
            block.Fault("ports", "stands beside port", "one of the two");
        }

        if (block.Value<(int First, int Last)>("ports", Scalars.Ports, "a range of ports from 1 to 65535, as \"9100-9199\"") is not { } range)
        {
            return [];
        }

        var count = range.Last - range.First + 1;
        if (count > MaxRange)
        {
            block.Fault("ports", $"{count} ports are too many", $"at most {MaxRange}");
            return [];
        }

        return [.. Enumerable.Range(range.First, count)];
    }

    private static void CheckUnix(BlockReader block, UnixListenerOptions unix, ProfileOptions profile, Dictionary<string, string> paths)
    {
        if (!paths.TryAdd(unix.Path, unix.KeyPath) && unix.Path.Length > 0)
        {
            block.Fault("path", $"is already {paths[unix.Path]}'s", "a path of its own");
        }

        // Only a proxy's header says where a peer of a Unix socket is.
        if (unix.ProxyProtocol is null && profile.Registration.Form.Kind == RegistrationKind.Address)
        {
            block.Fault("profile", "transport", $"the profile '{profile.Name}' registers by address (registration.kind = address), and a Unix socket's peer has none", "another profile, or proxy-protocol");
        }

        if (unix.ProxyProtocol is null && unix.MaxPerAddress is not null)
        {
            block.Fault("max-per-address", "a Unix socket's peers have no address", "off, or proxy-protocol");
        }
    }
}

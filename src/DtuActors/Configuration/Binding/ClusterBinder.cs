using System.Collections.Immutable;
using System.Net;
using DtuActors.Clustering;
using DtuActors.Listening.Streams;

namespace DtuActors.Configuration;

/// <summary>Binds <c>cluster</c>, and what a cluster asks of the rest.</summary>
internal static class ClusterBinder
{
    private const string CertificateExample = "path = \"node.pem\", key-path = \"node.key\" ";

    /// <summary>The most seed nodes: one that answers is enough.</summary>
    private const int MostSeeds = 64;

    private const int MostRoles = 16;

    public static ClusterOptions Bind(BlockReader root, Sockets sockets)
    {
        var fallback = new ClusterOptions();
        if (root.Nested("cluster", Schema.Cluster) is not { } block)
        {
            return fallback;
        }

        var enabled = block.Boolean("enabled", false);
        var cluster = new ClusterOptions
        {
            Enabled = enabled,
            Host = NonEmptyHost(block, "host") ?? fallback.Host,
            Port = block.Port("port", fallback.Port),
            PublicHost = NonEmptyHost(block, "public-host"),
            PublicPort = block.Find("public-port") is Hocon.HoconScalar { Text: "" } or null ? null : block.Port("public-port", fallback.Port, anyFree: false),
            SeedNodes = Seeds(block),
            SeedNodeTimeout = block.Duration("seed-node-timeout", fallback.SeedNodeTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            Roles = Roles(block),
            StableAfter = block.Duration("stable-after", fallback.StableAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            Tls = Tls(block),
            Discovery = Discovery(block),
        };
        if (!enabled)
        {
            return cluster;
        }

        if (IPAddress.TryParse(cluster.Host, out var address))
        {
            sockets.Take(block.Path, block.PositionOf("port"), address, [cluster.Port], udp: false);
            if (cluster.PublicHost is null && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
            {
                block.Fault("host", $"{cluster.Host} is every interface, and no address that another node could dial", "public-host beside it");
            }
        }

        if (cluster.SeedNodes.IsEmpty && cluster.Discovery is null && block.Find("seed-nodes") is null or Hocon.HoconList { Items.Count: 0 } && block.Find("discovery") is not Hocon.HoconObject)
        {
            block.Fault("seed-nodes", "enabled", "is empty, and without discovery a node can't find the others", $"seed-nodes = [\"{new SeedNode(cluster.PublicHost ?? cluster.Host, 4053)}\"], the same on every node");
        }

        return cluster;
    }

    /// <summary>A register of each node's own would be several registers.</summary>
    public static void CheckStorage(BlockReader root, ClusterOptions cluster, StorageOptions storage)
    {
        if (cluster.Enabled && storage.Provider is StorageProvider.Sqlite)
        {
            var block = root.Nested("storage", Schema.Storage)!;
            var position = block.PositionOf("provider");
            var at = position.File == ConfigurationLoader.BuiltIn ? root.Nested("cluster", Schema.Cluster)!.PositionOf("enabled") : position;
            root.Context.Fault(KeyPath.Append(block.Path, "provider"), at, "is sqlite, in a file that only this node has, and dtu.cluster.enabled = on: each node would have another register", "postgresql, or none");
        }
    }

    /// <summary>On which nodes an endpoint is: what <c>on</c> says, or what is right for its kind.</summary>
    public static EndpointHome Home(BlockReader block, string kind)
    {
        var context = block.Context;
        var on = block.NonEmpty("on", "each, one, or a node's name");
        var isLine = kind is "serial" or "pty";
        switch (on)
        {
            case null when isLine && context.IsClustered:
                block.Missing("on", $"the name of the node that the port is on, as {context.NodeName}");
                return EndpointHome.At(context.NodeName);
            case null:
                return isLine ? EndpointHome.At(context.NodeName) : kind is "tcp" or "modbus-tcp" ? EndpointHome.Each : EndpointHome.One;
            case "each" or "one" when isLine:
                if (context.IsClustered)
                {
                    block.Fault("on", $"'{on}' does not say on which node the port is", $"the node's name, as {context.NodeName}");
                }

                return EndpointHome.At(context.NodeName);
            case "each" when kind is "mqtt" or "tcp-client":
                if (context.IsClustered)
                {
                    block.Fault("on", $"each node would have a connection of its own, and the other side hear everything {(kind == "mqtt" ? "and be heard " : "")}several times", "one, or a node's name");
                }

                return EndpointHome.One;
            case "each":
                return EndpointHome.Each;
            case "one":
                return EndpointHome.One;
        }

        if (!Scalars.IsName(on))
        {
            block.Fault("on", $"'{KeyPath.Shown(on)}' is no node's name", "each, one, or 1 to 64 letters, digits, '_', '-', '.'");
        }
        else if (on != context.NodeName && !context.IsClustered)
        {
            block.Fault("on", $"'{KeyPath.Shown(on)}' is another node, and there is no cluster", $"each, one, {context.NodeName}; or cluster.enabled = on");
        }

        return EndpointHome.At(on);
    }

    private static string? NonEmptyHost(BlockReader block, string key)
    {
        var host = block.Text(key);
        if (string.IsNullOrEmpty(host))
        {
            return null;
        }

        if (!Scalars.IsHost(host))
        {
            block.Fault(key, $"'{KeyPath.Shown(host)}' is neither a host's name nor an address", "as node1.example.net, 10.0.0.7");
            return null;
        }

        return host;
    }

    private static ImmutableArray<SeedNode> Seeds(BlockReader block)
    {
        var seeds = ImmutableArray.CreateBuilder<SeedNode>();
        foreach (var (seed, position, path) in block.Texts("seed-nodes"))
        {
            var colon = seed.LastIndexOf(':');
            var host = colon < 1 ? "" : seed[..colon];
            host = host is ['[', .., ']'] ? host[1..^1] : host;
            if (!Scalars.IsHost(host) || Scalars.Integer(seed[(colon + 1)..]) is not (>= 1 and <= 65535 and var port))
            {
                block.Context.Fault(path, position, $"'{KeyPath.Shown(seed)}' is no seed node", "HOST:PORT, as 127.0.0.1:4053");
            }
            else if (seeds.Count == MostSeeds)
            {
                block.Context.Fault(path, position, "is one seed node too many", $"at most {MostSeeds}: one that answers is enough");
                break;
            }
            else if (new SeedNode(host, (int)port) is var one && !seeds.Contains(one))
            {
                seeds.Add(one);
            }
        }

        return seeds.ToImmutable();
    }

    private static ImmutableArray<string> Roles(BlockReader block)
    {
        var roles = block.NonEmptyTexts("roles");
        foreach (var role in roles.Where(role => !Scalars.IsName(role) || role.StartsWith(NodeRole.Prefix, StringComparison.Ordinal)))
        {
            block.Fault("roles", $"'{KeyPath.Shown(role)}' is no role", $"1 to 64 letters, digits, '_', '-', '.', not {NodeRole.Prefix} in front");
        }

        if (roles.Length > MostRoles)
        {
            block.Fault("roles", $"{roles.Length} roles are too many", $"at most {MostRoles}");
        }

        return roles;
    }

    private static ClusterTlsOptions? Tls(BlockReader cluster)
    {
        if (cluster.NestedOrOff("tls", Schema.ClusterTls, out _) is not { } block)
        {
            return null;
        }

        block.Missing("certificate", $"certificate {{ {CertificateExample}}}");
        var certificate = block.Nested("certificate", Schema.ClusterCertificate, CertificateExample);
        var path = certificate?.FilePath("path", required: true);
        var ca = block.FilePath("ca-path", required: true);
        if (certificate is null || path is null || ca is null)
        {
            return null;
        }

        var tls = new ClusterTlsOptions
        {
            CertificatePath = path,
            KeyPath = certificate.FilePath("key-path", required: false),
            Password = certificate.Find("password") is Hocon.HoconScalar { Text: "" } ? null : certificate.Secret("password"),
            CaPath = ca,
        };
        try
        {
            _ = NodeCertificates.Load(tls);
        }
        catch (TlsFileException problem)
        {
            var isOwn = problem.Key is TlsFiles.PathKey or TlsFiles.KeyPathKey;
            (isOwn ? certificate : block).Fault(isOwn ? problem.Key["certificate.".Length..] : "ca-path", problem.Message, problem.Expected);
        }

        return tls;
    }

    private static DiscoveryOptions? Discovery(BlockReader cluster)
    {
        if (cluster.NestedOrOff("discovery", Schema.Discovery, out _) is not { } block)
        {
            return null;
        }

        var method = block.NonEmpty("method", "dns, or a method under akka.discovery") ?? DiscoveryOptions.Dns;
        if (!Scalars.IsName(method))
        {
            block.Fault("method", $"'{KeyPath.Shown(method)}' is no method's name", "dns, or a method under akka.discovery");
        }

        var name = block.RequiredText("name", "the name that is looked up, as dtu-nodes.default.svc.cluster.local");
        if (name is not null && method == DiscoveryOptions.Dns && !Scalars.IsHost(name))
        {
            block.Fault("name", $"'{KeyPath.Shown(name)}' is no host's name", "as dtu-nodes.default.svc.cluster.local");
        }

        return new DiscoveryOptions
        {
            Method = method,
            Name = name ?? "",
            Port = block.Port("port", 4053, anyFree: false),
            Nodes = block.Integer("nodes", 3, 1, 100),
        };
    }
}

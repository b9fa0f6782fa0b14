using System.Security.Cryptography.X509Certificates;
using DtuActors.Configuration;
using DtuActors.Configuration.Hocon;
using DtuActors.Tests.Configuration;
using DtuActors.Tests.Listening.Transports;

namespace DtuActors.Tests.Clustering;

public sealed class ClusterBinderTests
{
    private const string Three = "dtu { cluster { enabled = on, seed-nodes = [\"127.0.0.1:4053\"] }, storage.provider = none }\n";

    /// <summary>Options of a cluster, whose first key is refused elsewhere as long as the rest is not built; and all other faults.</summary>
    private static (GatewayOptions Options, ConfigurationFault[] Faults) Bind(params string[] texts)
    {
        var loaded = Conf.Load(texts);
        var builtIn = (HoconObject)Value((HoconObject)Value(HoconParser.Parse("built-in", ConfigurationLoader.Reference, _ => null).Root, "dtu"), "profiles");
        var options = GatewayBinder.Bind(new BindingContext(isWindows: false, _ => Conf.Folder), loaded.Source!, (HoconObject)Value(builtIn, "default"));
        return (options, [.. loaded.Faults.Where(fault => !fault.Problem.Contains("is not built yet", StringComparison.Ordinal))]);

        static HoconValue Value(HoconObject parent, string key) => parent.TryGet(key, out var member) ? member.Value : throw new KeyNotFoundException(key);
    }

    private static GatewayOptions Options(params string[] texts)
    {
        var (options, faults) = Bind(texts);
        Assert.Empty(faults);
        return options;
    }

    [Fact]
    public void A_cluster_has_what_its_keys_say()
    {
        var cluster = Options("""
            dtu.storage.provider = none
            dtu.cluster {
              enabled = on, host = "0.0.0.0", port = 4100, public-host = node-1.example.net, public-port = 5100
              seed-nodes = ["node-1.example.net:4053", "[::1]:4054"], seed-node-timeout = 5s, roles = [edge], stable-after = 5s
              discovery { name = nodes.example.net, port = 4055, nodes = 2 }
            }
            """).Cluster;
        Assert.Equal([new SeedNode("node-1.example.net", 4053), new SeedNode("::1", 4054)], cluster.SeedNodes.ToArray());
        Assert.Equal("[::1]:4054", cluster.SeedNodes[1].ToString());
        Assert.Equal(["edge"], cluster.Roles.ToArray());
        Assert.Equal(
            new ClusterOptions
            {
                Enabled = true,
                Host = "0.0.0.0",
                Port = 4100,
                PublicHost = "node-1.example.net",
                PublicPort = 5100,
                SeedNodeTimeout = TimeSpan.FromSeconds(5),
                StableAfter = TimeSpan.FromSeconds(5),
                Discovery = new DiscoveryOptions { Name = "nodes.example.net", Port = 4055, Nodes = 2 },
                SeedNodes = cluster.SeedNodes,
                Roles = cluster.Roles,
            },
            cluster);
    }

    [Fact]
    public void Defaults_in_code_agree_with_the_reference()
    {
        var written = Conf.Options().Cluster;
        Assert.Equal(new ClusterOptions() with { SeedNodes = written.SeedNodes, Roles = written.Roles }, written);
        Assert.Empty(written.SeedNodes);
    }

    [Theory]
    [InlineData("", "seed-nodes = []", "dtu.cluster.seed-nodes", "can't find the others")]
    [InlineData("", "seed-nodes = [\"127.0.0.1\"]", "dtu.cluster.seed-nodes[0]", "is no seed node")]
    [InlineData("", "host = \"0.0.0.0\"", "dtu.cluster.host", "another node could dial")]
    [InlineData("", "roles = [node.x]", "dtu.cluster.roles", "is no role")]
    [InlineData("", "port = 8080", "dtu.http", "is already dtu.cluster's")]
    [InlineData("", "discovery { port = 1 }", "dtu.cluster.discovery.name", "is missing")]
    [InlineData("", "tls { ca-path = \"x\" }", "dtu.cluster.tls.certificate", "is missing")]
    [InlineData("", "tls { certificate { path = \"x.pem\" }, ca-path = \"x\" }", "dtu.cluster.tls.certificate.path", "there is no file")]
    [InlineData("dtu.storage.provider = sqlite", "", "dtu.storage.provider", "each node would have another register")]
    [InlineData("dtu.endpoints.e { kind = serial, device = COM3 }", "", "dtu.endpoints.e.on", "is missing")]
    [InlineData("dtu.endpoints.e { kind = serial, device = COM3, on = one }", "", "dtu.endpoints.e.on", "does not say on which node")]
    [InlineData("dtu.endpoints.e { kind = mqtt, host = h, on = each }", "", "dtu.endpoints.e.on", "several times")]
    [InlineData("dtu.endpoints.e { kind = tcp, port = 1, on = \"a b\" }", "", "dtu.endpoints.e.on", "is no node's name")]
    [InlineData("dtu.endpoints { a { kind = tcp, port = 1, on = b }, c { kind = tcp, port = 1, on = b } }", "", "dtu.endpoints.c", "is already dtu.endpoints.a's")]
    public void A_fault_of_a_cluster_names_its_key(string text, string cluster, string key, string problem)
    {
        var fault = Assert.Single(Bind(Three, $"{text}\ndtu.cluster {{ {cluster} }}").Faults);
        Assert.Equal(key, fault.KeyPath);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_built_in_storage_is_a_fault_where_the_cluster_is_switched_on()
    {
        var fault = Assert.Single(Bind("dtu.cluster { seed-nodes = [\"a:1\"]\nenabled = on }").Faults);
        Assert.Equal(("dtu.storage.provider", 2), (fault.KeyPath, fault.Line));
    }

    [Fact]
    public void Endpoints_are_where_on_says_or_where_their_kind_belongs()
    {
        var homes = Options(Three, """
            dtu.node.name = north
            dtu.endpoints {
              line { kind = serial, device = COM3, on = south }
              same { kind = serial, device = COM3, on = north }
              scada { kind = tcp, port = 20001 }
              there { kind = tcp, port = 20001, on = south }
              once { kind = modbus-tcp, port = 1502, on = one, units { 1 { dtu = x } } }
              broker { kind = mqtt, host = h }
              centre { kind = tcp-client, host = h, port = 1, on = south }
            }
            """).Endpoints.ToDictionary(endpoint => endpoint.Name, endpoint => endpoint.Home);
        var south = EndpointHome.At("south");
        Assert.Equal(south, homes["line"]);
        Assert.Equal(EndpointHome.At("north"), homes["same"]);
        Assert.Equal(EndpointHome.Each, homes["scada"]);
        Assert.Equal(south, homes["there"]);
        Assert.Equal(EndpointHome.One, homes["once"]);
        Assert.Equal(EndpointHome.One, homes["broker"]);
        Assert.Equal(south, homes["centre"]);
        Assert.Equal((false, true, true, false), (south.IsOn("north", true), south.IsOn("south", false), EndpointHome.One.IsOn("north", true), EndpointHome.One.IsOn("north", false)));
    }

    [Fact]
    public void Without_a_cluster_a_line_is_on_this_node_whatever_on_says()
    {
        var endpoints = Conf.Options("dtu.endpoints { a { kind = serial, device = COM3 }, b { kind = serial, device = COM4, on = one } }").Endpoints;
        Assert.All(endpoints, endpoint => Assert.Equal(EndpointHome.At("gateway"), endpoint.Home));
    }

    [Fact]
    public void The_example_has_no_other_fault_than_that_a_cluster_is_not_built() =>
        Options(File.ReadAllText(Path.Combine(Conf.Hocon, "cluster.conf")));

    [Fact]
    public void Certificates_may_be_pem_or_pkcs_12_with_a_password()
    {
        using var files = new TestCertificates();
        Assert.Equal(files.KeyPath, Options(Three, $"dtu.cluster.tls {{ certificate {{ path = \"{files.CertificatePath}\", key-path = \"{files.KeyPath}\" }}, ca-path = \"{files.CaPath}\" }}").Cluster.Tls!.KeyPath);
        using var certificate = files.Issue("pfx");
        File.WriteAllBytes(files.CertificatePath, certificate.Export(X509ContentType.Pfx, "pa55"));
        Assert.Equal("pa55", Options(Three, $"dtu.cluster.tls {{ certificate {{ path = \"{files.CertificatePath}\", password = pa55 }}, ca-path = \"{files.CaPath}\" }}").Cluster.Tls!.Password);
        var fault = Assert.Single(Bind(Three, $"dtu.cluster.tls {{ certificate {{ path = \"{files.CertificatePath}\", password = pa56 }}, ca-path = \"{files.CaPath}\" }}").Faults);
        Assert.Equal("dtu.cluster.tls.certificate.path", fault.KeyPath);
        Assert.DoesNotContain("pa56", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_changes_of_a_cluster_needs_a_restart()
    {
        var before = Options(Three);
        var after = before with { Cluster = before.Cluster with { StableAfter = TimeSpan.FromSeconds(9) } };
        Assert.Equal(["dtu.cluster.stable-after"], OptionsChange.Between(before, after).NeedRestart.ToArray());
    }
}

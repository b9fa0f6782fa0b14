using DtuActors.Host.Commands;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Cluster;

/// <summary>Between nodes both sides show a certificate.</summary>
[Collection(OnClusters.Name)]
public sealed class NodeTlsTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-node-tls-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task Nodes_with_certificates_are_one_gateway_and_one_without_is_not_let_in()
    {
        Tools.Need("openssl");
        await CertificatesAsync("ca", "a", "b");

        await using var cluster = await ClusterOf.StartAsync(2, new ClusterWishes
        {
            Shared = DtuCrowd.Profile,
            Cluster = node => Tls(node, "ca"),
        });
        await using var crowd = new DtuCrowd(DtuCrowd.Names(10), () => cluster.Listeners);
        await cluster.OnlineAsync(crowd.Ids);
        await Requests.EachAnswersAsync(cluster, "a", crowd.Ids);
        await Requests.EachAnswersAsync(cluster, "b", crowd.Ids);

        // In the clear, and with a certificate that others trust.
        await CertificatesAsync("other", "x");
        await Task.WhenAll(IsNotLetInAsync(cluster, "x", ""), IsNotLetInAsync(cluster, "y", Tls("x", "other")));
        Assert.All(cluster.Names, node => Assert.DoesNotMatch("node [xy] ", cluster.Node(node).Errors));
    }

    private async Task IsNotLetInAsync(ClusterOf cluster, string name, string tls)
    {
        await using var stranger = HostProcess.Start(["run", "-c", await StrangerAsync(cluster, name, tls)], System.IO.Directory.CreateDirectory(Path.Combine(_folder, $"{name}-files")).FullName);
        var code = await stranger.EndAsync();
        Assert.True(code == 1, $"{code}\n{stranger.Errors}");
        Assert.DoesNotContain("is in the cluster", stranger.Errors, StringComparison.Ordinal);
    }

    /// <summary>What a node shows, and whom it trusts.</summary>
    private string Tls(string node, string ca) =>
        $", tls {{ certificate {{ path = \"{_folder}/{node}.pem\", key-path = \"{_folder}/{node}.key\" }}, ca-path = \"{_folder}/{ca}.pem\" }}";

    private async Task CertificatesAsync(string ca, params string[] nodes)
    {
        await OpensslAsync($"req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={ca} -keyout {ca}.key -out {ca}.pem");
        foreach (var node in nodes)
        {
            await OpensslAsync($"req -newkey rsa:2048 -nodes -subj /CN={node} -keyout {node}.key -out {node}.csr");
            await File.WriteAllTextAsync(Path.Combine(_folder, $"{node}.ext"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n");
            await OpensslAsync($"x509 -req -in {node}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -days 30 -extfile {node}.ext -out {node}.pem");
        }
    }

    private async Task<string> StrangerAsync(ClusterOf cluster, string name, string tls)
    {
        var path = Path.Combine(_folder, $"{name}.conf");
        await File.WriteAllTextAsync(path, $$"""
            dtu {
              node { name = "{{name}}" }
              cluster { enabled = on, host = "127.0.0.1", port = {{FreePorts.Take(1)[0]}}, seed-nodes = [{{cluster.Seeds}}], seed-node-timeout = 5s {{tls}} }
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
              http { port = 0 }
              storage { provider = none }
            }
            """);
        return path;
    }

    private async Task OpensslAsync(string arguments)
    {
        using var openssl = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("openssl", arguments)
        {
            WorkingDirectory = _folder, RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        var said = await openssl.StandardError.ReadToEndAsync();
        await openssl.WaitForExitAsync();
        Assert.True(openssl.ExitCode == 0, said);
    }
}

using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using DtuActors.Host.Commands;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Cluster;

/// <summary>What a test wants of its cluster beside the defaults.</summary>
internal sealed record ClusterWishes
{
    /// <summary>HOCON within <c>dtu { }</c>, the same on every node: profiles, endpoints, routes.</summary>
    public string Shared { get; init; } = "";

    /// <summary>HOCON within <c>dtu { cluster { } }</c>, for the node of that name.</summary>
    public Func<string, string> Cluster { get; init; } = _ => "";

    public string Storage { get; init; } = "provider = none";

    /// <summary>Whether nodes dial each other through <see cref="ClusterOf.Links"/>, which can be cut.</summary>
    public bool Links { get; init; }
}

/// <summary>
/// Several <c>dtu run</c> processes on loopback that are one gateway: nodes <c>a</c>, <c>b</c>, <c>c</c> ..., each with a listener, an API and a folder of its own. A node is
/// killed, frozen and started again under its name, with the cluster port that it had.
/// </summary>
internal sealed class ClusterOf : IAsyncDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-cluster-").FullName;
    private readonly Dictionary<string, int> _ports;
    private readonly Dictionary<string, HostProcess> _nodes = [];
    private readonly Dictionary<string, HttpClient> _clients = [];
    private readonly List<HostProcess> _ended = [];
    private readonly Lock _lock = new();
    private readonly ClusterWishes _wishes;

    private ClusterOf(int count, ClusterWishes wishes)
    {
        _wishes = wishes;
        Names = [.. Enumerable.Range(0, count).Select(number => ((char)('a' + number)).ToString())];
        _ports = Names.Zip(FreePorts.Take(count), KeyValuePair.Create).ToDictionary();
        Links = wishes.Links ? new NodeLinks(_ports) : null;
    }

    /// <summary>Of all nodes, those that do not run too.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The lines between the nodes; null: they are not asked for.</summary>
    public NodeLinks? Links { get; }

    /// <summary>Starts so many nodes at once and waits until all are ready.</summary>
    public static async Task<ClusterOf> StartAsync(int count, ClusterWishes? wishes = null)
    {
        var cluster = new ClusterOf(count, wishes ?? new ClusterWishes());
        try
        {
            await Task.WhenAll(cluster.Names.Select(cluster.StartNodeAsync));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public HostProcess Node(string name)
    {
        lock (_lock)
        {
            return _nodes[name];
        }
    }

    /// <summary>The API of a node.</summary>
    public HttpClient Http(string name)
    {
        lock (_lock)
        {
            return _clients[name];
        }
    }

    /// <summary>The value of <c>seed-nodes</c>, without its brackets.</summary>
    public string Seeds => string.Join(", ", Names.Select(node => $"\"127.0.0.1:{(Links is null ? _ports[node] : Links.PortOf(node))}\""));

    /// <summary>Nodes that run, by name.</summary>
    public string[] Running
    {
        get
        {
            lock (_lock)
            {
                return [.. _nodes.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Where DTUs are taken: the listeners of nodes that run.</summary>
    public IPEndPoint[] Listeners
    {
        get
        {
            lock (_lock)
            {
                return [.. _nodes.OrderBy(node => node.Key, StringComparer.Ordinal).Select(node => node.Value.EndPointOf("main"))];
            }
        }
    }

    /// <summary>Starts a node that does not run, and waits until it is ready.</summary>
    public async Task<HostProcess> StartNodeAsync(string name)
    {
        var folder = System.IO.Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        var host = await HostProcess.RunAsync(Configuration(name), folder);
        lock (_lock)
        {
            _nodes[name] = host;
            _clients[name] = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        }

        return host;
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync(string name) => Taken(name).KillAsync();

    /// <summary>SIGTERM; its exit code.</summary>
    public Task<int> StopAsync(string name) => Taken(name).StopAsync();

    /// <summary>Takes a node that ends by itself for one that does not run; its exit code.</summary>
    public async Task<int> EndAsync(string name)
    {
        var code = await Node(name).EndAsync();
        Taken(name);
        return code;
    }

    /// <summary>Takes a node for one that does not run, if it has ended by itself; whether it had.</summary>
    public bool TakeEnded(string name)
    {
        lock (_lock)
        {
            var hasEnded = _nodes.TryGetValue(name, out var node) && node.HasEnded;
            if (hasEnded)
            {
                Taken(name);
            }

            return hasEnded;
        }
    }

    public async Task<Answer> GetAsync(string node, string path) => await Answer.OfAsync(await Http(node).GetAsync(path));

    public async Task<Answer> PostAsync(string node, string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        return await Answer.OfAsync(await Http(node).PostAsync(path, body));
    }

    /// <summary>The DTUs whose sessions are on that node, as it says itself.</summary>
    public async Task<List<string>> SessionsOnAsync(string node)
    {
        var ids = new List<string>();
        string? after = null;
        do
        {
            var page = (await GetAsync(node, $"/api/v1/dtus?state=online&limit=1000{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}")).Json;
            ids.AddRange(page.GetProperty("items").EnumerateArray()
                .Where(dtu => dtu.GetProperty("node").GetString() == node)
                .Select(dtu => dtu.GetProperty("id").GetString()!));
            after = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }
        while (after is not null);
        return ids;
    }

    /// <summary>Where each DTU has its session, of every node that runs: one that is in two places is there twice.</summary>
    public async Task<ILookup<string, string>> SessionsAsync()
    {
        var all = new List<(string Id, string Node)>();
        foreach (var node in Running)
        {
            all.AddRange((await SessionsOnAsync(node)).Select(id => (id, node)));
        }

        return all.ToLookup(session => session.Id, session => session.Node);
    }

    /// <summary>Sessions on that node as its metrics count them: sockets, not what a view remembers.</summary>
    public async Task<int> ConnectionsAsync(string node)
    {
        var metrics = await Http(node).GetStringAsync("/metrics");
        return metrics.Split('\n').Where(line => line.StartsWith("dtu_connections{", StringComparison.Ordinal) || line.StartsWith("dtu_connections ", StringComparison.Ordinal))
            .Sum(line => (int)double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    /// <summary>The state of an endpoint on that node.</summary>
    public async Task<string?> EndpointStateAsync(string node, string name) =>
        (await GetAsync(node, "/api/v1/endpoints")).Json.GetProperty("items").EnumerateArray()
        .Where(endpoint => endpoint.GetProperty("name").GetString() == name)
        .Select(endpoint => endpoint.GetProperty("state").GetString())
        .FirstOrDefault();

    /// <summary>Waits until all of <paramref name="ids"/> have a session, each one.</summary>
    public Task OnlineAsync(IReadOnlyCollection<string> ids) => RunningGateway.UntilAsync(async () =>
    {
        var sessions = await SessionsAsync();
        return ids.All(id => sessions[id].Count() == 1);
    });

    /// <summary>What every node said on standard error, for the message of a failure.</summary>
    public string Logs
    {
        get
        {
            lock (_lock)
            {
                return string.Join('\n', _ended.Concat(_nodes.Values).Select(node => $"--- {Path.GetFileName(node.Folder)}\n{node.Errors}"));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }

        // A failure keeps what was said: the test's output folder is not known here, the variable names one.
        if (Environment.GetEnvironmentVariable("DTU_CLUSTER_LOGS") is { Length: > 0 } logs)
        {
            await File.WriteAllTextAsync(logs, Logs);
        }

        foreach (var node in _nodes.Values.Concat(_ended))
        {
            await node.DisposeAsync();
        }

        if (Links is not null)
        {
            await Links.DisposeAsync();
        }

        System.IO.Directory.Delete(_folder, recursive: true);
    }

    private HostProcess Taken(string name)
    {
        lock (_lock)
        {
            _nodes.Remove(name, out var node);
            if (_clients.Remove(name, out var client))
            {
                client.Dispose();
            }

            _ended.Add(node!);
            return node!;
        }
    }

    private string Configuration(string name)
    {
        var dialled = Links is null ? "" : $", public-port = {Links.PortOf(name)}";
        return $$"""
            dtu {
              node { name = "{{name}}" }
              cluster { enabled = on, host = "127.0.0.1", port = {{_ports[name]}}{{dialled}}, seed-nodes = [{{Seeds}}] {{_wishes.Cluster(name)}} }
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0, engine = sockets } }
              http { address = "127.0.0.1", port = 0 }
              storage { {{_wishes.Storage}} }
              {{_wishes.Shared}}
            }
            """;
    }
}

/// <summary>Clusters of real processes: one after the other, beside all else.</summary>
[CollectionDefinition(Name)]
public sealed class OnClusters
{
    public const string Name = "Clusters";
}

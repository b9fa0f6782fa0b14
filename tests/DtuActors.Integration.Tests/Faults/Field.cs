using System.Net;
using DtuActors.Integration.Tests.Cluster;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>The gateway that is tried: one process, or a cluster of them.</summary>
internal abstract class Field : IAsyncDisposable
{
    /// <summary>The names of its nodes, those that do not run too.</summary>
    public abstract IReadOnlyList<string> Nodes { get; }

    /// <summary>The nodes that run, by name.</summary>
    public abstract IReadOnlyDictionary<string, HostProcess> Running { get; }

    /// <summary>A client of the API of a node that runs; null: none does.</summary>
    public abstract HttpClient? Http { get; }

    /// <summary>What all of its processes said on standard error.</summary>
    public abstract string Errors { get; }

    /// <summary>Where a node listens under that name; any that runs, by the number; null: none does.</summary>
    public IPEndPoint? Where(string name, int any)
    {
        var nodes = Running.Values.ToArray();
        return nodes.Length == 0 ? null : nodes[any % nodes.Length].EndPointOf(name);
    }

    /// <summary>SIGKILL.</summary>
    public abstract Task KillAsync(string node);

    public abstract Task StartAsync(string node);

    public abstract ValueTask DisposeAsync();
}

/// <summary>One process, in surroundings of its own.</summary>
internal sealed class OneGateway(string folder, string configuration, MovedClock? clock, FarNetwork? network) : Field
{
    /// <summary>Of the API, where that is not on loopback.</summary>
    public const string Key = "a-key-of-the-harness-00";

    private const string Name = "a";

    private readonly Lock _lock = new();
    private readonly List<HostProcess> _ended = [];
    private HostProcess? _host;
    private HttpClient? _http;

    public override IReadOnlyList<string> Nodes => [Name];

    public override IReadOnlyDictionary<string, HostProcess> Running
    {
        get
        {
            lock (_lock)
            {
                return _host is { } host ? new Dictionary<string, HostProcess> { [Name] = host } : [];
            }
        }
    }

    public override HttpClient? Http
    {
        get
        {
            lock (_lock)
            {
                return _http;
            }
        }
    }

    public override string Errors
    {
        get
        {
            lock (_lock)
            {
                return string.Join("\n--- killed\n", _ended.Append(_host).OfType<HostProcess>().Select(static host => host.Errors));
            }
        }
    }

    public override async Task StartAsync(string node)
    {
        var host = await HostProcess.RunAsync(configuration, folder, clock?.Environment, network?.Inside);
        lock (_lock)
        {
            _host = host;
            _http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
            _http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        }
    }

    public override async Task KillAsync(string node)
    {
        HostProcess? host;
        lock (_lock)
        {
            host = _host;
            _host = null;
            _http?.Dispose();
            _http = null;
            if (host is not null)
            {
                _ended.Add(host);
            }
        }

        if (host is not null)
        {
            await host.KillAsync();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        foreach (var host in _ended.Append(_host).OfType<HostProcess>())
        {
            await host.DisposeAsync();
        }
    }
}

/// <summary>
/// Three processes, whose lines to each other can be cut. One that ends by itself is started again, as a service manager does: it was given up by the others, or found none of them.
/// </summary>
internal sealed class ManyGateways : Field
{
    // One that finds no other gives up after half a minute.
    private const int MostStarts = 4;

    private readonly ClusterOf _cluster;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _keeping;

    public ManyGateways(ClusterOf cluster)
    {
        _cluster = cluster;
        _keeping = Task.WhenAll(cluster.Names.Select(KeepAsync));
    }

    public ClusterOf Cluster => _cluster;

    public override IReadOnlyList<string> Nodes => _cluster.Names;

    public override IReadOnlyDictionary<string, HostProcess> Running => _cluster.Running.ToDictionary(name => name, _cluster.Node);

    public override HttpClient? Http => _cluster.Running is [var first, ..] ? _cluster.Http(first) : null;

    public override string Errors => _cluster.Logs;

    public override Task KillAsync(string node) => _cluster.KillAsync(node);

    public override async Task StartAsync(string node)
    {
        for (var left = MostStarts; !_over.IsCancellationRequested; left--)
        {
            try
            {
                await _cluster.StartNodeAsync(node);
                return;
            }
            catch (InvalidOperationException ended) when (left > 1 && ended.Message.Contains("no node of the cluster answered", StringComparison.Ordinal))
            {
                // The first of them, which alone begins a cluster, is not back yet.
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        try
        {
            await _keeping;
        }
        finally
        {
            await _cluster.DisposeAsync();
            _over.Dispose();
        }
    }

    private async Task KeepAsync(string node)
    {
        while (!_over.IsCancellationRequested)
        {
            if (_cluster.TakeEnded(node))
            {
                await StartAsync(node);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500), _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

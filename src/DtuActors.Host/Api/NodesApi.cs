using System.ComponentModel;
using System.Reflection;
using DtuActors.Clustering;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>Where the gateway runs: <c>/api/v1/nodes</c>.</summary>
internal static class NodesApi
{
    // Without the commit that a build puts behind it.
    private static readonly string Version =
        typeof(NodesApi).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/nodes", ListAsync)
            .WithSummary("The nodes of the gateway")
            .WithDescription("Every node of the cluster by name, as the one that is asked sees it; what a node's process says of itself is null where it does not answer within 2 s. Without a cluster this process alone.")
            .Refuses();

    private static async Task<Ok<ItemList<NodeModel>>> ListAsync(DtuGateway gateway, Readiness readiness, MissingNodes missing, CancellationToken cancellation) =>
        TypedResults.Ok(new ItemList<NodeModel>(await AllAsync(gateway, readiness, missing, cancellation)) { Missing = missing.NamesOrNull });

    /// <summary>The nodes as they stand.</summary>
    public static async Task<IReadOnlyList<NodeModel>> AllAsync(DtuGateway gateway, Readiness readiness, MissingNodes? missing, CancellationToken cancellation) =>
        [.. (await gateway.NodesAsync(cancellation, missing)).Select(node => Of(node, gateway, readiness))];

    private static NodeModel Of(NodeStatus node, DtuGateway gateway, Readiness readiness)
    {
        var isClustered = gateway.Options.Cluster.Enabled;
        var trouble = node.IsSelf ? readiness.NotReady : null;
        var process = node.Process;
        return new NodeModel
        {
            Name = node.Name,
            Kind = isClustered ? "member" : "single",
            State = trouble is not null && !isClustered ? NodeStates.Down : node.State,
            LastError = trouble?.Detail,
            Address = node.Address,
            Roles = node.Roles,
            Self = node.IsSelf,
            Version = node.IsSelf ? Version : node.Version ?? "unknown",
            StartedAt = process is null ? null : ModelMap.Utc(process.StartedAt),
            UptimeSeconds = process is null ? null : Math.Round(process.Uptime.TotalSeconds, 3),
            Sessions = process?.Sessions,
            ProcessorSeconds = process is null ? null : Math.Round(process.ProcessorTime.TotalSeconds, 3),
            MemoryBytes = process?.MemoryBytes,
            Dotnet = process?.Dotnet,
            Os = process?.Os,
        };
    }
}

internal sealed record NodeModel
{
    public required string Name { get; init; }

    [Description("single: a gateway of one process; member: a node of a cluster.")]
    public required string Kind { get; init; }

    [Description("up, joining, leaving, unreachable (it does not answer, and may again) or down (given up). Of a single one up, or down while it starts or stops.")]
    public required string State { get; init; }
    public string? LastError { get; init; }

    [Description("Where its actors are, in a cluster.")]
    public string? Address { get; init; }

    [Description("dtu.cluster.roles.")]
    public IReadOnlyList<string> Roles { get; init; } = [];

    [Description("Whether it is the one that was asked.")]
    public bool Self { get; init; }

    [Description("Of DtuActors.")]
    public required string Version { get; init; }
    public DateTime? StartedAt { get; init; }
    public double? UptimeSeconds { get; init; }

    [Description("DTUs that are online there.")]
    public int? Sessions { get; init; }

    [Description("Of all processors together, since the start.")]
    public double? ProcessorSeconds { get; init; }

    [Description("What the process holds of the machine's memory.")]
    public long? MemoryBytes { get; init; }
    public string? Dotnet { get; init; }
    public string? Os { get; init; }
}

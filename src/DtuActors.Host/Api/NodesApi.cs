using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
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
            .WithDescription("This process alone: the cluster is not built yet.")
            .Refuses();

    private static async Task<Ok<ItemList<NodeModel>>> ListAsync(DtuGateway gateway, Readiness readiness, CancellationToken cancellation) =>
        TypedResults.Ok(new ItemList<NodeModel>([await ThisAsync(gateway, readiness, cancellation)]));

    /// <summary>This process as it stands.</summary>
    public static async Task<NodeModel> ThisAsync(DtuGateway gateway, Readiness readiness, CancellationToken cancellation)
    {
        var fleet = await gateway.FleetCountsAsync(cancellation);
        using var process = Process.GetCurrentProcess();
        var startedAt = process.StartTime.ToUniversalTime();
        var trouble = readiness.NotReady;
        return new NodeModel
        {
            Name = gateway.Options.Node.Name,
            Kind = "single",
            State = trouble is null ? "up" : "down",
            LastError = trouble?.Detail,
            Version = Version,
            StartedAt = ModelMap.Utc(startedAt),
            UptimeSeconds = Math.Round((TimeProvider.System.GetUtcNow() - startedAt).TotalSeconds, 3),
            Sessions = fleet.Online,
            ProcessorSeconds = Math.Round(process.TotalProcessorTime.TotalSeconds, 3),
            MemoryBytes = process.WorkingSet64,
            Dotnet = RuntimeInformation.FrameworkDescription,
            Os = RuntimeInformation.OSDescription,
        };
    }
}

internal sealed record NodeModel
{
    public required string Name { get; init; }

    [Description("single: a gateway of one process.")]
    public required string Kind { get; init; }

    [Description("up, or down while it starts or stops.")]
    public required string State { get; init; }
    public string? LastError { get; init; }

    [Description("Of DtuActors.")]
    public required string Version { get; init; }
    public required DateTime StartedAt { get; init; }
    public required double UptimeSeconds { get; init; }

    [Description("DTUs that are online.")]
    public required int Sessions { get; init; }

    [Description("Of all processors together, since the start.")]
    public required double ProcessorSeconds { get; init; }

    [Description("What the process holds of the machine's memory.")]
    public required long MemoryBytes { get; init; }
    public required string Dotnet { get; init; }
    public required string Os { get; init; }
}

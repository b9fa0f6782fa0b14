using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DtuActors;

/// <summary>One node as it stands: what the cluster says of it, and what it says of itself.</summary>
public sealed record NodeStatus
{
    public required string Name { get; init; }

    /// <summary>One of <see cref="Clustering.NodeStates"/>; of a gateway without a cluster, up.</summary>
    public required string State { get; init; }

    /// <summary>Where its actors are; null: there is no cluster.</summary>
    public string? Address { get; init; }

    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>Of DtuActors; null: the cluster does not know.</summary>
    public string? Version { get; init; }

    /// <summary>What its process says; null: it does not answer.</summary>
    public NodeProcess? Process { get; init; }

    public bool IsSelf { get; init; }
}

/// <summary>A node's process.</summary>
/// <param name="Sessions">DTUs that are online there.</param>
/// <param name="StartedAt">When the process began.</param>
/// <param name="Uptime">How long ago that was.</param>
/// <param name="ProcessorTime">Of all processors together, since the start.</param>
/// <param name="MemoryBytes">What it holds of the machine's memory.</param>
public sealed record NodeProcess(int Sessions, DateTimeOffset StartedAt, TimeSpan Uptime, TimeSpan ProcessorTime, long MemoryBytes, string Dotnet, string Os)
{
    /// <summary>This process.</summary>
    internal static NodeProcess This(int sessions)
    {
        using var process = Process.GetCurrentProcess();
        var startedAt = new DateTimeOffset(process.StartTime.ToUniversalTime(), TimeSpan.Zero);
        return new NodeProcess(
            sessions, startedAt, TimeProvider.System.GetUtcNow() - startedAt, process.TotalProcessorTime, process.WorkingSet64, RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription);
    }
}

using System.Collections.Immutable;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Alarming;

/// <summary>What alarms want to know of one DTU; counts are those of the session that is open.</summary>
/// <param name="Id">Whose.</param>
/// <param name="State">As <c>GET /dtus</c> says it.</param>
/// <param name="IsListed">Configured or registered.</param>
/// <param name="EndedAt">When its last session ended; null: it was never here, or is.</param>
/// <param name="EndReason">Why, in words.</param>
/// <param name="ConflictWith">Where the other device is.</param>
/// <param name="Sessions">Since the gateway started.</param>
/// <param name="Epoch">The session's; default: none is open.</param>
/// <param name="FramesUp">Frames it sent.</param>
/// <param name="WrongUp">Pieces it sent that are no frame: a wrong checksum, garbage.</param>
/// <param name="QueueFull">Downlinks its bus refused.</param>
/// <param name="WaitsSince">Since when the oldest request waits for its bus, by <see cref="SteadyTime"/>; null: none does.</param>
internal readonly record struct DtuLook(
    DtuId Id, DtuState State, bool IsListed, DateTimeOffset? EndedAt, string? EndReason, string? ConflictWith, long Sessions, Epoch Epoch, long FramesUp, long WrongUp, long QueueFull,
    DateTimeOffset? WaitsSince)
{
    /// <summary>The moment of <see cref="EndedAt"/> by <see cref="SteadyTime"/>.</summary>
    public DateTimeOffset? Ended
    {
        get => field ?? EndedAt;
        init;
    }

    /// <summary>Whether another node of the cluster that is up has it, or had it last: its alarms are that one's.</summary>
    public bool IsElsewhere { get; init; }

    /// <summary>
    /// Whether no node that is up has ever had it, as far as this one knows: a DTU that is listed and never came, or that was last on a node that is gone. One node of all speaks for it.
    /// </summary>
    public bool IsNowhere { get; init; }
}

/// <summary>
/// How the whole field stands. One object goes to and fro between AlarmActor and FleetView, whoever has it owns it: a hundred thousand rows every few seconds
/// are not to be made anew.
/// </summary>
internal sealed class FieldLook
{
    public List<DtuLook> Dtus { get; } = [];

    public ImmutableArray<EndpointStatus> Endpoints { get; set; } = [];

    public ImmutableArray<ListenerStatus> Listeners { get; set; } = [];
}

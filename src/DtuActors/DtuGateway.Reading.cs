using System.Collections.Immutable;
using DtuActors.Clustering.Merging;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Storage;

namespace DtuActors;

/// <summary>
/// What is asked of the field: of all nodes of a cluster, whichever is asked. Where a node does not answer within 2 s, or can't be reached, its part is missing in the answer, and its
/// name is in the <see cref="MissingNodes"/> that was given.
/// </summary>
public sealed partial class DtuGateway
{
    private readonly FieldEverywhere _everywhere;

    /// <summary>What this node alone knows.</summary>
    internal FieldHere Here { get; }

    /// <summary>DTUs by id, those after <paramref name="after"/>, at most <paramref name="limit"/>.</summary>
    public Task<DtuPage> ListDtusAsync(DtuState? state, int limit, string? after, CancellationToken ct) =>
        ListDtusAsync(new DtuFilter(State: state), limit, after, ct);

    /// <summary>The same of those that <paramref name="filter"/> means.</summary>
    public Task<DtuPage> ListDtusAsync(DtuFilter filter, int limit, string? after, CancellationToken ct, MissingNodes? missing = null) => _everywhere.ListAsync(filter, limit, after, missing, ct);

    /// <summary>How many DTUs <paramref name="filter"/> means, and those of them behind the first <paramref name="skip"/>, at most <paramref name="take"/>.</summary>
    public Task<DtuSearch> SearchDtusAsync(DtuFilter filter, int skip, int take, CancellationToken ct, MissingNodes? missing = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(skip);
        ArgumentOutOfRangeException.ThrowIfNegative(take);
        return _everywhere.SearchAsync(filter, skip, take, missing, ct);
    }

    /// <summary>How many DTUs are in which state, what they sent, which groups and codecs there are.</summary>
    public Task<FleetCounts> FleetCountsAsync(CancellationToken ct, MissingNodes? missing = null) => _everywhere.CountsAsync(missing, ct);

    /// <summary>One DTU, or null where it was never seen and is neither configured nor registered.</summary>
    public Task<DtuStatus?> FindDtuAsync(DtuId id, CancellationToken ct, MissingNodes? missing = null) => _everywhere.FindAsync(id, missing, ct);

    /// <summary>
    /// A DTU's sessions, newest first: the open one and those that ended, at most 20. Where they can't be read from the database now, or nothing is stored, those
    /// that memory holds.
    /// </summary>
    public Task<ImmutableArray<SessionRecord>> SessionsAsync(DtuId id, CancellationToken ct, MissingNodes? missing = null) => _everywhere.SessionsAsync(id, missing, ct);

    /// <summary>Forgets what is remembered of a DTU that is offline, on every node; false where nobody knows it.</summary>
    public Task<bool> ForgetAsync(DtuId id, CancellationToken ct, MissingNodes? missing = null) => _everywhere.ForgetAsync(id, missing, ct);

    /// <summary>
    /// A DTU's commands, newest first: those that are open, and at most 50 that have ended. What was sent is stored where commands are; requests, and sends of a gateway that
    /// stores nothing, are in the memory of the node that was asked for them, at most 10,000 of all. Null: the database fails.
    /// </summary>
    public Task<ImmutableArray<CommandStatus>?> CommandsAsync(DtuId id, CancellationToken ct, MissingNodes? missing = null) => _everywhere.CommandsAsync(id, missing, ct);

    /// <summary>Takes a command back, if it still waits: for its DTU, or for its turn on the bus. Null: the database fails.</summary>
    public Task<WithdrawOutcome?> WithdrawAsync(DtuId id, string commandId, CancellationToken ct) => _everywhere.WithdrawAsync(id, commandId, ct);

    /// <summary>
    /// A page of a DTU's frames, oldest first: of those that are stored, or where nothing is stored, of those in memory. <paramref name="after"/> is the <c>next</c> of the
    /// page before, or of a frame. What had passed before is in it.
    /// </summary>
    /// <exception cref="StorageException">The stored history can't be read or written now.</exception>
    public Task<FramePage> FramesAsync(DtuId id, DateTimeOffset? since, DateTimeOffset? until, int limit, string? after, CancellationToken ct, MissingNodes? missing = null) =>
        _everywhere.FramesAsync(new Records.GetFrames(id, since, until, limit, after), missing, ct);

    /// <summary>The last frames that fit, oldest first; no page follows.</summary>
    /// <exception cref="StorageException">As above.</exception>
    public Task<FramePage> LatestFramesAsync(DtuId id, DateTimeOffset? since, DateTimeOffset? until, int limit, CancellationToken ct, MissingNodes? missing = null) =>
        _everywhere.FramesAsync(new Records.GetFrames(id, since, until, limit, null, Newest: true), missing, ct);

    /// <summary>Refused connections, newest first.</summary>
    public Task<ImmutableArray<RefusedConnection>> UnknownAsync(CancellationToken ct, MissingNodes? missing = null) => _everywhere.UnknownAsync(missing, ct);

    /// <summary>Endpoints by name, then by node.</summary>
    public Task<ImmutableArray<EndpointStatus>> EndpointsAsync(CancellationToken ct, MissingNodes? missing = null) => _everywhere.EndpointsAsync(missing, ct);

    /// <summary>Routes in the order of configuration; what a route carried on any node is one sum.</summary>
    public Task<ImmutableArray<RouteStatus>> RoutesAsync(CancellationToken ct, MissingNodes? missing = null) => _everywhere.RoutesAsync(missing, ct);

    /// <summary>Listeners and dialers by name, then by node.</summary>
    public Task<ImmutableArray<ListenerStatus>> ListenersAsync(CancellationToken ct, MissingNodes? missing = null) => _everywhere.ListenersAsync(missing, ct);

    /// <summary>The nodes by name; this process alone where there is no cluster.</summary>
    public Task<ImmutableArray<NodeStatus>> NodesAsync(CancellationToken ct, MissingNodes? missing = null) => _everywhere.NodesAsync(missing, ct);
}

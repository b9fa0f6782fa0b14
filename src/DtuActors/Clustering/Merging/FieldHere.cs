using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Commanding;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Storage;

namespace DtuActors.Clustering.Merging;

/// <summary>What this node alone knows of its DTUs, endpoints, listeners and routes: the questions to its own actors, as tasks.</summary>
internal sealed class FieldHere(Task<GatewayActor.Parts> parts)
{
    // Parts answer at once, or are being restarted; a request's own limits come on top.
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(5);

    // A disk that stalls; a group's ten thousand queues that are read at once.
    private static readonly TimeSpan JournalLimit = TimeSpan.FromSeconds(30);

    public Task<DtuPage> ListAsync(DtuFilter filter, int limit, string? after, bool forPeer, CancellationToken ct) => AskFleet<DtuPage>(new Fleet.ListDtus(filter, limit, after, forPeer), ct);

    public Task<DtuSearch> SearchAsync(DtuFilter filter, int skip, int take, DtuId? from, bool forPeer, CancellationToken ct) =>
        AskFleet<DtuSearch>(new Fleet.SearchDtus(filter, skip, take, from, forPeer), ct);

    public Task<Fleet.Samples> SampleAsync(DtuFilter filter, int most, bool forPeer, CancellationToken ct) => AskFleet<Fleet.Samples>(new Fleet.SampleDtus(filter, most, forPeer), ct);

    public Task<FleetCounts> CountsAsync(bool forPeer, CancellationToken ct) => AskFleet<FleetCounts>(new Fleet.GetCounts(forPeer), ct);

    public Task<Fleet.FoundDtu> FindAsync(DtuId id, bool forPeer, CancellationToken ct) => AskFleet<Fleet.FoundDtu>(new Fleet.GetDtu(id, forPeer), ct);

    public async Task<ImmutableArray<SessionRecord>> SessionsAsync(DtuId id, CancellationToken ct)
    {
        var known = (await AskFleet<Fleet.Listed<SessionRecord>>(new Fleet.GetSessions(id), ct).ConfigureAwait(false)).Items;
        var stored = await AskRecorder<object>(new Records.GetSessions(id), ct).ConfigureAwait(false) is Records.Sessions sessions ? sessions.Items : [];
        return Merge.Sessions(stored.Concat(known));
    }

    public async Task<FramePage> FramesAsync(Records.GetFrames question, CancellationToken ct) => await AskRecorder<object>(question, ct).ConfigureAwait(false) switch
    {
        FramePage page => page,
        Records.NotRead failed => throw new StorageException(failed.Problem),
        var other => throw new InvalidOperationException($"no answer: {other}"),
    };

    public async Task<ImmutableArray<RefusedConnection>> UnknownAsync(CancellationToken ct) => (await AskRecorder<Records.Unknown>(new Records.GetUnknown(), ct).ConfigureAwait(false)).Items;

    public async Task<ImmutableArray<EndpointStatus>> EndpointsAsync(CancellationToken ct) =>
        (await AskFleet<Fleet.Listed<EndpointStatus>>(new Fleet.ListEndpoints(), ct).ConfigureAwait(false)).Items;

    public async Task<ImmutableArray<RouteStatus>> RoutesAsync(CancellationToken ct) => (await AskFleet<Fleet.Listed<RouteStatus>>(new Fleet.ListRoutes(), ct).ConfigureAwait(false)).Items;

    public async Task<ImmutableArray<ListenerStatus>> ListenersAsync(CancellationToken ct) =>
        (await AskFleet<Fleet.Listed<ListenerStatus>>(new Fleet.ListListeners(), ct).ConfigureAwait(false)).Items;

    public async Task<bool> ForgetAsync(DtuId id, CancellationToken ct) => (await AskFleet<Fleet.Forgotten>(new Fleet.Forget(id), ct).ConfigureAwait(false)).WasKnown;

    /// <summary>Commands that this node has in memory.</summary>
    public async Task<ImmutableArray<CommandStatus>> UnstoredCommandsAsync(DtuId id, CancellationToken ct) =>
        (await (await parts.ConfigureAwait(false)).Commands.Ask<Commands.Listed>(new Commands.List(id), AskLimit, ct).ConfigureAwait(false)).Items;

    /// <summary>Commands that are stored, of which there is one queue, wherever it is; null: the database fails.</summary>
    public async Task<ImmutableArray<CommandStatus>?> StoredCommandsAsync(DtuId id, CancellationToken ct)
    {
        if ((await parts.ConfigureAwait(false)).Queues is not { } queues)
        {
            return [];
        }

        return (await AskQueue(queues, new Queueing.List(id), ct).ConfigureAwait(false) as Commands.Listed)?.Items;
    }

    public async Task<WithdrawOutcome> WithdrawUnstoredAsync(DtuId id, string commandId, CancellationToken ct) =>
        (await (await parts.ConfigureAwait(false)).Commands.Ask<Commands.WithdrawEnded>(new Commands.Withdraw(id, commandId), AskLimit, ct).ConfigureAwait(false)).Outcome;

    /// <summary>Null: the database fails.</summary>
    public async Task<WithdrawOutcome?> WithdrawStoredAsync(DtuId id, string commandId, CancellationToken ct)
    {
        if ((await parts.ConfigureAwait(false)).Queues is not { } queues)
        {
            return WithdrawOutcome.Unknown;
        }

        return (await AskQueue(queues, new Queueing.Withdraw(id, commandId), ct).ConfigureAwait(false) as Commands.WithdrawEnded)?.Outcome;
    }

    /// <summary>The members of the cluster; null: there is none.</summary>
    public async Task<Membership.Listed?> MembersAsync(CancellationToken ct)
    {
        if ((await parts.ConfigureAwait(false)).Membership is not { } membership)
        {
            return null;
        }

        return await membership.Ask<Membership.Listed>(new Membership.GetNodes(), AskLimit, ct).ConfigureAwait(false);
    }

    // Null: the database hangs.
    private static async Task<object?> AskQueue(IActorRef queues, Queueing.IForQueue question, CancellationToken ct)
    {
        try
        {
            return await queues.Ask<object>(question, JournalLimit, ct).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    private async Task<T> AskFleet<T>(object question, CancellationToken ct) => await (await parts.ConfigureAwait(false)).Fleet.Ask<T>(question, AskLimit, ct).ConfigureAwait(false);

    private async Task<T> AskRecorder<T>(object question, CancellationToken ct) => await (await parts.ConfigureAwait(false)).Recorder.Ask<T>(question, AskLimit, ct).ConfigureAwait(false);
}

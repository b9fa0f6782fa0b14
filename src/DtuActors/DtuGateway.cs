using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Actor;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Sessions;

namespace DtuActors;

/// <summary>What start-up tells, in order: one <see cref="Bound"/> per socket, then <see cref="Ready"/>, or <see cref="Failed"/>.</summary>
public abstract record StartUpEvent
{
    /// <summary>A socket is bound. <paramref name="Address"/> is <c>127.0.0.1:9000</c>, <c>[::1]:9000</c>.</summary>
    public sealed record Bound(string Name, string Transport, string Address) : StartUpEvent;

    /// <summary>A configured address can't be bound.</summary>
    public sealed record Failed(string KeyPath, string Address, string Problem, bool AddressInUse) : StartUpEvent;

    /// <summary>Everything that binds is bound. COM ports and dialled DTUs are not waited for.</summary>
    public sealed record Ready : StartUpEvent;
}

/// <summary>What became of a request: an answer, or the reason why there is none.</summary>
public sealed record RequestOutcome(Frame? Answer, TimeSpan Elapsed, RefusalReason? Refusal);

/// <summary>What became of a send: <c>null</c> refusal means that the kernel has the bytes.</summary>
public sealed record SendOutcome(string CommandId, RefusalReason? Refusal);

/// <summary>
/// The gateway for code that is no actor (the HTTP API, an embedding application): every question as a task, every stream as a bounded channel.
/// </summary>
public sealed class DtuGateway
{
    /// <summary>Start-up's events; completed after <see cref="StartUpEvent.Ready"/> or <see cref="StartUpEvent.Failed"/>.</summary>
    public ChannelReader<StartUpEvent> StartUp => throw new NotSupportedException();

    /// <summary>Completes when the gateway's actor has ended; faulted where it ended by failure.</summary>
    public Task Ended => throw new NotSupportedException();

    /// <summary>DTUs by id, those after <paramref name="after"/>, at most <paramref name="limit"/>.</summary>
    public Task<DtuPage> ListDtusAsync(DtuState? state, int limit, string? after, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>One DTU, or null where it was never seen and is not configured.</summary>
    public Task<DtuStatus?> FindDtuAsync(DtuId id, CancellationToken ct) => throw new NotSupportedException();

    public Task<SendOutcome> SendAsync(DtuId id, ReadOnlyMemory<byte> payload, CancellationToken ct) => throw new NotSupportedException();

    public Task<RequestOutcome> RequestAsync(DtuId id, ReadOnlyMemory<byte> payload, TimeSpan? timeout, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>Closes the DTU's session as <c>kicked</c>; false where it has none.</summary>
    public Task<bool> KickAsync(DtuId id, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>A DTU's frames in memory, oldest first; <paramref name="after"/> is the <c>next</c> of the page before.</summary>
    public Task<FramePage> FramesAsync(DtuId id, DateTimeOffset? since, DateTimeOffset? until, int limit, string? after, CancellationToken ct) =>
        throw new NotSupportedException();

    /// <summary>Refused connections, newest first.</summary>
    public Task<ImmutableArray<RefusedConnection>> UnknownAsync(CancellationToken ct) => throw new NotSupportedException();

    public Task<ImmutableArray<EndpointStatus>> EndpointsAsync(CancellationToken ct) => throw new NotSupportedException();

    public Task<ImmutableArray<RouteStatus>> RoutesAsync(CancellationToken ct) => throw new NotSupportedException();

    public Task<ImmutableArray<ListenerStatus>> ListenersAsync(CancellationToken ct) => throw new NotSupportedException();

    /// <summary>
    /// Events from now on, of <paramref name="only"/> or of everything; a reader that is slower than <paramref name="capacity"/> events hears
    /// <see cref="EventsLost"/>. Dispose to end.
    /// </summary>
    public IEventSubscription Observe(ImmutableHashSet<DtuId>? only, int capacity = 1024) => throw new NotSupportedException();
}

/// <summary>A stream of events to one observer.</summary>
public interface IEventSubscription : IDisposable
{
    ChannelReader<FieldEvent> Events { get; }
}

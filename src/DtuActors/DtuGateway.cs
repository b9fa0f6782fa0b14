using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Actor;
using DtuActors.Alarming;
using DtuActors.Clustering.Desks;
using DtuActors.Clustering.Merging;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Registering;
using DtuActors.Sessions;
using DtuActors.Storage;

namespace DtuActors;

/// <summary>What start-up tells, in order: one <see cref="Bound"/> per socket, then <see cref="Ready"/>, or <see cref="Failed"/>.</summary>
public abstract record StartUpEvent
{
    /// <summary>A socket is bound. <paramref name="Address"/> is <c>127.0.0.1:9000</c>, <c>[::1]:9000</c>.</summary>
    public sealed record Bound(string Name, string Transport, string Address) : StartUpEvent;

    /// <summary>A configured address can't be bound.</summary>
    public sealed record Failed(string KeyPath, string Address, string Problem, bool AddressInUse) : StartUpEvent;

    /// <summary>The database can't be opened or read.</summary>
    public sealed record NotStored(string KeyPath, string Place, string Problem) : StartUpEvent;

    /// <summary>The cluster did not let this node in.</summary>
    public sealed record NotJoined(string KeyPath, string Problem) : StartUpEvent;

    /// <summary>Everything that binds is bound. COM ports and dialled DTUs are not waited for.</summary>
    public sealed record Ready : StartUpEvent;
}

/// <summary>What became of a request: an answer, or the reason why there is none. Neither after a broadcast: it was written, and nobody answers.</summary>
public sealed record RequestOutcome(Frame? Answer, TimeSpan Elapsed, RefusalReason? Refusal);

/// <summary>How a command may wait for its DTU.</summary>
/// <param name="TimeToLive">It is not written later than that; null: it does not wait for a DTU that is offline.</param>
/// <param name="Retry">Whether it is written again where nobody knows if it was: after a crash, or with the end of its session.</param>
/// <param name="Key">It takes the place of one that waits under the same key.</param>
public sealed record CommandWish(TimeSpan? TimeToLive, bool Retry = false, string? Key = null)
{
    public static readonly TimeSpan LongestTimeToLive = TimeSpan.FromDays(30);

    /// <summary>Characters of a key.</summary>
    public const int LongestKey = 64;

    /// <summary>Whether it can be a key: 1 to <see cref="LongestKey"/> characters, no control characters.</summary>
    public static bool IsKey(string text) => text.Length is > 0 and <= LongestKey && !text.Any(char.IsControl);
}

/// <summary>What became of a send.</summary>
/// <param name="CommandId">The command's id.</param>
/// <param name="State">Its state, one of <see cref="CommandStates"/>.</param>
/// <param name="Reason">Why it failed, in the word that its command has; null: it did not.</param>
/// <param name="Refusal">Why it was not written, or nothing came of it; null: it goes on, or has ended well.</param>
public sealed record SendOutcome(string CommandId, string State, string? Reason, RefusalReason? Refusal)
{
    internal static SendOutcome Refused(string command, RefusalReason reason) => reason is RefusalReason.Withdrawn
        ? new(command, CommandStates.Withdrawn, null, reason)
        : new(command, CommandStates.Failed, CommandsActor.Word(reason), reason);
}

/// <summary>
/// The gateway for code that is no actor (the HTTP API, an embedding application): every question as a task, every stream as a bounded channel.
/// </summary>
public sealed partial class DtuGateway
{
    // Start-up tells one event per socket; a fleet of one port per DTU has thousands.
    private const int MostStartUpEvents = 65_536;

    // What events call the source of its bytes, whoever the caller is.
    private const string Source = "api";

    // Parts answer at once, or are being restarted; a request's own limits come on top.
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(30);

    // A caller hears within a second what became of it, or that it waits.
    private static readonly TimeSpan SendAnswerWithin = TimeSpan.FromSeconds(1);

    // Who looks on wants to see something.
    private static readonly TimeSpan ObservedWithin = TimeSpan.FromSeconds(1);

    // A disk that stalls; a group's ten thousand queues that are read at once.
    private static readonly TimeSpan JournalLimit = TimeSpan.FromSeconds(30);

    private const int TriesInCluster = 6;

    // A hundred thousand rows on a slow disk, behind another import.
    private static readonly TimeSpan RegisterLimit = TimeSpan.FromMinutes(2);

    private readonly Channel<StartUpEvent> _startUp = Channel.CreateBounded<StartUpEvent>(MostStartUpEvents);
    private readonly Channel<StartUpEvent.Bound> _boundLater = Channel.CreateBounded<StartUpEvent.Bound>(MostStartUpEvents);
    private readonly Channel<AlarmStatus>? _alarms;
    private readonly Task<GatewayActor.Parts> _parts;
    private readonly IActorRef _actor;
    // One at a time: whose word is in it reloads.
    private readonly Channel<bool> _reloading = Channel.CreateBounded<bool>(1);
    private GatewayOptions _options;
    private TaskCompletionSource _optionsChanged = NewSignal();
    private string? _outOfCluster;
    private long _commands;

    /// <summary>Starts a gateway in <paramref name="system"/>; <paramref name="storage"/> is where others tell of their storing too, null: it makes one.</summary>
    public DtuGateway(ActorSystem system, GatewayOptions options, StorageHealth? storage = null)
    {
        _options = options;
        Storage = storage ?? new StorageHealth();
        _alarms = options.Alarms.Webhook.Url is null ? null : Channel.CreateBounded<AlarmStatus>(new BoundedChannelOptions(AlarmWebhook.MostWaiting) { SingleReader = true });
        var topics = new Topics();
        _actor = system.ActorOf(GatewayActor.Props(options, _startUp.Writer, _boundLater.Writer, _alarms?.Writer, Storage, topics), "gateway");
        _parts = _actor.Ask<GatewayActor.Parts>(new GatewayActor.GetParts(), AskLimit);
        Others = new OtherNodes(DeskAsync(), topics);
        AnswerAlarms();
        Here = new FieldHere(_parts);
        _everywhere = new FieldEverywhere(options, Here, Others);
        Ended = _actor.WatchAsync();
    }

    /// <summary>The root of its tree.</summary>
    internal IActorRef Actor => _actor;

    /// <summary>The other nodes of the cluster.</summary>
    internal OtherNodes Others { get; }

    /// <summary>How storing goes.</summary>
    public StorageHealth Storage { get; }

    /// <summary>What is in force: what it was started with, or last reloaded.</summary>
    public GatewayOptions Options => Volatile.Read(ref _options);

    /// <summary>Completes when a reload puts others in force than when this was asked for.</summary>
    internal Task OptionsChanged => Volatile.Read(ref _optionsChanged).Task;

    /// <summary>Start-up's events; completed after <see cref="StartUpEvent.Ready"/>.</summary>
    public ChannelReader<StartUpEvent> StartUp => _startUp.Reader;

    /// <summary>Sockets that are bound after <see cref="StartUpEvent.Ready"/>: by a reload, by the register, or because an address became free. What nobody reads is forgotten.</summary>
    public ChannelReader<StartUpEvent.Bound> BoundLater => _boundLater.Reader;

    /// <summary>What alarms raise and clear, for the webhook; null: there is none.</summary>
    internal ChannelReader<AlarmStatus>? AlarmOutbox => _alarms?.Reader;

    /// <summary>Completes when the gateway's actor has ended, in good order or by failure.</summary>
    public Task Ended { get; }

    /// <summary>Why it ended though nobody asked for it: the cluster has no place for this node any more. Null: it runs, or was asked to stop.</summary>
    public string? OutOfCluster => Volatile.Read(ref _outOfCluster);

    internal void StopsBecause(CoordinatedShutdown.Reason? reason) => Volatile.Write(ref _outOfCluster, reason switch
    {
        CoordinatedShutdown.ClusterDowningReason => "the other nodes can't be reached, or gave this one up",
        CoordinatedShutdown.ClusterLeavingReason => "it was told to leave the cluster",
        null or CoordinatedShutdown.ClrExitReason or CoordinatedShutdown.ActorSystemTerminateReason or CoordinatedShutdown.UnknownReason => null,

        // A part of Akka that ends the process by itself, as remoting does where the certificate of a member that it dials is not trusted.
        _ => reason.ToString(),
    });

    /// <summary>Closes listeners, writes what waits, closes ports; completes when all is closed, within 5 s.</summary>
    public Task StopAsync()
    {
        _actor.Tell(ShutDown.Drain.Instance, ActorRefs.NoSender);
        return Ended;
    }

    /// <summary>
    /// Puts other options in force, all or nothing, without touching sockets that did not change: routes, DTUs, polls, endpoints and archives; whatever else says something new is
    /// <see cref="Reloading.RestartNeeded"/>. A changed endpoint's old one writes what waits and ends before the new one begins. Sessions that are open stay, whatever
    /// <c>dtus</c> says of them now: it holds from their next registration on. Reloads wait for each other; <paramref name="ct"/> ends the wait, never a reload.
    /// </summary>
    public async Task<Reloading.Answer> ReloadAsync(GatewayOptions options, CancellationToken ct = default)
    {
        await _reloading.Writer.WriteAsync(true, ct).ConfigureAwait(false);
        try
        {
            var change = OptionsChange.Between(Options, options);
            if (!change.NeedRestart.IsEmpty)
            {
                return new Reloading.RestartNeeded(change.NeedRestart);
            }

            if (change.IsEmpty)
            {
                return new Reloading.Applied(change, []);
            }

            // The gateway bounds each of its steps; without an answer it has ended.
            using var ended = new CancellationTokenSource();
            var answer = _actor.Ask<Reloading.Answer>(new Reloading.Apply(options, change), Timeout.InfiniteTimeSpan, ended.Token);
            if (await Task.WhenAny(answer, Ended).ConfigureAwait(false) != answer)
            {
                await ended.CancelAsync().ConfigureAwait(false);
                return new Reloading.Refused("the gateway has ended");
            }

            var outcome = await answer.ConfigureAwait(false);
            if (outcome is Reloading.Applied)
            {
                Volatile.Write(ref _options, options);
                Interlocked.Exchange(ref _optionsChanged, NewSignal()).SetResult();
            }

            return outcome;
        }
        finally
        {
            _ = _reloading.Reader.TryRead(out _);
        }
    }

    /// <summary>The register of DTUs: <see cref="Editing.Listed"/> or <see cref="Editing.Refused"/>.</summary>
    public Task<Editing.Answer> RegisterAsync(CancellationToken ct) => AskRegister(new Editing.List(), ct);

    /// <summary>
    /// Adds and edits DTUs of the register, all or none: <see cref="Editing.Applied"/>, <see cref="Editing.Faulty"/> or <see cref="Editing.Refused"/>. Sessions that
    /// are open are not touched; what changed holds from a DTU's next registration on.
    /// </summary>
    public Task<Editing.Answer> EditRegisterAsync(ImmutableArray<DtuEdit> edits, bool dryRun, CancellationToken ct) => AskRegister(new Editing.Apply(edits, dryRun), ct);

    /// <summary>Takes a DTU out of the register: <see cref="Editing.Removed"/> or <see cref="Editing.Refused"/>.</summary>
    public Task<Editing.Answer> RemoveFromRegisterAsync(DtuId id, CancellationToken ct) => AskRegister(new Editing.Remove(id), ct);

    /// <summary>
    /// Writes to the DTU's socket, through its bus, as a command. Where commands are stored (<see cref="StoresCommandsAsync"/>) it is in the journal before this completes, and goes on
    /// whatever happens to the process; within a second at most the outcome tells what became of it. Callers take turns on the bus; <paramref name="caller"/>
    /// names one of them, null: who has no name.
    /// </summary>
    /// <param name="id">For whom.</param>
    /// <param name="payload">What is written.</param>
    /// <param name="ct">Ends the wait, not the command.</param>
    /// <param name="caller">Whose it is.</param>
    /// <param name="wish">How it may wait; only where commands are stored. Null: not for a DTU that is offline.</param>
    public async Task<SendOutcome> SendAsync(DtuId id, ReadOnlyMemory<byte> payload, CancellationToken ct, string? caller = null, CommandWish? wish = null)
    {
        using var span = GatewayTraces.Downlink("dtu.send", id, payload.Length);
        var command = NextCommand();
        var parts = await _parts.ConfigureAwait(false);
        var outcome = parts.Queues is not null
            ? await QueueAsync(parts, command, id, payload, caller, wish, ct).ConfigureAwait(false)
            : wish is null
                ? await SendUnstoredAsync(command, id, payload, caller, ct).ConfigureAwait(false)
                : throw new InvalidOperationException("nothing is stored: a command can't wait");
        GatewayTraces.Refused(span, outcome.Refusal);
        return outcome;
    }

    /// <summary>Whether commands are stored, and may wait.</summary>
    public async Task<bool> StoresCommandsAsync() => (await _parts.ConfigureAwait(false)).Queues is not null;

    /// <summary>
    /// Asks the instrument, and waits for its answer; <paramref name="timeout"/> counts from the write. Callers take turns on the bus; <paramref name="caller"/>
    /// names one of them, null: who has no name.
    /// </summary>
    public async Task<RequestOutcome> RequestAsync(DtuId id, ReadOnlyMemory<byte> payload, TimeSpan? timeout, CancellationToken ct, string? caller = null)
    {
        // The session ends every request itself; this bounds the wait should the session's own end be lost.
        var limit = (timeout ?? TimeSpan.Zero) + Asking.MostWait;
        using var span = GatewayTraces.Downlink("dtu.request", id, payload.Length);
        var command = NextCommand();
        var answer = await AskCommands(
            replyTo => new Commands.Request(command, caller, new Asking.Request(id, payload, timeout, AnswerRule.ByMode, 0, Source, replyTo, TurnOf(caller))), limit, ct)
            .ConfigureAwait(false);
        if (answer is Asking.Answered answered)
        {
            GatewayTraces.BusAndWire(span, answered.Elapsed);
            return new RequestOutcome(answered.Frame, answered.Elapsed, null);
        }

        var refusal = RefusalOf(answer);
        GatewayTraces.Refused(span, refusal);
        return new RequestOutcome(null, TimeSpan.Zero, refusal);
    }

    /// <summary>Closes the DTU's session as <c>kicked</c>; false where it has none.</summary>
    public async Task<bool> KickAsync(DtuId id, CancellationToken ct) =>
        await AskRouter(replyTo => new Asking.Kick(id, 0, replyTo), AskLimit, ct).ConfigureAwait(false) is Asking.Sent;

    /// <summary>
    /// Events of every node from now on, of <paramref name="only"/> or of everything; a reader that is slower than <paramref name="capacity"/> events hears
    /// <see cref="EventsLost"/>. Dispose to end.
    /// </summary>
    public async Task<IEventSubscription> ObserveAsync(ImmutableHashSet<DtuId>? only, int capacity = 1024)
    {
        var monitors = (await _parts.ConfigureAwait(false)).Monitors;
        var subscription = new Subscription(monitors, only, capacity);
        try
        {
            // What happens elsewhere is not missed either, but where a node does not answer.
            await monitors.Ask<Watching.Settled>(Watching.Settle.Instance, ObservedWithin).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            // It is told again every few seconds.
        }

        return subscription;
    }

    private async Task<IActorRef?> DeskAsync() => (await _parts.ConfigureAwait(false)).Desk;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string NextCommand() => $"{Interlocked.Increment(ref _commands):x8}-{Guid.CreateVersion7():n}";

    // No endpoint's name is one of these.
    private static object? TurnOf(string? caller) => caller is null ? null : (Source, caller);

    private static async Task<SendOutcome> QueueAsync(
        GatewayActor.Parts parts, string command, DtuId id, ReadOnlyMemory<byte> payload, string? caller, CommandWish? wish, CancellationToken ct)
    {
        var take = new Queueing.Take(id, command, caller, Source, payload, wish?.TimeToLive, wish?.Retry ?? false, wish?.Key, AnswerWithin: SendAnswerWithin);
        var refusal = RefusalReason.StorageFailed;
        for (var left = parts.Desk is null ? 1 : TriesInCluster; left > 0; left--)
        {
            try
            {
                var answer = await parts.Queues!.Ask<object>(take, parts.Desk is null ? JournalLimit : JournalLimit / TriesInCluster, ct).ConfigureAwait(false);
                if (answer is Queueing.Taken taken)
                {
                    return new SendOutcome(command, taken.Status.State, taken.Status.Reason, taken.Refusal);
                }

                refusal = ((Queueing.Refused)answer).Reason;
                break;
            }
            catch (AskTimeoutException)
            {
                // The database hangs. In a cluster: the queue's node was lost with the question, and the queue knows the command by its id where it took it.
            }
        }

        parts.Commands.Tell(new Commands.Refused(command, caller, Source, id, payload, refusal), ActorRefs.NoSender);
        return SendOutcome.Refused(command, refusal);
    }

    // Where it still waits for its turn after a second it goes on, and its caller does not.
    private async Task<SendOutcome> SendUnstoredAsync(string command, DtuId id, ReadOnlyMemory<byte> payload, string? caller, CancellationToken ct)
    {
        var sending = AskCommands(
            replyTo => new Commands.Send(command, caller, new Asking.Send(id, payload, 0, Source, replyTo, TurnOf(caller))), SendLimit, CancellationToken.None);
        try
        {
            var answer = await sending.WaitAsync(SendAnswerWithin, ct).ConfigureAwait(false);
            return answer is Asking.Refused refused
                ? SendOutcome.Refused(command, refused.Reason)
                : new SendOutcome(command, answer is Asking.Sent { AwaitsAnswer: true } ? CommandStates.Sent : CommandStates.Delivered, null, null);
        }
        catch (TimeoutException)
        {
            return new SendOutcome(command, CommandStates.Queued, null, null);
        }
    }

    private static RefusalReason? RefusalOf(object answer) => answer is Asking.Refused refused ? refused.Reason : null;

    private async Task<Editing.Answer> AskRegister(object question, CancellationToken ct) =>
        await (await _parts.ConfigureAwait(false)).Register.Ask<Editing.Answer>(question, RegisterLimit, ct).ConfigureAwait(false);

    private async Task<object> AskCommands(Func<IActorRef, object> question, TimeSpan limit, CancellationToken ct)
    {
        var commands = (await _parts.ConfigureAwait(false)).Commands;
        return await commands.Ask<object>(question, limit, ct).ConfigureAwait(false);
    }

    private async Task<object> AskRouter(Func<IActorRef, object> question, TimeSpan limit, CancellationToken ct)
    {
        var router = (await _parts.ConfigureAwait(false)).Router;
        return await router.Ask<object>(question, limit, ct).ConfigureAwait(false);
    }

    private sealed class Subscription : IEventSubscription
    {
        private readonly EventChannel _events;
        private readonly IActorRef _monitors;

        public Subscription(IActorRef monitors, ImmutableHashSet<DtuId>? only, int capacity)
        {
            _events = new EventChannel(capacity);
            _monitors = monitors;
            monitors.Tell(new Watching.Subscribe(only, _events.Writer), ActorRefs.NoSender);
        }

        public ChannelReader<FieldEvent> Events => _events.Reader;

        public void Dispose()
        {
            _monitors.Tell(new Watching.Unsubscribe(_events.Writer), ActorRefs.NoSender);
            _events.Writer.TryComplete();
        }
    }
}

/// <summary>A stream of events to one observer.</summary>
public interface IEventSubscription : IDisposable
{
    ChannelReader<FieldEvent> Events { get; }
}

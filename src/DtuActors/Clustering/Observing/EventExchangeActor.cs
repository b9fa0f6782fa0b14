using System.Collections.Immutable;
using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using DtuActors.Clustering.Desks;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Recording;

namespace DtuActors.Clustering.Observing;

/// <summary>The EventExchangeActor's conversation.</summary>
internal static class EventExchange
{
    /// <summary>A node says what it wants to hear of: <see cref="EventsWanted"/>. Answered once it is heard.</summary>
    public const string WantedTopic = "events-wanted";

    /// <summary>A node tells what happened there: <see cref="EventBatch"/>.</summary>
    public const string EventsTopic = "events";

    /// <summary>Gateway → exchange: that node is within reach.</summary>
    public sealed record Met(string Node) : INoSerializationVerificationNeeded;

    /// <summary>Gateway → exchange: it is not any more.</summary>
    public sealed record Parted(string Node) : INoSerializationVerificationNeeded;

    /// <summary>Another node wants to hear; one <see cref="Follows"/> to the sender.</summary>
    public sealed record Wants(EventsWanted Wanted) : INoSerializationVerificationNeeded;

    public sealed record Follows : INoSerializationVerificationNeeded
    {
        public static readonly Follows Instance = new();
    }

    /// <summary>Another node's <see cref="EventBatch"/>.</summary>
    public sealed record Came(string Node, ReadOnlyMemory<byte> Body) : INoSerializationVerificationNeeded;
}

/// <summary>What one node wants to hear of.</summary>
/// <param name="Node">Which one.</param>
/// <param name="All">Everything.</param>
/// <param name="Dtus">These DTUs' events; none, and not all: nothing, any more.</param>
internal sealed record EventsWanted(string Node, bool All, ImmutableArray<string> Dtus);

/// <summary>
/// Lets this node's observers see what happens on every node. While somebody observes here it tells the others what is wanted, again and again; what another one wants it forwards in
/// batches, each event once however many observe there, and what came from elsewhere never again. A follower loses first: what does not fit is counted and told.
/// </summary>
public sealed class EventExchangeActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ForgottenAfter = TimeSpan.FromSeconds(30);

    // People look: a tenth of a second is soon, and ten messages a second are few.
    private static readonly TimeSpan SendEvery = TimeSpan.FromMilliseconds(100);
    private const int MostAtOnce = 200;
    private const int MostBytesAtOnce = 64 * 1024;

    // Two seconds of a follower's share, for what comes in bursts.
    private const int MostWaiting = 4096;

    // Beyond what the desk itself allows: it may be restarting.
    private static readonly TimeSpan AnswerWithin = DeskActor.AnswerWithin + TimeSpan.FromSeconds(1);

    private readonly string _node;
    private readonly IActorRef _desk;
    private readonly IActorRef _monitors;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, Follower> _followers = new(StringComparer.Ordinal);
    private readonly List<(IActorRef Asker, int Generation)> _settling = [];
    private Watching.Wanted _wanted = Watching.Wanted.Nothing;
    private int _generation;
    private int _heard;

    public EventExchangeActor(string node, IActorRef desk, IActorRef monitors)
    {
        (_node, _desk, _monitors) = (node, desk, monitors);
        Receive<Watching.Wanted>(OnWanted);
        Receive<Watching.Settle>(_ => OnSettle());
        Receive<Announced>(OnAnnounced);
        Receive<RenewNow>(_ => Announce());
        Receive<EventExchange.Met>(met => Announce(met.Node), _ => !_wanted.IsNothing);
        Receive<EventExchange.Met>(_ => { });
        Receive<EventExchange.Parted>(parted => Forget(parted.Node));
        Receive<EventExchange.Wants>(OnWants);
        Receive<EventExchange.Came>(OnCame);
        Receive<SendNow>(_ => OnSendNow());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="node">This node's name.</param>
    /// <param name="desk">Tells other nodes.</param>
    /// <param name="monitors">Knows what happens here, and who observes.</param>
    public static Props Props(string node, IActorRef desk, IActorRef monitors) =>
        Maker.Of((node, desk, monitors), static from => new EventExchangeActor(from.node, from.desk, from.monitors));

    protected override void PreStart() => _monitors.Tell(new Watching.TellWanted(Self));

    protected override void PostStop()
    {
        foreach (var follower in _followers.Values)
        {
            _monitors.Tell(new Watching.Unsubscribe(follower.Events.Writer));
        }
    }

    // ---- what is wanted here

    private void OnWanted(Watching.Wanted wanted)
    {
        _wanted = wanted;
        _generation++;
        Announce();
        if (wanted.IsNothing)
        {
            Timers.Cancel(RenewNow.Instance);
        }
        else
        {
            Timers.StartPeriodicTimer(RenewNow.Instance, RenewNow.Instance, RenewEvery);
        }
    }

    private void Announce(string? onlyNode = null)
    {
        var wanted = new EventsWanted(_node, _wanted.All, [.. _wanted.Only.Select(dtu => dtu.Value)]);
        var generation = onlyNode is null ? _generation : 0;
        _desk.Ask<Desk.Answers>(new Desk.AskOthers(EventExchange.WantedTopic, JsonSerializer.SerializeToUtf8Bytes(wanted, DeskJson.Options), onlyNode), AnswerWithin)
            .PipeTo(Self, success: _ => new Announced(generation), failure: _ => new Announced(generation));
    }

    private void OnSettle()
    {
        if (_heard >= _generation)
        {
            Sender.Tell(Watching.Settled.Instance);
        }
        else
        {
            _settling.Add((Sender, _generation));
        }
    }

    private void OnAnnounced(Announced announced)
    {
        _heard = Math.Max(_heard, announced.Generation);
        foreach (var (asker, _) in _settling.Where(one => one.Generation <= _heard))
        {
            asker.Tell(Watching.Settled.Instance);
        }

        _settling.RemoveAll(one => one.Generation <= _heard);
    }

    private void OnCame(EventExchange.Came came)
    {
        try
        {
            var events = EventBatch.Read(came.Body);
            if (!_wanted.IsNothing && !events.IsEmpty)
            {
                _monitors.Tell(new Watching.Elsewhere(events));
            }
        }
        catch (JsonException failure)
        {
            _log.Warning("events of node {0} can't be read: {1}", came.Node, failure.Message);
        }
    }

    // ---- what others want

    private void OnWants(EventExchange.Wants wants)
    {
        var (node, all, dtus) = wants.Wanted;
        if (!all && dtus.IsDefaultOrEmpty)
        {
            Forget(node);
        }
        else
        {
            ImmutableHashSet<DtuId>? only = all ? null : [.. dtus.Select(text => DtuId.TryParse(text, out var dtu) ? dtu : default).Where(dtu => dtu != default)];
            var isNew = !_followers.TryGetValue(node, out var follower);
            if (isNew)
            {
                _followers.Add(node, follower = new Follower());
                Timers.StartPeriodicTimer(SendNow.Instance, SendNow.Instance, SendEvery);
            }

            follower!.Until = SteadyTime.Now(Context.System.Scheduler) + ForgottenAfter;
            if (isNew || !Same(follower.Only, only))
            {
                // What waits stays.
                follower.Only = only;
                _monitors.Tell(new Watching.Subscribe(only, follower.Events.Writer, IsAnothers: true));
            }
        }

        Sender.Tell(EventExchange.Follows.Instance);
    }

    private void Forget(string node)
    {
        if (_followers.Remove(node, out var follower))
        {
            _monitors.Tell(new Watching.Unsubscribe(follower.Events.Writer));
        }

        if (_followers.Count == 0)
        {
            Timers.Cancel(SendNow.Instance);
        }
    }

    private void OnSendNow()
    {
        foreach (var (node, follower) in _followers.ToList())
        {
            if (follower.Until < SteadyTime.Now(Context.System.Scheduler))
            {
                Forget(node);
            }
            else if (follower.Take() is { IsEmpty: false } batch)
            {
                _desk.Tell(new Desk.TellOthers(EventExchange.EventsTopic, new EventBatch(batch).ToBytes(), node));
            }
        }
    }

    private static bool Same(ImmutableHashSet<DtuId>? one, ImmutableHashSet<DtuId>? other) => one is null || other is null ? one is null && other is null : one.SetEquals(other);

    private sealed class Follower
    {
        // Read from its channel, and too much for the batch that was being filled.
        private FieldEvent? _held;

        public EventChannel Events { get; } = new(MostWaiting);

        public ImmutableHashSet<DtuId>? Only { get; set; }

        public DateTimeOffset Until { get; set; }

        public ImmutableArray<EventForm> Take()
        {
            var batch = ImmutableArray.CreateBuilder<EventForm>();
            for (var bytes = 0; batch.Count < MostAtOnce;)
            {
                if (_held is not { } next && !Events.Reader.TryRead(out next))
                {
                    break;
                }

                bytes += EventForm.Cost(next);
                if (bytes > MostBytesAtOnce && batch.Count > 0)
                {
                    _held = next;
                    break;
                }

                _held = null;
                if (EventForm.Of(next) is { } form)
                {
                    batch.Add(form);
                }
            }

            return batch.ToImmutable();
        }
    }

    private sealed record Announced(int Generation) : INoSerializationVerificationNeeded;

    private sealed record RenewNow : INoSerializationVerificationNeeded
    {
        public static readonly RenewNow Instance = new();
    }

    private sealed record SendNow : INoSerializationVerificationNeeded
    {
        public static readonly SendNow Instance = new();
    }
}

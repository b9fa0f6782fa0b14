using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Dispatching;
using DtuActors.Recording;
using DtuActors.Storage;

namespace DtuActors.Alarming;

/// <summary>The AlarmActor's conversation.</summary>
public static class Alarms
{
    /// <summary>One <see cref="Listed"/>.</summary>
    public sealed record List : INoSerializationVerificationNeeded;

    /// <summary>Gateway → alarms, in a cluster: whether this node is the one that speaks for DTUs that are nowhere; until it is told it is not.</summary>
    public sealed record SpeakForAll(bool Does) : INoSerializationVerificationNeeded;

    /// <summary>Open ones first, each newest first.</summary>
    public sealed record Listed(ImmutableArray<AlarmStatus> Items) : INoSerializationVerificationNeeded;
}

/// <summary>
/// Looks at the field every few seconds, off the data path, and raises and clears alarms: told to monitors, to the metric, and to whoever sends them on (a
/// bounded channel, which never makes it wait). What is open outlives a restart.
/// </summary>
public sealed class AlarmActor : ReceiveActor, IWithTimers
{
    // A FleetView that began anew may have taken a look along.
    private const int MostMissed = 3;

    private readonly AlarmOptions _options;
    private readonly Memory _memory;
    private readonly IActorRef _fleet;
    private readonly EventInlet _events;
    private readonly StorageHealth _storage;
    private readonly ChannelWriter<AlarmStatus>? _outbox;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private FieldLook? _spare = new();
    private int _missed;

    internal AlarmActor(AlarmOptions options, Memory memory, IActorRef fleet, EventInlet events, StorageHealth storage, ChannelWriter<AlarmStatus>? outbox)
    {
        _options = options;
        _memory = memory;
        _fleet = fleet;
        _events = events;
        _storage = storage;
        _outbox = outbox;

        Receive<LookNow>(_ => OnLookNow());
        Receive<Fleet.Looked>(OnLooked);
        Receive<Alarms.SpeakForAll>(speak => _memory.Rules.SpeaksForAll = speak.Does);
        Receive<Alarms.List>(_ => Sender.Tell(new Alarms.Listed(_memory.Book.All)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="options">What is in force.</param>
    /// <param name="fleet">Knows how the field stands.</param>
    /// <param name="events">Hears of each change.</param>
    /// <param name="storage">Knows how storing goes.</param>
    /// <param name="outbox">Takes each change too, as long as there is room; null: nobody sends them on.</param>
    public static Props Props(GatewayOptions options, IActorRef fleet, EventInlet events, StorageHealth storage, ChannelWriter<AlarmStatus>? outbox)
    {
        var memory = new Memory(options.Alarms, options.Node.Name, options.Cluster.Enabled);
        return Maker.Of(
            (options.Alarms, memory, fleet, events, storage, outbox), static from => new AlarmActor(from.Alarms, from.memory, from.fleet, from.events, from.storage, from.outbox));
    }

    protected override void PreStart() => Timers.StartPeriodicTimer(LookNow.Instance, LookNow.Instance, _options.Every);

    private void OnLookNow()
    {
        if (_spare is null && ++_missed < MostMissed)
        {
            return;
        }

        _fleet.Tell(new Fleet.Look(_spare ?? new FieldLook()));
        (_spare, _missed) = (null, 0);
    }

    private void OnLooked(Fleet.Looked looked)
    {
        var (now, at) = (SteadyTime.Now(Context.System.Scheduler), Context.System.Scheduler.Now);
        foreach (var (kind, findings, many) in _memory.Rules.Apply(looked.Field, _storage.Problems, _events.LostInAll, now, at))
        {
            foreach (var change in _memory.Book.Look(kind, findings, many, now, at))
            {
                Tell(change, at);
            }
        }

        // What it read is the field's, not its own.
        looked.Field.Dtus.Clear();
        _spare = looked.Field;
        _missed = 0;
    }

    private void Tell(AlarmStatus change, DateTimeOffset at)
    {
        GatewayMetrics.Alarms.Add(change.ClearedAt is null ? 1 : -1, new KeyValuePair<string, object?>("kind", change.Kind));
        _events.Offer(new AlarmChanged(at, change));
        if (_outbox?.TryWrite(change) is false)
        {
            GatewayMetrics.WebhookCalls.Add(1, GatewayMetrics.Dropped);
        }

        if (change.ClearedAt is null)
        {
            _log.Warning("alarm {0}: {1}", change.Kind, change.Text);
        }
        else
        {
            _log.Info("alarm over, {0}: {1}", change.Kind, change.Subject == AlarmKinds.Several ? change.Text : change.Subject);
        }
    }

    /// <summary>What outlives a restart.</summary>
    internal sealed class Memory(AlarmOptions options, string node, bool isClustered)
    {
        public AlarmBook Book { get; } = new(options.ClearAfter, options.GroupAbove, node);

        public AlarmRules Rules { get; } = new(options, node, isClustered);
    }

    private sealed record LookNow : INoSerializationVerificationNeeded
    {
        public static readonly LookNow Instance = new();
    }
}

using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Actor;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>The MonitorActor's conversation.</summary>
public static class Watching
{
    /// <summary>Events of <paramref name="Only"/>, or all, go to <paramref name="Writer"/> until it is completed or <see cref="Unsubscribe"/>.</summary>
    /// <param name="Only">Whose; null: all.</param>
    /// <param name="Writer">Where to.</param>
    /// <param name="IsAnothers">On behalf of another node: only what happens on this one.</param>
    public sealed record Subscribe(ImmutableHashSet<DtuId>? Only, ChannelWriter<FieldEvent> Writer, bool IsAnothers = false) : INoSerializationVerificationNeeded;

    public sealed record Unsubscribe(ChannelWriter<FieldEvent> Writer) : INoSerializationVerificationNeeded;

    /// <summary>What happened on another node.</summary>
    public sealed record Elsewhere(ImmutableArray<FieldEvent> Events) : INoSerializationVerificationNeeded;

    /// <summary>Tell <paramref name="Exchange"/> what is observed here, now and whenever that changes: <see cref="Wanted"/> each time.</summary>
    public sealed record TellWanted(IActorRef Exchange) : INoSerializationVerificationNeeded;

    /// <summary>What all observers of this node want together.</summary>
    public sealed record Wanted(bool All, ImmutableHashSet<DtuId> Only) : INoSerializationVerificationNeeded
    {
        public static readonly Wanted Nothing = new(All: false, []);

        public bool IsNothing => !All && Only.IsEmpty;
    }

    /// <summary>One <see cref="Settled"/> once other nodes know what is observed here, or can't be told.</summary>
    public sealed record Settle : INoSerializationVerificationNeeded
    {
        public static readonly Settle Instance = new();
    }

    public sealed record Settled : INoSerializationVerificationNeeded
    {
        public static readonly Settled Instance = new();
    }
}

/// <summary>
/// Fans events out to observers. Each has a bounded channel of its own and loses first: what does not fit is counted, and told as <see cref="EventsLost"/>
/// before the next event that fits. No observer ever slows another, or the field.
/// </summary>
public sealed class MonitorActor : ReceiveActor
{
    // Whoever observes more DTUs than that hears of all, across nodes.
    private const int MostNamed = 1000;

    private readonly EventInlet _inlet;
    private readonly string? _node;
    private readonly Memory _memory;

    internal MonitorActor(EventInlet inlet, string? node, Memory memory)
    {
        _inlet = inlet;
        _node = node;
        _memory = memory;

        Receive<FieldEvent>(OnEvent);
        Receive<Watching.Elsewhere>(OnElsewhere);
        Receive<Watching.Subscribe>(OnSubscribe);
        Receive<Watching.Unsubscribe>(OnUnsubscribe);
        Receive<Watching.TellWanted>(tell =>
        {
            _memory.Exchange = tell.Exchange;
            _memory.Wanted = Watching.Wanted.Nothing;
            TellWanted();
        });
        Receive<Watching.Settle>(settle => _memory.Exchange!.Forward(settle), _ => _memory.Exchange is not null);
        Receive<Watching.Settle>(_ => Sender.Tell(Watching.Settled.Instance));
    }

    /// <summary>Observers outlive a restart.</summary>
    /// <param name="inlet">Where events come from.</param>
    /// <param name="node">What this node is called among several; null: it is alone.</param>
    public static Props Props(EventInlet inlet, string? node = null) =>
        Maker.Of((inlet, node, memory: new Memory()), static from => new MonitorActor(from.inlet, from.node, from.memory));

    protected override void PostStop()
    {
        foreach (var writer in _memory.Observers.Keys)
        {
            writer.TryComplete();
        }
    }

    // A restart is no end: the observers stay.
    protected override void PreRestart(Exception reason, object message)
    {
    }

    private void OnSubscribe(Watching.Subscribe subscribe)
    {
        // One that wants something else has missed what it has missed.
        var lost = _memory.Observers.GetValueOrDefault(subscribe.Writer)?.Lost ?? 0;
        if (_memory.Observers.Count == 0)
        {
            // Nobody missed what was lost while nobody observed.
            _inlet.TakeLost();
            _inlet.IsObserved = true;
        }

        _memory.Observers[subscribe.Writer] = new Observer(subscribe.Only, subscribe.IsAnothers) { Lost = lost };
        TellWanted();
    }

    private void OnUnsubscribe(Watching.Unsubscribe unsubscribe)
    {
        _memory.Observers.Remove(unsubscribe.Writer);
        _inlet.IsObserved = _memory.Observers.Count > 0;
        TellWanted();
    }

    private void TellWanted()
    {
        if (_memory.Exchange is not { } exchange)
        {
            return;
        }

        var own = _memory.Observers.Values.Where(observer => !observer.IsAnothers).ToList();
        var all = own.Exists(observer => observer.Only is null);
        ImmutableHashSet<DtuId> only = all ? [] : [.. own.SelectMany(observer => observer.Only!)];
        (all, only) = only.Count > MostNamed ? (true, []) : (all, only);
        if (all != _memory.Wanted.All || !only.SetEquals(_memory.Wanted.Only))
        {
            _memory.Wanted = new Watching.Wanted(all, only);
            exchange.Tell(_memory.Wanted);
        }
    }

    private void OnEvent(FieldEvent happened)
    {
        try
        {
            var overrun = _inlet.TakeLost();
            var told = happened is EndpointChanged endpoint && _node is not null ? endpoint with { Node = _node } : happened;
            foreach (var (writer, observer) in _memory.Observers)
            {
                observer.Lost += overrun;
                if (observer.Wants(told))
                {
                    observer.Offer(writer, told);
                }
            }
        }
        finally
        {
            _inlet.Read(happened);
        }
    }

    private void OnElsewhere(Watching.Elsewhere elsewhere)
    {
        foreach (var happened in elsewhere.Events)
        {
            foreach (var (writer, observer) in _memory.Observers.Where(row => !row.Value.IsAnothers))
            {
                if (happened is EventsLost lost)
                {
                    observer.Lost += lost.Count;
                    observer.TellLost(writer, lost.At);
                }
                else if (observer.Wants(happened))
                {
                    observer.Offer(writer, happened);
                }
            }
        }
    }

    /// <summary>What outlives a restart.</summary>
    internal sealed class Memory
    {
        public Dictionary<ChannelWriter<FieldEvent>, Observer> Observers { get; } = [];

        public IActorRef? Exchange { get; set; }

        /// <summary>What the exchange was told last.</summary>
        public Watching.Wanted Wanted { get; set; } = Watching.Wanted.Nothing;
    }

    /// <summary>What one observer wants, and has missed.</summary>
    internal sealed class Observer(ImmutableHashSet<DtuId>? only, bool isAnothers)
    {
        public ImmutableHashSet<DtuId>? Only => only;

        public bool IsAnothers => isAnothers;

        /// <summary>Events missed since the last that was told.</summary>
        public long Lost { get; set; }

        public bool Wants(FieldEvent happened) => only is null || happened switch
        {
            DtuOnline online => only.Contains(online.Dtu),
            DtuOffline offline => only.Contains(offline.Dtu),
            FramePassed passed => only.Contains(passed.Dtu),
            CommandChanged command => only.Contains(command.Dtu),
            _ => false,
        };

        public void Offer(ChannelWriter<FieldEvent> writer, FieldEvent happened)
        {
            TellLost(writer, happened.At);
            if (Lost > 0 || !writer.TryWrite(happened))
            {
                Lost++;
            }
        }

        public void TellLost(ChannelWriter<FieldEvent> writer, DateTimeOffset at)
        {
            if (Lost > 0 && writer.TryWrite(new EventsLost(at, Lost)))
            {
                Lost = 0;
            }
        }
    }
}

using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Actor;
using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>The MonitorActor's conversation.</summary>
public static class Watching
{
    /// <summary>Events of <paramref name="Only"/>, or all, go to <paramref name="Writer"/> until it is completed or <see cref="Unsubscribe"/>.</summary>
    public sealed record Subscribe(ImmutableHashSet<DtuId>? Only, ChannelWriter<FieldEvent> Writer) : INoSerializationVerificationNeeded;

    public sealed record Unsubscribe(ChannelWriter<FieldEvent> Writer) : INoSerializationVerificationNeeded;
}

/// <summary>
/// Fans events out to observers. Each has a bounded channel of its own and loses first: what does not fit is counted, and told as <see cref="EventsLost"/>
/// before the next event that fits. No observer ever slows another, or the field.
/// </summary>
public sealed class MonitorActor : ReceiveActor
{
    private readonly EventInlet _inlet;
    private readonly Dictionary<ChannelWriter<FieldEvent>, Observer> _observers;

    public MonitorActor(EventInlet inlet, Dictionary<ChannelWriter<FieldEvent>, Observer> observers)
    {
        _inlet = inlet;
        _observers = observers;

        Receive<FieldEvent>(OnEvent);
        Receive<Watching.Subscribe>(subscribe => _observers[subscribe.Writer] = new Observer(subscribe.Only));
        Receive<Watching.Unsubscribe>(unsubscribe => _observers.Remove(unsubscribe.Writer));
    }

    /// <summary>Observers outlive a restart.</summary>
    public static Props Props(EventInlet inlet) =>
        Akka.Actor.Props.Create<MonitorActor>(inlet, new Dictionary<ChannelWriter<FieldEvent>, Observer>());

    protected override void PostStop()
    {
        foreach (var writer in _observers.Keys)
        {
            writer.TryComplete();
        }
    }

    // A restart is no end: the observers stay.
    protected override void PreRestart(Exception reason, object message)
    {
    }

    private void OnEvent(FieldEvent happened)
    {
        try
        {
            var overrun = _inlet.TakeLost();
            foreach (var (writer, observer) in _observers)
            {
                observer.Lost += overrun;
                if (observer.Wants(happened))
                {
                    observer.Offer(writer, happened);
                }
            }
        }
        finally
        {
            _inlet.Read(happened);
        }
    }

    /// <summary>What one observer wants, and has missed.</summary>
    public sealed class Observer(ImmutableHashSet<DtuId>? only)
    {
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
            if (Lost > 0 && writer.TryWrite(new EventsLost(happened.At, Lost)))
            {
                Lost = 0;
            }

            if (Lost > 0 || !writer.TryWrite(happened))
            {
                Lost++;
            }
        }
    }
}

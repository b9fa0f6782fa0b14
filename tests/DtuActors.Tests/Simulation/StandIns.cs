using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Listening.Streams;
using DtuActors.Protocol;
using DtuActors.Routing;

namespace DtuActors.Tests.Simulation;

/// <summary>A path for stand-ins, where nobody is.</summary>
internal sealed class LocalPlace(ActorPath path) : MinimalActorRef
{
    public override ActorPath Path => path;

    public override IActorRefProvider Provider => throw new NotSupportedException("nobody is here");
}

/// <summary>Somebody outside, whose own failure is the run's.</summary>
internal abstract class StandIn(IActorRef place) : DirectRef(place, 1)
{
    protected override void OnStopped(Exception? failure)
    {
        if (failure is not null)
        {
            throw new InvalidOperationException($"a stand-in of the run failed: {failure}", failure);
        }
    }
}

/// <summary>Hears what it is told there and then.</summary>
internal sealed class Sink(IActorRef place, Action<object> hear) : StandIn(place)
{
    protected override void OnTold(object message, IActorRef sender) => hear(message);
}

/// <summary>An endpoint that takes at once whatever is for it, and keeps to its windows towards the DTUs.</summary>
internal sealed class FarEnd(IActorRef place, Action<Relay.Deliver> hear) : StandIn(place)
{
    public const string Name = "scada";
    private readonly OutboundWindows _windows = new();

    public IActorRef Router { get; set; } = ActorRefs.Nobody;

    private Destination Me => new(this, 1);

    public void Announce() => Router.Tell(new Registry.EndpointStarted(Name, Me, Exclusive: true, DownlinkSelect.None), this);

    public void Emit(DtuId dtu, byte[] payload, DateTimeOffset now)
    {
        var through = _windows.Emit(payload.Length, out var ackWanted);
        Router.Tell(new Relay.Downlink(Name, this, new Frame(payload, FrameDirection.Down, "modbus-rtu", now), through, ackWanted, dtu), this);
    }

    protected override void OnTold(object message, IActorRef sender)
    {
        switch (message)
        {
            case Relay.Deliver delivery:
                if (delivery.Frame is not null)
                {
                    hear(delivery);
                }

                if (delivery.AckWanted)
                {
                    delivery.Source.Tell(new Flow.Taken(Me, delivery.Through), this);
                }

                break;
            case Registry.AnnounceYourself:
                Announce();
                break;
        }
    }
}

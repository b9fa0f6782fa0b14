using Akka.Actor;
using Akka.TestKit;
using DtuActors.Directory;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;
using Xunit;

namespace DtuActors.Tests.Endpoints;

/// <summary>An endpoint between probes: its parent, the router, the fleet's view, and whoever sends it frames.</summary>
public abstract class EndpointSpec : ActorSpec
{
    protected static readonly DtuId Dtu = DtuId.Parse("pump-7");
    private long _through;

    protected EndpointSpec(string extra = "")
        : base(EndpointDispatchers.Hocon + Environment.NewLine + extra)
    {
        Router = CreateTestProbe("router");
        FleetView = CreateTestProbe("fleet");
        Session = CreateTestProbe("session");
        Above = CreateTestProbe("above");
        Recorder = CreateTestProbe("recorder");
        var inlet = new EventInlet();
        inlet.Attach(Recorder);
        Surroundings = new EndpointSurroundings(Router, FleetView, inlet);
    }

    protected TestProbe Router { get; }

    protected TestProbe FleetView { get; }

    protected TestProbe Session { get; }

    protected TestProbe Above { get; }

    protected TestProbe Recorder { get; }

    protected EndpointSurroundings Surroundings { get; }

    protected static byte[] Bytes(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    protected static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.ASCII.GetString(bytes.Span);

    protected IActorRef Start(Props props)
    {
        var started = CreateTestProbe();
        Sys.ActorOf(Props.Create<Parent>(Above, started, props));
        var endpoint = started.ExpectMsg<IActorRef>();
        Settle(endpoint);
        return endpoint;
    }

    /// <summary>Supervises as the gateway does, and shows the test what it hears. (A probe's own children can't be restarted.)</summary>
    private sealed class Parent : ReceiveActor
    {
        public Parent(TestProbe test, TestProbe started, Props props)
        {
            started.Tell(Context.ActorOf(props));
            ReceiveAny(test.Forward);
        }
    }

    /// <summary>What makes any endpoint throw: a destination that is none.</summary>
    protected static void Break(IActorRef endpoint) => endpoint.Tell(new Flow.PathAdded(default));

    protected void Deliver(IActorRef endpoint, string text, bool ackWanted = true)
    {
        _through += text.Length;
        endpoint.Tell(new Relay.Deliver(
            Session, Dtu.Value, Dtu, new Epoch(1, 1), new Frame(Bytes(text), FrameDirection.Up, "raw", Sys.Scheduler.Now), _through, ackWanted));
    }

    protected void Probe(IActorRef endpoint) =>
        endpoint.Tell(new Relay.Deliver(Session, Dtu.Value, Dtu, new Epoch(1, 1), null, _through, true));

    protected Flow.Taken ExpectTaken() => Session.ExpectMsg<Flow.Taken>();

    protected Frame ExpectDownlink() => Router.FishForMessage<Relay.Downlink>(downlink => downlink.Frame is not null).Frame!;

    protected EndpointStatus StatusOf(IActorRef endpoint)
    {
        var view = FleetView;
        Settle(endpoint);
        while (view.HasMessages)
        {
            view.ReceiveOne(TimeSpan.Zero);
        }

        endpoint.Tell(Fleet.TellAgain.Instance);
        return view.ExpectMsg<Fleet.EndpointSeen>().Status;
    }

    protected void AwaitState(IActorRef endpoint, string state) =>
        AwaitAssert(() => Assert.Equal(state, StatusOf(endpoint).State), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(20));

    protected static void AddsUp(TrafficCounters counters) =>
        Assert.Equal(counters.Accepted, counters.Written + counters.Dropped.Values.Sum() + counters.Waiting);
}

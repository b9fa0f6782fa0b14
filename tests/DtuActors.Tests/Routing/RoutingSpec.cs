using System.Text;
using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Routing;

/// <summary>A router between probes: an exclusive endpoint <c>com</c>, a shared one <c>scada</c>, and sessions.</summary>
public abstract class RoutingSpec : ActorSpec
{
    protected RoutingSpec()
    {
        Directory = CreateTestProbe("directory");
        Fleet = CreateTestProbe("fleet");
        Com = CreateTestProbe("com");
        Scada = CreateTestProbe("scada");
    }

    protected TestProbe Directory { get; }

    protected TestProbe Fleet { get; }

    protected TestProbe Com { get; }

    protected TestProbe Scada { get; }

    protected (string Name, IActorRef Ref)[] Both => [("com", Com.Ref), ("scada", Scada.Ref)];

    protected IActorRef Router(RouteOptions[] routes, DownlinkSelect select = DownlinkSelect.None, Admission? admission = null)
    {
        var router = Sys.ActorOf(RouterActor.Props(admission ?? new Admission(Options.Gateway()), Directory, Fleet));
        router.Tell(new RouterActor.Reroute([.. routes], [.. Both]), ActorRefs.NoSender);
        router.Tell(new Registry.EndpointStarted("com", new Destination(Com, 1), Exclusive: true, select));
        router.Tell(new Registry.EndpointStarted("scada", new Destination(Scada, 1), Exclusive: false, DownlinkSelect.None));
        return router;
    }

    protected void Reroute(IActorRef router, params RouteOptions[] routes)
    {
        router.Tell(new RouterActor.Reroute([.. routes], [.. Both]), TestActor);
        ExpectMsg<RouterActor.Rerouted>();
    }

    protected static Admission Groups(params (string Id, string Group)[] members) => new(Options.Gateway().With(
        members.Select(member => Options.Dtu(member.Id) with { Groups = [member.Group] }).ToArray()));

    protected (TestProbe Probe, SessionRef Ref) NewSession(string id, long epoch)
    {
        var probe = CreateTestProbe();
        return (probe, new SessionRef(DtuId.Parse(id), new Epoch(epoch, 0), probe));
    }

    protected (TestProbe Probe, SessionRef Ref) Open(IActorRef router, string id, long epoch = 1)
    {
        var session = NewSession(id, epoch);
        router.Tell(new Registry.SessionOpened(session.Ref));
        return session;
    }

    protected static Frame Text(string text, FrameDirection direction) => new(Encoding.ASCII.GetBytes(text), direction, "raw", DateTimeOffset.UnixEpoch);

    protected static void Up(IActorRef router, (TestProbe Probe, SessionRef Ref) session, string text, string? only = null) =>
        router.Tell(new Relay.Uplink(session.Ref, Text(text, FrameDirection.Up), text.Length, false, only));

    protected static void Down(IActorRef router, TestProbe source, string endpoint, string text) =>
        router.Tell(new Relay.Downlink(endpoint, source, Text(text, FrameDirection.Down), text.Length, false));

    protected static byte[] Delivered(TestProbe endpoint) => endpoint.FishForMessage<Relay.Deliver>(_ => true).Frame!.Payload.ToArray();

    protected static string TextOf(Relay.Deliver delivery) => Encoding.ASCII.GetString(delivery.Frame!.Payload.Span);

    protected static string[] Heard(TestProbe session, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => TextOf(session.FishForMessage<Relay.Deliver>(_ => true)))];

    /// <summary>All that came so far, once the router has done what it was told.</summary>
    protected object[] Told(IActorRef router, TestProbe probe)
    {
        Settle(router);
        var told = new List<object>();
        while (probe.ReceiveOne(TimeSpan.Zero) is { } message)
        {
            told.Add(message);
        }

        return [.. told];
    }
}

using Akka.Actor;
using Akka.TestKit;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Routing;

/// <summary>Routes with when-offline = queue: a probe plays the directory and its queues.</summary>
public sealed class QueueingRoutesSpec : RoutingSpec
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void What_comes_for_an_offline_dtu_is_given_to_its_queue()
    {
        var router = Router([Waiting("dtu-1", "com")]);
        Down(router, Com, "com", "hi");
        var take = Taken("hi");
        Assert.Equal((DtuId.Parse("dtu-1"), "com", Hour, true, true), (take.Dtu, take.Source, take.TimeToLive!.Value, take.AnswerUp, take.FollowsEnd));
    }

    [Fact]
    public void Nothing_overtakes_what_waits()
    {
        var router = Router([Waiting("dtu-1", "com")]);
        Down(router, Com, "com", "one");
        var one = Taken("one");
        var session = Open(router, "dtu-1");
        Down(router, Com, "com", "two");
        var two = Taken("two");
        End(router, one);
        Down(router, Com, "com", "three");
        var three = Taken("three");
        End(router, two);
        End(router, three);
        Down(router, Com, "com", "four");
        Assert.Equal("four", TextOf(session.Probe.FishForMessage<Relay.Deliver>(_ => true)));
    }

    [Fact]
    public void A_source_that_waits_for_a_dtu_is_not_held_up_by_its_queue()
    {
        var router = Router([Waiting("dtu-1", "com")]);
        Down(router, Com, "com", "one");
        Taken("one");
        var session = Open(router, "dtu-1");
        router.Tell(new Relay.Downlink("com", Com, Text("two", FrameDirection.Down), 3, AckWanted: true));
        Taken("two");
        Assert.Equal(3, Com.FishForMessage<Flow.Taken>(_ => true).Through);
        session.Probe.FishForMessage<Flow.PathAdded>(_ => true);
    }

    [Fact]
    public void A_queue_that_dies_leaves_nothing_waiting_here()
    {
        var router = Router([Waiting("dtu-1", "com")]);
        var queue = CreateTestProbe();
        Down(router, Com, "com", "one");
        var one = Taken("one");
        queue.Send(router, new Queueing.Taken(one.Correlation, Status(one, "queued"), null));
        Settle(router);
        Sys.Stop(queue);
        var session = Open(router, "dtu-1");
        AwaitAssert(() =>
        {
            Down(router, Com, "com", "next");
            Assert.Equal("next", TextOf(session.Probe.FishForMessage<Relay.Deliver>(_ => true, TimeSpan.FromMilliseconds(200))));
        });
    }

    [Fact]
    public void Between_two_dtus_the_one_that_is_offline_is_waited_for()
    {
        var router = Router([Waiting("a", "dtu:b")]);
        var a = Open(router, "a");
        Up(router, a, "for b");
        var take = Taken("for b");
        Assert.Equal((DtuId.Parse("b"), "dtu:a"), (take.Dtu, take.Source));
    }

    [Fact]
    public void Answers_and_routes_that_drop_wait_for_nobody()
    {
        var router = Router([Options.Route("dtu-1", "com"), Waiting("a", "dtu:b")]);
        Down(router, Com, "com", "hi");
        Up(router, Open(router, "a"), "an answer", only: "dtu:b");
        Settle(router);
        Assert.DoesNotContain(Told(router, Directory), message => message is Queueing.Take);
    }

    [Fact]
    public void An_endpoints_command_waits_as_long_as_it_says_or_as_its_route_does()
    {
        var router = Router([Waiting("dtu-*", "com"), Options.Route("other", "com")]);
        Command("dtu-1", null);
        Assert.Equal(Hour, Directory.FishForMessage<Queueing.Take>(_ => true).TimeToLive);
        Command("dtu-1", TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.FromMinutes(1), Directory.FishForMessage<Queueing.Take>(_ => true).TimeToLive);
        Command("other", null);
        Assert.Null(Directory.FishForMessage<Queueing.Take>(_ => true).TimeToLive);
        Command("nobody", null);
        Assert.Equal(RefusalReason.Offline, ExpectMsg<Queueing.Refused>().Reason);

        void Command(string dtu, TimeSpan? timeToLive) =>
            router.Tell(new Relay.Command("com", new Queueing.Take(DtuId.Parse(dtu), "c", null, "com", new byte[] { 1 }, timeToLive)), TestActor);
    }

    private static RouteOptions Waiting(string dtu, string to) => Options.Route(dtu, to) with { WaitsOffline = Hour };

    private Queueing.Take Taken(string text)
    {
        var take = Directory.FishForMessage<Queueing.Take>(_ => true);
        Assert.Equal(System.Text.Encoding.ASCII.GetBytes(text), take.Payload.ToArray());
        return take;
    }

    private void End(IActorRef router, Queueing.Take take)
    {
        router.Tell(new Queueing.Ended(take.Correlation, Status(take, "delivered"), null), Directory);
        Settle(router);
    }

    private static CommandStatus Status(Queueing.Take take, string state) => new(take.Id, state, default, null, take.Source, take.Payload, take.Payload.Length, null, null, default);
}

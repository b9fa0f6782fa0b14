using Akka.Actor;
using Akka.TestKit.Xunit2;
using DtuActors.Dispatching;
using Xunit;

namespace DtuActors.Tests.Dispatching;

/// <summary>Who is told something from a turn on the data path has its own turn on the same thread, unless that would make it wait for many others.</summary>
public sealed class DataPathSpec() : TestKit(DataPath.Hocon)
{
    [Fact]
    public void A_frames_way_stays_on_one_thread()
    {
        var last = Sys.ActorOf(Props.Create(() => new Relay(ActorRefs.Nobody)).OnDataPath(Sys));
        var middle = Sys.ActorOf(Props.Create(() => new Relay(last)).OnDataPath(Sys));
        var first = Sys.ActorOf(Props.Create(() => new Relay(middle)).OnDataPath(Sys));

        // Each has started: an actor that is busy with that has its turn where it is.
        foreach (var actor in (IActorRef[])[last, middle, first])
        {
            actor.Tell(new Identify(null));
            ExpectMsg<ActorIdentity>();
        }

        first.Tell(new Way(TestActor, []));

        Assert.Single(ExpectMsg<Way>().Threads.Distinct());
    }

    [Fact]
    public void Whoever_is_told_something_with_many_others_hears_it_too()
    {
        var many = Enumerable.Range(0, 100).Select(_ => Sys.ActorOf(Props.Create(() => new Relay(ActorRefs.Nobody)).OnDataPath(Sys))).ToList();
        var fan = Sys.ActorOf(Props.Create(() => new Fan(many)).OnDataPath(Sys));

        fan.Tell(new Way(TestActor, []));

        ReceiveN(many.Count);
    }

    [Fact]
    public void Without_that_dispatcher_an_actor_is_on_the_default_one()
    {
        using var system = ActorSystem.Create("plain");

        Assert.Equal(Deploy.NoDispatcherGiven, Props.Empty.OnDataPath(system).Deploy.Dispatcher);
    }

    [Fact]
    public void An_actor_that_has_a_dispatcher_keeps_it() =>
        Assert.Equal("its-own", Props.Empty.WithDispatcher("its-own").OnDataPath(Sys).Deploy.Dispatcher);

    private sealed record Way(IActorRef End, int[] Threads);

    private sealed class Relay : ReceiveActor
    {
        public Relay(IActorRef next) => Receive<Way>(way =>
        {
            var here = way with { Threads = [.. way.Threads, Environment.CurrentManagedThreadId] };
            (next.IsNobody() ? way.End : next).Tell(here);
        });
    }

    private sealed class Fan : ReceiveActor
    {
        public Fan(List<IActorRef> all) => Receive<Way>(way => all.ForEach(one => one.Tell(way)));
    }
}

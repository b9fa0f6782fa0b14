using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;

namespace DtuActors.Tests.Directory;

/// <summary>Several sockets of one DTU that are found at once, by a gateway that stood still or has just started: whoever came last holds it, whichever is read first.</summary>
public sealed class AcceptOrderSpec : ActorSpec
{
    private static readonly DtuId Id = DtuId.Parse("dtu-1");
    private readonly IActorRef _dtu;

    public AcceptOrderSpec() => _dtu = CreateTestProbe("parent").ChildActorOf(DtuActor.Props(Id, 0, new AloneHome(null)));

    [Fact]
    public void One_that_came_before_the_holder_and_is_read_behind_it_takes_the_DTU_from_nobody()
    {
        var (earlier, later) = (CreateTestProbe("earlier"), CreateTestProbe("later"));
        Claim(later, came: 7);
        later.ExpectMsg<Holding.Granted>();
        Claim(earlier, came: 6);
        earlier.ExpectMsg<Holding.Superseded>();
        later.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void One_that_came_before_whoever_is_about_to_hold_it_takes_it_from_nobody()
    {
        var (first, second, third) = (CreateTestProbe("first"), CreateTestProbe("second"), CreateTestProbe("third"));
        Claim(first, came: 1);
        first.ExpectMsg<Holding.Granted>();
        Claim(third, came: 7);
        first.ExpectMsg<Holding.Superseded>();
        Claim(second, came: 6);
        second.ExpectMsg<Holding.Superseded>();
        Sys.Stop(first.Ref);
        third.ExpectMsg<Holding.Granted>();
    }

    [Fact]
    public void One_that_waited_long_with_its_registration_is_the_newest_all_the_same()
    {
        var (earlier, later) = (CreateTestProbe("earlier"), CreateTestProbe("later"));
        Claim(later, came: 7);
        later.ExpectMsg<Holding.Granted>();
        Settle(_dtu);
        Advance(TimeSpan.FromSeconds(5));
        Claim(earlier, came: 2);
        later.ExpectMsg<Holding.Superseded>();
    }

    private void Claim(TestProbe session, int came) =>
        _dtu.Tell(new Holding.Announce(Id, null, session, session.Ref.Path.Name, new DuplicatesOptions()) { Came = came });
}

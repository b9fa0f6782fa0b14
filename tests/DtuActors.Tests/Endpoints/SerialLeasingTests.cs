using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol.Framing;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Endpoints;

/// <summary>A COM port that one holder has for himself: what is for it from DTUs waits, what it says is his, and it is given back whatever happens.</summary>
public sealed class SerialLeasingTests : EndpointSpec
{
    private readonly FakeOpener _opener = new();
    private readonly TestProbe _holder;

    public SerialLeasingTests() => _holder = CreateTestProbe("holder");

    [Fact]
    public void The_holder_hears_all_and_writes_and_what_is_for_it_from_elsewhere_waits()
    {
        var endpoint = StartOpen();
        Take(endpoint);
        Deliver(endpoint, "of a dtu");
        endpoint.Tell(new Leasing.Write("one"u8.ToArray()), _holder);
        endpoint.Tell(new Leasing.Write("two"u8.ToArray()), _holder);
        _holder.ExpectMsg<Leasing.Written>();
        _holder.ExpectMsg<Leasing.Written>();
        Assert.Equal(["one", "two"], _opener.Port.Written);

        _opener.Port.Send("heard");
        var heard = _holder.ExpectMsg<Leasing.Heard>();
        Assert.Equal("heard"u8.ToArray(), heard.Bytes.ToArray());
        endpoint.Tell(new Leasing.Read(heard.Through), _holder);
        Assert.Equal(1, StatusOf(endpoint).Up.Waiting);

        endpoint.Tell(Leasing.GiveBack.Instance, _holder);
        AwaitAssert(() => Assert.Equal(["one", "two", "of a dtu"], _opener.Port.Written), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(10));
        AwaitAssert(() => AddsUp(StatusOf(endpoint).Up));
        Assert.Equal(3, StatusOf(endpoint).Up.Written);
    }

    [Fact]
    public void It_begins_when_the_write_that_is_on_its_way_has_ended()
    {
        var endpoint = StartOpen();
        _opener.Port.Gate.Reset();
        Deliver(endpoint, "of a dtu");
        endpoint.Tell(new Leasing.TakePort("meter-bus", 7, _holder));
        Settle(endpoint);
        _holder.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        var second = CreateTestProbe();
        endpoint.Tell(new Leasing.TakePort("meter-bus", 8, second));
        Assert.Equal(new Asking.Refused(8, RefusalReason.BusBusy), second.ExpectMsg<Asking.Refused>());
        _opener.Port.Gate.Set();
        _holder.ExpectMsg<Leasing.Taken>();
    }

    [Fact]
    public void A_port_that_goes_away_tells_the_holder_and_is_anybodys_when_it_is_there_again()
    {
        var endpoint = StartOpen();
        Take(endpoint);
        _opener.Port.Unplug();
        Assert.Equal("the device went away", _holder.ExpectMsg<Leasing.Lost>().Reason);
        endpoint.Tell(new Leasing.TakePort("meter-bus", 8, _holder));
        Assert.Equal(new Asking.Refused(8, RefusalReason.Offline), _holder.ExpectMsg<Asking.Refused>());
        Deliver(endpoint, "of a dtu");
        AwaitState(endpoint, EndpointStates.Down);
        AwaitAssert(
            () =>
            {
                Advance(TimeSpan.FromSeconds(1));
                Assert.Equal(2, _opener.Opened.Count);
                Assert.Equal(["of a dtu"], _opener.Port.Written);
            },
            TimeSpan.FromSeconds(5),
            TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void A_holder_that_ends_gives_the_port_back()
    {
        var endpoint = StartOpen();
        Take(endpoint);
        Deliver(endpoint, "of a dtu");
        Sys.Stop(_holder);
        AwaitAssert(() => Assert.Equal(["of a dtu"], _opener.Port.Written), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(10));
        endpoint.Tell(new Leasing.Write(new byte[1]), TestActor);
        ExpectMsg<Leasing.Lost>();
    }

    [Fact]
    public void A_shut_down_tells_the_holder()
    {
        var endpoint = StartOpen();
        Take(endpoint);
        endpoint.Tell(ShutDown.Drain.Instance);
        Assert.Equal("the gateway is stopping", _holder.ExpectMsg<Leasing.Lost>().Reason);
    }

    private IActorRef StartOpen()
    {
        var endpoint = Start(SerialActor.Props(
            new SerialEndpointOptions
            {
                Name = "meter-bus",
                KeyPath = "dtu.endpoints.meter-bus",
                Device = "fake",
                Framing = new FramingOptions { Codec = "raw" },
                Reopen = new ReopenOptions { Min = TimeSpan.FromSeconds(1), Max = TimeSpan.FromSeconds(8) },
            },
            Surroundings,
            _opener));
        AwaitState(endpoint, EndpointStates.Up);
        return endpoint;
    }

    private void Take(IActorRef endpoint)
    {
        endpoint.Tell(new Leasing.TakePort("meter-bus", 7, _holder));
        Assert.Equal(7, _holder.ExpectMsg<Leasing.Taken>().Correlation);
    }
}

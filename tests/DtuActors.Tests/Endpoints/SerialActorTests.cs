using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol.Framing;
using DtuActors.Recording;
using DtuActors.Routing;
using Xunit;

namespace DtuActors.Tests.Endpoints;

public sealed class SerialActorTests : EndpointSpec
{
    private readonly FakeOpener _opener = new();

    private static SerialEndpointOptions Options(string codec = "raw", int buffer = 65536) => new()
    {
        Name = "meter-bus",
        KeyPath = "dtu.endpoints.meter-bus",
        Device = "fake",
        Framing = new FramingOptions { Codec = codec, Gap = TimeSpan.FromMilliseconds(20) },
        Buffer = buffer,
        Reopen = new ReopenOptions { Min = TimeSpan.FromSeconds(1), Max = TimeSpan.FromSeconds(8) },
    };

    private IActorRef StartOpen(SerialEndpointOptions? options = null)
    {
        var endpoint = Start(SerialActor.Props(options ?? Options(), Surroundings, _opener));
        AwaitState(endpoint, EndpointStates.Up);
        return endpoint;
    }

    private void AwaitWritten(params string[] writes) =>
        AwaitAssert(() => Assert.Equal(writes, _opener.Opened.SelectMany(port => port.Written)), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(10));

    [Fact]
    public void A_frame_is_written_then_acknowledged_and_booked()
    {
        var endpoint = StartOpen();

        Deliver(endpoint, "hello");

        Assert.Equal(5, ExpectTaken().Through);
        Assert.Equal(["hello"], _opener.Port.Written);
        var up = StatusOf(endpoint).Up;
        Assert.Equal((1, 1, 5, 0), (up.Accepted, up.Written, up.WrittenBytes, up.Waiting));
    }

    [Fact]
    public void It_announces_itself_as_exclusive_and_again_when_asked()
    {
        var endpoint = StartOpen();
        var first = Router.ExpectMsg<Registry.EndpointStarted>();
        Assert.True(first.Exclusive);

        endpoint.Tell(Registry.AnnounceYourself.Instance, Router);

        Assert.Equal(first, Router.ExpectMsg<Registry.EndpointStarted>());
    }

    [Fact]
    public void What_waits_behind_a_write_shares_the_next_one_whole_frame_by_whole_frame()
    {
        var endpoint = StartOpen();
        _opener.Port.Gate.Reset();
        foreach (var text in new[] { "first", "aaaaaaaa", "bbbbbbbb", "cccccccc" })
        {
            Deliver(endpoint, text);
        }

        Settle(endpoint);
        _opener.Port.Gate.Set();

        AwaitWritten("first", "aaaaaaaabbbbbbbb", "cccccccc");
    }

    [Fact]
    public void A_probe_is_answered_behind_what_waits()
    {
        var endpoint = StartOpen();
        _opener.Port.Gate.Reset();
        Deliver(endpoint, "slow", ackWanted: false);
        Probe(endpoint);
        Settle(endpoint);
        Session.ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        _opener.Port.Gate.Set();

        Assert.Equal(4, ExpectTaken().Through);
        Assert.Single(_opener.Port.Written);
    }

    [Fact]
    public void A_source_far_ahead_of_its_window_loses_frames_and_hears_of_it_only_behind_what_waits()
    {
        var endpoint = StartOpen();
        _opener.Port.Gate.Reset();
        var block = new string('a', OutboundWindows.DefaultWindow);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            Deliver(endpoint, block, ackWanted: false);
        }

        Deliver(endpoint, "lost");
        Settle(endpoint);
        Session.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Assert.Equal(1, StatusOf(endpoint).Up.Dropped[RelayDrops.BufferFull]);

        _opener.Port.Gate.Set();

        Assert.Equal((3 * block.Length) + 4, ExpectTaken().Through);
    }

    [Fact]
    public void A_port_that_goes_away_is_down_and_reopened_after_the_back_off_and_the_buffer_stays()
    {
        var endpoint = StartOpen();
        _opener.Refusal = "fake is not there";
        _opener.Port.Unplug();
        AwaitState(endpoint, EndpointStates.Down);
        Assert.Equal("the device went away", StatusOf(endpoint).LastError);
        Deliver(endpoint, "kept");
        Assert.Equal(4, ExpectTaken().Through);

        Advance(TimeSpan.FromSeconds(2));
        AwaitAssert(() => Assert.Equal("fake is not there", StatusOf(endpoint).LastError), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(20));
        _opener.Refusal = null;
        AwaitAssert(
            () =>
            {
                Advance(TimeSpan.FromSeconds(1));
                Assert.Equal(2, _opener.Opened.Count);
            },
            TimeSpan.FromSeconds(5),
            TimeSpan.FromMilliseconds(50));

        AwaitState(endpoint, EndpointStates.Up);
        AwaitWritten("kept");
        Session.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Up.Written));
        AddsUp(StatusOf(endpoint).Up);
    }

    [Fact]
    public void A_device_node_that_is_another_one_is_a_lost_port()
    {
        var endpoint = StartOpen();
        _opener.Port.Problem = "fake is another device now";

        Advance(TimeSpan.FromSeconds(1));

        AwaitState(endpoint, EndpointStates.Down);
        Assert.Equal("fake is another device now", StatusOf(endpoint).LastError);
        Assert.True(_opener.Port.IsDisposed);
    }

    [Fact]
    public void A_frame_in_flight_when_the_port_dies_is_lost_once_and_the_next_ones_follow()
    {
        var endpoint = StartOpen();
        _opener.Port.Outcome = () => throw new IOException("input/output error");
        Deliver(endpoint, "in flight");
        ExpectTaken();
        AwaitState(endpoint, EndpointStates.Down);
        Deliver(endpoint, "next");

        Advance(TimeSpan.FromSeconds(2));

        AwaitWritten("next");
        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Up.Written));
        var up = StatusOf(endpoint).Up;
        Assert.Equal(1, up.Dropped[RelayDrops.DestinationLost]);
        AddsUp(up);
    }

    [Fact]
    public void A_bug_in_the_port_is_seen_as_its_end_and_answered_with_back_off()
    {
        var endpoint = StartOpen();
        _opener.Port.Outcome = () => throw new InvalidCastException("a bug");

        EventFilter.Exception<InvalidCastException>().ExpectOne(() => Deliver(endpoint, "boom"));

        AwaitState(endpoint, EndpointStates.Down);
        Assert.Equal("a bug", StatusOf(endpoint).LastError);
        Advance(TimeSpan.FromSeconds(2));
        AwaitState(endpoint, EndpointStates.Up);
    }

    [Fact]
    public void While_it_is_down_the_oldest_goes_first_when_the_buffer_is_full()
    {
        _opener.Refusal = "fake is not there";
        var endpoint = Start(SerialActor.Props(Options(buffer: 10), Surroundings, _opener));
        AwaitState(endpoint, EndpointStates.Down);
        foreach (var text in new[] { "aaaa", "bbbb", "cccc" })
        {
            Deliver(endpoint, text);
            ExpectTaken();
        }

        var up = StatusOf(endpoint).Up;
        Assert.Equal((2, 1), (up.Waiting, up.Dropped[RelayDrops.BufferFull]));

        _opener.Refusal = null;
        Advance(TimeSpan.FromSeconds(2));

        AwaitWritten("bbbbcccc");
    }

    [Fact]
    public void While_it_is_down_what_is_older_than_the_buffers_age_is_dropped()
    {
        _opener.Refusal = "fake is not there";
        var endpoint = Start(SerialActor.Props(Options(), Surroundings, _opener));
        AwaitState(endpoint, EndpointStates.Down);
        Deliver(endpoint, "old");
        ExpectTaken();

        Advance(TimeSpan.FromSeconds(32), TimeSpan.FromSeconds(1));

        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Up.Dropped[RelayDrops.TooOld]));
        AddsUp(StatusOf(endpoint).Up);
    }

    [Theory]
    [InlineData(PortWrite.NoReader, RelayDrops.NoReader)]
    [InlineData(PortWrite.TimedOut, RelayDrops.DestinationSlow)]
    public void What_the_port_does_not_take_is_dropped_under_its_reason_and_the_port_stays(PortWrite outcome, string reason)
    {
        var endpoint = StartOpen();
        _opener.Port.Outcome = () => outcome;

        Deliver(endpoint, "nobody");

        ExpectTaken();
        var status = StatusOf(endpoint);
        Assert.Equal(EndpointStates.Up, status.State);
        Assert.Equal(1, status.Up.Dropped[reason]);
    }

    [Fact]
    public void A_restart_reopens_under_a_new_incarnation_and_the_totals_go_on()
    {
        var endpoint = StartOpen();
        var first = Router.ExpectMsg<Registry.EndpointStarted>();
        Deliver(endpoint, "one");
        ExpectTaken();
        _opener.Port.Gate.Reset();
        Deliver(endpoint, "two");
        Deliver(endpoint, "three");
        Settle(endpoint);

        Break(endpoint);

        var second = Router.ExpectMsg<Registry.EndpointStarted>();
        Assert.NotEqual(first.Destination.Incarnation, second.Destination.Incarnation);
        AwaitState(endpoint, EndpointStates.Up);
        Assert.Equal(2, _opener.Opened.Count);
        Assert.True(_opener.Opened[0].IsDisposed);
        var up = StatusOf(endpoint).Up;
        Assert.Equal((3, 1, 0), (up.Accepted, up.Written, up.Waiting));
        Assert.Equal(2, up.Dropped[RelayDrops.Restarted]);
        Deliver(endpoint, "four");
        AwaitWritten("one", "four");
    }

    [Fact]
    public void Pieces_of_a_request_become_one_frame_when_the_line_falls_silent()
    {
        var endpoint = StartOpen(Options("idle-gap"));
        _opener.Port.Send("req");
        AwaitAssert(() => Assert.Equal(2, _opener.Port.Reads));
        _opener.Port.Send("uest");
        AwaitAssert(() => Assert.Equal(3, _opener.Port.Reads));
        Settle(endpoint);

        Advance(TimeSpan.FromMilliseconds(30), TimeSpan.FromMilliseconds(10));

        Assert.Equal("request", Text(ExpectDownlink().Payload));
    }

    [Fact]
    public void While_a_window_is_closed_it_reads_no_more_and_probes_each_second()
    {
        var endpoint = StartOpen();
        var dtu = CreateTestProbe();
        var destination = new Destination(dtu, 0);
        endpoint.Tell(new Flow.PathAdded(destination));
        var chunk = new string('x', 4096);
        for (var sent = 0; sent < OutboundWindows.DefaultWindow; sent += chunk.Length)
        {
            _opener.Port.Send(chunk);
            ExpectDownlink();
        }

        var probe = Router.ExpectMsg<Relay.Downlink>();
        Assert.Null(probe.Frame);
        Settle(endpoint);
        var reads = _opener.Port.Reads;
        _opener.Port.Send("later");
        Advance(TimeSpan.FromSeconds(1));
        Assert.Null(Router.ExpectMsg<Relay.Downlink>().Frame);
        Assert.Equal(reads, _opener.Port.Reads);

        endpoint.Tell(new Flow.Taken(destination, probe.Through));

        Assert.Equal("later", Text(ExpectDownlink().Payload));
    }

    [Fact]
    public void A_port_that_cannot_pause_is_read_on_and_what_is_too_much_is_counted()
    {
        _opener.Make = () => new FakePort { CanPause = false };
        var endpoint = StartOpen();
        var destination = new Destination(CreateTestProbe(), 0);
        endpoint.Tell(new Flow.PathAdded(destination));
        var chunk = new string('x', 4096);
        for (var sent = 0; sent < OutboundWindows.DefaultWindow + EndpointActor.MostHeld + chunk.Length; sent += chunk.Length)
        {
            _opener.Port.Send(chunk);
        }

        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Down.Dropped[RelayDrops.BufferFull]), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(20));
        var down = StatusOf(endpoint).Down;
        Assert.Equal(16, down.Waiting);
        AddsUp(down);

        endpoint.Tell(new Flow.PathRemoved(destination));

        AwaitAssert(() => Assert.Equal(0, StatusOf(endpoint).Down.Waiting));
    }

    [Fact]
    public void A_window_closed_for_half_a_minute_lets_it_read_on_and_drop()
    {
        var endpoint = StartOpen();
        endpoint.Tell(new Flow.PathAdded(new Destination(CreateTestProbe(), 0)));
        for (var sent = 0; sent < OutboundWindows.DefaultWindow; sent += 4096)
        {
            _opener.Port.Send(new string('x', 4096));
            ExpectDownlink();
        }

        Settle(endpoint);
        Advance(WindowPause.Longest + TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        _opener.Port.Send("excess");

        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Down.Dropped.GetValueOrDefault(RelayDrops.DestinationSlow)));
    }

    [Fact]
    public void Each_change_of_state_is_an_event()
    {
        StartOpen();
        Assert.Equal(EndpointStates.Up, Recorder.ExpectMsg<EndpointChanged>().State);

        _opener.Port.Unplug();

        var down = Recorder.ExpectMsg<EndpointChanged>();
        Assert.Equal((EndpointStates.Down, "the device went away"), (down.State, down.LastError));
    }

    [Fact]
    public void Draining_writes_what_waits_then_closes_the_port_and_ends()
    {
        var endpoint = StartOpen();
        _opener.Port.Gate.Reset();
        Deliver(endpoint, "first");
        Deliver(endpoint, "last");
        Watch(endpoint);

        endpoint.Tell(ShutDown.Drain.Instance);
        Deliver(endpoint, "too late");
        Settle(endpoint);
        _opener.Port.Gate.Set();

        ExpectTerminated(endpoint);
        Assert.Equal(["first", "last"], _opener.Port.Written);
        Assert.True(_opener.Port.IsDisposed);
    }

    [Fact]
    public void Draining_does_not_wait_for_a_port_that_takes_nothing()
    {
        var endpoint = StartOpen();
        _opener.Port.Gate.Reset();
        Deliver(endpoint, "stuck");
        Watch(endpoint);
        endpoint.Tell(ShutDown.Drain.Instance);
        Settle(endpoint);

        Advance(TimeSpan.FromSeconds(2));

        ExpectTerminated(endpoint);
        Assert.Equal(5, ExpectTaken().Through);
        Assert.Empty(_opener.Port.Written);
    }
}

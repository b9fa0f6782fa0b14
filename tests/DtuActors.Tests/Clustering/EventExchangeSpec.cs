using System.Collections.Immutable;
using System.Text.Json;
using Akka.Actor;
using Akka.TestKit;
using DtuActors.Clustering.Desks;
using DtuActors.Clustering.Observing;
using DtuActors.Protocol;
using DtuActors.Recording;

namespace DtuActors.Tests.Clustering;

/// <summary>One node's exchange between its monitors and a desk that a probe plays.</summary>
public sealed class EventExchangeSpec : ActorSpec
{
    private static readonly DtuId Pump = DtuId.Parse("pump");
    private static readonly DtuId Gate = DtuId.Parse("gate");
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch;

    private readonly EventInlet _inlet = new();
    private readonly TestProbe _desk;
    private readonly IActorRef _monitors;
    private readonly IActorRef _exchange;

    public EventExchangeSpec()
    {
        _desk = CreateTestProbe("desk");
        _monitors = Sys.ActorOf(MonitorActor.Props(_inlet, "north"));
        _inlet.Attach(_monitors);
        _exchange = Sys.ActorOf(EventExchangeActor.Props("north", _desk, _monitors));
        Settle(_exchange);
        Settle(_monitors);
    }

    [Fact]
    public void Others_are_told_what_is_observed_here_whenever_it_changes_and_again_every_ten_seconds()
    {
        var one = Observe([Pump]);
        Assert.Equal((false, "pump"), Told());
        var other = Observe([Pump]);
        var more = Observe([Gate]);
        Assert.Equal((false, "gate,pump"), Told());
        var all = Observe(null);
        Assert.Equal((true, ""), Told());
        Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((true, ""), Told());

        // Who came late does not wait for that.
        _exchange.Tell(new EventExchange.Met("south"));
        Assert.Equal("south", _desk.ExpectMsg<Desk.AskOthers>().OnlyNode);
        foreach (var channel in (EventChannel[])[all, more, other])
        {
            _monitors.Tell(new Watching.Unsubscribe(channel.Writer));
        }

        Assert.Equal((false, "gate,pump"), Told());
        Assert.Equal((false, "pump"), Told());
        _monitors.Tell(new Watching.Unsubscribe(one.Writer));
        Assert.Equal((false, ""), Told());
        Advance(TimeSpan.FromSeconds(20));
        _exchange.Tell(new EventExchange.Met("south"));
        Settle(_exchange);
        _desk.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Whoever_observes_may_wait_until_the_others_know()
    {
        _monitors.Tell(Watching.Settle.Instance, TestActor);
        ExpectMsg<Watching.Settled>();
        Observe([Pump]);
        _monitors.Tell(Watching.Settle.Instance, TestActor);
        var asked = _desk.ExpectMsg<Desk.AskOthers>();
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        _desk.Reply(new Desk.Answers([]));
        ExpectMsg<Watching.Settled>();
        Assert.Null(asked.OnlyNode);
    }

    [Fact]
    public void What_another_node_wants_is_forwarded_in_batches_each_event_once_as_long_as_it_asks()
    {
        Follow("south", "pump");
        Offer(Frame(Pump, 1), Frame(Gate, 2), new EndpointChanged(At, "com1", "serial", "up", null), new DtuOnline(At, Pump, "main", "10.0.0.1:5"));
        var (batch, node) = Batch();
        Assert.Equal("south", node);
        var frame = Assert.IsType<FramePassed>(batch[0]);
        Assert.Equal((1, FrameDirection.Up, "raw", "dtu"), (frame.Payload.Length, frame.Direction, frame.Codec, frame.Source));
        Assert.Equal(new DtuOnline(At, Pump, "main", "10.0.0.1:5"), batch[1]);
        Assert.Equal(2, batch.Length);

        // Everything, from now on.
        Follow("south");
        Offer(new EndpointChanged(At, "com1", "serial", "up", null), new CommandChanged(At, Pump, "c1", "sent", null), new DtuOffline(At, Gate, "closed", "10.0.0.1:5"));
        Assert.Equal(
            [new EndpointChanged(At, "com1", "serial", "up", null, "north"), new CommandChanged(At, Pump, "c1", "sent", null), new DtuOffline(At, Gate, "closed", "10.0.0.1:5")],
            Batch().Events.ToArray());

        // The last word was thirty seconds ago.
        Advance(TimeSpan.FromSeconds(31), TimeSpan.FromSeconds(1));
        Offer(Frame(Pump, 1));
        Nothing();
    }

    [Fact]
    public void A_batch_is_bounded_by_number_and_bytes_and_what_a_follower_misses_is_told()
    {
        Follow("south");
        Offer([.. Enumerable.Repeat(Frame(Pump, 1), 250)]);
        Assert.Equal(200, Batch().Events.Length);
        Assert.Equal(50, Batch().Events.Length);
        Offer([.. Enumerable.Repeat(Frame(Pump, 20_000), 5)]);
        Assert.Equal(2, Batch().Events.Length);
        Assert.Equal(2, Batch().Events.Length);
        Assert.Single(Batch().Events);
        Nothing();

        // One that is too long for any batch goes alone.
        Offer(Frame(Pump, 1024 * 1024), Frame(Pump, 1));
        Assert.Equal(1024 * 1024, Assert.IsType<FramePassed>(Assert.Single(Batch().Events)).Payload.Length);
        Assert.Single(Batch().Events);

        Offer([.. Enumerable.Repeat(Frame(Pump, 1024 * 1024), 6)]);
        for (var i = 0; i < 4; i++)
        {
            Assert.Single(Batch().Events);
        }

        Offer(Frame(Pump, 1));
        Assert.Equal([2L], Batch().Events.OfType<EventsLost>().Select(lost => lost.Count));
    }

    [Fact]
    public void What_came_from_elsewhere_is_seen_by_observers_here_and_goes_to_no_other_node()
    {
        Follow("south");
        var (mine, others) = (Observe([Pump]), Observe([Gate]));
        Settle(_monitors);
        _exchange.Tell(new EventExchange.Came("west", new EventBatch([EventForm.Of(Frame(Pump, 3))!, EventForm.Of(Frame(DtuId.Parse("x"), 1))!, new EventForm { Kind = "of tomorrow", At = At }]).ToBytes()));
        _exchange.Tell(new EventExchange.Came("west", "{"u8.ToArray()));
        _exchange.Tell(new EventExchange.Came("west", new EventBatch([EventForm.Of(new EventsLost(At, 7))!]).ToBytes()));
        Settle(_exchange);
        Settle(_monitors);
        Assert.Equal(3, Assert.IsType<FramePassed>(Next(mine)).Payload.Length);
        Assert.Equal(7, Assert.IsType<EventsLost>(Next(mine)).Count);
        Assert.Equal(7, Assert.IsType<EventsLost>(Next(others)).Count);
        Nothing();
        Assert.Equal(0, _inlet.TakeLost());
    }

    [Fact]
    public void An_alarm_keeps_its_node_on_the_way()
    {
        var alarm = new AlarmStatus("1", "dtu-offline", "pump", "warning", "DTU pump is offline", At, null, "west");
        var form = EventForm.Of(new AlarmChanged(At, alarm))!;
        Assert.Equal(new AlarmChanged(At, alarm), Assert.Single(EventBatch.Read(new EventBatch([form]).ToBytes())));
    }

    private static FramePassed Frame(DtuId dtu, int bytes) => new(At, dtu, FrameDirection.Up, new byte[bytes], "raw", "dtu");

    private static FieldEvent Next(EventChannel channel)
    {
        Assert.True(channel.Reader.TryRead(out var happened));
        return happened;
    }

    private EventChannel Observe(ImmutableHashSet<DtuId>? only)
    {
        var channel = new EventChannel(16);
        _monitors.Tell(new Watching.Subscribe(only, channel.Writer));
        return channel;
    }

    private (bool All, string Dtus) Told()
    {
        var asked = _desk.ExpectMsg<Desk.AskOthers>(question => question.OnlyNode is null);
        _desk.Reply(new Desk.Answers([]));
        var wanted = JsonSerializer.Deserialize<EventsWanted>(asked.Body.Span, DeskJson.Options)!;
        Assert.Equal(("events-wanted", "north"), (asked.Topic, wanted.Node));
        return (wanted.All, string.Join(',', wanted.Dtus.Order(StringComparer.Ordinal)));
    }

    private void Follow(string node, params string[] dtus)
    {
        _exchange.Tell(new EventExchange.Wants(new EventsWanted(node, dtus.Length == 0, [.. dtus])), TestActor);
        ExpectMsg<EventExchange.Follows>();
        Settle(_monitors);
    }

    private void Offer(params FieldEvent[] events)
    {
        foreach (var happened in events)
        {
            _inlet.Offer(happened);
        }

        Settle(_monitors);
    }

    private (ImmutableArray<FieldEvent> Events, string? Node) Batch()
    {
        Clock.Advance(TimeSpan.FromMilliseconds(100));
        var told = _desk.FishForMessage<Desk.TellOthers>(message => message.Topic == "events");
        return (EventBatch.Read(told.Body), told.OnlyNode);
    }

    private void Nothing()
    {
        Advance(TimeSpan.FromSeconds(1));
        Settle(_exchange);
        while (_desk.ReceiveOne(TimeSpan.FromMilliseconds(50)) is { } message)
        {
            Assert.IsNotType<Desk.TellOthers>(message);
        }
    }
}

using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Endpoints.Mqtt;
using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;
using Xunit;

namespace DtuActors.Tests.Endpoints.Mqtt;

/// <summary>A broker's endpoint between probes: the test is its connection, and time is in the test's hand.</summary>
public sealed class MqttActorTests : EndpointSpec
{
    private readonly TestProbe _links;
    private IActorRef _link = ActorRefs.Nobody;

    public MqttActorTests() => _links = CreateTestProbe("links");

    private static MqttEndpointOptions Broker => new()
    {
        Name = "broker", KeyPath = "dtu.endpoints.broker", Host = "127.0.0.1", ClientId = "c", Node = "gw", Buffer = 1024,
        BufferAge = TimeSpan.FromSeconds(60), Reopen = new ReopenOptions { Min = TimeSpan.FromSeconds(1), Max = TimeSpan.FromSeconds(4) },
    };

    private IActorRef StartMqtt(MqttEndpointOptions? options = null)
    {
        var links = _links.Ref;
        var endpoint = Start(MqttActor.Props(options ?? Broker, Surroundings, _ => Props.Create<FakeLink>(links)));
        Router.ExpectMsg<Registry.EndpointStarted>(started => Assert.True(started.WantsSessions));
        _link = _links.ExpectMsg<FakeLink.Started>().Link;
        return endpoint;
    }

    /// <summary>The broker takes the connection; its two subscriptions, and the gateway's own state, are taken as well.</summary>
    private void Open(MqttLimits? limits = null)
    {
        Say(new Linking.Opened(limits ?? new MqttLimits()));
        Assert.Equal("dtu/+/down", _links.ExpectMsg<Linking.Subscribe>().Filter);
        Assert.Equal("dtu/+/state", _links.ExpectMsg<Linking.Subscribe>().Filter);
        ExpectAcked("dtu/gateway/gw/state", "online");
    }

    private void Say(object message) => _link.Tell(new FakeLink.Say(message));

    private Linking.Publish ExpectPublish(string topic, string? payload = null)
    {
        var publish = _links.ExpectMsg<Linking.Publish>();
        Assert.Equal(topic, publish.Message.Topic);
        if (payload is not null)
        {
            Assert.Equal(payload, Text(publish.Message.Payload));
        }

        return publish;
    }

    private Linking.Publish ExpectAcked(string topic, string? payload = null)
    {
        var publish = ExpectPublish(topic, payload);
        Say(new Linking.Taken(publish.Number));
        return publish;
    }

    private SessionRef Online(IActorRef endpoint, long epoch = 1, bool up = true, bool down = true, string? dtu = null)
    {
        var session = new SessionRef(dtu is null ? Dtu : DtuId.Parse(dtu), new Epoch(epoch, 1), Session);
        endpoint.Tell(new Registry.SessionSeen(session, up, down));
        return session;
    }

    private void Lose(string problem = "gone")
    {
        Say(new Linking.Lost(problem));
        _link.Tell(PoisonPill.Instance);
    }

    private void Reopen(IActorRef endpoint)
    {
        AwaitState(endpoint, EndpointStates.Down);
        AwaitDial();
    }

    private void AwaitDial() => AwaitAssert(() =>
    {
        Advance(TimeSpan.FromSeconds(1));
        _link = _links.ExpectMsg<FakeLink.Started>(TimeSpan.FromMilliseconds(300)).Link;
    }, TimeSpan.FromSeconds(10));

    private void Down(string text, string topic = "dtu/pump-7/down", bool retain = false, string? response = null, byte[]? correlation = null) =>
        Say(new Linking.Came(topic, Encoding.UTF8.GetBytes(text), retain, response, correlation));

    private JsonElement ExpectResult(string topic = "dtu/pump-7/down/result") => JsonDocument.Parse(ExpectAcked(topic).Message.Payload).RootElement;

    private static string? Reason(JsonElement result) => result.TryGetProperty("reason", out var reason) ? reason.GetString() : null;

    [Fact]
    public void Uplinks_leave_in_order_and_are_written_when_the_broker_has_them()
    {
        var endpoint = StartMqtt();
        Open();
        Deliver(endpoint, "one");
        Deliver(endpoint, "two");
        var one = ExpectPublish("dtu/pump-7/up", "one");
        ExpectPublish("dtu/pump-7/up", "two");
        Assert.False(one.Message.Retain);
        Assert.Equal((2, 0, 2), (StatusOf(endpoint).Up.Accepted, StatusOf(endpoint).Up.Written, StatusOf(endpoint).Up.Waiting));
        Say(new Linking.Taken(one.Number));
        AwaitAssert(() => Assert.Equal((1, 1), (StatusOf(endpoint).Up.Written, StatusOf(endpoint).Up.Waiting)));
        Say(new Linking.Taken(one.Number));
        Assert.Equal((1, 1), (StatusOf(endpoint).Up.Written, StatusOf(endpoint).Up.Waiting));
    }

    [Fact]
    public void What_was_not_acknowledged_is_published_again_before_what_came_later_and_states_stand_where_they_happened()
    {
        var endpoint = StartMqtt();
        Open();
        var session = Online(endpoint);
        ExpectAcked("dtu/pump-7/state", "online");
        Deliver(endpoint, "one");
        ExpectPublish("dtu/pump-7/up", "one");
        Lose();
        AwaitState(endpoint, EndpointStates.Down);
        Assert.Equal("gone", StatusOf(endpoint).LastError);
        Deliver(endpoint, "two");
        endpoint.Tell(new Registry.SessionGone(session));
        Online(endpoint, epoch: 2, dtu: "other");

        Reopen(endpoint);
        Say(new Linking.Opened(new MqttLimits()));
        _links.ExpectMsg<Linking.Subscribe>();
        _links.ExpectMsg<Linking.Subscribe>();
        ExpectAcked("dtu/pump-7/up", "one");
        ExpectAcked("dtu/gateway/gw/state", "online");
        ExpectAcked("dtu/pump-7/up", "two");
        ExpectAcked("dtu/pump-7/state", "offline");
        ExpectAcked("dtu/other/state", "online");
        AwaitAssert(() => Assert.Equal((2, 0), (StatusOf(endpoint).Up.Written, StatusOf(endpoint).Up.Waiting)));
        Assert.Equal(EndpointStates.Up, StatusOf(endpoint).State);
    }

    [Fact]
    public void With_qos_0_what_may_have_arrived_is_not_said_twice()
    {
        var endpoint = StartMqtt(Broker with { Qos = 0 });
        Open();
        Deliver(endpoint, "one");
        ExpectPublish("dtu/pump-7/up", "one");
        Lose();
        Reopen(endpoint);
        Open();
        Deliver(endpoint, "two");
        ExpectAcked("dtu/pump-7/up", "two");
        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Up.Written));
        Assert.Equal(1, StatusOf(endpoint).Up.Dropped[RelayDrops.DestinationLost]);
        AddsUp(StatusOf(endpoint).Up);
    }

    [Fact]
    public void While_the_broker_is_away_the_oldest_uplinks_go_beyond_the_buffer_and_the_age()
    {
        var endpoint = StartMqtt();
        for (var i = 0; i < 12; i++)
        {
            Deliver(endpoint, $"{i:00}" + new string('x', 98));
        }

        Assert.Equal(2, StatusOf(endpoint).Up.Dropped[RelayDrops.BufferFull]);
        Advance(TimeSpan.FromSeconds(59));
        Deliver(endpoint, "young");
        Advance(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        Settle(endpoint);
        Assert.Equal(10, StatusOf(endpoint).Up.Dropped[RelayDrops.TooOld]);
        Open();
        ExpectAcked("dtu/pump-7/up", "young");
        AddsUp(StatusOf(endpoint).Up);
    }

    [Fact]
    public void No_more_is_on_the_way_than_the_broker_wants()
    {
        var endpoint = StartMqtt();
        Open(new MqttLimits(ReceiveMaximum: 2));
        for (var i = 0; i < 4; i++)
        {
            Deliver(endpoint, $"{i}");
        }

        var first = ExpectPublish("dtu/pump-7/up", "0");
        ExpectPublish("dtu/pump-7/up", "1");
        Settle(endpoint);
        Assert.False(_links.HasMessages);
        Say(new Linking.Taken(first.Number));
        ExpectPublish("dtu/pump-7/up", "2");
    }

    [Fact]
    public void A_broker_that_acknowledges_nothing_is_left_and_dialled_again()
    {
        var endpoint = StartMqtt();
        Open();
        Deliver(endpoint, "one");
        ExpectPublish("dtu/pump-7/up", "one");
        Advance(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(1));
        AwaitState(endpoint, EndpointStates.Down);
        Assert.Contains("acknowledged nothing", StatusOf(endpoint).LastError, StringComparison.Ordinal);
        Advance(TimeSpan.FromSeconds(5));
        _links.ExpectMsg<FakeLink.Started>();
    }

    [Fact]
    public void It_dials_for_ever_and_says_why()
    {
        var endpoint = StartMqtt();
        for (var i = 0; i < 8; i++)
        {
            Lose("the broker refused: not authorized");
            AwaitDial();
            Assert.Equal((EndpointStates.Down, "the broker refused: not authorized"), (StatusOf(endpoint).State, StatusOf(endpoint).LastError));
        }
    }

    [Fact]
    public void A_broker_that_does_not_speak_MQTT_5_is_dialled_with_the_older_protocol()
    {
        var links = _links.Ref;
        var older = new List<bool>();
        Start(MqttActor.Props(Broker, Surroundings, isOlder =>
        {
            older.Add(isOlder);
            return Props.Create<FakeLink>(links);
        }));
        _link = _links.ExpectMsg<FakeLink.Started>().Link;
        Say(new Linking.Lost("the broker does not speak MQTT 5", WantsOlder: true));
        _link.Tell(PoisonPill.Instance);
        AwaitDial();
        Assert.Equal([false, true], older);
        Say(new Linking.Opened(new MqttLimits(IsFive: false)));
        Assert.Equal("dtu/+/down", _links.ExpectMsg<Linking.Subscribe>().Filter);
        ExpectPublish("dtu/gateway/gw/state", "online");
    }

    [Fact]
    public void A_downlink_reaches_the_DTU_and_ends_in_one_result()
    {
        var endpoint = StartMqtt();
        Open();
        Online(endpoint);
        ExpectAcked("dtu/pump-7/state", "online");
        Down("AT\r\n", response: "answers/7", correlation: [1, 2]);
        var send = Router.FishForMessage<Asking.Send>(_ => true);
        Assert.Equal((Dtu, "AT\r\n", "broker"), (send.Dtu, Text(send.Payload), send.Asker));
        endpoint.Tell(new Asking.Sent(send.Correlation));
        endpoint.Tell(new Asking.Refused(send.Correlation, RefusalReason.SessionEnded));
        var result = ExpectAcked("dtu/pump-7/down/result");
        Assert.Equal([1, 2], result.Message.Correlation.ToArray());
        Assert.False(result.Message.Retain);
        var json = JsonDocument.Parse(result.Message.Payload).RootElement;
        Assert.Equal(("delivered", 4, "pump-7"), (json.GetProperty("state").GetString(), json.GetProperty("bytes").GetInt32(), json.GetProperty("dtu").GetString()));
        Assert.Equal([1, 2], ExpectAcked("answers/7").Message.Correlation.ToArray());
        Settle(endpoint);
        Assert.False(_links.HasMessages);
        Assert.Equal((1, 1), (StatusOf(endpoint).Down.Accepted, StatusOf(endpoint).Down.Written));
    }

    [Fact]
    public void Downlinks_that_cannot_be_written_say_why_and_the_books_add_up()
    {
        var endpoint = StartMqtt();
        Open();
        Down("x");
        Assert.Equal("dtu-offline", Reason(ExpectResult()));
        Online(endpoint, down: false);
        ExpectAcked("dtu/pump-7/state", "online");
        Down("x");
        Assert.Equal("no-route", Reason(ExpectResult()));
        Online(endpoint, epoch: 2);
        Down("");
        Assert.Equal("bad-payload", Reason(ExpectResult()));
        Down(new string('x', 16 * 1024 + 1));
        Assert.Equal("too-large", Reason(ExpectResult()));
        for (var i = 0; i <= MqttDownlinks.MostOfOne; i++)
        {
            Down("x");
        }

        Assert.Equal("queue-full", Reason(ExpectResult()));
        Down("stored", retain: true);
        Down("x", topic: "dtu/%00/down");
        var send = Router.FishForMessage<Asking.Send>(_ => true);
        endpoint.Tell(new Asking.Refused(send.Correlation, RefusalReason.SessionEnded));
        Assert.Equal("session-ended", Reason(ExpectResult()));
        // The last acknowledgement has to be there, or the broker counts as hanging.
        Settle(_link);
        Settle(endpoint);
        Advance(Asking.MostWait + TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5));
        for (var i = 1; i < MqttDownlinks.MostOfOne; i++)
        {
            Assert.Equal("unknown-outcome", Reason(ExpectResult()));
        }

        Settle(endpoint);
        var books = StatusOf(endpoint).Down;
        Assert.Equal((0, 1, 1), (books.Waiting, books.Dropped[RelayDrops.Retained], books.Dropped[RelayDrops.QueueFull]));
        AddsUp(books);
    }

    [Fact]
    public void A_response_topic_among_its_own_is_not_answered_for_it_would_be_a_downlink()
    {
        var endpoint = StartMqtt();
        Open();
        Down("x", response: "dtu/pump-8/down");
        ExpectResult();
        Settle(endpoint);
        Assert.False(_links.HasMessages);
    }

    [Fact]
    public void A_late_word_of_an_older_session_changes_nothing()
    {
        var endpoint = StartMqtt();
        Open();
        var first = Online(endpoint);
        ExpectAcked("dtu/pump-7/state", "online");
        var second = Online(endpoint, epoch: 2);
        endpoint.Tell(new Registry.SessionGone(first));
        Settle(endpoint);
        Assert.False(_links.HasMessages);
        endpoint.Tell(new Registry.SessionGone(second));
        ExpectAcked("dtu/pump-7/state", "offline");
    }

    [Fact]
    public void Only_what_this_gateway_left_as_online_is_corrected()
    {
        var endpoint = StartMqtt();
        Open();
        Online(endpoint);
        ExpectAcked("dtu/pump-7/state", "online");
        Say(new Linking.Subscribed("dtu/+/state", null));
        Say(new Linking.Came("dtu/pump-7/state", Bytes("online"), Retain: true, Node: "gw"));
        Say(new Linking.Came("dtu/others/state", Bytes("online"), Retain: true, Node: "gw-2"));
        Say(new Linking.Came("dtu/was%2Fhere/state", Bytes("online"), Retain: true, Node: "gw"));
        var corrected = ExpectAcked("dtu/was%2Fhere/state", "offline");
        Assert.True(corrected.Message.Retain);
        AwaitAssert(() =>
        {
            Advance(TimeSpan.FromSeconds(6));
            Assert.Equal("dtu/+/state", _links.ExpectMsg<Linking.Unsubscribe>(TimeSpan.FromMilliseconds(200)).Filter);
        });
    }

    [Fact]
    public void Sessions_that_a_new_router_does_not_name_are_gone()
    {
        var endpoint = StartMqtt();
        Open();
        Online(endpoint);
        Online(endpoint, dtu: "stays");
        ExpectAcked("dtu/pump-7/state", "online");
        ExpectAcked("dtu/stays/state", "online");
        endpoint.Tell(Registry.AnnounceYourself.Instance);
        Online(endpoint, dtu: "stays");
        Settle(endpoint);
        Advance(TimeSpan.FromSeconds(6));
        ExpectAcked("dtu/pump-7/state", "offline");
        Settle(endpoint);
        Assert.False(_links.HasMessages);
    }

    [Fact]
    public void At_the_end_everything_is_offline_before_it_takes_leave()
    {
        var endpoint = StartMqtt();
        Open();
        Online(endpoint);
        ExpectAcked("dtu/pump-7/state", "online");
        Watch(endpoint);
        endpoint.Tell(ShutDown.Drain.Instance);
        Assert.Equal("dtu/+/down", _links.ExpectMsg<Linking.Unsubscribe>().Filter);
        ExpectAcked("dtu/pump-7/state", "offline");
        ExpectAcked("dtu/gateway/gw/state", "offline");
        _links.ExpectMsg<Linking.Close>();
        _link.Tell(PoisonPill.Instance);
        ExpectTerminated(endpoint);
    }

    [Fact]
    public void What_the_broker_rejects_or_could_never_take_is_dropped_and_said()
    {
        var endpoint = StartMqtt();
        Open(new MqttLimits(MostPacket: 300));
        Deliver(endpoint, new string('x', 400));
        Deliver(endpoint, "no");
        Deliver(endpoint, "yes");
        Say(new Linking.Rejected(ExpectPublish("dtu/pump-7/up", "no").Number, "dtu/pump-7/up: not authorized"));
        ExpectAcked("dtu/pump-7/up", "yes");
        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Up.Written));
        var status = StatusOf(endpoint);
        Assert.Equal((1, 1), (status.Up.Dropped[DropReasons.Oversize], status.Up.Dropped[RelayDrops.Rejected]));
        Assert.Equal((EndpointStates.Up, "dtu/pump-7/up: not authorized"), (status.State, status.LastError));
        AddsUp(status.Up);
    }

    [Fact]
    public void A_broken_endpoint_begins_anew_and_its_books_add_up()
    {
        var endpoint = StartMqtt();
        Open();
        Deliver(endpoint, "one");
        ExpectPublish("dtu/pump-7/up", "one");
        Break(endpoint);
        _link = _links.ExpectMsg<FakeLink.Started>().Link;
        Open();
        Deliver(endpoint, "two");
        ExpectAcked("dtu/pump-7/up", "two");
        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Up.Written));
        Assert.Equal(1, StatusOf(endpoint).Up.Dropped[RelayDrops.Restarted]);
    }

    /// <summary>Shows the test what the endpoint says to its link, and says to the endpoint what the test tells it to.</summary>
    private sealed class FakeLink : ReceiveActor
    {
        public sealed record Started(IActorRef Link) : INoSerializationVerificationNeeded;

        public sealed record Say(object Message) : INoSerializationVerificationNeeded;

        public FakeLink(IActorRef test)
        {
            test.Tell(new Started(Self));
            Receive<Say>(say => Context.Parent.Tell(say.Message));
            ReceiveAny(test.Forward);
        }
    }
}

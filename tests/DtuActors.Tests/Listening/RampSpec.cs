using System.Net;
using Akka.Actor;
using Akka.IO;
using Akka.TestKit;
using DtuActors.Directory;
using DtuActors.Listening;
using DtuActors.Listening.Streams;

namespace DtuActors.Tests.Listening;

/// <summary>A storm on a listener whose sockets are probes, in virtual time.</summary>
public sealed class RampSpec : ActorSpec
{
    private readonly TestProbe _above;
    private readonly TestProbe _transport;
    private readonly TestProbe _fleet;
    private readonly TestProbe _inbox;
    private readonly TestProbe _sockets;
    private readonly TestProbe _handlers;

    public RampSpec()
        : base("akka.actor.serialize-messages = off\n" + SetClock.Hocon)
    {
        _above = CreateTestProbe("above");
        _transport = CreateTestProbe("transport");
        _fleet = CreateTestProbe("fleet");
        _inbox = CreateTestProbe("inbox");
        _sockets = CreateTestProbe("sockets");
        _handlers = CreateTestProbe("handlers");
    }

    [Fact]
    public void A_storm_is_taken_at_the_accept_rate_and_nobody_is_refused()
    {
        var listener = Listener(rate: 100, most: 1000);
        for (var i = 0; i < 500; i++)
        {
            Connect(listener, i);
        }

        Settle(listener);
        Assert.Equal(10, Begun(listener));
        for (var i = 0; i < 4; i++)
        {
            OneSecond(listener);
            Assert.InRange(Begun(listener), 90, 101);
        }

        OneSecond(listener);
        OneSecond(listener);
        _ = Begun(listener);
        var status = Status(listener);
        Assert.Equal((500L, 0L, 500), (status.Accepted, status.Refused, status.Connections));
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public void A_storm_is_taken_at_the_accept_rate_though_the_clock_is_set(int hours)
    {
        var listener = Listener(rate: 100, most: 1000);
        for (var i = 0; i < 500; i++)
        {
            Connect(listener, i);
        }

        Settle(listener);
        Assert.Equal(10, Begun(listener));
        ((SetClock)Sys.Scheduler).IsOffBy = TimeSpan.FromHours(hours);
        OneSecond(listener);
        Assert.InRange(Begun(listener), 90, 101);
    }

    [Fact]
    public void Without_a_rate_all_begin_at_once()
    {
        var listener = Listener(rate: null, most: 1000);
        for (var i = 0; i < 500; i++)
        {
            Connect(listener, i);
        }

        Settle(listener);
        Assert.Equal(500, Begun(listener));
    }

    [Fact]
    public void Those_that_wait_count_towards_the_limit_and_more_are_reset_and_told()
    {
        var listener = Listener(rate: 10, most: 5);
        for (var i = 0; i < 7; i++)
        {
            Connect(listener, i);
        }

        _sockets.ExpectMsg<Tcp.Abort>();
        _sockets.ExpectMsg<Tcp.Abort>();
        Settle(listener);
        Advance(TimeSpan.FromSeconds(2));
        var status = Status(listener);
        Assert.Equal((5L, 2L, 5), (status.Accepted, status.Refused, status.Connections));
        Assert.Contains("max-connections = 5", status.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void Connections_of_one_address_have_a_limit_of_their_own()
    {
        var listener = Listener(rate: null, most: 100, perAddress: 2);
        for (var i = 0; i < 3; i++)
        {
            Connect(listener, i, "10.0.0.1");
        }

        _sockets.ExpectMsg<Tcp.Abort>();
        Connect(listener, 4, "10.0.0.2");
        Settle(listener);
        Assert.Equal(3, Begun(listener));
    }

    [Fact]
    public void A_socket_that_never_became_a_connection_is_counted_and_waits_in_the_inbox()
    {
        var listener = Listener(rate: null, most: 1);
        listener.Tell(new StreamTalk.Refused(new Peer("10.0.0.1:1", null), StreamTalk.Handshake, "no handshake within 10 s", new byte[] { 1 }));
        var refused = _inbox.ExpectMsg<RefusedConnection>();
        Settle(listener);
        Assert.Equal(("main", "10.0.0.1:1", "handshake"), (refused.Listener, refused.Remote, refused.Reason));
        Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, Status(listener).Refused);
    }

    [Fact]
    public void Trouble_of_a_listener_that_goes_on_shows_until_it_is_over()
    {
        var listener = Listener(rate: null, most: 1);
        listener.Tell(new StreamTalk.Trouble(StreamTalk.Accepting, "too many files"));
        Settle(listener);
        Advance(TimeSpan.FromSeconds(2));
        var troubled = Status(listener);
        Assert.Equal(("up", "too many files"), (troubled.State, troubled.LastError));
        listener.Tell(new StreamTalk.Trouble(StreamTalk.Accepting, null));
        Settle(listener);
        Advance(TimeSpan.FromSeconds(2));
        Assert.Null(Status(listener).LastError);
    }

    private IActorRef Listener(int? rate, int most, int? perAddress = null)
    {
        var handlers = _handlers.Ref;
        var listener = _above.ChildActorOf(ListenerActor.Props(new ListenerSetup
        {
            Name = "main",
            KeyPath = "dtu.listeners.main",
            Transport = "tcp",
            Address = new IPEndPoint(IPAddress.Loopback, 9000),
            MaxConnections = most,
            MaxPerAddress = perAddress,
            AcceptRate = rate,
            Observer = _fleet,
            Inbox = _inbox,
            Binder = new ProbeBinder(_transport),
            Handler = (_, _) =>
            {
                handlers.Tell("begun", ActorRefs.NoSender);
                return Props.Create<Handler>();
            },
        }));
        _transport.ExpectMsg<Tcp.Bind>();
        listener.Tell(new Tcp.Bound(new IPEndPoint(IPAddress.Loopback, 9000)), _transport);
        Settle(listener);
        return listener;
    }

    private void Connect(IActorRef listener, int number, string address = "10.0.0.1") =>
        listener.Tell(new Tcp.Connected(new IPEndPoint(IPAddress.Parse(address), 1000 + number), new IPEndPoint(IPAddress.Loopback, 9000)), _sockets);

    private void OneSecond(IActorRef listener)
    {
        for (var i = 0; i < 100; i++)
        {
            Advance(TimeSpan.FromMilliseconds(10));
            Settle(listener);
        }
    }

    // Whoever was settled has told all that it had to tell: nothing is waited for by the clock.
    private int Begun(IActorRef listener) => Told(listener, _handlers).Count();

    private ListenerStatus Status(IActorRef listener) => Told(listener, _fleet).OfType<Fleet.ListenerSeen>().Last().Status;

    private IEnumerable<object> Told(IActorRef listener, TestProbe probe)
    {
        Settle(listener);
        Settle(probe);
        while (probe.HasMessages)
        {
            yield return probe.ReceiveOne(TimeSpan.Zero);
        }
    }

    private sealed record ProbeBinder(IActorRef Transport) : Binder
    {
        internal override void Bind(IUntypedActorContext context, EndPoint address, TimeSpan registerTimeout) =>
            Transport.Tell(new Tcp.Bind(context.Self, address), context.Self);
    }

    private sealed class Handler : ReceiveActor
    {
        public Handler() => ReceiveAny(_ => { });
    }
}

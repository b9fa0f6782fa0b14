using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.IO;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Listening;

namespace DtuActors.Tests.Listening;

/// <summary>Listener and dialer on real loopback sockets, with back-off in virtual time.</summary>
public sealed class EntranceSpec : ActorSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TestProbe _parent;
    private readonly TestProbe _fleet;
    private readonly TestProbe _handlers;

    // Akka.IO's own words to its selector are not for the wire, and not marked.
    public EntranceSpec()
        : base("akka.actor.serialize-messages = off")
    {
        _parent = CreateTestProbe("parent");
        _fleet = CreateTestProbe("fleet");
        _handlers = CreateTestProbe("handlers");
    }

    [Fact]
    public async Task A_listener_whose_socket_dies_binds_the_same_port_again()
    {
        _ = Listener();
        var first = _parent.ExpectMsg<Binding.SocketBound>(Patience);
        Sys.ActorSelection("/system/IO-TCP/*").Tell(PoisonPill.Instance);
        Assert.Equal("down", State("down").State);
        Binding.SocketBound? again = null;
        AwaitAssert(() =>
        {
            Advance(TimeSpan.FromSeconds(1));
            again ??= _parent.ReceiveOne(TimeSpan.FromMilliseconds(100)) as Binding.SocketBound;
            Assert.NotNull(again);
        }, Patience);
        Assert.Equal(first.Address, again!.Address);
        using var client = await ConnectAsync(again.Address);
        _handlers.ExpectMsg<Handler.Started>(Patience);
    }

    [Fact]
    public async Task A_listener_refuses_more_than_its_most_connections_and_counts_them()
    {
        _ = Listener(maxConnections: 1);
        var address = _parent.ExpectMsg<Binding.SocketBound>(Patience).Address;
        using var first = await ConnectAsync(address);
        _handlers.ExpectMsg<Handler.Started>(Patience);
        await AssertTurnedAwayAsync(address);
        AwaitAssert(() =>
        {
            Advance(TimeSpan.FromSeconds(1.1));
            var seen = _fleet.FishForMessage<Fleet.ListenerSeen>(_ => true).Status;
            Assert.Equal((1L, 1L, 1), (seen.Accepted, seen.Refused, seen.Connections));
        }, Patience);
    }

    [Fact]
    public void A_port_that_is_taken_is_told_with_its_key_and_tried_again()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        _ = Listener(((IPEndPoint)taken.LocalEndPoint!).Port);
        var failed = _parent.ExpectMsg<Binding.BindFailed>(Patience);
        Assert.Equal(("dtu.listeners.main", true), (failed.KeyPath, failed.AddressInUse));
        taken.Close();
        State("down");
        AwaitAssert(() =>
        {
            Advance(TimeSpan.FromSeconds(1));
            Assert.IsType<Binding.SocketBound>(_parent.ReceiveOne(TimeSpan.FromMilliseconds(100)));
        }, Patience);
    }

    [Fact]
    public async Task A_dialer_dials_again_when_its_session_has_ended_and_not_before_its_back_off()
    {
        using var dtu = new TcpListener(IPAddress.Loopback, 0);
        dtu.Start();
        _ = Dialer(((IPEndPoint)dtu.LocalEndpoint).Port);
        using (await dtu.AcceptSocketAsync().WaitAsync(Patience))
        {
            var session = _handlers.ExpectMsg<Handler.Started>(Patience).Self;
            Assert.Equal("up", State("up").State);
            session.Tell(PoisonPill.Instance);
            Assert.Equal("the connection ended", State("down").LastError);
        }

        _handlers.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        Advance(TimeSpan.FromSeconds(1));
        using var again = await dtu.AcceptSocketAsync().WaitAsync(Patience);
        _handlers.ExpectMsg<Handler.Started>(Patience);
    }

    [Fact]
    public async Task A_dialer_tries_the_next_address_of_a_name_before_it_gives_up()
    {
        using var dtu = new TcpListener(IPAddress.Loopback, 0);
        dtu.Start();
        _ = Dialer(((IPEndPoint)dtu.LocalEndpoint).Port, "pump-8.example.net");
        StateInTime("up");
        using var socket = await dtu.AcceptSocketAsync().WaitAsync(Patience);
        _handlers.ExpectMsg<Handler.Started>(Patience);
    }

    [Fact]
    public void A_dialer_that_nobody_answers_says_why_and_goes_on_trying()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        _ = Dialer(port);
        Assert.NotNull(StateInTime("down").LastError);
        StateInTime("connecting");
        Assert.NotNull(StateInTime("down").LastError);
    }

    private IActorRef Listener(int port = 0, int maxConnections = 10)
    {
        var handlers = _handlers.Ref;
        return _parent.ChildActorOf(ListenerActor.Props(new ListenerSetup
        {
            Name = "main",
            KeyPath = "dtu.listeners.main",
            Transport = "tcp",
            Address = new IPEndPoint(IPAddress.Loopback, port),
            MaxConnections = maxConnections,
            Observer = _fleet,
            Rebind = new ReopenOptions { Min = TimeSpan.FromMilliseconds(500), Max = TimeSpan.FromSeconds(1) },
            Handler = (socket, _) => Handler.Props(socket, handlers),
        }));
    }

    private IActorRef Dialer(int port, string host = "127.0.0.1")
    {
        var handlers = _handlers.Ref;
        return Sys.ActorOf(DialerActor.Props(new DialerSetup
        {
            Options = new DialerOptions { Name = "pump-8", KeyPath = "dtu.dialers.pump-8", Host = host, Port = port },
            Fleet = _fleet,
            Handler = (socket, _) => Handler.Props(socket, handlers),

            // Nobody listens on the first.
            Resolve = _ => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.2"), IPAddress.Loopback]),
        }));
    }

    private ListenerStatus State(string state) =>
        _fleet.FishForMessage<Fleet.ListenerSeen>(seen => seen.Status.State == state, Patience).Status;

    /// <summary>Lets time pass until the state is told: Akka.IO tries to connect by the clock, too.</summary>
    private ListenerStatus StateInTime(string state)
    {
        ListenerStatus? told = null;
        AwaitAssert(() =>
        {
            Advance(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(10));
            told = (_fleet.ReceiveOne(TimeSpan.FromMilliseconds(50)) as Fleet.ListenerSeen)?.Status;
            Assert.Equal(state, told?.State);
        }, Patience, TimeSpan.FromMilliseconds(10));
        return told!;
    }

    private static async Task<Socket> ConnectAsync(string address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(address));
        return socket;
    }

    private static async Task AssertTurnedAwayAsync(string address)
    {
        try
        {
            using var socket = await ConnectAsync(address);
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        }
        catch (SocketException)
        {
            // A reset is an end as well.
        }
    }

    /// <summary>Stands for a session: registers with the socket, and tells the test.</summary>
    private sealed class Handler : ReceiveActor
    {
        public sealed record Started(IActorRef Self) : INoSerializationVerificationNeeded;

        public Handler(IActorRef socket, IActorRef test)
        {
            socket.Tell(new Tcp.Register(Self));
            test.Tell(new Started(Self));
            ReceiveAny(_ => { });
        }

        public static Props Props(IActorRef socket, IActorRef test) => Akka.Actor.Props.Create<Handler>(socket, test);
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.IO;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Listening;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Sessions;
using DtuActors.Tests.Sessions;

namespace DtuActors.Tests.Listening;

/// <summary>A listener of datagrams on a real loopback socket, with probes for sessions.</summary>
public sealed class UdpListenerSpec : ActorSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly ProfileOptions Ddp = Options.Profile() with
    {
        Envelope = Envelopes.ForDatagrams(Envelopes.Find("ddp")),
        Registration = new RegistrationOptions { Form = new EnvelopeForm() },
    };

    private readonly TestProbe _parent;
    private readonly TestProbe _fleet;
    private readonly TestProbe _sessions;
    private readonly TestProbe _recorder;
    private readonly List<Socket> _sockets = [];
    private IPEndPoint _address = null!;

    public UdpListenerSpec()
    {
        _parent = CreateTestProbe("parent");
        _fleet = CreateTestProbe("fleet");
        _sessions = CreateTestProbe("sessions");
        _recorder = CreateTestProbe("recorder");
    }

    protected override void AfterAll()
    {
        _sockets.ForEach(socket => socket.Dispose());
        base.AfterAll();
    }

    [Fact]
    public void A_DTU_that_registers_gets_a_session_that_reads_the_datagram_itself_and_each_further_one_whole()
    {
        Listen(Options.Profile());
        var dtu = Dtu();
        Say(dtu, "dtu-1");
        var session = NewSession();
        Assert.Equal(dtu.LocalEndPoint!.ToString(), session.Remote.Text);
        Assert.Equal("dtu-1", Read(session));
        Say(dtu, "one");
        Say(dtu, "two");
        Assert.Equal("one", Read(session));
        Assert.Equal("two", Read(session));
    }

    [Fact]
    public async Task What_a_session_writes_leaves_as_one_datagram_and_is_acknowledged()
    {
        var listener = Listen(Options.Profile());
        var dtu = Dtu();
        Say(dtu, "dtu-1");
        var session = NewSession();
        session.Tell(new Scripted.Do(Tcp.Write.Create(ByteString.FromString("hello"), new Written(5))));
        Assert.Equal(5, _sessions.ExpectMsg<Written>(Patience).Bytes);
        Assert.Equal("hello", await HearAsync(dtu));
        Assert.NotNull(listener);
    }

    [Fact]
    public void A_stranger_s_datagram_is_dropped_and_counted_and_the_first_of_an_address_is_shown()
    {
        Listen(Options.Profile());
        var stranger = Dtu();
        Say(stranger, "what is this?");
        Say(stranger, "what is this?");
        var refused = _recorder.ExpectMsg<RefusedConnection>(Patience);
        Assert.Equal(("unregistered", "main", "what is this?"), (refused.Reason, refused.Listener, Encoding.ASCII.GetString(refused.FirstBytes.Span)));
        Assert.Equal(2, Seen(status => status.Dropped.GetValueOrDefault("unregistered") == 2).Dropped["unregistered"]);
        _recorder.ExpectNoMsg(TimeSpan.Zero);
        _sessions.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Where_every_datagram_carries_the_id_a_new_address_moves_inside_the_session()
    {
        Listen(Ddp);
        var dtu = Dtu();
        Send(dtu, DdpDatagram.Build(DdpType.Register, "330", []));
        var session = NewSession();
        _ = ReadBytes(session);
        var moved = Dtu();
        var data = DdpDatagram.Build(DdpType.Data, "330", "x"u8);
        Send(moved, data);
        Assert.Equal(moved.LocalEndPoint!.ToString(), _sessions.ExpectMsg<Datagrams.Moved>(Patience).Peer.Text);
        Assert.Equal(data, ReadBytes(session));
        _sessions.ExpectNoMsg(TimeSpan.Zero);

        // The address that it left is nobody's: whoever comes by it has to say who it is.
        Send(dtu, DdpDatagram.Build(DdpType.CentreDataTaken, "330", []));
        Seen(status => status.Dropped.GetValueOrDefault("unregistered") == 1);
    }

    [Fact]
    public async Task A_downlink_goes_where_the_DTU_spoke_from_last()
    {
        Listen(Ddp);
        Send(Dtu(), DdpDatagram.Build(DdpType.Register, "330", []));
        var session = NewSession();
        _ = ReadBytes(session);
        var moved = Dtu();
        Send(moved, DdpDatagram.Build(DdpType.Data, "330", "x"u8));
        _sessions.ExpectMsg<Datagrams.Moved>(Patience);
        session.Tell(new Scripted.Do(Tcp.Write.Create(ByteString.FromString("down"), new Written(4))));
        _sessions.ExpectMsg<Written>(Patience);
        Assert.Equal("down", await HearAsync(moved));
    }

    [Fact]
    public void An_address_that_a_NAT_gave_to_another_DTU_is_that_DTU_s_and_the_one_that_had_it_ends()
    {
        Listen(Ddp);
        var address = Dtu();
        Send(address, DdpDatagram.Build(DdpType.Register, "330", []));
        var first = NewSession();
        _ = ReadBytes(first);
        Send(address, DdpDatagram.Build(DdpType.Data, "331", "x"u8));
        var both = _sessions.ReceiveN(2, Patience);
        Assert.Single(both.OfType<Tcp.ErrorClosed>());
        var second = both.OfType<Scripted.Started>().Single();
        Assert.NotEqual(first.Self, second.Self);
        Assert.Equal(DdpDatagram.Build(DdpType.Data, "331", "x"u8), ReadBytes(second));
    }

    [Fact]
    public void A_registration_that_is_said_once_opens_a_new_session_at_a_new_address_and_the_old_one_s_end_leaves_it_alone()
    {
        Listen(Options.Profile());
        var old = Dtu();
        Say(old, "dtu-1");
        var ghost = NewSession();
        Assert.Equal("dtu-1", Read(ghost));
        var reborn = Dtu();
        Say(reborn, "dtu-1");
        var session = NewSession();
        Assert.Equal("dtu-1", Read(session));

        // The directory displaced it; it closes, and is gone.
        Close(ghost);
        Say(reborn, "data");
        Assert.Equal("data", Read(session));
        Say(old, "data of nobody!");
        Seen(status => status is { Connections: 1 } && status.Dropped.GetValueOrDefault("unregistered") == 1);
    }

    [Fact]
    public void There_are_no_more_sessions_than_max_connections()
    {
        Listen(Options.Profile(), maxConnections: 1);
        Say(Dtu(), "dtu-1");
        NewSession();
        Say(Dtu(), "dtu-2");
        Assert.Equal("max-connections", _recorder.ExpectMsg<RefusedConnection>(Patience).Reason);
        Seen(status => status is { Accepted: 1, Refused: 1, Connections: 1 });
    }

    [Fact]
    public void A_session_that_failed_is_forgotten_and_the_DTU_registers_again()
    {
        Listen(Options.Profile());
        var dtu = Dtu();
        Say(dtu, "dtu-1");
        var session = NewSession();
        session.Tell(new Scripted.Fail());
        Seen(status => status is { Accepted: 1, Connections: 0 });
        Say(dtu, "dtu-1");
        Assert.NotEqual(session.Self, NewSession().Self);
    }

    [Fact]
    public void At_the_end_its_sessions_close_first_and_then_it_stops()
    {
        var listener = Listen(Options.Profile());
        Watch(listener);
        Say(Dtu(), "dtu-1");
        var session = NewSession();
        listener.Tell(ShutDown.Drain.Instance);
        _sessions.ExpectMsg<ShutDown.Drain>(Patience);
        Close(session);
        ExpectTerminated(listener, Patience);
    }

    [Fact]
    public void A_port_that_is_taken_is_told_with_its_key_and_tried_again()
    {
        var taken = Dtu();
        var listener = Start(Options.Profile(), ((IPEndPoint)taken.LocalEndPoint!).Port);
        var failed = _parent.ExpectMsg<Binding.BindFailed>(Patience);
        Assert.Equal(("dtu.listeners.main", true), (failed.KeyPath, failed.AddressInUse));
        taken.Dispose();
        AwaitAssert(() =>
        {
            Settle(listener);
            Advance(TimeSpan.FromSeconds(1));
            Assert.IsType<Binding.SocketBound>(_parent.ReceiveOne(TimeSpan.FromMilliseconds(100)));
        }, Patience);
    }

    [Fact]
    public void Nobody_at_the_other_end_is_no_end_of_the_listener()
    {
        Listen(Options.Profile());
        var gone = Dtu();
        Say(gone, "dtu-1");
        var session = NewSession();
        Assert.Equal("dtu-1", Read(session));
        gone.Dispose();
        for (var i = 0; i < 3; i++)
        {
            session.Tell(new Scripted.Do(Tcp.Write.Create(ByteString.FromString("x"), new Written(1))));
            _sessions.ExpectMsg<Written>(Patience);
        }

        Say(Dtu(), "dtu-2");
        Assert.NotEqual(session.Self, NewSession().Self);
    }

    // ---- the field

    private IActorRef Listen(ProfileOptions profile, int maxConnections = 10)
    {
        var listener = Start(profile, port: 0, maxConnections);
        var bound = _parent.ExpectMsg<Binding.SocketBound>(Patience);
        Assert.Equal(("main", "udp"), (bound.Name, bound.Transport));
        _address = IPEndPoint.Parse(bound.Address);
        return listener;
    }

    private IActorRef Start(ProfileOptions profile, int port, int maxConnections = 10)
    {
        var test = _sessions.Ref;
        var options = Options.Gateway(profile);
        return _parent.ChildActorOf(UdpListenerActor.Props(
            new ListenerSetup
            {
                Name = "main",
                KeyPath = "dtu.listeners.main",
                Transport = "udp",
                Address = new IPEndPoint(IPAddress.Loopback, port),
                MaxConnections = maxConnections,
                Observer = _fleet,
                Inbox = _recorder,
                Rebind = new ReopenOptions { Min = TimeSpan.FromMilliseconds(500), Max = TimeSpan.FromSeconds(1) },
                Handler = (socket, remote) => Props.Create<Scripted>(socket, remote, test),
            },
            SessionSetups.Nowhere(options) with { Carrier = Carrier.Datagrams }));
    }

    private Socket Dtu()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        _sockets.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private void Say(Socket dtu, string text) => Send(dtu, Encoding.ASCII.GetBytes(text));

    private void Send(Socket dtu, byte[] datagram) => dtu.SendTo(datagram, _address);

    private static async Task<string> HearAsync(Socket dtu)
    {
        var buffer = new byte[1000];
        var heard = await dtu.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(Patience);
        return Encoding.ASCII.GetString(buffer, 0, heard.ReceivedBytes);
    }

    // ---- the sessions

    private Scripted.Started NewSession() => (Scripted.Started)_sessions.FishForMessage(message => message is Scripted.Started, Patience);

    private byte[] ReadBytes(Scripted.Started session)
    {
        session.Tell(new Scripted.Do(Tcp.ResumeReading.Instance));
        return _sessions.ExpectMsg<Tcp.Received>(Patience).Data.ToArray();
    }

    private string Read(Scripted.Started session) => Encoding.ASCII.GetString(ReadBytes(session));

    private void Close(Scripted.Started session)
    {
        session.Tell(new Scripted.Do(Tcp.Close.Instance));
        _sessions.FishForMessage(message => message is Tcp.Closed, Patience);
        session.Self.Tell(PoisonPill.Instance);
    }

    private ListenerStatus Seen(Predicate<ListenerStatus> fits)
    {
        ListenerStatus? found = null;
        AwaitAssert(() =>
        {
            Advance(TimeSpan.FromSeconds(1.1));
            while (found is null && _fleet.ReceiveOne(TimeSpan.FromMilliseconds(50)) is { } message)
            {
                found = message is Fleet.ListenerSeen seen && fits(seen.Status) ? seen.Status : null;
            }

            Assert.NotNull(found);
        }, Patience);
        return found!;
    }

    /// <summary>Stands for a session: tells the test all that it hears, and does what the test says.</summary>
    private sealed class Scripted : ReceiveActor
    {
        public sealed record Started(IActorRef Self, Peer Remote) : INoSerializationVerificationNeeded
        {
            public void Tell(object message) => Self.Tell(message);
        }

        public sealed record Do(Tcp.Command Command) : INoSerializationVerificationNeeded;

        public sealed record Fail : INoSerializationVerificationNeeded;

        public Scripted(IActorRef socket, Peer remote, IActorRef test)
        {
            socket.Tell(new Tcp.Register(Self));
            test.Tell(new Started(Self, remote));
            Receive<Do>(act => socket.Tell(act.Command));
            Receive<Fail>(_ => throw new InvalidOperationException("as the test wants"));
            ReceiveAny(test.Tell);
        }
    }
}

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
public abstract class UdpBench : ActorSpec
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    protected static readonly ProfileOptions Ddp = Options.Profile() with
    {
        Envelope = Envelopes.ForDatagrams(Envelopes.Find("ddp")),
        Registration = new RegistrationOptions { Form = new EnvelopeForm() },
    };

    private readonly TestProbe _fleet;
    private readonly List<Socket> _sockets = [];
    private IPEndPoint _address = null!;

    protected UdpBench()
    {
        Parent = CreateTestProbe("parent");
        _fleet = CreateTestProbe("fleet");
        Sessions = CreateTestProbe("sessions");
        Inbox = CreateTestProbe("inbox");
    }

    protected TestProbe Parent { get; }

    /// <summary>Plays every session, see <see cref="Scripted"/>.</summary>
    protected TestProbe Sessions { get; }

    /// <summary>Takes what was turned away.</summary>
    protected TestProbe Inbox { get; }

    protected override void AfterAll()
    {
        _sockets.ForEach(socket => socket.Dispose());
        base.AfterAll();
    }

    // ---- the field

    protected IActorRef Listen(ProfileOptions profile, int maxConnections = 10, bool isProxied = false, AdmissionMode admission = AdmissionMode.Open) =>
        Listen([profile], maxConnections, isProxied, admission);

    protected IActorRef Listen(ProfileOptions[] profiles, int maxConnections = 10, bool isProxied = false, AdmissionMode admission = AdmissionMode.Open)
    {
        var listener = Start(profiles, port: 0, maxConnections, isProxied, admission);
        var bound = Parent.ExpectMsg<Binding.SocketBound>(Patience);
        Assert.Equal(("main", "udp"), (bound.Name, bound.Transport));
        _address = IPEndPoint.Parse(bound.Address);
        return listener;
    }

    protected IActorRef Start(ProfileOptions[] profiles, int port, int maxConnections = 10, bool isProxied = false, AdmissionMode admission = AdmissionMode.Open)
    {
        var test = Sessions.Ref;
        var options = Options.Gateway(profiles[0]) with { Admission = admission };
        return Parent.ChildActorOf(UdpListenerActor.Props(
            new ListenerSetup
            {
                Name = "main",
                KeyPath = "dtu.listeners.main",
                Transport = "udp",
                Address = new IPEndPoint(IPAddress.Loopback, port),
                MaxConnections = maxConnections,
                Observer = _fleet,
                Inbox = Inbox,
                Rebind = new ReopenOptions { Min = TimeSpan.FromMilliseconds(500), Max = TimeSpan.FromSeconds(1) },
                Handler = (socket, remote) => Props.Create<Scripted>(socket, remote, test),
            },
            SessionSetups.Nowhere(options) with { Candidates = profiles, Carrier = Carrier.Datagrams },
            isProxied));
    }

    protected Socket Dtu()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        _sockets.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    protected void Say(Socket dtu, string text) => Send(dtu, Encoding.ASCII.GetBytes(text));

    protected void Send(Socket dtu, byte[] datagram) => dtu.SendTo(datagram, _address);

    protected static async Task<string> HearAsync(Socket dtu)
    {
        var buffer = new byte[1000];
        var heard = await dtu.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(Patience);
        return Encoding.ASCII.GetString(buffer, 0, heard.ReceivedBytes);
    }

    // ---- the sessions

    protected Scripted.Started NewSession() => (Scripted.Started)Sessions.FishForMessage(message => message is Scripted.Started, Patience);

    protected byte[] ReadBytes(Scripted.Started session)
    {
        session.Tell(new Scripted.Do(Tcp.ResumeReading.Instance));
        return Sessions.ExpectMsg<Tcp.Received>(Patience).Data.ToArray();
    }

    protected string Read(Scripted.Started session) => Encoding.ASCII.GetString(ReadBytes(session));

    protected void Close(Scripted.Started session)
    {
        session.Tell(new Scripted.Do(Tcp.Close.Instance));
        Sessions.FishForMessage(message => message is Tcp.Closed, Patience);
        session.Self.Tell(PoisonPill.Instance);
    }

    protected ListenerStatus Seen(Predicate<ListenerStatus> fits)
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
    protected sealed class Scripted : ReceiveActor
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

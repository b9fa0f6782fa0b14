using System.Net;
using System.Text;
using Akka.Actor;
using Akka.IO;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Listening;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>A ConnectionActor among probes: one plays Akka.IO's connection, the others the router, the directory, the fleet's view, the recorder.</summary>
public abstract class SessionSpec : ActorSpec
{
    protected static readonly Peer Remote = Peer.Of(new IPEndPoint(IPAddress.Parse("10.8.0.7"), 40001));
    protected static readonly Epoch FirstEpoch = new(1000, 1);

    protected SessionSpec(string extra = "")
        : base(extra)
    {
        Socket = CreateTestProbe("socket");
        Router = CreateTestProbe("router");
        Directory = CreateTestProbe("directory");
        Fleet = CreateTestProbe("fleet");
        Recorder = CreateTestProbe("recorder");
        Owner = CreateTestProbe("owner");
        Events.Attach(Recorder);
        Router.SetAutoPilot(new DelegateAutoPilot(ForgetWhoCloses));
    }

    protected TestProbe Socket { get; }

    /// <summary>What the session is given as its connection.</summary>
    protected virtual IActorRef Connection => Socket;

    protected TestProbe Router { get; }

    protected TestProbe Directory { get; }

    protected TestProbe Fleet { get; }

    /// <summary>Takes refused connections, and every event.</summary>
    protected TestProbe Recorder { get; }

    /// <summary>Plays the DtuActor that grants the session.</summary>
    protected TestProbe Owner { get; }

    protected EventInlet Events { get; } = new();

    /// <summary>In place of the options' own.</summary>
    protected PollTable? Polls { get; set; }

    protected bool RouterForgets { get; set; } = true;

    /// <summary>What <see cref="Socket"/> plays.</summary>
    protected Carrier Carrier { get; init; } = Carrier.Stream;

    protected IActorRef Connect(ProfileOptions? profile = null, GatewayOptions? options = null, string? dtu = null, string idPrefix = "")
    {
        options ??= Options.Gateway(profile ?? Options.Profile());
        return Connect([profile ?? options.Profiles["default"]], options, dtu, idPrefix);
    }

    /// <summary>Of a cluster; null: the directory is here.</summary>
    protected ClaimPace? Pace { get; init; }

    protected IActorRef Connect(IReadOnlyList<ProfileOptions> candidates, GatewayOptions? options = null, string? dtu = null, string idPrefix = "", Peer? remote = null)
    {
        options ??= Options.Gateway(candidates[0]);
        var session = Sys.ActorOf(ConnectionActor.Props(
            new SessionSetup
            {
                Listener = "main",
                Candidates = candidates,
                Profiles = options.Profiles,
                Dtu = dtu is null ? null : Protocol.DtuId.Parse(dtu),
                IdPrefix = idPrefix,
                Carrier = Carrier,
                Admission = new Admission(options),
                Polls = Polls ?? new PollTable(options.Polls),
                Chance = () => 0.5,
                Pace = Pace,
                Router = Router,
                Directory = Directory,
                Fleet = Fleet,
                Recorder = Recorder,
                Events = Events,
            },
            Connection,
            remote ?? Remote));
        Watch(session);
        Socket.FishForMessage<Tcp.Register>(_ => true);
        return session;
    }

    /// <summary>A session that registered, was granted, and reads.</summary>
    protected IActorRef Online(string id = "dtu-1", ProfileOptions? profile = null, GatewayOptions? options = null)
    {
        var session = Connect(profile, options);
        Socket.ExpectMsg<Tcp.ResumeReading>();
        Receive(session, id + "\n");
        Grant(session, id);
        Router.ExpectMsg<Registry.SessionOpened>();
        Socket.FishForMessage(message => message is Tcp.ResumeReading);

        // That read may be the one of its claim: time begins when all is open.
        Settle(session);
        return session;
    }

    protected Holding.Announce Grant(IActorRef session, string id, Epoch? epoch = null)
    {
        var announce = Directory.ExpectMsg<Holding.Announce>();
        Assert.Equal(id, announce.Dtu.Value);
        session.Tell(new Holding.Granted(epoch ?? FirstEpoch, Owner));
        return announce;
    }

    protected void Receive(IActorRef session, string text) => Receive(session, Encoding.ASCII.GetBytes(text));

    protected void Receive(IActorRef session, byte[] bytes) => session.Tell(new Tcp.Received(ByteString.FromBytes(bytes)), Socket);

    /// <summary>What the session writes next, and the kernel has it.</summary>
    protected byte[] Written(IActorRef session)
    {
        var write = (Tcp.Write)Socket.FishForMessage(message => message is Tcp.Write);
        session.Tell(write.Ack, Socket);
        Settle(session);
        return write.Data.ToArray();
    }

    protected Relay.Uplink Uplink() => Router.ExpectMsg<Relay.Uplink>();

    protected static Relay.Deliver Delivery(IActorRef source, byte[] payload, Epoch? epoch = null, bool ackWanted = false, long through = 0, string from = "com") => new(
        source, from, Protocol.DtuId.Parse("dtu-1"), epoch ?? FirstEpoch,
        new Frame(payload, Protocol.FrameDirection.Down, "raw", DateTimeOffset.UnixEpoch), through == 0 ? payload.Length : through, ackWanted);

    /// <summary>How the session stands, once it has handled what was sent to it before.</summary>
    protected SessionReport Report(IActorRef session)
    {
        Settle(session);
        while (Fleet.HasMessages)
        {
            Fleet.ReceiveOne(TimeSpan.Zero);
        }

        session.Tell(DtuActors.Directory.Fleet.TellAgain.Instance);
        return Fleet.ExpectMsg<DtuActors.Directory.Fleet.SessionSeen>().Report;
    }

    // As the router does, unless the test wants to.
    private KeepRunning ForgetWhoCloses(IActorRef sender, object message)
    {
        if (message is Registry.SessionClosed closed && RouterForgets)
        {
            closed.Session.Connection.Tell(Registry.SessionForgotten.Instance);
        }

        return AutoPilot.KeepRunning;
    }

    protected T Event<T>()
        where T : FieldEvent => (T)Recorder.FishForMessage(message => message is T);
}

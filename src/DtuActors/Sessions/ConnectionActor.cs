using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Dispatching;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>
/// One DTU's socket, from its first byte to its last: registration, session, close. Owns the socket's reads (pull mode: one is outstanding unless a window is
/// closed), its writes (one acknowledged write in flight) and the bus behind it. What it can't go on with ends it, and the socket with it; the DTU comes back.
/// </summary>
/// <remarks>
/// <code>
/// registering ──valid──▶ claiming ──granted──▶ online ──replaced──▶ displaced ──▶ (stopped)
///      │                    │                    └──silent, kicked, refused──▶ closing ──▶ (stopped)
///      └──refused───────────┴──refused, replaced──────────────────────────────────▲
/// </code>
/// A socket that ends (closed, reset, failed) stops it from any state; a shut-down closes it as stopping.
/// <para>Its states are switches, not ReceiveActor's tables: those are built anew for every connection at every change of state, which was a third of all that
/// registering allocates.</para>
/// </remarks>
public sealed partial class ConnectionActor : ActorBase, IWithTimers
{
    private static readonly TimeSpan PublishEvery = TimeSpan.FromSeconds(1);

    // A kernel that does not take one write for so long has no peer at the other end.
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(30);

    private readonly SessionSetup _setup;
    private readonly IActorRef _socket;
    private readonly DateTimeOffset _connectedAt;

    // When its socket came: actors begin in any order.
    private readonly long _came;
    private ProfileOptions _profile;
    private Peer _remote;
    private DtuId _id;
    private string _presented = "";
    private SessionRef? _session;
    private IActorRef _owner = ActorRefs.Nobody;
    private string? _presentedAlias;
    private string? _lastError;
    private ILoggingAdapter? _madeLog;
    private TurnClock _clock = new(Context.System.Scheduler);

    public ConnectionActor(SessionSetup setup, IActorRef socket, Peer remote, long came)
    {
        _came = came;
        _setup = setup;
        _socket = socket;
        _remote = remote;
        _entrance = setup.Candidates[0];
        _profile = _entrance;
        _connectedAt = At;
        _lastSeenAt = _connectedAt;
        _lastSeen = Now;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private DateTimeOffset Now => _clock.Now;

    private DateTimeOffset At => _clock.At;

    private ILoggingAdapter Log => _madeLog ??= Context.GetLogger();

    private string Remote => _remote.Text;

    public static Props Props(SessionSetup setup, IActorRef socket, Peer remote) =>
        Maker.Of((setup, socket, remote, came: remote.Came != 0 ? remote.Came : Stopwatch.GetTimestamp()), static from => new ConnectionActor(from.setup, from.socket, from.remote, from.came));

    protected override void PreStart()
    {
        Context.Watch(_socket);
        _socket.Tell(new Tcp.Register(Self, keepOpenOnPeerClosed: false, useResumeWriting: false));
        StartRegistration();
    }

    protected override bool Receive(object message) => Registering(message);

    protected override bool AroundReceive(Receive receive, object message)
    {
        _clock.Renew();
        return base.AroundReceive(receive, message);
    }

    public override void AroundPostStop()
    {
        _clock.Renew();
        base.AroundPostStop();
    }

    /// <summary>What holds in every state: how a socket ends, and that writes are acknowledged.</summary>
    private bool Always(object message)
    {
        switch (message)
        {
            case Tcp.PeerClosed:
                End(EndReasons.Closed, null);
                return true;
            case Tcp.ErrorClosed closed:
                End(EndReasons.Reset, closed.Cause, IsTimeOut(closed.Cause) ? EvidenceKind.TimedOut : EvidenceKind.PeerReset);
                return true;
            case Tcp.ConnectionClosed:
                End(EndReasons.Closed, null);
                return true;
            case Terminated terminated:
                OnTerminated(terminated);
                return true;
            case Tcp.CommandFailed failed:
                End(EndReasons.Failed, $"a write failed: {failed.CauseString}", EvidenceKind.WriteFailed);
                return true;
            case Written written:
                OnWritten(written);
                return true;
            case WriteOverdue:
                OnWriteOverdue();
                return true;
            case ShutDown.Drain:
                Close(EndReasons.Stopping, null);
                return true;
            case Datagrams.Moved moved:
                OnMoved(moved);
                return true;
            case Datagrams.Rival rival:
                OnRival(rival);
                return true;
            case Datagrams.Dropped dropped:
                OnDatagramDropped(dropped);
                return true;
            default:
                return Replays(message);
        }
    }

    private void OnTerminated(Terminated terminated)
    {
        if (terminated.ActorRef.Equals(_socket))
        {
            End(EndReasons.Reset, "the socket ended");
        }
        else if (terminated.ActorRef.Equals(_lease?.Holder) && _endReason is null)
        {
            EndLease();
        }
        else if (terminated.ActorRef.Equals(_owner) && _endReason is null)
        {
            _owner = ActorRefs.Nobody;
            Claim();
        }
    }

    private static class TimerKey
    {
        public static readonly object Registration = new();
        public static readonly object Gap = new();
        public static readonly object UnitGap = new();
        public static readonly object Ask = new();
        public static readonly object Claim = new();
        public static readonly object Silent = new();
        public static readonly object Bus = new();
        public static readonly object Poll = new();
        public static readonly object Publish = new();
        public static readonly object Probe = new();
        public static readonly object Write = new();
        public static readonly object Abort = new();
    }

    private sealed record WriteOverdue : INoSerializationVerificationNeeded
    {
        public static readonly WriteOverdue Instance = new();
    }
}

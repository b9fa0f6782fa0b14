using System.Net;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
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
/// registering ──valid──▶ claiming ──granted──▶ online ──▶ closing ──▶ (stopped)
///      └──refused, silent, closed──────────────────┴──────────▲
/// </code>
/// <para>Its states are switches, not ReceiveActor's tables: those are built anew for every connection at every change of state, which was a third of all that
/// registering allocates.</para>
/// </remarks>
public sealed partial class ConnectionActor : ActorBase, IWithTimers
{
    // A claim that is not answered is repeated: the directory may be restarting.
    private static readonly TimeSpan ClaimAgainAfter = TimeSpan.FromSeconds(1);

    // Akka.IO's Close waits for ever for a peer that does not read.
    private static readonly TimeSpan AbortAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PublishEvery = TimeSpan.FromSeconds(1);

    // A kernel that does not take one write for so long has no peer at the other end.
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(30);

    private readonly SessionSetup _setup;
    private readonly IActorRef _socket;
    private readonly IPEndPoint _remote;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly SocketWriter<Downlink> _writer;
    private readonly DateTimeOffset _connectedAt;
    private ProfileOptions _profile;
    private DtuId _id;
    private string _presented = "";
    private SessionRef? _session;
    private IActorRef _owner = ActorRefs.Nobody;
    private string? _presentedAlias;
    private string? _endReason;
    private string? _lastError;

    public ConnectionActor(SessionSetup setup, IActorRef socket, IPEndPoint remote)
    {
        _setup = setup;
        _socket = socket;
        _remote = remote.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(remote.Address.MapToIPv4(), remote.Port) : remote;
        Remote = _remote.ToString();
        _entrance = setup.Candidates[0];
        _profile = _entrance;
        _writer = new SocketWriter<Downlink>(socket, OnDownlinkWritten);
        _connectedAt = Now;
        _lastSeenAt = _connectedAt;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private string Remote { get; }

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    /// <summary>Not an expression: that would be compiled once per connection.</summary>
    public static Props Props(SessionSetup setup, IActorRef socket, IPEndPoint remote) =>
        Akka.Actor.Props.Create<ConnectionActor>(setup, socket, remote);

    protected override void PreStart()
    {
        Context.Watch(_socket);
        _socket.Tell(new Tcp.Register(Self, keepOpenOnPeerClosed: false, useResumeWriting: false));
        StartRegistration();
    }

    // The one place where a session is taken off the books, whether it ended in good order or by a throw.
    protected override void PostStop() => TakeOffTheBooks(_endReason ?? EndReasons.Failed);

    protected override bool Receive(object message) => Registering(message);

    /// <summary>What holds in every state: how a socket ends, and that writes are acknowledged.</summary>
    private bool Always(object message)
    {
        switch (message)
        {
            case Tcp.PeerClosed:
                End(EndReasons.Closed, null);
                return true;
            case Tcp.ErrorClosed closed:
                End(EndReasons.Reset, closed.Cause);
                return true;
            case Tcp.ConnectionClosed:
                End(_endReason ?? EndReasons.Closed, null);
                return true;
            case Terminated terminated:
                OnTerminated(terminated);
                return true;
            case Tcp.CommandFailed failed:
                End(EndReasons.Failed, $"a write failed: {failed.CauseString}");
                return true;
            case Written written:
                OnWritten(written);
                return true;
            case WriteOverdue:
                Close(EndReasons.Silent, "the DTU takes no bytes", abort: true);
                return true;
            case ShutDown.Drain:
                Close(EndReasons.Stopping, null);
                return true;
            default:
                return false;
        }
    }

    private void OnTerminated(Terminated terminated)
    {
        if (terminated.ActorRef.Equals(_socket))
        {
            End(EndReasons.Reset, "the socket ended");
        }
        else if (terminated.ActorRef.Equals(_owner) && _endReason is null)
        {
            _owner = ActorRefs.Nobody;
            Claim();
        }
    }

    // ---- claiming: the registration is valid; the directory says under which epoch the session holds its DTU. Nothing is read meanwhile.

    private void BeginClaim(DtuId id, string presented, string? alias, DtuOptions? known)
    {
        _id = id;
        _presented = presented;
        _presentedAlias = alias;
        if (known?.Profile is { } name && _setup.Profiles.TryGetValue(name, out var own))
        {
            _profile = own;
        }

        Context.Become(Claiming);
        Claim();
    }

    private bool Claiming(object message)
    {
        switch (message)
        {
            case Tcp.Received received:
                OnBytesWhileClaiming(received);
                return true;
            case Claimed:
                Claim();
                return true;
            case Holding.Granted granted:
                OnGranted(granted);
                return true;
            case Holding.Superseded:
                Close(EndReasons.Replaced, null);
                return true;
            default:
                return Always(message);
        }
    }

    private void Claim()
    {
        _setup.Directory.Tell(new Holding.Announce(_id, _session?.Epoch, Self));
        Timers.StartSingleTimer(TimerKey.Claim, Claimed.Again, ClaimAgainAfter);
    }

    private void OnGranted(Holding.Granted granted)
    {
        Own(granted);
        _session = new SessionRef(_id, granted.Epoch, Self);
        Context.Become(Online);
        Open();
    }

    private void Own(Holding.Granted granted)
    {
        Timers.Cancel(TimerKey.Claim);
        _owner = Context.Watch(granted.Owner);
    }

    // ---- closing: nothing is read or taken any more; the socket's end is waited for, not for ever.

    private void Close(string reason, string? error, bool abort = false)
    {
        if (_endReason is not null)
        {
            return;
        }

        _endReason = reason;
        _lastError = error ?? _lastError;
        _bus?.Close();
        Context.Become(Closing);
        Timers.StartSingleTimer(TimerKey.Abort, AbortNow.Instance, AbortAfter);
        if (abort)
        {
            _socket.Tell(Tcp.Abort.Instance);
        }
        else
        {
            CloseWhenWritten();
        }
    }

    private void CloseWhenWritten()
    {
        if (!_writer.IsBusy)
        {
            _socket.Tell(Tcp.Close.Instance);
        }
    }

    private bool Closing(object message)
    {
        switch (message)
        {
            case Written written:
                OnWritten(written);
                CloseWhenWritten();
                return true;
            case AbortNow:
                _socket.Tell(Tcp.Abort.Instance);
                return true;
            case Relay.Deliver delivery:
                GiveBack(delivery, RelayDrops.DestinationLost);
                return true;
            case Asking.Request request:
                request.ReplyTo.Tell(new Asking.Refused(request.Correlation, RefusalReason.SessionEnded));
                return true;
            case Asking.Send send:
                send.ReplyTo.Tell(new Asking.Refused(send.Correlation, RefusalReason.SessionEnded));
                return true;
            case Asking.Kick kick:
                kick.ReplyTo.Tell(new Asking.Sent(kick.Correlation));
                return true;
            default:
                Always(message);
                return true;
        }
    }

    private void End(string reason, string? error)
    {
        _endReason ??= reason;
        _lastError = error ?? _lastError;
        Context.Stop(Self);
    }

    private void TakeOffTheBooks(string reason)
    {
        _bus?.Close();
        if (_session is null)
        {
            return;
        }

        foreach (var unwritten in _writer.Abandon())
        {
            Refuse(unwritten, RefusalReason.SessionEnded);
        }

        _setup.Router.Tell(new Registry.SessionClosed(_session));
        _setup.Directory.Tell(new Holding.Released(_id, _session.Epoch));
        _setup.Fleet.Tell(new Fleet.SessionEnded(Report(), reason));
        _setup.Events.Offer(new DtuOffline(Now, _id, reason, Remote));
        GatewayMetrics.Connections.Add(-1);
        _log.Info("DTU {0} offline: {1}{2}", _id, reason, _lastError is null ? "" : $" ({_lastError})");
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
        public static readonly object Publish = new();
        public static readonly object Probe = new();
        public static readonly object Write = new();
        public static readonly object Abort = new();
    }

    private sealed record Claimed : INoSerializationVerificationNeeded
    {
        public static readonly Claimed Again = new();
    }

    private sealed record AbortNow : INoSerializationVerificationNeeded
    {
        public static readonly AbortNow Instance = new();
    }

    private sealed record WriteOverdue : INoSerializationVerificationNeeded
    {
        public static readonly WriteOverdue Instance = new();
    }
}

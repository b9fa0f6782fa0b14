using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Protocol.Answers;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Recording;
using DtuActors.Routing;
using Envelope = DtuActors.Protocol.Transports.Envelope;

namespace DtuActors.Sessions;

/// <summary>Online: the session is open. What it hears, how it began, and how it stands.</summary>
public sealed partial class ConnectionActor
{
    // What looks for a silence later than that looks once more, after as long.
    private static readonly TimeSpan LateLook = TimeSpan.FromSeconds(1);

    private Dictionary<string, long>? _droppedUp;
    private Framer _framer = null!;
    private Framer? _units;
    private Envelope? _envelope;
    private string? _unitId;

    // What came with the registration is looked at: the unit that registered is no heartbeat.
    private bool _opening;
    private PacketPrefix? _prefix;
    private CentreAnswers? _answers;
    private ReadOnlyMemory<byte> _registration;
    private DateTimeOffset _silentDue;
    private DateTimeOffset _lastSeenAt;
    private DateTimeOffset _lastSeen;
    private long _bytesUp;
    private long _framesUp;
    private long _heartbeats;
    private string? _conflictWith;

    private bool Online(object message)
    {
        switch (message)
        {
            case Tcp.Received received:
                OnReceived(received.Data.ToReadOnlySpan());
                return true;
            case Relay.Deliver deliver:
                OnDeliver(deliver);
                return true;
            case Asking.Request request:
                OnRequest(request);
                return true;
            case Asking.Send send:
                OnSend(send);
                return true;
            case Asking.Withdraw withdraw:
                OnWithdraw(withdraw);
                return true;
            case Asking.AreHeld question:
                OnAreHeld(question);
                return true;
            case Asking.Kick kick:
                OnKick(kick);
                return true;
            case Flow.Taken taken:
                OnTaken(taken);
                return true;
            case Flow.PathAdded path:
                _windows.Add(path.Destination);
                return true;
            case Flow.PathRemoved pathRemoved:
                OnPathRemoved(pathRemoved);
                return true;
            case Flow.PathsForgotten:
                OnPathsForgotten();
                return true;
            case ProbeDue:
                OnProbeDue();
                return true;
            case FrameSilence:
                OnSilence();
                return true;
            case UnitSilence:
                OnUnitSilence();
                return true;
            case BusDue:
                OnBusDue();
                return true;
            case PollDue:
                OnPollDue();
                return true;
            case Polling.Changed:
                OnPollsChanged();
                return true;
            case Registry.AnnounceYourself:
                _setup.Router.Tell(new Registry.SessionOpened(_session!, HowItRegistered()));
                return true;
            case SilentCheck:
                OnSilentCheck();
                return true;
            case Publish or Fleet.TellAgain:
                _setup.Fleet.Tell(new Fleet.SessionSeen(Report()));
                return true;
            case ClaimDue due:
                OnClaimDue(due);
                return true;
            case Holding.Waiting:
                _unanswered = 0;
                return true;
            case Holding.Prove:
                Prove();
                return true;
            case Holding.Granted granted:
                OnGrantedOnline(granted);
                return true;
            case Holding.Superseded superseded:
                OnDisplaced(superseded);
                return true;
            case Holding.Contested contested:
                OnContested(contested);
                return true;
            default:
                return Leased(message) || Always(message);
        }
    }

    private void Open()
    {
        var registrar = _race?.Registrar;
        _probed = _asked > 0 && registrar is not null ? registrar.Registration : default;
        _registeredAs = registrar is null || _asked > 0 ? default : registrar.AsReceived;
        _registration = Form.RepeatsAsHeartbeat && registrar is not null ? registrar.Registration : default;
        _framer = _setup.Carrier.Framer(_profile.Framing, HeartbeatBytes());
        _prefix = _entrance.Registration.EveryPacket && !_framer.Codec.IsProtocol && !_registration.IsEmpty ? new PacketPrefix(_registration) : null;
        OpenEnvelope();
        _answers = _profile.Application.Create();
        _registeredAt = At;
        GatewayMetrics.Connections.Add(1);
        CountRegistration(Accepted);
        if (_setup.Lines.Next(Now) is { } note)
        {
            Log.Info("DTU {0} online from {1} on {2}{3}", _id, Remote, _setup.Listener, note);
        }

        _setup.Router.Tell(new Registry.SessionOpened(_session!, HowItRegistered()));
        _setup.Fleet.Tell(new Fleet.SessionSeen(Report()));
        _setup.Events.Offer(new DtuOnline(At, _id, _setup.Listener, Remote));
        ArmSilentCheck(_profile.Heartbeat.Timeout);
        OpenPolls();
        if (registrar is not null)
        {
            FeedWhatCameBehind(registrar);
        }

        TakeWhatCameEarly();
        if (_endReason is null)
        {
            ReadOn();

            // The read of the time of its claim is still outstanding: silence counts from here.
            ArmGap();
        }
    }

    private void OpenEnvelope()
    {
        _envelope = _entrance.Envelope?.Invoke();
        _units = _envelope is null ? null : EnvelopeForm.Units(_envelope);
        if (_named is not null)
        {
            _envelope?.AssumeLoggedIn();
        }
    }

    private void FeedWhatCameBehind(Registrar registrar)
    {
        _race = null;
        _firstBytes.Clear();
        _firstBytes.TrimExcess();
        _heartbeats += registrar.Heartbeats;
        foreach (var (reason, count) in registrar.Dropped)
        {
            CountDroppedUp(count, reason);
        }

        AnswerRegistration(registrar.Registration.Span);
        _opening = true;
        TakeIn(registrar.Rest.Span);
        EndBurstOfPiece();
        _opening = false;
        if (registrar.Heartbeats > 0 || registrar.Dropped.Count > 0 || !registrar.Rest.IsEmpty)
        {
            PublishSoon();
        }
    }

    // The same registration again on a live session is a heartbeat, with or without its line end.
    private List<byte[]> HeartbeatBytes()
    {
        var heartbeats = new List<byte[]>(_profile.Heartbeat.Match.Length + 3);
        heartbeats.AddRange(_profile.Heartbeat.Match);
        if (!_registration.IsEmpty)
        {
            heartbeats.Add([.. _registration.Span, (byte)'\r', (byte)'\n']);
            heartbeats.Add([.. _registration.Span, (byte)'\n']);
            heartbeats.Add(_registration.ToArray());
        }

        return heartbeats;
    }

    // ---- how it stands

    private void OnContested(Holding.Contested contested)
    {
        HoldAddress(contested.With);
        if (contested.With != _conflictWith)
        {
            Note(EvidenceKind.Conflict, contested.With is { } rival ? $"{rival} registers under the same id" : "over: nobody else claims the DTU any more");
        }

        _conflictWith = contested.With;
        if (contested.With is { } other)
        {
            _lastError = $"conflict: {other} registers under the same id";
        }

        PublishSoon();
    }

    private void ArmSilentCheck(TimeSpan? due)
    {
        if (due is { } timeout)
        {
            _silentDue = Now + timeout;
            Timers.StartSingleTimer(TimerKey.Silent, SilentCheck.Instance, timeout);
        }
    }

    // One timer per time-out, not one per byte. A session whose reads are paused is not silent: it is not being listened to. A machine that stood still (a stopped process, a virtual
    // machine that moves) finds this timer due before it has read what came meanwhile: whoever looks late looks once more.
    private void OnSilentCheck()
    {
        var timeout = _profile.Heartbeat.Timeout!.Value;
        var silent = _reading ? Now - _readingSince : TimeSpan.Zero;
        if (silent < timeout)
        {
            ArmSilentCheck(timeout - silent);
        }
        else if (Now - _silentDue > LateLook)
        {
            ArmSilentCheck(LateLook);
        }
        else
        {
            Close(EndReasons.Silent, $"no byte for {silent.TotalSeconds:0} s, of {timeout.TotalSeconds:0} s allowed", abort: true);
        }
    }

    private void PublishSoon()
    {
        if (!Timers.IsTimerActive(TimerKey.Publish))
        {
            Timers.StartSingleTimer(TimerKey.Publish, Publish.Instance, PublishEvery);
        }
    }

    private SessionReport Report() => new()
    {
        Session = _session!,
        Listener = _setup.Listener,
        Remote = Remote,
        Profile = _profile.Name,
        Codec = _profile.Framing.Codec,
        PresentedId = _presentedAlias,
        ConnectedAt = _connectedAt,
        LastSeenAt = _lastSeenAt,
        LastSeen = _lastSeen,
        BytesUp = _bytesUp,
        BytesDown = _bytesDown,
        FramesUp = _framesUp,
        FramesDown = _framesDown,
        Heartbeats = _heartbeats,
        Queued = _bus?.Waiting ?? 0,
        WaitsSince = _bus?.WaitsSince,
        SuspendedSlaves = SuspendedSlaves(),
        Down = _down.Snapshot(),
        DroppedUp = _droppedUp?.ToImmutableDictionary() ?? ImmutableDictionary<string, long>.Empty,
        Polls = _polls?.Status() ?? [],
        LastError = _lastError,
        ConflictWith = _conflictWith,
        RegisteredAt = _registeredAt,
        LastHeartbeatAt = _lastHeartbeatAt,
        Noted = _noted,
        EndedAt = _endedAt,
        Ended = _ended,
    };

    // The bus's deadlines as dates of today's clock.
    private ImmutableArray<SuspendedSlave> SuspendedSlaves() =>
        _bus?.Suspended is { IsEmpty: false } suspended ? ImmutableArray.CreateRange(suspended, slave => slave with { Until = At + (slave.Until - Now) }) : [];

    private sealed record SilentCheck : INoSerializationVerificationNeeded
    {
        public static readonly SilentCheck Instance = new();
    }

    private sealed record Publish : INoSerializationVerificationNeeded
    {
        public static readonly Publish Instance = new();
    }
}

using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;
using DtuActors.Recording;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>Online, up: bytes of the socket become frames, heartbeats and counted garbage; frames go to the bus and to the router.</summary>
public sealed partial class ConnectionActor
{
    // A unit of an envelope holds at most 1024 bytes of data and its head (protocols 1.7).
    private const int MaxUnit = 4096;
    private const string IdChanged = "id-changed";

    // Paused longer than this, a session reads again and drops what has nowhere to go, so that a FIN and heartbeats are seen.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(1);

    private readonly OutboundWindows _windows = new();
    private readonly Dictionary<string, long> _droppedUp = [];
    private Framer _framer = null!;
    private ReadOnlyMemory<byte> _registration;
    private bool _reading;
    private DateTimeOffset? _pausedSince;
    private DateTimeOffset _lastSeenAt;
    private long _bytesUp;
    private long _framesUp;
    private long _heartbeats;

    private void Online()
    {
        Always();
        Receive<Tcp.Received>(OnReceived);
        Receive<Relay.Deliver>(OnDeliver);
        Receive<Asking.Request>(OnRequest);
        Receive<Asking.Send>(OnSend);
        Receive<Asking.Kick>(OnKick);
        Receive<Flow.Taken>(OnTaken);
        Receive<Flow.PathAdded>(path => _windows.Add(path.Destination));
        Receive<Flow.PathRemoved>(OnPathRemoved);
        Receive<ProbeDue>(_ => Pause());
        Receive<FrameSilence>(_ => OnSilence());
        Receive<BusDue>(_ => OnBusDue());
        Receive<SilentCheck>(_ => OnSilentCheck());
        Receive<Publish>(_ => _setup.Fleet.Tell(new Fleet.SessionSeen(Report())));
        Receive<Fleet.TellAgain>(_ => _setup.Fleet.Tell(new Fleet.SessionSeen(Report())));
        Receive<Claimed>(_ => Claim());
        Receive<Holding.Granted>(Own);
        Receive<Holding.Superseded>(_ => Close(EndReasons.Replaced, "a newer connection of the same DTU took over"));
    }

    private void Open()
    {
        _registration = _reader?.Registration ?? default;
        _bus = new BusQueue(_profile.Bus, _profile.Framing.Codec, this);
        _framer = new Framer(Codecs.Create(_profile.Framing), _profile.Framing.MaxFrame, HeartbeatBytes());
        GatewayMetrics.Connections.Add(1);
        CountRegistration("accepted");
        _log.Info("DTU {0} online from {1} on {2}", _id, Remote, _setup.Listener);
        _setup.Router.Tell(new Registry.SessionOpened(_session!));
        _setup.Fleet.Tell(new Fleet.SessionSeen(Report()));
        _setup.Events.Offer(new DtuOnline(Now, _id, _setup.Listener, Remote));
        ArmSilentCheck(_profile.Heartbeat.Timeout);
        FeedWhatCameBehind();
        ReadOn();
    }

    private void FeedWhatCameBehind()
    {
        if (_reader is { } reader)
        {
            _heartbeats += reader.Heartbeats;
            Answer(_profile.Registration.Reply);
            Feed(reader.Rest.Span);
            _reader = null;
        }

        foreach (var unit in _unitsBehind)
        {
            OnUnit(unit.Opened, unit.Bytes);
        }

        _unitsBehind.Clear();
        _unitsBehind.TrimExcess();
        _firstBytes.Clear();
        _firstBytes.TrimExcess();
    }

    // The same registration again on a live session is a heartbeat, with or without its line end.
    private List<byte[]> HeartbeatBytes()
    {
        var heartbeats = _profile.Heartbeat.Match.ToList();
        if (!_registration.IsEmpty)
        {
            heartbeats.Add([.. _registration.Span, (byte)'\r', (byte)'\n']);
            heartbeats.Add([.. _registration.Span, (byte)'\n']);
            heartbeats.Add(_registration.ToArray());
        }

        return heartbeats;
    }

    // ---- reading

    private void OnReceived(Tcp.Received received)
    {
        _reading = false;
        _lastSeenAt = Now;
        var bytes = received.Data.ToReadOnlySpan();
        _bytesUp += bytes.Length;
        GatewayMetrics.Bytes.Add(bytes.Length, GatewayMetrics.Up);
        if (_units is { } units)
        {
            var sink = new UnitSink(this);
            units.Feed(bytes, ref sink);
        }
        else if (_framer.Pending == 0 && _profile.Registration.Form.IsAnotherId(bytes, _presented, out var otherId))
        {
            RefuseOtherId(otherId);
        }
        else
        {
            Feed(bytes);
        }

        PublishSoon();
        if (_endReason is null)
        {
            ReadOn();
        }
    }

    private void Feed(ReadOnlySpan<byte> bytes)
    {
        var sink = new FrameSink(this);
        _framer.Feed(bytes, ref sink);
    }

    private void ReadOn()
    {
        if (_windows.IsOpen || _pausedSince is { } since && Now - since >= LongestPause)
        {
            _pausedSince = _windows.IsOpen ? null : _pausedSince;
            _reading = true;
            _socket.Tell(Tcp.ResumeReading.Instance);
            ArmGap();
        }
        else
        {
            _pausedSince ??= Now;
            Timers.Cancel(TimerKey.Gap);
            Pause();
        }
    }

    // A closed window is asked about at once and each second: the probe takes the frames' own way, so its answer says that all before it is done with.
    private void Pause()
    {
        if (_windows.IsOpen)
        {
            return;
        }

        _setup.Router.Tell(new Relay.Uplink(_session!, null, _windows.Emitted, AckWanted: true));
        Timers.StartSingleTimer(TimerKey.Probe, ProbeDue.Instance, ProbeEvery);
        if (!_reading && Now - _pausedSince >= LongestPause)
        {
            ReadOn();
        }
    }

    private void OnTaken(Flow.Taken taken)
    {
        _windows.Take(taken.Destination, taken.Through);
        ReadOnIfOpen();
    }

    private void OnPathRemoved(Flow.PathRemoved path)
    {
        _windows.Remove(path.Destination);
        ReadOnIfOpen();
    }

    private void ReadOnIfOpen()
    {
        if (_windows.IsOpen)
        {
            _pausedSince = null;
            if (!_reading)
            {
                ReadOn();
            }
        }
    }

    private void ArmGap()
    {
        if (_framer.SilenceDue is { } gap)
        {
            Timers.StartSingleTimer(TimerKey.Gap, FrameSilence.Instance, gap);
        }
        else if (Timers.IsTimerActive(TimerKey.Gap))
        {
            Timers.Cancel(TimerKey.Gap);
        }
    }

    private void OnSilence()
    {
        var sink = new FrameSink(this);
        _framer.Silence(ref sink);
        ArmGap();
        PublishSoon();
    }

    // ---- what the framers found

    private void OnUnit(in EnvelopeUnit opened, ReadOnlySpan<byte> unit)
    {
        if (opened.Id is { } id && id != _presented && _setup.Dtu is null)
        {
            RefuseOtherId(id);
            return;
        }

        Answer(opened.Reply);
        switch (opened.Kind)
        {
            case EnvelopeKind.Data:
                Feed(opened.Payload(unit));
                break;
            case EnvelopeKind.Registration or EnvelopeKind.Heartbeat:
                _heartbeats++;
                break;
            case EnvelopeKind.Leave:
                Close(EndReasons.Closed, "the DTU took its leave");
                break;
        }
    }

    private void RefuseOtherId(string id)
    {
        CountRegistration(IdChanged);
        _setup.Recorder.Tell(new RefusedConnection(Now, _setup.Listener, Remote, System.Text.Encoding.UTF8.GetBytes(id), IdChanged));
        Close(EndReasons.Refused, $"{IdChanged}: the live session of {_id} registered as another DTU");
    }

    private void OnFrame(ReadOnlySpan<byte> bytes)
    {
        if (_endReason is not null)
        {
            return;
        }

        var frame = new Frame(bytes.ToArray(), FrameDirection.Up, _framer.Codec.Name, Now);
        _framesUp++;
        GatewayMetrics.Frames.Add(1, GatewayMetrics.Up);
        _setup.Events.Offer(new FramePassed(frame.At, _id, FrameDirection.Up, frame.Payload, frame.Codec, "dtu"));
        var claim = _bus!.Uplink(frame, Now);
        ArmBus();
        if (_profile.Bus.Mode is Configuration.BusMode.Transparent || claim is BusClaim.Unasked)
        {
            Emit(frame, only: null);
        }
        else if (claim is BusClaim.Late)
        {
            CountDroppedUp(bytes, RelayDrops.LateAnswer);
        }
    }

    private void Emit(Frame frame, string? only)
    {
        if (!_windows.IsOpen && Now - _pausedSince >= LongestPause)
        {
            CountDroppedUp(frame.Payload.Span, RelayDrops.DestinationSlow);
            return;
        }

        var through = _windows.Emit(frame.Payload.Length, out var ackWanted);
        _setup.Router.Tell(new Relay.Uplink(_session!, frame, through, ackWanted, only));
    }

    private void OnHeartbeat(ReadOnlySpan<byte> bytes)
    {
        _heartbeats++;
        if (!_registration.IsEmpty && bytes.StartsWith(_registration.Span))
        {
            Answer(_profile.Registration.Reply);
        }
        else
        {
            Answer(_profile.Heartbeat.Echo ? bytes.ToArray() : _profile.Heartbeat.Reply);
        }
    }

    private void CountDroppedUp(ReadOnlySpan<byte> bytes, string reason)
    {
        _droppedUp[reason] = _droppedUp.GetValueOrDefault(reason) + 1;
        GatewayMetrics.FramesDropped.Add(1, new KeyValuePair<string, object?>("reason", reason));
        if (_session is not null)
        {
            _setup.Events.Offer(new FramePassed(Now, _id, FrameDirection.Up, bytes.ToArray(), _profile.Framing.Codec, "dtu", reason));
        }
    }

    // ---- how it stands

    private void ArmSilentCheck(TimeSpan? due)
    {
        if (due is { } timeout)
        {
            Timers.StartSingleTimer(TimerKey.Silent, SilentCheck.Instance, timeout);
        }
    }

    // One timer per time-out, not one per byte. A session whose reads are paused is not silent: it is not being listened to.
    private void OnSilentCheck()
    {
        var timeout = _profile.Heartbeat.Timeout!.Value;
        var silent = Now - _lastSeenAt;
        if (silent >= timeout && _reading)
        {
            Close(EndReasons.Silent, $"no byte for {silent.TotalSeconds:0} s", abort: true);
        }
        else
        {
            ArmSilentCheck(_reading ? timeout - silent : timeout);
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
        BytesUp = _bytesUp,
        BytesDown = _bytesDown,
        FramesUp = _framesUp,
        FramesDown = _framesDown,
        Heartbeats = _heartbeats,
        Queued = _bus?.Waiting ?? 0,
        Down = _down.Snapshot(),
        DroppedUp = _droppedUp.ToImmutableDictionary(),
        LastError = _lastError,
    };

    private readonly struct FrameSink(ConnectionActor session) : IFrameSink
    {
        public void OnFrame(ReadOnlySpan<byte> frame) => session.OnFrame(frame);

        public void OnHeartbeat(ReadOnlySpan<byte> heartbeat) => session.OnHeartbeat(heartbeat);

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => session.CountDroppedUp(bytes, reason);
    }

    private readonly struct UnitSink(ConnectionActor session) : IFrameSink
    {
        public void OnFrame(ReadOnlySpan<byte> frame)
        {
            if (session._endReason is null)
            {
                session.OnUnit(session._envelope!.Open(frame), frame);
            }
        }

        public void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => session.CountDroppedUp(bytes, reason);
    }

    private sealed record ProbeDue : INoSerializationVerificationNeeded
    {
        public static readonly ProbeDue Instance = new();
    }

    private sealed record FrameSilence : INoSerializationVerificationNeeded
    {
        public static readonly FrameSilence Instance = new();
    }

    private sealed record SilentCheck : INoSerializationVerificationNeeded
    {
        public static readonly SilentCheck Instance = new();
    }

    private sealed record Publish : INoSerializationVerificationNeeded
    {
        public static readonly Publish Instance = new();
    }
}

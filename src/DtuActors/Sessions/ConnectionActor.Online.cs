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

/// <summary>Online, up: bytes of the socket become frames, heartbeats and counted garbage; frames go to the bus and to the router.</summary>
public sealed partial class ConnectionActor
{
    // What monitor and history call the source of the gateway's own answers.
    private const string GatewayItself = "gateway";
    private const string IdChanged = "id-changed";

    // Paused longer than this, a session reads again and drops what has nowhere to go, so that a FIN and heartbeats are seen.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(1);

    private readonly OutboundWindows _windows = new();
    private readonly Dictionary<string, long> _droppedUp = [];
    private Framer _framer = null!;
    private Framer? _units;
    private Envelope? _envelope;
    private string? _unitId;
    private PacketPrefix? _prefix;
    private CentreAnswers? _answers;
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
        Receive<UnitSilence>(_ => OnUnitSilence());
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
        var registrar = _race?.Registrar;
        _registration = Form.RepeatsAsHeartbeat && registrar is not null ? registrar.Registration : default;
        _bus = new BusQueue(_profile.Bus, _profile.Framing.Codec, this);
        _framer = new Framer(Codecs.Create(_profile.Framing), _profile.Framing.MaxFrame, HeartbeatBytes());
        _prefix = _entrance.Registration.EveryPacket && !_framer.Codec.IsProtocol && !_registration.IsEmpty ? new PacketPrefix(_registration) : null;
        OpenEnvelope();
        _answers = _profile.Application.Create();
        GatewayMetrics.Connections.Add(1);
        CountRegistration("accepted");
        _log.Info("DTU {0} online from {1} on {2}", _id, Remote, _setup.Listener);
        _setup.Router.Tell(new Registry.SessionOpened(_session!));
        _setup.Fleet.Tell(new Fleet.SessionSeen(Report()));
        _setup.Events.Offer(new DtuOnline(Now, _id, _setup.Listener, Remote));
        ArmSilentCheck(_profile.Heartbeat.Timeout);
        if (registrar is not null)
        {
            FeedWhatCameBehind(registrar);
        }

        ReadOn();
    }

    private void OpenEnvelope()
    {
        _envelope = _entrance.Envelope?.Invoke();
        _units = _envelope is null ? null : EnvelopeForm.Units(_envelope);
        if (_setup.Dtu is not null)
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
            _droppedUp[reason] = _droppedUp.GetValueOrDefault(reason) + count;
            GatewayMetrics.FramesDropped.Add(count, new KeyValuePair<string, object?>("reason", reason));
        }

        AnswerRegistration(registrar.Registration.Span);
        TakeIn(registrar.Rest.Span);
        PublishSoon();
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
        var bytes = Count(received);
        if (_units is not null || _framer.Pending > 0 || !IsRegisteredAgain(ref bytes))
        {
            TakeIn(bytes);
        }

        PublishSoon();
        if (_endReason is null)
        {
            ReadOn();
        }
    }

    private void TakeIn(ReadOnlySpan<byte> bytes)
    {
        if (_units is { } units)
        {
            var sink = new UnitSink(this);
            units.Feed(bytes, ref sink);
        }
        else if (_prefix is { } prefix)
        {
            var sink = new PacketSink(this);
            prefix.Feed(bytes, ref sink);
        }
        else
        {
            Feed(bytes);
        }
    }

    private void Feed(ReadOnlySpan<byte> bytes)
    {
        var sink = new FrameSink(this);
        _framer.Feed(bytes, ref sink);
    }

    /// <summary>
    /// Whether the bytes are a registration, in words that were not the first ones: the same DTU's is a heartbeat, another's ends the session. Where each
    /// packet has one, it is taken off the bytes, and false where data are left.
    /// </summary>
    private bool IsRegisteredAgain(ref ReadOnlySpan<byte> bytes)
    {
        var isPrefix = _prefix is not null && bytes.Length > _registration.Length;
        var burst = isPrefix ? bytes[.._registration.Length] : bytes;
        if (burst.SequenceEqual(_registration.Span) || !(Form.TryReadAgain(burst, out var presented) || IsOwnPrefix(isPrefix, burst, out presented)))
        {
            return false;
        }

        if (presented.Id != _presented)
        {
            RefuseOtherId(presented.Id);
            return true;
        }

        _heartbeats++;
        AnswerRegistration(burst);
        bytes = bytes[burst.Length..];
        return bytes.IsEmpty;
    }

    // A signal strength in it is another one each time.
    private bool IsOwnPrefix(bool isPrefix, ReadOnlySpan<byte> burst, out Presented presented)
    {
        presented = default;
        return isPrefix && Form is ReadForm form && form.TryRead(burst, out presented) && presented.Id == _presented;
    }

    private void AnswerRegistration(ReadOnlySpan<byte> registration) =>
        Answer(_entrance.Registration.Reply.IsEmpty ? Form.Accepted(registration) : _entrance.Registration.Reply);

    private void ReadOn()
    {
        if (_windows.IsOpen || _pausedSince is { } since && Now - since >= LongestPause)
        {
            _pausedSince = _windows.IsOpen ? null : _pausedSince;
            ReadOnce();
            ArmGap();
        }
        else
        {
            _pausedSince ??= Now;
            Timers.Cancel(TimerKey.Gap);
            Timers.Cancel(TimerKey.UnitGap);
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
        ArmGap(TimerKey.Gap, FrameSilence.Instance, _prefix is { Waits: true } ? Form.Gap : _framer.SilenceDue);
        ArmGap(TimerKey.UnitGap, UnitSilence.Instance, _units?.SilenceDue);
    }

    private void ArmGap(object key, object message, TimeSpan? due)
    {
        if (due is { } gap)
        {
            Timers.StartSingleTimer(key, message, gap);
        }
        else if (Timers.IsTimerActive(key))
        {
            Timers.Cancel(key);
        }
    }

    private void OnUnitSilence()
    {
        var sink = new UnitSink(this);
        _units!.Silence(ref sink);
        ArmGap();
        PublishSoon();
    }

    private void OnSilence()
    {
        if (_prefix is { Waits: true } prefix)
        {
            var packets = new PacketSink(this);
            prefix.Silence(ref packets);
            ArmGap();
            return;
        }

        var sink = new FrameSink(this);
        _framer.Silence(ref sink);
        ArmGap();
        PublishSoon();
    }

    // ---- what the framers found

    private void OnUnit(in EnvelopeUnit opened, ReadOnlySpan<byte> unit)
    {
        if (_setup.Dtu is null && Form is EnvelopeForm form && form.ReadId(opened) is { } id && id != _presented)
        {
            RefuseOtherId(id);
            return;
        }

        _unitId = opened.Id ?? _unitId;
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

        if (_setup.Dtu is null && Form.SenderOf(_framer.Codec.Name, bytes) is { } sender && sender != _presented)
        {
            RefuseOtherId(sender);
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

        if (_answers?.Answer(bytes, Now) is { } answer)
        {
            AnswerForCentre(answer);
        }
    }

    // The centre's own word to the instrument: it goes the way of every downlink, in its turn on the bus.
    private void AnswerForCentre(byte[] answer)
    {
        var downlink = new Downlink(answer, GatewayItself, Now);
        _down.Accept(answer.Length);
        Enqueue(downlink, wantsAnswer: false, AnswerRule.ByMode, null);
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
            AnswerRegistration(_registration.Span);
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

    private readonly struct PacketSink(ConnectionActor session) : IPacketSink
    {
        public void OnPrefix()
        {
            session._heartbeats++;
            session.AnswerRegistration(session._registration.Span);
        }

        public void OnData(ReadOnlySpan<byte> data) => session.Feed(data);
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

    private sealed record UnitSilence : INoSerializationVerificationNeeded
    {
        public static readonly UnitSilence Instance = new();
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

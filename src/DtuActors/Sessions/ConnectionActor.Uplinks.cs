using Akka.Actor;
using Akka.Event;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Recording;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>Online, up: what the framers found. Units are opened, frames go to the bus and to the router, heartbeats are answered, what is dropped is counted.</summary>
public sealed partial class ConnectionActor
{
    // What monitor and history call the source of the gateway's own answers.
    private const string GatewayItself = "gateway";
    private const string IdChanged = "id-changed";

    // Whether the frame that is being looked at reached whoever it is for.
    private bool _isTaken;

    private void OnUnit(in EnvelopeUnit opened, ReadOnlySpan<byte> unit)
    {
        if (_named is null && Form is EnvelopeForm form && form.ReadId(opened) is { } id && id != _presented)
        {
            RefuseOtherId(unit);
            return;
        }

        _unitId = opened.Id ?? _unitId;
        Answer(opened.Reply);
        switch (opened.Kind)
        {
            case EnvelopeKind.Data:
                Feed(opened.Payload(unit));
                break;
            case EnvelopeKind.Heartbeat or EnvelopeKind.Registration:
                if (!_opening)
                {
                    CountHeartbeat();
                }

                ReplayUnit(opened, unit);
                break;
            case EnvelopeKind.Notice when opened.PayloadLength > 0:
                // The DTU's own words, or its second port's: no endpoint's, but not gone unseen.
                CountDroppedUp(opened.Payload(unit), RelayDrops.NotCarried);
                break;
            case EnvelopeKind.Leave:
                Close(EndReasons.Closed, "the DTU took its leave");
                break;
        }
    }

    /// <param name="said">What named the other DTU; its first bytes go to the inbox.</param>
    private void RefuseOtherId(ReadOnlySpan<byte> said)
    {
        CountRegistration(IdChanged);
        CountDroppedUp(said, IdChanged);
        _setup.Recorder.Tell(new RefusedConnection(At, _setup.Listener, Remote, RefusedConnection.Keep(said, secret: null), IdChanged));
        Close(EndReasons.Refused, $"{IdChanged}: the live session of {_id} registered as another DTU");
    }

    private void OnFrame(ReadOnlySpan<byte> bytes)
    {
        if (IsAnswerToProbe(bytes))
        {
            return;
        }

        if (_endReason is not null)
        {
            CountDroppedUp(bytes, RelayDrops.SessionEnded);
            return;
        }

        if (_lease is not null)
        {
            OnFrameLeased(bytes);
            return;
        }

        if (_named is null && Form.SenderOf(_framer.Codec.Name, bytes) is { } sender && sender != _presented)
        {
            RefuseOtherId(bytes);
            return;
        }

        _bare = null;
        var frame = new Frame(bytes.ToArray(), FrameDirection.Up, _framer.Codec.Name, At) { Since = Now };
        _framesUp++;
        GatewayMetrics.Frames.CountUp(1);
        _setup.Events.Offer(new FramePassed(frame.At, _id, FrameDirection.Up, frame.Payload, frame.Codec, "dtu"));
        _isTaken = true;
        var claim = _bus?.Uplink(frame, Now) ?? BusClaim.Unasked;
        ArmBus();
        if (_profile.Bus.Mode is Configuration.BusMode.Transparent || claim is BusClaim.Unasked)
        {
            _isTaken = Emit(frame, only: null);
        }
        else if (claim is BusClaim.Late)
        {
            CountDroppedUp(bytes, RelayDrops.LateAnswer);
            _isTaken = false;
        }

        // What was dropped is not confirmed: the station says it again.
        if (_isTaken && _answers?.Answer(bytes, At) is { } answer)
        {
            AnswerForCentre(answer);
        }
    }

    // The question went out more than once before the first answer came: the others are the gateway's own as well.
    private bool IsAnswerToProbe(ReadOnlySpan<byte> bytes)
    {
        if (_asked <= 1 || !bytes.SequenceEqual(_probed.Span))
        {
            return false;
        }

        _asked--;
        return true;
    }

    // The centre's own word to the instrument: it goes the way of every downlink, in its turn on the bus.
    private void AnswerForCentre(byte[] answer)
    {
        var downlink = new Downlink(answer, GatewayItself, Now);
        _down.Accept(answer.Length);
        Enqueue(downlink, wantsAnswer: false, AnswerRule.ByMode, null);
    }

    /// <summary>Hands a frame to the router; false where it was dropped.</summary>
    private bool Emit(Frame frame, string? only)
    {
        if (_pause.IsOver(Now))
        {
            CountDroppedUp(frame.Payload.Span, RelayDrops.DestinationSlow);
            return false;
        }

        var through = _windows.Emit(frame.Payload.Length, out var ackWanted);
        _setup.Router.Tell(new Relay.Uplink(_session!, frame, through, ackWanted, only));
        return true;
    }

    private void OnHeartbeat(ReadOnlySpan<byte> bytes)
    {
        if (_endReason is not null)
        {
            return;
        }

        CountHeartbeat();
        var isRegistration = !_registration.IsEmpty && bytes.StartsWith(_registration.Span);
        var reply = isRegistration ? RegistrationReply(_registration.Span) : _profile.Heartbeat.Echo ? bytes.ToArray() : _profile.Heartbeat.Reply;
        Answer(reply);
        Replay(bytes, reply, isRegistration);
    }

    private void CountDroppedUp(ReadOnlySpan<byte> bytes, string reason)
    {
        CountDroppedUp(1, reason);
        if (_session is not null)
        {
            _setup.Events.Offer(new FramePassed(At, _id, FrameDirection.Up, bytes.ToArray(), _profile.Framing.Codec, "dtu", reason));
        }
    }

    private void CountDroppedUp(long pieces, string reason)
    {
        _droppedUp ??= [];
        _droppedUp[reason] = _droppedUp.GetValueOrDefault(reason) + pieces;
        GatewayMetrics.FramesDropped.Add(pieces, new KeyValuePair<string, object?>("reason", reason));
    }

    private readonly struct FrameSink(ConnectionActor session) : IFrameSink
    {
        public void OnFrame(ReadOnlySpan<byte> frame) => session.OnFrame(frame);

        public void OnHeartbeat(ReadOnlySpan<byte> heartbeat) => session.OnHeartbeat(heartbeat);

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => session.CountDroppedUp(bytes, reason);
    }

    private readonly struct PacketSink(ConnectionActor session) : IPacketSink
    {
        public void OnPrefix() => session.OnHeartbeat(session._registration.Span);

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
            else
            {
                session.CountDroppedUp(frame, RelayDrops.SessionEnded);
            }
        }

        public void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => session.CountDroppedUp(bytes, reason);
    }
}

using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Recording;
using Envelope = DtuActors.Protocol.Transports.Envelope;

namespace DtuActors.Sessions;

/// <summary>Registering: nothing is known of the peer but its bytes. They become an id, or wait in the inbox of refused connections.</summary>
public sealed partial class ConnectionActor
{
    private const string RegistrationOverdueReason = "timeout";
    private const int FirstBytesKept = 64;

    private readonly List<byte> _firstBytes = [];
    private readonly List<(EnvelopeUnit Opened, byte[] Bytes)> _unitsBehind = [];
    private Envelope? _envelope;
    private RegistrationReader? _reader;
    private Framer? _units;

    private void StartRegistration()
    {
        _envelope = _profile.Envelope?.Invoke();
        if (_envelope is { } envelope)
        {
            _units = new Framer(envelope.Codec, MaxUnit);
        }

        if (_setup.Dtu is { } dtu)
        {
            BeginClaim(dtu, dtu.Value, alias: null, _setup.Admission.Find(dtu));
            return;
        }

        if (_units is null)
        {
            _reader = new RegistrationReader(_profile.Registration.Form);
        }

        Timers.StartSingleTimer(TimerKey.Registration, RegistrationOverdue.Instance, _profile.Registration.Timeout);
        _socket.Tell(Tcp.ResumeReading.Instance);
    }

    private void Registering()
    {
        Always();
        Receive<Tcp.Received>(OnRegistrationBytes);
        Receive<GapOver>(_ => OnRegistration(_reader!.Silence()));
        Receive<RegistrationOverdue>(_ => Refuse(RegistrationOverdueReason));
    }

    private void OnRegistrationBytes(Tcp.Received received)
    {
        Timers.Cancel(TimerKey.Gap);
        var bytes = received.Data.ToReadOnlySpan();
        _lastSeenAt = Now;
        _bytesUp += bytes.Length;
        GatewayMetrics.Bytes.Add(bytes.Length, GatewayMetrics.Up);
        if (_firstBytes.Count < FirstBytesKept)
        {
            _firstBytes.AddRange(bytes[..Math.Min(bytes.Length, FirstBytesKept - _firstBytes.Count)]);
        }

        if (_reader is { } reader)
        {
            OnRegistration(reader.Feed(bytes));
            return;
        }

        var sink = new RegistrationUnits(this);
        _units!.Feed(bytes, ref sink);
        if (_id == default && _endReason is null)
        {
            _socket.Tell(Tcp.ResumeReading.Instance);
        }
    }

    private void OnRegistration(RegistrationState state)
    {
        var reader = _reader!;
        switch (state)
        {
            case RegistrationState.Registered:
                Admit(reader.Id, reader.Secret);
                break;
            case RegistrationState.Refused:
                Refuse(reader.Reason!);
                break;
            default:
                if (reader.WaitsForSilence)
                {
                    Timers.StartSingleTimer(TimerKey.Gap, GapOver.Instance, _profile.Registration.Form.Gap);
                }

                _socket.Tell(Tcp.ResumeReading.Instance);
                break;
        }
    }

    // A data unit carries the id as well: a DTU that believes itself registered (the gateway was restarted) is heard at once.
    private void OnRegistrationUnit(ReadOnlySpan<byte> unit)
    {
        var opened = _envelope!.Open(unit);
        if (_id != default || _endReason is not null)
        {
            _unitsBehind.Add((opened, unit.ToArray()));
        }
        else if (opened.Id is { } id && opened.Kind is EnvelopeKind.Registration or EnvelopeKind.Data)
        {
            _unitsBehind.Add((opened, unit.ToArray()));
            Admit(id, secret: null);
        }
    }

    private void Admit(string presented, string? secret)
    {
        Timers.Cancel(TimerKey.Registration);
        var verdict = _setup.Admission.Decide(_setup.IdPrefix, presented, secret, _remote.Address);
        if (verdict.Refusal is { } refusal)
        {
            Refuse(refusal);
        }
        else
        {
            BeginClaim(verdict.Id, presented, verdict.PresentedId, verdict.Dtu);
        }
    }

    private void Refuse(string reason)
    {
        CountRegistration(reason);
        _setup.Recorder.Tell(new RefusedConnection(Now, _setup.Listener, Remote, _firstBytes.ToArray(), reason));
        _log.Info("connection from {0} on {1} refused: {2}", Remote, _setup.Listener, reason);
        Close(EndReasons.Refused, reason);
    }

    private static void CountRegistration(string result) =>
        GatewayMetrics.Registrations.Add(1, new KeyValuePair<string, object?>("result", result));

    private readonly struct RegistrationUnits(ConnectionActor session) : IFrameSink
    {
        public void OnFrame(ReadOnlySpan<byte> frame) => session.OnRegistrationUnit(frame);

        public void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
        {
        }

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => session.CountDroppedUp(bytes, reason);
    }

    private sealed record RegistrationOverdue : INoSerializationVerificationNeeded
    {
        public static readonly RegistrationOverdue Instance = new();
    }

    private sealed record GapOver : INoSerializationVerificationNeeded
    {
        public static readonly GapOver Instance = new();
    }
}

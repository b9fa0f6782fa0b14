using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Protocol.Pairing;
using DtuActors.Protocol.Registration;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>Online, reading: one read is outstanding unless a window is closed; its bytes go through the transport, or off their prefix, to the framer, and so does silence.</summary>
public sealed partial class ConnectionActor
{
    private readonly OutboundWindows _windows = new();
    private readonly WindowPause _pause = new();
    private bool _reading;
    private DateTimeOffset _readingSince;

    // Since when the framer has held something back and cut nothing; default: it holds nothing.
    private DateTimeOffset _heldSince;

    private void Count(ReadOnlySpan<byte> bytes)
    {
        _reading = false;
        _lastSeenAt = At;
        _lastSeen = Now;
        _bytesUp += bytes.Length;
        GatewayMetrics.Bytes.CountUp(bytes.Length);
    }

    // One read is outstanding at most: a second would be a second piece without a place for it.
    private void ReadOnce()
    {
        if (!_reading)
        {
            _reading = true;
            _readingSince = Now;
            _socket.Tell(Tcp.ResumeReading.Instance);
        }
    }

    private void OnReceived(ReadOnlySpan<byte> bytes)
    {
        Count(bytes);
        var frames = _framesUp;
        TakePiece(bytes);
        EndBurstOfPiece();
        EndBurstOfAnswer();
        GiveUpFalseHead(isFramed: _framesUp != frames);
        ReplayBare();
        PublishSoon();
        if (_endReason is null)
        {
            ReadOn();
        }
    }

    private void TakePiece(ReadOnlySpan<byte> bytes)
    {
        if (_lease is not null || _units is not null || _framer.Pending > 0 || !IsRegisteredAgain(ref bytes))
        {
            TakeIn(bytes);
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

    // An answer that is whole is not left to wait for silence.
    private void EndBurstOfAnswer()
    {
        if (_framer.Pending > 0 && _framer.Codec.Name == Pairings.ModbusRtu.Codec && _bus?.IsAnsweredBy(_framer.PendingBytes) is true)
        {
            DecideHeld();
        }
    }

    // Noise that looks like a frame's head would wait for its rest as long as others speak behind it, for each piece begins the silence anew. Real frames come slowly, too: it
    // has the time that silence would take, and something whole has to stand behind it.
    private void GiveUpFalseHead(bool isFramed)
    {
        if (_framer.Pending == 0)
        {
            _heldSince = default;
        }
        else if (isFramed || _heldSince == default)
        {
            _heldSince = Now;
        }
        else if (Now - _heldSince >= _framer.SilenceDue && _framer.EndsWithFrame)
        {
            DecideHeld();
        }
    }

    // What the framer holds back waits for nothing any more.
    private void DecideHeld()
    {
        _heldSince = default;
        var sink = new FrameSink(this);
        _framer.Silence(ref sink);
    }

    /// <summary>
    /// Whether the bytes are a registration, in words that were not the first ones: the same DTU's is a heartbeat, another's ends the session. Where each
    /// packet has one, it is taken off the bytes, and false where data are left.
    /// </summary>
    private bool IsRegisteredAgain(ref ReadOnlySpan<byte> bytes)
    {
        if (_named is not null)
        {
            // Nobody registers here: whatever it says is data.
            return false;
        }

        var isPrefix = _prefix is not null && bytes.Length > _registration.Length;
        var burst = isPrefix ? bytes[.._registration.Length] : bytes;
        if (burst.SequenceEqual(_registration.Span) || !Form.TryReadAgain(burst, out var presented))
        {
            return false;
        }

        if (presented.Id != _presented)
        {
            RefuseOtherId(burst);
            return true;
        }

        if (!Form.OtherWordsAreHeartbeat)
        {
            return false;
        }

        CountHeartbeat();
        AnswerRegistration(burst);
        Replay(burst, RegistrationReply(burst), isRegistration: true);
        bytes = bytes[burst.Length..];
        return bytes.IsEmpty;
    }

    private void AnswerRegistration(ReadOnlySpan<byte> registration) => Answer(RegistrationReply(registration));

    private ReadOnlyMemory<byte> RegistrationReply(ReadOnlySpan<byte> registration) =>
        _entrance.Registration.Reply.IsEmpty ? Form.Accepted(registration) : _entrance.Registration.Reply;

    // One read is outstanding already, or is asked for unless a window is closed.
    private void ReadOn()
    {
        LookAtWindows();
        if (_reading)
        {
            return;
        }

        if (_lease is not null || _pause.MayRead(Now))
        {
            ReadOnce();
            ArmGap();
        }
        else
        {
            // Silence is the DTU's only while somebody listens.
            Timers.Cancel(TimerKey.Gap);
            Timers.Cancel(TimerKey.UnitGap);
        }
    }

    private void LookAtWindows()
    {
        switch (_pause.Look(_windows.IsOpen, Now))
        {
            case WindowTurn.Closed:
                Probe();
                Timers.StartPeriodicTimer(TimerKey.Probe, ProbeDue.Instance, WindowPause.ProbeEvery);
                break;
            case WindowTurn.Opened:
                Timers.Cancel(TimerKey.Probe);
                break;
        }
    }

    private void Probe() => _setup.Router.Tell(new Relay.Uplink(_session!, null, _windows.Emitted, AckWanted: true));

    private void OnProbeDue()
    {
        Probe();
        ReadOn();
    }

    private void OnTaken(Flow.Taken taken)
    {
        _windows.Take(taken.Destination, taken.Through);
        ReadOn();
    }

    private void OnPathRemoved(Flow.PathRemoved path)
    {
        _windows.Remove(path.Destination);
        ReadOn();
    }

    private void OnPathsForgotten()
    {
        _windows.Clear();
        ReadOn();
    }

    private void ArmGap()
    {
        // While the transport or the prefix holds the end of what the instrument said, the framer has not heard all of it.
        var due = _units is { Pending: > 0 } ? null : _prefix is { Waits: true } prefix ? prefix.SilenceDue(Form.Gap) : _framer.SilenceDue;
        ArmGap(TimerKey.Gap, FrameSilence.Instance, due);
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

        DecideHeld();
        ArmGap();
        PublishSoon();
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
}

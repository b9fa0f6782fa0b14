using Akka.Actor;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>Online or on the way out: tells endpoints that play the DTU towards another centre how it registered, and hands its heartbeats on.</summary>
public sealed partial class ConnectionActor
{
    // The far side's gap begins later than ours and is not known here.
    private const int GapsOfSilence = 2;

    private ReadOnlyMemory<byte> _registeredAs;

    // Endpoints by name; null, as nearly always: nobody.
    private HashSet<string>? _followers;

    // Where each packet brings the registration: one that nothing has followed yet.
    private Replaying.Heartbeat? _bare;

    private bool Replays(object message)
    {
        switch (message)
        {
            case Replaying.Follow follow when _session is not null:
                (_followers ??= []).Add(follow.Endpoint);
                Sender.Tell(HowItRegistered());
                return true;
            case Replaying.Unfollow unfollow:
                _followers?.Remove(unfollow.Endpoint);
                return true;
            default:
                return false;
        }
    }

    private Replaying.Registration HowItRegistered()
    {
        var isText = _envelope is null && !_registeredAs.IsEmpty;
        var endsBySilence = isText && Form is ReadForm { IsDelimited: false } && _registeredAs.Span[^1] != (byte)'\n';
        return new Replaying.Registration(
            _session!, _registeredAs, isText ? RegistrationReply(_registeredAs.Span) : default, _entrance.Registration.EveryPacket,
            endsBySilence ? GapsOfSilence * Form.Gap : TimeSpan.Zero, _envelope?.Name);
    }

    /// <summary>A whole unit that registers or is a heartbeat.</summary>
    private void ReplayUnit(in EnvelopeUnit opened, ReadOnlySpan<byte> unit)
    {
        if (opened.Kind == EnvelopeKind.Registration && !unit.SequenceEqual(_registeredAs.Span))
        {
            _registeredAs = unit.ToArray();
        }

        if (_followers is { Count: > 0 } && !_opening)
        {
            HandOn(new Replaying.Heartbeat(unit.ToArray(), default, IsUnit: true));
        }
    }

    private void Replay(ReadOnlySpan<byte> heartbeat, ReadOnlyMemory<byte> reply, bool isRegistration)
    {
        if (_followers is not { Count: > 0 })
        {
            return;
        }

        var replayed = new Replaying.Heartbeat(heartbeat.ToArray(), reply);
        if (isRegistration && _entrance.Registration.EveryPacket)
        {
            _bare = replayed;
        }
        else
        {
            HandOn(replayed);
        }
    }

    private void ReplayBare()
    {
        if (_bare is { } bare)
        {
            _bare = null;
            if (_framer.Pending == 0)
            {
                HandOn(bare);
            }
        }
    }

    private void HandOn(Replaying.Heartbeat heartbeat)
    {
        foreach (var endpoint in _followers!)
        {
            _setup.Router.Tell(new Relay.Uplink(_session!, null, _windows.Emitted, AckWanted: false, endpoint, heartbeat));
        }
    }
}

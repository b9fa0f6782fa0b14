using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Registration;
using DtuActors.Recording;

namespace DtuActors.Sessions;

/// <summary>Registering: nothing is known of the peer but its bytes. They become an id, or wait in the inbox of refused connections.</summary>
public sealed partial class ConnectionActor
{
    private const string RegistrationOverdueReason = "timeout";

    // An instrument that is still starting, or a line that was busy, did not hear the first question.
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(5);

    private readonly List<byte> _firstBytes = [];

    // How often a probe was sent, and what was answered.
    private int _asked;
    private ReadOnlyMemory<byte> _probed;

    // Null from the start where nobody registers, and again once the session is open.
    private RegistrationRace? _race;

    // The profile by whose registration the DTU came in: its transport and its registration stay, whatever profile the DTU itself is given.
    private ProfileOptions _entrance;

    private RegistrationForm Form => _entrance.Registration.Form;

    // The DTU that this connection is whatever it says: the listener names it, or its certificate does.
    private Named? _named;

    private void StartRegistration()
    {
        if (!TryName())
        {
            return;
        }

        if (_named is { } named && _entrance.Envelope is null)
        {
            BeginClaim(named.Id, named.Presented, named.Alias, named.Known);
            return;
        }

        _race = _setup.BeginRegistration(_remote, _named is not null);
        Timers.StartSingleTimer(TimerKey.Registration, RegistrationOverdue.Instance, _setup.Candidates.Max(TimeToRegister));
        Ask();
        OnRegistration();
    }

    // False where the certificate names nobody who may come in, or the listener somebody who may not from there.
    private bool TryName()
    {
        if (_remote.Identity is { } identity)
        {
            return TryName(_setup.Admission.DecideProven(_setup.IdPrefix, identity, _remote.Address), identity);
        }

        return _setup.Dtu is not { } dtu || TryName(_setup.Admission.DecideNamed(dtu, _remote.Address), dtu.Value);
    }

    private bool TryName(AdmissionVerdict verdict, string presented)
    {
        if (verdict.Refusal is { } refusal)
        {
            Refuse(refusal);
            return false;
        }

        _named = new Named(verdict.Id, presented, verdict.PresentedId, verdict.Dtu);
        return true;
    }

    // Where the registration stands before each packet there is none without data.
    private static TimeSpan TimeToRegister(ProfileOptions profile) =>
        profile.Registration.EveryPacket && profile.Heartbeat.Timeout is { } silence ? silence : profile.Registration.Timeout;

    private bool Registering(object message)
    {
        switch (message)
        {
            case Tcp.Received received:
                OnRegistrationBytes(received.Data.ToReadOnlySpan());
                return true;
            case GapOver:
                _race!.Silence();
                OnRegistration();
                return true;
            case AskAgain:
                Ask();
                return true;
            case RegistrationOverdue:
                Refuse(RegistrationOverdueReason);
                return true;
            default:
                return Always(message);
        }
    }

    private void Ask()
    {
        if (Form is ProbeForm { Ask: var question })
        {
            _asked++;
            WriteBytes(question, null);
            Timers.StartSingleTimer(TimerKey.Ask, AskAgain.Instance, AskAgainAfter);
        }
    }

    private void OnRegistrationBytes(ReadOnlySpan<byte> bytes)
    {
        Count(bytes);
        if (_firstBytes.Count < RefusedConnection.MostFirstBytes)
        {
            _firstBytes.AddRange(bytes[..Math.Min(bytes.Length, RefusedConnection.MostFirstBytes - _firstBytes.Count)]);
        }

        _race!.Feed(bytes);
        if (_setup.Carrier.PieceIsBurst)
        {
            _race.EndBurst();
        }

        OnRegistration();
    }

    private void OnRegistration()
    {
        var race = _race!;
        Timers.Cancel(TimerKey.Gap);
        switch (race.State)
        {
            case RegistrationState.Registered:
                Admit(race.Registrar);
                break;
            case RegistrationState.Refused:
                Refuse(race.Registrar.Reason!);
                break;
            default:
                if (race.SilenceDue is { } due)
                {
                    Timers.StartSingleTimer(TimerKey.Gap, GapOver.Instance, due - race.SilentFor);
                }

                ReadOnce();
                break;
        }
    }

    private void Admit(Registrar registrar)
    {
        Timers.Cancel(TimerKey.Registration);
        Timers.Cancel(TimerKey.Ask);
        _entrance = _setup.Candidates[_race!.Leader];
        _profile = _entrance;
        if (_named is { } named)
        {
            BeginClaim(named.Id, registrar.Id, named.Alias, named.Known);
            return;
        }

        var verdict = _setup.Admission.Decide(_setup.IdPrefix, registrar.Id, registrar.Secret, _remote.Address);
        if (verdict.Refusal is { } refusal)
        {
            Answer(Form.Refused(registrar.Registration.Span, refusal == Admission.WrongSecret));
            Refuse(refusal);
        }
        else
        {
            BeginClaim(verdict.Id, registrar.Id, verdict.PresentedId, verdict.Dtu);
        }
    }

    private void Refuse(string reason, string? words = null)
    {
        CountRegistration(reason);
        var began = RefusedConnection.Keep(CollectionsMarshal.AsSpan(_firstBytes), reason is Admission.WrongAddress or ConflictReason ? _race?.Registrar.Secret : null);
        _setup.Recorder.Tell(new RefusedConnection(At, _setup.Listener, Remote, began, reason));
        if (_setup.Lines.Next(Now) is { } note)
        {
            Log.Info("connection from {0} on {1} refused: {2}{3}", Remote, _setup.Listener, words ?? reason, note);
        }

        Close(EndReasons.Refused, words ?? reason);
    }

    private const string Accepted = "accepted";

    private void CountRegistration(string result)
    {
        GatewayMetrics.Registrations.Add(1, new KeyValuePair<string, object?>("result", result));
        if (_session is null || result == Accepted)
        {
            GatewayTraces.Registration(result, _setup.Listener, _session?.Id.Value, _connectedAt, At);
        }
    }

    /// <param name="Presented">The id as it was given.</param>
    /// <param name="Alias">The same, where that is an alias.</param>
    private sealed record Named(DtuId Id, string Presented, string? Alias, DtuOptions? Known);

    private sealed record RegistrationOverdue : INoSerializationVerificationNeeded
    {
        public static readonly RegistrationOverdue Instance = new();
    }

    private sealed record GapOver : INoSerializationVerificationNeeded
    {
        public static readonly GapOver Instance = new();
    }

    private sealed record AskAgain : INoSerializationVerificationNeeded
    {
        public static readonly AskAgain Instance = new();
    }
}

using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>
/// Claiming: the registration is valid; the directory says under which epoch the session holds its DTU, or that another one does. That takes seconds where a conflict
/// makes it wait, so the socket is read, that its end is seen; what it says meanwhile is looked at once the session is open. A directory that does not answer (its node was
/// lost, and its DTUs have no other home yet) keeps no DTU waiting for long: the session goes ahead under an epoch of its own, and claims on.
/// </summary>
public sealed partial class ConnectionActor
{
    // A claim that is not answered is repeated: the directory may be restarting. Thousands that wait for a node's shards must not keep it from being their home.
    private static readonly TimeSpan ClaimAgainAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ClaimAgainLast = TimeSpan.FromSeconds(3);

    // Claims without an answer behind which a session goes ahead.
    private const int MostUnanswered = 2;

    // A DTU that has to wait may send its heartbeats; TCP holds back one that goes on talking.
    private const int MostEarlyBytes = 4096;

    private const string ConflictReason = "conflict";

    private List<byte[]>? _early;
    private int _earlyBytes;
    private int _unanswered;

    // The directory has heard of it, and may send others here before this one hears that it does.
    private bool _isClaiming;

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
        ReadOnce();
    }

    private bool Claiming(object message)
    {
        switch (message)
        {
            case Tcp.Received received:
                OnBytesWhileClaiming(received.Data.ToReadOnlySpan());
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
                OnGranted(granted);
                return true;
            case Holding.Superseded superseded:
                _isClaiming = false;
                Close(EndReasons.Replaced, $"{superseded.By} claimed {_id} meanwhile");
                return true;
            case Holding.Refused refused:
                _isClaiming = false;
                OnRefused(refused);
                return true;
            default:
                return RefusesWhatComes(message) || Always(message);
        }
    }

    private void Claim()
    {
        if (_setup.Pace is { } pace && pace.Take(Now) is var turn && turn > TimeSpan.Zero)
        {
            Timers.StartSingleTimer(TimerKey.Claim, ClaimDue.ItIsTheTurn, turn);
            if (turn >= MostUnanswered * ClaimAgainAfter)
            {
                GoAhead();
            }
        }
        else
        {
            SendClaim();
        }
    }

    private void Prove()
    {
        _unanswered = 0;
        Announce(isProof: true);
    }

    private void Announce(bool isProof = false) => _setup.Directory.Tell(new Holding.Announce(_id, _session?.Epoch, Self, Remote, _profile.Duplicates, isProof) { Came = _came });

    private void SendClaim()
    {
        _isClaiming = true;
        Announce();
        var again = ClaimAgainAfter * (1 + _unanswered);
        Timers.StartSingleTimer(TimerKey.Claim, ClaimDue.Again, again < ClaimAgainLast ? again : ClaimAgainLast);
    }

    private void OnClaimDue(ClaimDue due)
    {
        if (due == ClaimDue.ItIsTheTurn)
        {
            SendClaim();
            return;
        }

        if (++_unanswered >= MostUnanswered && _setup.Pace is not null)
        {
            GoAhead();
        }

        Claim();
    }

    private void GoAhead()
    {
        if (_session is null)
        {
            BeginSession(Epoch.After(0, At));
        }
    }

    private void OnBytesWhileClaiming(ReadOnlySpan<byte> bytes)
    {
        Count(bytes);
        _earlyBytes += bytes.Length;
        (_early ??= []).Add(bytes.ToArray());
        if (_earlyBytes < MostEarlyBytes)
        {
            ReadOnce();
        }
    }

    private void OnGranted(Holding.Granted granted)
    {
        Own(granted);
        BeginSession(granted.Epoch);
    }

    // One that went ahead may be granted what it claimed before: its owner has to know it as others do, or sends them here under an epoch that is refused.
    private void OnGrantedOnline(Holding.Granted granted)
    {
        Own(granted);
        if (granted.Epoch != _session!.Epoch)
        {
            SendClaim();
        }
    }

    private void BeginSession(Epoch epoch)
    {
        _session = new SessionRef(_id, epoch, Self);
        Context.Become(Online);
        Open();
    }

    private void OnRefused(Holding.Refused refused)
    {
        if (_race is { Registrar: { } registrar })
        {
            Answer(Form.Refused(registrar.Registration.Span, wrongSecret: false));
        }

        Refuse(ConflictReason, $"{ConflictReason}: {refused.Holder} holds {_id}, and keeps it (duplicates.policy = hold-first)");
    }

    private void Own(Holding.Granted granted)
    {
        Timers.Cancel(TimerKey.Claim);
        _unanswered = 0;
        _owner = Context.Watch(granted.Owner);
    }

    private void TakeWhatCameEarly()
    {
        var early = _early ?? [];
        _early = null;
        foreach (var piece in early)
        {
            if (_endReason is not null)
            {
                CountDroppedUp(piece, RelayDrops.SessionEnded);
                continue;
            }

            TakePiece(piece);
            EndBurstOfPiece();
        }
    }

    private sealed record ClaimDue(bool IsRepeated) : INoSerializationVerificationNeeded
    {
        public static readonly ClaimDue ItIsTheTurn = new(IsRepeated: false);
        public static readonly ClaimDue Again = new(IsRepeated: true);
    }
}

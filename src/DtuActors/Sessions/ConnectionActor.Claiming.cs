using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Routing;

namespace DtuActors.Sessions;

/// <summary>
/// Claiming: the registration is valid; the directory says under which epoch the session holds its DTU, or that another one does. That takes seconds where a conflict
/// makes it wait, so the socket is read, that its end is seen; what it says meanwhile is looked at once the session is open.
/// </summary>
public sealed partial class ConnectionActor
{
    // A claim that is not answered is repeated: the directory may be restarting.
    private static readonly TimeSpan ClaimAgainAfter = TimeSpan.FromSeconds(1);

    // A DTU that has to wait may send its heartbeats; TCP holds back one that goes on talking.
    private const int MostEarlyBytes = 4096;

    private const string ConflictReason = "conflict";

    private List<byte[]>? _early;
    private int _earlyBytes;

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
            case Claimed:
                Claim();
                return true;
            case Holding.Granted granted:
                OnGranted(granted);
                return true;
            case Holding.Superseded superseded:
                Close(EndReasons.Replaced, $"{superseded.By} claimed {_id} meanwhile");
                return true;
            case Holding.Refused refused:
                OnRefused(refused);
                return true;
            default:
                return Always(message);
        }
    }

    private void Claim()
    {
        _setup.Directory.Tell(new Holding.Announce(_id, _session?.Epoch, Self, Remote, _profile.Duplicates));
        Timers.StartSingleTimer(TimerKey.Claim, Claimed.Again, ClaimAgainAfter);
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
        _session = new SessionRef(_id, granted.Epoch, Self);
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

    private sealed record Claimed : INoSerializationVerificationNeeded
    {
        public static readonly Claimed Again = new();
    }
}

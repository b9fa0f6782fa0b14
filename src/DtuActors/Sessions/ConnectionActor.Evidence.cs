using System.Collections.Immutable;

namespace DtuActors.Sessions;

/// <summary>What the session notes of its own life, for whoever asks later why it ended. Nothing is noted per frame.</summary>
public sealed partial class ConnectionActor
{
    // The first conflicts, and room for the end: one that comes and goes for days says nothing new.
    private const int MostNoted = 8;

    private ImmutableArray<Evidence> _noted = [];
    private DateTimeOffset? _registeredAt;
    private DateTimeOffset? _lastHeartbeatAt;

    private void CountHeartbeat()
    {
        _heartbeats++;
        _lastHeartbeatAt = _lastSeenAt;
    }

    private void Note(EvidenceKind kind, string? detail)
    {
        if (_noted.Length < MostNoted)
        {
            _noted = _noted.Add(new Evidence(At, kind, detail));
        }
    }

    // The end has a place however much was noted before.
    private void NoteEnd(string reason, string? error, EvidenceKind? kind)
    {
        var end = new Evidence(_endedAt!.Value, kind ?? KindOf(reason), error);
        _noted = (_noted.Length < MostNoted ? _noted : _noted[..^1]).Add(end);
    }

    // Akka.IO gives the error of the socket in words; a peer that is gone without a word ends so, after keep-alive or retransmission.
    private static bool IsTimeOut(string? cause) =>
        cause is not null && (cause.Contains("timed out", StringComparison.OrdinalIgnoreCase) || cause.Contains("TimedOut", StringComparison.Ordinal));

    private static EvidenceKind KindOf(string reason) => reason switch
    {
        EndReasons.Closed => EvidenceKind.PeerClosed,
        EndReasons.Reset => EvidenceKind.PeerReset,
        EndReasons.Silent => EvidenceKind.NoUplink,
        EndReasons.Replaced => EvidenceKind.TakenOver,
        EndReasons.Kicked => EvidenceKind.Kicked,
        EndReasons.Refused => EvidenceKind.Refused,
        EndReasons.Stopping => EvidenceKind.Stopped,
        _ => EvidenceKind.LastError,
    };
}

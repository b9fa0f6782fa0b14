using System.Collections.Immutable;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Directory;

/// <summary>
/// The sessions that ended, in memory: at most <see cref="MostPerDtu"/> of one DTU and <see cref="Most"/> in all; those that ended first leave first.
/// </summary>
/// <param name="most">In all.</param>
public sealed class SessionMemory(int most = SessionMemory.Most)
{
    public const int MostPerDtu = 20;

    /// <summary>Half a kilobyte each: some 20 MB.</summary>
    public const int Most = 40_000;

    /// <summary>Where they are stored too: what is shown while that fails.</summary>
    public const int MostBesideHistory = 4000;

    private readonly Dictionary<DtuId, Queue<LinkedListNode<(DtuId Dtu, SessionRecord Session)>>> _sessions = [];
    private readonly LinkedList<(DtuId Dtu, SessionRecord Session)> _all = new();

    public int Count => _all.Count;

    public SessionRecord Add(SessionReport ended, string reason)
    {
        var dtu = ended.Session.Id;
        if (!_sessions.TryGetValue(dtu, out var sessions))
        {
            sessions = new Queue<LinkedListNode<(DtuId, SessionRecord)>>(1);
            _sessions.Add(dtu, sessions);
        }

        var record = Record(ended, reason);
        sessions.Enqueue(_all.AddLast((dtu, record)));
        if (sessions.Count > MostPerDtu)
        {
            RemoveOldest(dtu);
        }

        if (_all.Count > most)
        {
            RemoveOldest(_all.First!.Value.Dtu);
        }

        return record;
    }

    /// <summary>A DTU's, with those of <paramref name="open"/>, newest first.</summary>
    public ImmutableArray<SessionRecord> Of(DtuId dtu, IEnumerable<SessionReport> open)
    {
        var ended = _sessions.TryGetValue(dtu, out var sessions) ? sessions.Select(node => node.Value.Session) : [];
        return [.. open.Select(report => Record(report, null)).Concat(ended.Reverse()).OrderByDescending(session => session.ConnectedAt).Take(MostPerDtu)];
    }

    public void Forget(DtuId dtu)
    {
        if (_sessions.Remove(dtu, out var sessions))
        {
            foreach (var node in sessions)
            {
                _all.Remove(node);
            }
        }
    }

    private void RemoveOldest(DtuId dtu)
    {
        var sessions = _sessions[dtu];
        _all.Remove(sessions.Dequeue());
        if (sessions.Count == 0)
        {
            _sessions.Remove(dtu);
        }
    }

    private static SessionRecord Record(SessionReport report, string? reason) => new(
        report.ConnectedAt,
        reason is null ? null : report.EndedAt,
        report.Listener,
        report.Remote,
        reason,
        report.LastError,
        report.BytesUp,
        report.BytesDown,
        report.FramesUp,
        report.FramesDown,
        report.Heartbeats,
        LastUplink(report),
        Chain(report));

    // A registration is no news of a life afterwards; frames that came together with it are.
    private static DateTimeOffset? LastUplink(SessionReport report) =>
        report.FramesUp > 0 || (report.BytesUp > 0 && report.LastSeenAt > report.RegisteredAt) ? report.LastSeenAt : null;

    // What the session noted itself stands behind what its clocks say of the same moment: an end is the last of all.
    private static ImmutableArray<Evidence> Chain(SessionReport report)
    {
        List<Evidence> chain = [new(report.ConnectedAt, EvidenceKind.Connected, $"from {report.Remote} on {report.Listener}")];
        if (report.RegisteredAt is { } registered)
        {
            chain.Add(new(registered, EvidenceKind.Registered, report.PresentedId is { } presented ? $"as {presented}" : null));
        }

        if (report.LastHeartbeatAt is { } heartbeat)
        {
            chain.Add(new(heartbeat, EvidenceKind.LastHeartbeat, null));
        }

        if (LastUplink(report) is { } uplink)
        {
            chain.Add(new(uplink, EvidenceKind.LastUplink, null));
        }

        chain.AddRange(report.Noted);
        return [.. chain.OrderBy(evidence => evidence.At)];
    }
}

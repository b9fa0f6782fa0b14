using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Registering;
using DtuActors.Sessions;

namespace DtuActors.Directory;

/// <summary>What the FleetView holds of one DTU.</summary>
public sealed partial class FleetView
{
    private sealed class DtuEntry(DtuId id)
    {
        public DtuId Id => id;

        public DtuOptions? Configured { get; set; }

        public RegisteredDtu? Registered { get; set; }

        public string? Name => Configured is { } configured ? configured.Name : Registered?.Name is { Length: > 0 } name ? name : null;

        public string? KnownProfile => Configured is { } configured ? configured.Profile : Registered?.Profile is { Length: > 0 } profile ? profile : null;

        public ImmutableArray<string> Groups => Configured?.Groups ?? Registered?.Groups ?? [];

        public ImmutableArray<string> Aliases => Configured?.Aliases ?? Registered?.Aliases ?? [];

        /// <summary>The session that is open.</summary>
        public SessionReport? Session { get; set; }

        /// <summary>Those that were displaced and are still closing: their last counts are to come.</summary>
        public List<SessionReport>? Leaving { get; set; }

        /// <summary>Whose counts are no part of the totals yet.</summary>
        public IReadOnlyList<SessionReport> Open => Session is { } session ? [session, .. Leaving ?? []] : Leaving ?? [];

        /// <summary>The newest that ended.</summary>
        public SessionReport? Last { get; private set; }

        public Epoch LastEpoch { get; set; }

        public long Sessions { get; set; }

        public DateTimeOffset? FirstSeenAt { get; set; }

        public string? EndReason { get; private set; }

        public string? EndInWords => Last?.LastError is { } error ? $"{EndReason}: {error}" : EndReason;

        public LinkedListNode<DtuId>? OfflineNode { get; set; }

        /// <summary>With which other node it was lost; null: it was not.</summary>
        public Loss? Lost { get; set; }

        /// <summary>Its newest session's number, in which nodes agree; of one that was stored only, what it must have been about.</summary>
        public long Number => (Session ?? Last) switch
        {
            null => 0,
            { Session.Epoch.Number: 0 } stored => stored.ConnectedAt.ToUnixTimeMilliseconds(),
            var newest => newest.Session.Epoch.Number,
        };

        /// <summary>Commands that wait for it.</summary>
        public int Waiting { get; set; }

        public long BytesUp { get; private set; }

        public long BytesDown { get; private set; }

        public long FramesUp { get; private set; }

        public long FramesDown { get; private set; }

        public long Heartbeats { get; private set; }

        /// <summary>Whether nothing is known of it but what was stored before the start.</summary>
        public bool IsFromBefore => Last is not null && Last.Session.Epoch == default;

        /// <summary>What was counted before the start.</summary>
        private KnownDtu? Past { get; set; }

        /// <summary>What was stored of it before the start; <paramref name="lastSeen"/>: when that was by <see cref="Dispatching.SteadyTime"/>.</summary>
        public void Recall(KnownDtu known, DateTimeOffset lastSeen)
        {
            (Past, FirstSeenAt) = (known, known.FirstSeenAt);
            if (Last is null)
            {
                EndReason = known.Reason;
                Last = new SessionReport
                {
                    Session = new SessionRef(id, default, ActorRefs.Nobody),
                    Listener = known.Listener,
                    Remote = known.Remote,
                    Profile = known.Profile,
                    Codec = known.Codec,
                    PresentedId = known.PresentedId,
                    ConnectedAt = known.ConnectedAt,
                    LastSeenAt = known.LastSeenAt,
                    LastSeen = lastSeen,
                    EndedAt = known.EndedAt,
                    LastError = known.Error,
                };
            }
        }

        /// <summary>What is worth remembering; null: it was never seen.</summary>
        public KnownDtu? ToKnown()
        {
            if ((Session ?? Last) is not { } last)
            {
                return null;
            }

            var (totals, isOpen) = (Totals(), Session is not null);
            return new KnownDtu(
                FirstSeenAt ?? last.ConnectedAt, last.ConnectedAt, last.LastSeenAt, isOpen ? null : last.EndedAt, last.Listener, last.Remote, last.Profile, last.Codec, last.PresentedId,
                isOpen ? null : EndReason, isOpen ? null : last.LastError,
                totals.Sessions, totals.BytesUp, totals.BytesDown, totals.FramesUp, totals.FramesDown, totals.Heartbeats);
        }

        /// <summary>All it ever counted.</summary>
        public (long Sessions, long BytesUp, long BytesDown, long FramesUp, long FramesDown, long Heartbeats) Totals() => (
            Sessions + (Past?.Sessions ?? 0),
            BytesUp + (Past?.BytesUp ?? 0) + Open.Sum(report => report.BytesUp),
            BytesDown + (Past?.BytesDown ?? 0) + Open.Sum(report => report.BytesDown),
            FramesUp + (Past?.FramesUp ?? 0) + Open.Sum(report => report.FramesUp),
            FramesDown + (Past?.FramesDown ?? 0) + Open.Sum(report => report.FramesDown),
            Heartbeats + (Past?.Heartbeats ?? 0) + Open.Sum(report => report.Heartbeats));

        /// <summary>An ended session's counts become part of the totals.</summary>
        public void FoldIn(SessionReport ended, string reason)
        {
            Leaving?.RemoveAll(report => report.Session.Epoch == ended.Session.Epoch);
            if (Last is null || ended.Session.Epoch >= Last.Session.Epoch)
            {
                (Last, EndReason) = (ended, reason);
            }

            BytesUp += ended.BytesUp;
            BytesDown += ended.BytesDown;
            FramesUp += ended.FramesUp;
            FramesDown += ended.FramesDown;
            Heartbeats += ended.Heartbeats;
        }
    }
}

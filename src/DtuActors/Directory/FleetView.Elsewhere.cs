using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering.Presence;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Sessions;

namespace DtuActors.Directory;

/// <summary>
/// One of several: a DTU belongs to the node where it is online, else to that which saw it last, and is listed and counted there alone. One that nobody ever saw, and one that was online at a
/// node that is gone, is shown by whichever node is asked.
/// </summary>
public sealed partial class FleetView
{
    // Null: there is no cluster, and no question to ask.
    private readonly Elsewhere? _elsewhere;
    private readonly HashSet<DtuId> _changed = [];

    private static Elsewhere? ElsewhereOf(GatewayOptions options) => options.Cluster.Enabled ? new Elsewhere(options.Node.Name, options.Storage.MaxKnown) : null;

    private void HearsOfOthers(Elsewhere elsewhere)
    {
        Receive<Presence.TakeChanges>(take => Sender.Tell(Changes(take.Most)));
        Receive<Presence.GetWhole>(get => Sender.Tell(Whole(get)));
        Receive<Presence.Heard>(heard => OnHeard(heard, elsewhere));
        Receive<Presence.Anew>(anew => elsewhere.Lose(anew.Node));
        Receive<Presence.Part>(part => OnPart(part, elsewhere));
        Receive<Presence.SayLost>(say => Sender.Tell(new Presence.Losses(Losses(say.Node))));
    }

    /// <param name="entry">The DTU.</param>
    /// <param name="forPeer">Another node asks, and shows by itself what is nobody's.</param>
    private bool IsAnothers(DtuEntry entry, bool forPeer) => _elsewhere is { } elsewhere && (entry switch
    {
        { Session: { } session } => elsewhere.IsBefore(entry.Id, isOnline: true, session.Session.Epoch.Number),
        { Lost: not null } => forPeer,
        { Last: null } => forPeer || elsewhere.Contains(entry.Id),
        _ => elsewhere.IsBefore(entry.Id, isOnline: false, entry.Number),
    });

    private void NoteChanged(DtuId id)
    {
        if (_elsewhere is not null)
        {
            _changed.Add(id);
        }
    }

    // ---- telling

    private Presence.Changes Changes(int most)
    {
        var taken = _changed.Take(most).ToList();
        _changed.ExceptWith(taken);
        return new Presence.Changes([.. taken.Select(id => _dtus.TryGetValue(id, out var entry) && Row(entry) is { } row ? row : new PresenceRow(id, 0, PresenceState.Forgotten))], _changed.Count > 0);
    }

    private Presence.Whole Whole(Presence.GetWhole get)
    {
        var rows = ImmutableArray.CreateBuilder<PresenceRow>();
        foreach (var entry in From(get.After))
        {
            if (entry.Id.Value == get.After || (Row(entry) ?? LostRow(entry)) is not { } row)
            {
                continue;
            }

            if (rows.Count == get.Most)
            {
                return new Presence.Whole(rows.ToImmutable(), rows[^1].Id.Value);
            }

            rows.Add(row);
        }

        return new Presence.Whole(rows.ToImmutable(), null);
    }

    private static PresenceRow? Row(DtuEntry entry) =>
        entry.Session is not null ? new PresenceRow(entry.Id, entry.Number, PresenceState.Online)
        : entry is { Last: not null, Lost: null } ? new PresenceRow(entry.Id, entry.Number, PresenceState.Offline)
        : null;

    // Whoever joins later hears of them too.
    private static PresenceRow? LostRow(DtuEntry entry) => entry.Lost is { } lost
        ? new PresenceRow(entry.Id, lost.Number, PresenceState.Lost) { With = lost.Node, AgoMs = Math.Max(0, (long)(Now - lost.Since).TotalMilliseconds) }
        : null;

    // ---- hearing

    private void OnHeard(Presence.Heard heard, Elsewhere elsewhere)
    {
        foreach (var row in heard.Rows)
        {
            switch (row.State)
            {
                case PresenceState.Forgotten:
                    elsewhere.Remove(heard.Node, row.Id);
                    break;
                case PresenceState.Lost:
                    Lose(row.Id, row.Number, LossOf(row, heard.Node), elsewhere);
                    break;
                default:
                    elsewhere.Take(heard.Node, row.Id, row.Number, row.State is PresenceState.Online);
                    Find(row);
                    break;
            }
        }
    }

    private static Loss LossOf(PresenceRow row, string heardFrom)
    {
        var ago = TimeSpan.FromMilliseconds(row.AgoMs ?? 0);
        return new Loss(row.With ?? heardFrom, EndReasons.NodeLost, row.Number, At - ago, Now - ago) { IsSaid = true };
    }

    private void Find(PresenceRow row)
    {
        if (_dtus.TryGetValue(row.Id, out var entry) && entry.Lost is { } lost && (row.State is PresenceState.Online || row.Number > lost.Number))
        {
            entry.Lost = null;
            if (entry is { Session: null, Last: null, Configured: null, Registered: null, Waiting: 0 })
            {
                Unlist(entry);
                _dtus.Remove(row.Id);
                _order.Remove(entry);
            }
        }
    }

    private void OnPart(Presence.Part part, Elsewhere elsewhere)
    {
        var (now, at) = (Now, At);
        foreach (var (id, number) in elsewhere.Lose(part.Node))
        {
            Lose(id, number, new Loss(part.Node, part.Reason, number, at, now) { IsSaid = part.Reason is not EndReasons.NodeLost }, elsewhere);
        }
    }

    private void Lose(DtuId id, long number, Loss loss, Elsewhere elsewhere)
    {
        if (elsewhere.IsOnline(id) || (_dtus.TryGetValue(id, out var known) && (known is { Session: not null } or { Lost: not null } || (known.Last is not null && known.Number > number))))
        {
            return;
        }

        var entry = Entry(id);
        entry.Lost = loss;
        if (entry.OfflineNode is null)
        {
            ListOffline(entry);
        }
    }

    private ImmutableArray<DtuOffline> Losses(string node)
    {
        var at = At;
        var lost = ImmutableArray.CreateBuilder<DtuOffline>();
        foreach (var entry in _dtus.Values)
        {
            if (entry.Lost is { IsSaid: false } loss && loss.Node == node)
            {
                loss.IsSaid = true;
                lost.Add(new DtuOffline(at, entry.Id, loss.Reason, entry.Last?.Remote ?? ""));
            }
        }

        return lost.ToImmutable();
    }

    /// <summary>That a DTU was online at a node that is gone or out of reach, and was not heard of since.</summary>
    private sealed class Loss(string node, string reason, long number, DateTimeOffset at, DateTimeOffset since)
    {
        public string Node => node;

        public string Reason => reason;

        public long Number => number;

        public DateTimeOffset At => at;

        /// <summary>The same moment by <see cref="Dispatching.SteadyTime"/>.</summary>
        public DateTimeOffset Since => since;

        /// <summary>Whether the end of its session was told.</summary>
        public bool IsSaid { get; set; }

        public string Words => reason is EndReasons.NodeLost ? $"its node {node} is lost" : $"its node {node} has left";

        /// <summary>It was seen then at least, for it registered.</summary>
        public DateTimeOffset SeenAt => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(number, 0, At.ToUnixTimeMilliseconds()));
    }
}

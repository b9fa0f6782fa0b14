using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Directory;

/// <summary>
/// What <c>GET /dtus</c> and its neighbours show: the last word of every session, endpoint, listener and route. Remembers DTUs that are offline, the longest
/// unseen forgotten first, at most <c>max-known</c>. A restarted one asks everybody to tell again.
/// </summary>
public sealed class FleetView : ReceiveActor
{
    private readonly string _node;
    private readonly int _maxKnown;
    private readonly Dictionary<DtuId, DtuEntry> _dtus = [];
    private readonly SortedSet<DtuId> _order = [];
    private readonly LinkedList<DtuId> _offline = new();
    private readonly SortedDictionary<string, EndpointStatus> _endpoints = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, ListenerStatus> _listeners = new(StringComparer.Ordinal);
    private ImmutableArray<RouteStatus> _routes = [];

    public FleetView(GatewayOptions options)
    {
        _node = options.Node.Name;
        _maxKnown = options.Storage.MaxKnown;
        foreach (var dtu in options.Dtus.Values)
        {
            Entry(dtu.Id).Configured = dtu;
        }

        Receive<Fleet.SessionSeen>(OnSessionSeen);
        Receive<Fleet.SessionEnded>(OnSessionEnded);
        Receive<Fleet.EndpointSeen>(seen => _endpoints[seen.Status.Name] = seen.Status);
        Receive<Fleet.ListenerSeen>(seen => _listeners[seen.Status.Name] = seen.Status);
        Receive<Fleet.RoutesSeen>(seen => _routes = seen.Routes);
        Receive<Fleet.ListDtus>(OnListDtus);
        Receive<Fleet.GetDtu>(get => Sender.Tell(new Fleet.FoundDtu(_dtus.TryGetValue(get.Id, out var entry) ? Status(get.Id, entry) : null)));
        Receive<Fleet.ListEndpoints>(_ => Sender.Tell(new Fleet.Listed<EndpointStatus>([.. _endpoints.Values])));
        Receive<Fleet.ListListeners>(_ => Sender.Tell(new Fleet.Listed<ListenerStatus>([.. _listeners.Values])));
        Receive<Fleet.ListRoutes>(_ => Sender.Tell(new Fleet.Listed<RouteStatus>([.. _routes.Select(WithState)])));
    }

    public static Props Props(GatewayOptions options) => Akka.Actor.Props.Create<FleetView>(options);

    protected override void PreStart() => Context.Parent.Tell(Fleet.TellAgain.Instance);

    private void OnSessionSeen(Fleet.SessionSeen seen)
    {
        var report = seen.Report;
        var entry = Entry(report.Session.Id);
        if (entry.Session is { } known && report.Session.Epoch < known.Session.Epoch)
        {
            return;
        }

        if (entry.Session is { } other && other.Session.Epoch != report.Session.Epoch)
        {
            entry.FoldIn(other);
        }

        if (entry.LastEpoch != report.Session.Epoch)
        {
            entry.Sessions++;
            entry.LastEpoch = report.Session.Epoch;
        }

        entry.FirstSeenAt ??= report.ConnectedAt;
        entry.Session = report;
        Unlist(entry);
    }

    // The end names its own epoch: one that comes after the next session's begin takes nothing down.
    private void OnSessionEnded(Fleet.SessionEnded ended)
    {
        var report = ended.Report;
        var entry = Entry(report.Session.Id);
        entry.EndReason = report.LastError is null ? ended.Reason : $"{ended.Reason}: {report.LastError}";
        if (entry.Session?.Session.Epoch != report.Session.Epoch)
        {
            return;
        }

        entry.FoldIn(report);
        entry.Session = null;
        Unlist(entry);
        entry.OfflineNode = _offline.AddLast(report.Session.Id);
        while (_offline.Count > _maxKnown)
        {
            Forget(_offline.First!.Value);
        }
    }

    private void Forget(DtuId id)
    {
        var entry = _dtus[id];
        Unlist(entry);
        if (entry.Configured is null)
        {
            _dtus.Remove(id);
            _order.Remove(id);
        }
    }

    private void Unlist(DtuEntry entry)
    {
        if (entry.OfflineNode is { } node)
        {
            _offline.Remove(node);
            entry.OfflineNode = null;
        }
    }

    private DtuEntry Entry(DtuId id)
    {
        if (!_dtus.TryGetValue(id, out var entry))
        {
            entry = new DtuEntry();
            _dtus.Add(id, entry);
            _order.Add(id);
        }

        return entry;
    }

    private void OnListDtus(Fleet.ListDtus list)
    {
        var items = ImmutableArray.CreateBuilder<DtuStatus>();
        string? next = null;
        foreach (var id in From(list.After))
        {
            var entry = _dtus[id];
            if (id.Value == list.After || (list.State is { } state && StateOf(entry) != state))
            {
                continue;
            }

            if (items.Count == list.Limit)
            {
                next = items[^1].Id.Value;
                break;
            }

            items.Add(Status(id, entry));
        }

        Sender.Tell(new DtuPage(items.ToImmutable(), next));
    }

    private SortedSet<DtuId> From(string? after) =>
        after is null || _order.Count == 0 ? _order
        : !DtuId.TryParse(after, out var id) || id > _order.Max ? []
        : _order.GetViewBetween(id, _order.Max);

    private RouteStatus WithState(RouteStatus route) =>
        _endpoints.TryGetValue(route.To, out var endpoint) ? route with { State = endpoint.State, LastError = endpoint.LastError } : route with { State = "connecting" };

    private static DtuState StateOf(DtuEntry entry) => entry.Session is null ? DtuState.Offline : DtuState.Online;

    private DtuStatus Status(DtuId id, DtuEntry entry)
    {
        var session = entry.Session;
        var last = session ?? entry.Last;
        return new DtuStatus
        {
            Id = id,
            Name = entry.Configured?.Name,
            State = StateOf(entry),
            PresentedId = last?.PresentedId,
            Listener = last?.Listener,
            Remote = last?.Remote,
            Node = session is null ? null : _node,
            Profile = last?.Profile ?? entry.Configured?.Profile,
            Codec = last?.Codec,
            Groups = entry.Configured?.Groups ?? [],
            ConnectedAt = session?.ConnectedAt,
            FirstSeenAt = entry.FirstSeenAt,
            LastSeenAt = last?.LastSeenAt,
            BytesUp = entry.BytesUp + (session?.BytesUp ?? 0),
            BytesDown = entry.BytesDown + (session?.BytesDown ?? 0),
            FramesUp = entry.FramesUp + (session?.FramesUp ?? 0),
            FramesDown = entry.FramesDown + (session?.FramesDown ?? 0),
            Heartbeats = entry.Heartbeats + (session?.Heartbeats ?? 0),
            Reconnects = Math.Max(0, entry.Sessions - 1),
            Queued = session?.Queued ?? 0,
            Down = last?.Down ?? new TrafficCounters(),
            Polls = last?.Polls ?? [],
            DroppedUp = last?.DroppedUp ?? ImmutableDictionary<string, long>.Empty,
            LastError = session?.LastError ?? entry.EndReason,
        };
    }

    private sealed class DtuEntry
    {
        public DtuOptions? Configured { get; set; }

        /// <summary>The session that is open.</summary>
        public SessionReport? Session { get; set; }

        /// <summary>The last that ended.</summary>
        public SessionReport? Last { get; private set; }

        public Epoch LastEpoch { get; set; }

        public long Sessions { get; set; }

        public DateTimeOffset? FirstSeenAt { get; set; }

        public string? EndReason { get; set; }

        public LinkedListNode<DtuId>? OfflineNode { get; set; }

        public long BytesUp { get; private set; }

        public long BytesDown { get; private set; }

        public long FramesUp { get; private set; }

        public long FramesDown { get; private set; }

        public long Heartbeats { get; private set; }

        /// <summary>An ended session's counts become part of the totals.</summary>
        public void FoldIn(SessionReport ended)
        {
            Last = ended;
            BytesUp += ended.BytesUp;
            BytesDown += ended.BytesDown;
            FramesUp += ended.FramesUp;
            FramesDown += ended.FramesDown;
            Heartbeats += ended.Heartbeats;
        }
    }
}

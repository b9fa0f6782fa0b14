using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Alarming;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Registering;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Directory;

/// <summary>
/// What <c>GET /dtus</c> and its neighbours show: the last word of every session, endpoint, listener and route. Remembers DTUs that are offline, the longest
/// unseen forgotten first, at most <c>max-known</c>. A restarted one asks everybody to tell again.
/// </summary>
public sealed partial class FleetView : ReceiveActor
{
    private readonly string _node;
    private readonly int _maxKnown;
    private readonly ImmutableDictionary<string, ProfileOptions> _profiles;
    private readonly Dictionary<DtuId, DtuEntry> _dtus = [];
    private readonly SortedSet<DtuEntry> _order = new(Comparer<DtuEntry>.Create(static (one, other) => one.Id.CompareTo(other.Id)));
    private readonly LinkedList<DtuId> _offline = new();
    private readonly HistoryBuffer? _history;
    private readonly SessionMemory _ended;
    private bool _isRecalled;
    private readonly SortedDictionary<string, EndpointStatus> _endpoints = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, ListenerStatus> _listeners = new(StringComparer.Ordinal);
    private ImmutableArray<RouteStatus> _routes = [];

    private FleetView(GatewayOptions options, HistoryBuffer? history)
    {
        _elsewhere = ElsewhereOf(options);
        _history = history;
        _ended = new SessionMemory(history is null ? SessionMemory.Most : SessionMemory.MostBesideHistory);
        _node = options.Node.Name;
        _maxKnown = options.Storage.MaxKnown;
        _profiles = options.Profiles;
        foreach (var dtu in options.Dtus.Values)
        {
            Entry(dtu.Id).Configured = dtu;
        }

        Receive<Fleet.SessionSeen>(OnSessionSeen);
        Receive<Fleet.SessionEnded>(OnSessionEnded);
        Receive<Queueing.Standing>(OnQueueing);
        Receive<Fleet.EndpointSeen>(seen => _endpoints[seen.Status.Name] = seen.Status);
        Receive<Fleet.EndpointGone>(gone => _endpoints.Remove(gone.Name));
        Receive<Fleet.ListenerGone>(gone => _listeners.Remove(gone.Name));
        Receive<Fleet.ListenerSeen>(seen => _listeners[seen.Status.Name] = seen.Status);
        Receive<Fleet.RoutesSeen>(seen => _routes = seen.Routes);
        Receive<Fleet.RegisterSeen>(OnRegisterSeen);
        Receive<Fleet.DtusConfigured>(OnDtusConfigured);
        Receive<Fleet.Forget>(OnForget);
        Receive<Fleet.Look>(OnLook);
        Receive<Fleet.Recalled>(OnRecalled);
        Receive<Fleet.EndedSoFar>(all => all.Next.Tell(ShutDown.Drain.Instance, Sender));
        Receive<Fleet.ListDtus>(OnListDtus);
        Receive<Fleet.SearchDtus>(OnSearchDtus);
        Receive<Fleet.GetSessions>(get => Sender.Tell(new Fleet.Listed<SessionRecord>(_ended.Of(get.Id, _dtus.GetValueOrDefault(get.Id)?.Open ?? []))));
        Receive<Fleet.SampleDtus>(OnSampleDtus);
        Receive<Fleet.GetCounts>(get => Sender.Tell(Count(get.ForPeer)));
        Receive<Fleet.GetDtu>(get => Sender.Tell(_dtus.TryGetValue(get.Id, out var entry) ? new Fleet.FoundDtu(Status(entry), !IsAnothers(entry, get.ForPeer)) : new Fleet.FoundDtu(null)));
        Receive<Fleet.ListEndpoints>(_ => Sender.Tell(new Fleet.Listed<EndpointStatus>([.. _endpoints.Values])));
        Receive<Fleet.ListListeners>(_ => Sender.Tell(new Fleet.Listed<ListenerStatus>([.. _listeners.Values])));
        Receive<Fleet.ListRoutes>(_ => Sender.Tell(new Fleet.Listed<RouteStatus>([.. _routes.Select(WithState)])));
        if (_elsewhere is not null)
        {
            HearsOfOthers(_elsewhere);
        }
    }

    private static DateTimeOffset Now => SteadyTime.Now(Context.System.Scheduler);

    private static DateTimeOffset At => Context.System.Scheduler.Now;

    public static Props Props(GatewayOptions options) => Props(options, null);

    /// <param name="options">What is configured.</param>
    /// <param name="history">Takes sessions that end; null: nothing is stored.</param>
    internal static Props Props(GatewayOptions options, HistoryBuffer? history) =>
        Maker.Of((options, history), static from => new FleetView(from.options, from.history));

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
            (entry.Leaving ??= []).Add(other);
        }

        var isNew = entry.LastEpoch != report.Session.Epoch;
        if (isNew)
        {
            entry.Sessions++;
            entry.LastEpoch = report.Session.Epoch;
        }

        entry.FirstSeenAt ??= report.ConnectedAt;
        entry.Session = report;
        entry.Lost = null;
        Unlist(entry);
        if (isNew)
        {
            NoteChanged(entry.Id);
            Remember(entry);
        }
    }

    // The end names its own epoch: one that comes after the next session's begin takes nothing down.
    private void OnSessionEnded(Fleet.SessionEnded ended)
    {
        var report = ended.Report;
        var entry = Entry(report.Session.Id);
        entry.FoldIn(report, ended.Reason);
        var record = _ended.Add(report, ended.Reason);
        _history?.Add(report.Session.Id, record);
        if (entry.Session is { } other && other.Session.Epoch != report.Session.Epoch)
        {
            return;
        }

        entry.Session = null;
        NoteChanged(entry.Id);
        Remember(entry);
        Unlist(entry);
        ListOffline(entry);
    }

    // What was stored counts before what was seen since the start.
    private void OnRecalled(Fleet.Recalled recalled)
    {
        _isRecalled = true;
        foreach (var entry in _dtus.Values)
        {
            Remember(entry);
        }

        var (now, at) = (Now, At);
        foreach (var (dtu, known) in recalled.Rows)
        {
            var entry = Entry(dtu);

            // Stored dates are all that is left of it; one that is still to come by this clock is now.
            var ago = at - known.LastSeenAt;
            entry.Recall(known, now - (ago > TimeSpan.Zero ? ago : TimeSpan.Zero));
            NoteChanged(dtu);
            if (entry is { Session: null, OfflineNode: null })
            {
                ListOffline(entry);
            }
            else
            {
                Remember(entry);
            }
        }
    }

    private void Remember(DtuEntry entry)
    {
        if (_isRecalled && entry.ToKnown() is { } known)
        {
            _history?.Know(entry.Id, known);
        }
    }

    // Commands may wait for one that was never seen: it is remembered like one that was.
    private void OnQueueing(Queueing.Standing standing)
    {
        if (standing.Waiting == 0 && !_dtus.ContainsKey(standing.Dtu))
        {
            return;
        }

        var entry = Entry(standing.Dtu);
        entry.Waiting = standing.Waiting;
        if (entry is { Session: null, OfflineNode: null, Configured: null, Registered: null })
        {
            ListOffline(entry);
        }
    }

    private void ListOffline(DtuEntry entry)
    {
        entry.OfflineNode = _offline.AddLast(entry.Id);
        while (_offline.Count > _maxKnown)
        {
            Forget(_offline.First!.Value);
        }
    }

    private void OnRegisterSeen(Fleet.RegisterSeen seen)
    {
        foreach (var dtu in seen.Rows)
        {
            Entry(dtu.Id).Registered = dtu;
        }

        // Who was seen stays remembered like everybody; who never was is gone with its row.
        foreach (var id in seen.Removed)
        {
            if (_dtus.TryGetValue(id, out var entry))
            {
                entry.Registered = null;
                if (entry is { Session: null, OfflineNode: null })
                {
                    Forget(id);
                }
            }
        }
    }

    private void OnDtusConfigured(Fleet.DtusConfigured configured)
    {
        foreach (var (id, entry) in _dtus.Where(row => row.Value.Configured is not null && !configured.Dtus.ContainsKey(row.Key)).ToList())
        {
            entry.Configured = null;
            if (entry is { Session: null, OfflineNode: null })
            {
                Forget(id);
            }
        }

        foreach (var dtu in configured.Dtus.Values)
        {
            Entry(dtu.Id).Configured = dtu;
        }
    }

    private void OnForget(Fleet.Forget forget)
    {
        var isKnown = _dtus.TryGetValue(forget.Id, out var entry);
        if (entry is { Session: null })
        {
            Forget(forget.Id);
        }

        Sender.Tell(new Fleet.Forgotten(isKnown));
    }

    private void Forget(DtuId id)
    {
        var entry = _dtus[id];
        entry.Lost = null;
        NoteChanged(id);
        Unlist(entry);
        _ended.Forget(id);
        if (_isRecalled)
        {
            _history?.Know(id, null);
        }

        if (entry is { Configured: null, Registered: null })
        {
            _dtus.Remove(id);
            _order.Remove(entry);
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
            entry = new DtuEntry(id);
            _dtus.Add(id, entry);
            _order.Add(entry);
        }

        return entry;
    }

    private void OnLook(Fleet.Look look)
    {
        var field = look.Field;
        field.Dtus.Clear();
        foreach (var (id, entry) in _dtus)
        {
            var session = entry.Session;
            field.Dtus.Add(new DtuLook(
                id, StateOf(entry), entry is not { Configured: null, Registered: null }, session is null && !entry.IsFromBefore ? entry.Last?.EndedAt : null, entry.EndInWords, session?.ConflictWith, entry.Sessions,
                session?.Session.Epoch ?? default, session?.FramesUp ?? 0,
                session is null ? 0 : session.DroppedUp.GetValueOrDefault(DropReasons.BadChecksum) + session.DroppedUp.GetValueOrDefault(DropReasons.Garbage),
                session?.Down.Dropped.GetValueOrDefault(RelayDrops.QueueFull) ?? 0, session?.WaitsSince)
            {
                IsElsewhere = IsAnothers(entry, forPeer: false),
                Ended = session is null && !entry.IsFromBefore ? entry.Last?.Ended : null,
                IsNowhere = session is null && (entry is { Last: null } or { Lost: not null } || (entry.IsFromBefore && entry is not { Configured: null, Registered: null })),
            });
        }

        (field.Endpoints, field.Listeners) = ([.. _endpoints.Values], [.. _listeners.Values]);
        Sender.Tell(new Fleet.Looked(field));
    }

    private RouteStatus WithState(RouteStatus route) =>
        _endpoints.TryGetValue(route.To, out var endpoint) ? route with { State = endpoint.State, LastError = endpoint.LastError } : route;

    private DtuState StateOf(DtuEntry entry) => entry.Session switch
    {
        { ConflictWith: not null } => DtuState.Conflict,
        not null => DtuState.Online,
        null when entry.Lost is not null => DtuState.Offline,
        null when entry.Last is { } last && IsExpected(last) => DtuState.Sleeping,
        null => DtuState.Offline,
    };

    private bool IsExpected(SessionReport last) =>
        _profiles.GetValueOrDefault(last.Profile)?.Heartbeat.ExpectedEvery is { } every && Now - last.LastSeen < 2 * every;

    private DtuStatus Status(DtuEntry entry)
    {
        var session = entry.Session;
        var last = session ?? entry.Last;
        var totals = entry.Totals();
        var lost = session is null ? entry.Lost : null;
        return new DtuStatus
        {
            Id = entry.Id,
            Name = entry.Name,
            State = StateOf(entry),
            PresentedId = last?.PresentedId,
            Listener = last?.Listener,
            Remote = last?.Remote,
            Node = session is null ? null : _node,
            Profile = last?.Profile ?? entry.KnownProfile,
            Codec = last?.Codec,
            Groups = entry.Groups,
            Aliases = entry.Aliases,
            Port = entry.Registered?.Port is > 0 and var port ? port : null,
            Note = entry.Registered?.Note is { Length: > 0 } note ? note : null,
            IsRegistered = entry.Registered is not null,
            ConnectedAt = session?.ConnectedAt,
            FirstSeenAt = entry.FirstSeenAt,
            LastSeenAt = lost is not null && !(last?.LastSeenAt > lost.SeenAt) ? lost.SeenAt : last?.LastSeenAt,
            BytesUp = totals.BytesUp,
            BytesDown = totals.BytesDown,
            FramesUp = totals.FramesUp,
            FramesDown = totals.FramesDown,
            Heartbeats = totals.Heartbeats,
            Reconnects = Math.Max(0, totals.Sessions - 1),
            Queued = (session?.Queued ?? 0) + entry.Waiting,
            SuspendedSlaves = session?.SuspendedSlaves ?? [],
            Down = last?.Down ?? TrafficCounters.None,
            Polls = last?.Polls ?? [],
            DroppedUp = last?.DroppedUp ?? ImmutableDictionary<string, long>.Empty,
            LastError = lost is not null ? $"{lost.Reason}: {lost.Words}" : session?.LastError ?? entry.EndInWords,
            ConflictWith = session?.ConflictWith,
            EndReason = lost?.Reason ?? entry.EndReason,
            EndError = lost?.Words ?? entry.Last?.LastError,
            EndedAt = lost?.At ?? entry.Last?.EndedAt,
        };
    }
}

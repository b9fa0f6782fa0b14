using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>What the router knows of endpoints and sessions, and how it asks the directory for a session that it does not know.</summary>
public sealed partial class RouterActor
{
    private const int MostWaitingPerLookup = 64;
    private static readonly TimeSpan LookupLimit = TimeSpan.FromSeconds(1);

    private readonly Dictionary<DtuId, Lookup> _lookups = [];
    private long _uplinks;

    private void ToSession(DtuId dtu, object message, Action refuse)
    {
        if (_sessions.TryGetValue(dtu, out var entry) && !_lookups.ContainsKey(dtu))
        {
            entry.Session.Connection.Tell(message);
            return;
        }

        Wait(dtu, found => found.Connection.Tell(message), refuse);
    }

    // A superseded session gave a frame back: whoever holds the DTU now gets it, once, unless what the same source said later has been there already.
    private void OnStale(Relay.StaleSession stale)
    {
        var delivery = stale.Delivery;
        if (!_sessions.TryGetValue(stale.Stale.Id, out var entry) || entry.Session.Epoch <= stale.Stale.Epoch)
        {
            Wait(
                stale.Stale.Id,
                found => found.Connection.Tell(delivery with { Epoch = found.Epoch }),
                () => Drop(delivery.Frame, RelayDrops.StaleSession),
                isGivenBack: true);
        }
        else if (entry.Heard.Contains(delivery.Source))
        {
            Drop(delivery.Frame, RelayDrops.StaleSession);
        }
        else
        {
            entry.Session.Connection.Tell(delivery with { Epoch = entry.Session.Epoch });
        }
    }

    private void Wait(DtuId dtu, Action<SessionRef> deliver, Action refuse, bool isGivenBack = false)
    {
        if (!_lookups.TryGetValue(dtu, out var lookup))
        {
            lookup = new Lookup();
            _lookups.Add(dtu, lookup);
            _directory.Tell(new Holding.Find(dtu));
            Timers.StartSingleTimer(lookup, new LookupOverdue(dtu), LookupLimit);
        }

        if (lookup.GivenBack.Count + lookup.Waiting.Count >= MostWaitingPerLookup)
        {
            refuse();
        }
        else
        {
            (isGivenBack ? lookup.GivenBack : lookup.Waiting).Enqueue((deliver, refuse));
        }
    }

    private void OnFound(Holding.Found found)
    {
        if (found.Session is { } session)
        {
            // Where it is another one than the router knows, the lookup ends with it.
            Open(session);
        }

        EndLookup(found.Dtu, null);
    }

    private void EndLookup(DtuId dtu, SessionRef? session)
    {
        if (!_lookups.Remove(dtu, out var lookup))
        {
            return;
        }

        Timers.Cancel(lookup);
        if (session is null && _sessions.TryGetValue(dtu, out var superseded))
        {
            CloseSession(superseded.Session.Connection);
        }

        foreach (var (deliver, refuse) in lookup.GivenBack.Concat(lookup.Waiting))
        {
            if (session is not null)
            {
                deliver(session);
            }
            else
            {
                refuse();
            }
        }
    }

    private sealed class Lookup
    {
        /// <summary>What superseded sessions gave back: older than all that waits.</summary>
        public Queue<(Action<SessionRef> Deliver, Action Refuse)> GivenBack { get; } = new();

        public Queue<(Action<SessionRef> Deliver, Action Refuse)> Waiting { get; } = new();
    }

    private sealed record LookupOverdue(DtuId Dtu) : INoSerializationVerificationNeeded;

    private sealed class EndpointEntry(string name, IActorRef endpoint)
    {
        public string Name => name;

        public IActorRef Ref => endpoint;

        /// <summary>Null until it announced itself.</summary>
        public Destination? Incarnation { get; set; }

        public bool Exclusive { get; set; }

        public DownlinkSelect Select { get; set; }

        /// <summary>Whether it hears of the sessions that its routes lead to.</summary>
        public bool WantsSessions { get; set; }

        /// <summary>Sessions that its downlinks may go to.</summary>
        public HashSet<SessionEntry> Down { get; } = [];
    }

    private sealed class SessionEntry
    {
        public SessionEntry(SessionRef session, IReadOnlyList<Route> routes, Dictionary<string, EndpointEntry> endpoints)
        {
            Session = session;
            Route(routes, endpoints);
        }

        public SessionRef Session { get; }

        public (Route Route, EndpointEntry Endpoint)[] Routes { get; private set; } = [];

        public (Route Route, EndpointEntry Endpoint)[] Up { get; private set; } = [];

        public void Route(IReadOnlyList<Route> routes, Dictionary<string, EndpointEntry> endpoints)
        {
            Routes = [.. from route in routes where endpoints.ContainsKey(route.Options.To) select (route, endpoints[route.Options.To])];
            Up = [.. Routes.Where(path => path.Route.Up)];
        }

        /// <summary>The endpoints whose downlinks went to it.</summary>
        public HashSet<IActorRef> Heard { get; } = new(0);

        /// <summary>The router's own count of uplinks at this session's last one: the last speaker has the highest.</summary>
        public long LastUplink { get; set; }

        public Route? RouteTo(EndpointEntry endpoint) => Array.Find(Routes, path => path.Endpoint == endpoint).Route;
    }
}

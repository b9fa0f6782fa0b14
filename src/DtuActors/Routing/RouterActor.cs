using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>
/// Moves frames between sessions and endpoints: knows the routes, who is online, and which endpoints are there. Keeps no bytes, but while it asks the directory
/// for a session it does not know. After a restart it asks for everything anew: the endpoints of its parent, the sessions of the directory; what arrives
/// meanwhile waits, bounded.
/// </summary>
public sealed partial class RouterActor : ReceiveActor, IWithTimers, IWithUnboundedStash
{
    /// <summary>Router → its parent, at each start: one <see cref="Endpoints"/>, please.</summary>
    public sealed record WhatIsThere : INoSerializationVerificationNeeded
    {
        public static readonly WhatIsThere Instance = new();
    }

    /// <summary>Every configured endpoint, whether it has announced itself or not.</summary>
    public sealed record Endpoints(ImmutableArray<(string Name, IActorRef Ref)> All) : INoSerializationVerificationNeeded;

    // While the router learns who is there, a moment; after it, frames have somewhere to go.
    private const int MostStashed = 10_000;
    private static readonly TimeSpan PublishEvery = TimeSpan.FromSeconds(1);
    private static readonly object PublishKey = new();

    private RouteTable _table;
    private readonly IActorRef _directory;
    private readonly IActorRef _fleet;
    private readonly Dictionary<string, EndpointEntry> _endpoints = [];
    private readonly Dictionary<DtuId, SessionEntry> _sessions = [];
    private readonly Dictionary<IActorRef, DtuId> _idOf = [];
    private int _stashed;

    public RouterActor(ImmutableArray<RouteOptions> routes, IActorRef directory, IActorRef fleet)
    {
        _table = new RouteTable(routes);
        _directory = directory;
        _fleet = fleet;
        Become(Learning);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    public static Props Props(ImmutableArray<RouteOptions> routes, IActorRef directory, IActorRef fleet) =>
        Akka.Actor.Props.Create<RouterActor>(routes, directory, fleet);

    protected override void PreStart() => Context.Parent.Tell(WhatIsThere.Instance);

    // ---- learning: which endpoints there are

    private void Learning()
    {
        Receive<Endpoints>(OnEndpoints);
        ReceiveAny(message =>
        {
            if (_stashed++ < MostStashed)
            {
                Stash.Stash();
            }
            else
            {
                Context.System.DeadLetters.Tell(message);
            }
        });
    }

    private void OnEndpoints(Endpoints endpoints)
    {
        foreach (var (name, endpoint) in endpoints.All)
        {
            _endpoints[name] = new EndpointEntry(name, endpoint);
            endpoint.Tell(Registry.AnnounceYourself.Instance);
        }

        _directory.Tell(new Holding.Recite(Self));
        _stashed = 0;
        Become(Routing);
        Stash.UnstashAll();
        Publish();
    }

    // ---- routing

    private void Routing()
    {
        Receive<Relay.Uplink>(OnUplink);
        Receive<Relay.Downlink>(OnDownlink);
        Receive<Relay.StaleSession>(OnStale);
        Receive<Asking.Request>(request => ToSession(request.Dtu, request, () => request.ReplyTo.Tell(Offline(request.Correlation))));
        Receive<Asking.Send>(send => ToSession(send.Dtu, send, () => send.ReplyTo.Tell(Offline(send.Correlation))));
        Receive<Asking.Kick>(kick => ToSession(kick.Dtu, kick, () => kick.ReplyTo.Tell(Offline(kick.Correlation))));
        Receive<Registry.SessionOpened>(opened => Open(opened.Session));
        Receive<Registry.SessionClosed>(OnSessionClosed);
        Receive<Registry.EndpointStarted>(OnEndpointStarted);
        Receive<Reroute>(OnReroute);
        Receive<Holding.Found>(OnFound);
        Receive<LookupOverdue>(overdue => EndLookup(overdue.Dtu, null));
        Receive<Terminated>(terminated => CloseSession(terminated.ActorRef));
        Receive<PublishDue>(_ => Publish());
        Receive<Fleet.TellAgain>(_ => Publish());
    }

    private static Asking.Refused Offline(long correlation) => new(correlation, RefusalReason.Offline);

    private void OnUplink(Relay.Uplink uplink)
    {
        var session = uplink.Session;
        if (!_sessions.TryGetValue(session.Id, out var entry))
        {
            // It carries its own proof: the directory granted it that epoch.
            Open(session);
            entry = _sessions[session.Id];
        }
        else if (session.Epoch < entry.Session.Epoch)
        {
            Drop(uplink.Frame, RelayDrops.StaleSession);
            return;
        }

        if (uplink.Frame is not null)
        {
            entry.LastUplink = ++_uplinks;
        }

        Relay.Deliver? delivery = null;
        foreach (var (route, endpoint) in entry.Up)
        {
            if (uplink.Only is not null && uplink.Only != endpoint.Name)
            {
                continue;
            }

            delivery ??= new Relay.Deliver(
                session.Connection, session.Id.Value, session.Id, session.Epoch, uplink.Frame, uplink.Through, uplink.AckWanted);
            endpoint.Ref.Tell(delivery);
            if (uplink.Frame is not null)
            {
                route.FramesUp++;
                PublishSoon();
            }
        }
    }

    // A probe goes to all whose windows it asks about; a frame to the one DTU, or to those that select means.
    private void OnDownlink(Relay.Downlink downlink)
    {
        if (!_endpoints.TryGetValue(downlink.Endpoint, out var endpoint) || endpoint.Down.Count == 0)
        {
            DropDownlink(downlink);
        }
        else if (downlink.To is { } to)
        {
            if (_sessions.TryGetValue(to, out var meant) && endpoint.Down.Contains(meant))
            {
                DeliverOrWait(meant, endpoint, downlink);
            }
            else
            {
                DropDownlink(downlink);
            }
        }
        else if (downlink.Frame is null || endpoint.Down.Count == 1 || endpoint.Select is DownlinkSelect.Broadcast)
        {
            foreach (var entry in endpoint.Down)
            {
                DeliverOrWait(entry, endpoint, downlink);
            }
        }
        else
        {
            DeliverOrWait(endpoint.Down.MaxBy(entry => entry.LastUplink)!, endpoint, downlink);
        }
    }

    // Behind what a superseded session gave back, which is older.
    private void DeliverOrWait(SessionEntry entry, EndpointEntry endpoint, Relay.Downlink downlink)
    {
        var id = entry.Session.Id;
        if (_lookups.ContainsKey(id))
        {
            Wait(id, _ => Deliver(_sessions[id], endpoint, downlink), () => DropDownlink(downlink));
        }
        else
        {
            Deliver(entry, endpoint, downlink);
        }
    }

    private void Deliver(SessionEntry entry, EndpointEntry endpoint, Relay.Downlink downlink)
    {
        entry.Heard.Add(downlink.Source);
        entry.Session.Connection.Tell(new Relay.Deliver(
            downlink.Source, downlink.Endpoint, entry.Session.Id, entry.Session.Epoch, downlink.Frame, downlink.Through, downlink.AckWanted));
        if (downlink.Frame is not null)
        {
            entry.RouteTo(endpoint)!.FramesDown++;
            PublishSoon();
        }
    }

    private void DropDownlink(Relay.Downlink downlink)
    {
        var route = _table.All.FirstOrDefault(candidate => candidate.DownToDtu && candidate.Options.To == downlink.Endpoint);
        if (route is not null && downlink.Frame is not null)
        {
            route.DroppedDown++;
        }

        Drop(downlink.Frame, route is null ? RelayDrops.NoRoute : RelayDrops.DtuOffline);
    }

    // The frame is counted here, the source is not kept waiting: its window forgets a destination that is gone.
    private void Drop(Frame? frame, string reason)
    {
        if (frame is not null)
        {
            GatewayMetrics.FramesDropped.Add(1, new KeyValuePair<string, object?>("reason", reason));
            PublishSoon();
        }
    }

    // ---- who is online

    private void Open(SessionRef session)
    {
        if (_sessions.TryGetValue(session.Id, out var known))
        {
            if (known.Session.Epoch >= session.Epoch)
            {
                return;
            }

            CloseSession(known.Session.Connection);
        }

        var entry = new SessionEntry(session, _table.For(session.Id), _endpoints);
        _sessions.Add(session.Id, entry);
        _idOf.Add(session.Connection, session.Id);
        Context.Watch(session.Connection);
        foreach (var (route, endpoint) in entry.Routes)
        {
            route.Online++;
            Connect(entry, route, endpoint);
        }

        PublishSoon();
        EndLookup(session.Id, session);
    }

    private static void Connect(SessionEntry entry, Route route, EndpointEntry endpoint)
    {
        if (endpoint.WantsSessions)
        {
            endpoint.Ref.Tell(new Registry.SessionSeen(entry.Session, route.Up, route.DownToDtu));
        }

        if (route.Up && endpoint is { Exclusive: true, Incarnation: { } incarnation })
        {
            entry.Session.Connection.Tell(new Flow.PathAdded(incarnation));
        }

        if (route.DownToDtu)
        {
            endpoint.Down.Add(entry);
            endpoint.Ref.Tell(new Flow.PathAdded(new Destination(entry.Session.Connection, 0), entry.Session.Id));
        }
    }

    private void OnSessionClosed(Registry.SessionClosed closed)
    {
        CloseSession(closed.Session.Connection);
        closed.Session.Connection.Tell(Registry.SessionForgotten.Instance);
    }

    private void CloseSession(IActorRef connection)
    {
        if (!_idOf.Remove(connection, out var id) || !_sessions.Remove(id, out var entry))
        {
            return;
        }

        Context.Unwatch(connection);
        foreach (var (route, endpoint) in entry.Routes)
        {
            route.Online--;
            if (endpoint.Down.Remove(entry))
            {
                endpoint.Ref.Tell(new Flow.PathRemoved(new Destination(connection, 0), id));
            }

            if (endpoint.WantsSessions)
            {
                endpoint.Ref.Tell(new Registry.SessionGone(entry.Session));
            }
        }

        PublishSoon();
    }

    private void OnEndpointStarted(Registry.EndpointStarted started)
    {
        if (!_endpoints.TryGetValue(started.Name, out var endpoint))
        {
            return;
        }

        var before = endpoint.Incarnation;
        var isSame = before == started.Destination;
        endpoint.Incarnation = started.Destination;
        endpoint.Exclusive = started.Exclusive;
        endpoint.Select = started.Select;
        endpoint.WantsSessions = started.WantsSessions;
        foreach (var entry in _sessions.Values)
        {
            if (entry.RouteTo(endpoint) is not { } route)
            {
                continue;
            }

            if (before is { } old && !isSame && started.Exclusive)
            {
                entry.Session.Connection.Tell(new Flow.PathRemoved(old));
            }

            Connect(entry, route, endpoint);
        }
    }

    // ---- how it stands

    private void PublishSoon()
    {
        if (!Timers.IsTimerActive(PublishKey))
        {
            Timers.StartSingleTimer(PublishKey, PublishDue.Instance, PublishEvery);
        }
    }

    private void Publish() => _fleet.Tell(new Fleet.RoutesSeen(
    [
        .. _table.All.Select(route => new RouteStatus
        {
            Name = route.Options.Name,
            State = "up",
            Dtu = route.Options.Dtu,
            To = route.Options.To,
            Direction = route.Options.Direction.ToString().ToLowerInvariant(),
            Online = route.Online,
            FramesUp = route.FramesUp,
            FramesDown = route.FramesDown,
            DroppedDown = route.DroppedDown,
        }),
    ]));

    private sealed record PublishDue : INoSerializationVerificationNeeded
    {
        public static readonly PublishDue Instance = new();
    }
}

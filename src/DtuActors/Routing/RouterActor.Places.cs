using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Routing;

/// <summary>
/// Who is there and where they stand. Whatever changes (a session opens or closes, a group's members, the routes, an endpoint) only moves parties to other places;
/// then each pair that met before or meets now is looked at, and told of the windows and sessions that are not as it was told before.
/// </summary>
public sealed partial class RouterActor
{
    private readonly Dictionary<string, RouteTarget> _targets = new(StringComparer.Ordinal);
    private readonly List<(SessionParty Session, Party Other)> _met = [];
    private RouteTable _table = RouteTable.Empty;
    private bool _hasGroups;

    // ---- sessions

    /// <param name="session">One that opened.</param>
    /// <param name="registration">How it registered, where it has just said so.</param>
    /// <param name="node">The node whose router tells of it, and will tell of its end; null: it is one of this node, or nobody tells, and it is watched.</param>
    private void Open(SessionRef session, Replaying.Registration? registration = null, string? node = null)
    {
        if (_sessions.TryGetValue(session.Id, out var known))
        {
            if (known.Session.Epoch >= session.Epoch || known.Ref.Equals(session.Connection))
            {
                return;
            }

            CloseSession(known.Ref);
        }
        else if (_ended.IsLate(session.Id, session.Epoch))
        {
            return;
        }

        var party = new SessionParty(session, node ?? NodeOf(session.Connection)) { Registration = registration };
        _sessions.Add(session.Id, party);
        _idOf.Add(session.Connection, session.Id);
        if (node is null)
        {
            Context.Watch(session.Connection);
        }

        if (_isRestarted && party.IsHere)
        {
            session.Connection.Tell(Flow.PathsForgotten.Instance);
        }

        Move(party, PlaceOf(party));
        Acquaint();
        party.Registration = null;
        EndLookup(session.Id, session);
    }

    private void OnSessionClosed(Registry.SessionClosed closed)
    {
        CloseSession(closed.Session.Connection);
        closed.Session.Connection.Tell(Registry.SessionForgotten.Instance);
    }

    private void CloseSession(IActorRef connection)
    {
        if (!_idOf.Remove(connection, out var id) || !_sessions.Remove(id, out var party))
        {
            return;
        }

        Context.Unwatch(connection);
        _ended.Add(id, party.Session.Epoch);
        if (party.IsHere)
        {
            NoteMoved(party);
        }
        else
        {
            EndErrandsOf(party);
        }

        // It needs to hear of nothing any more.
        party.Windows.Clear();
        Move(party, Place.Nowhere);
        Acquaint();
    }

    private void OnMembershipsChanged(Registry.MembershipsChanged changed)
    {
        if (!_hasGroups)
        {
            return;
        }

        foreach (var id in changed.Dtus)
        {
            if (_sessions.TryGetValue(id, out var session))
            {
                Move(session, PlaceOf(session));
            }
        }

        Acquaint();
    }

    // ---- endpoints

    private void OnEndpointStarted(Registry.EndpointStarted started)
    {
        // One that was replaced under its name announces itself too late.
        if (!_endpoints.TryGetValue(started.Name, out var endpoint) || !endpoint.Ref.Equals(started.Destination.Ref))
        {
            return;
        }

        // It may be a new life, which was told nothing.
        endpoint.Announced = started;
        endpoint.Windows.Clear();
        endpoint.Seen.Clear();
        MeetAll(endpoint);
        Acquaint();
        NoteEndpoint(endpoint.Name);
    }

    private void AddEndpoint(string name, IActorRef reference)
    {
        var endpoint = new EndpointParty(name, reference) { Place = new Place([], [TargetOf(name)]) };
        _endpoints[name] = endpoint;
        endpoint.Place.Ends[0].Far.Add(endpoint);
        reference.Tell(Registry.AnnounceYourself.Instance);
    }

    private void RemoveEndpoint(EndpointParty endpoint)
    {
        MeetAll(endpoint);
        _endpoints.Remove(endpoint.Name);
        endpoint.Place.Ends[0].Far.Remove(endpoint);
        endpoint.Place = Place.Nowhere;
        NoteEndpoint(endpoint.Name);
    }

    private void MeetAll(EndpointParty endpoint)
    {
        foreach (var session in endpoint.Place.Ends[0].Near.Keys)
        {
            _met.Add((session, endpoint));
        }
    }

    // ---- routes

    private void OnReroute(Reroute reroute)
    {
        var configured = reroute.Endpoints.ToDictionary(endpoint => endpoint.Name, endpoint => endpoint.Ref, StringComparer.Ordinal);
        foreach (var gone in _endpoints.Values.Where(known => !known.Ref.Equals(configured.GetValueOrDefault(known.Name))).ToList())
        {
            RemoveEndpoint(gone);
        }

        foreach (var (name, reference) in reroute.Endpoints)
        {
            if (!_endpoints.ContainsKey(name))
            {
                AddEndpoint(name, reference);
            }
        }

        UseRoutes(reroute.Routes);
        foreach (var session in _sessions.Values)
        {
            Move(session, PlaceOf(session));
        }

        Acquaint();
        Publish();
        Sender.Tell(new Rerouted(reroute.Number));
    }

    private void UseRoutes(ImmutableArray<RouteOptions> routes)
    {
        _table = new RouteTable(routes, _table);
        foreach (var unused in _targets.Keys.Except(routes.Select(route => route.To)).Except(_endpoints.Keys).Except(_peers.Values.SelectMany(peer => peer.Endpoints.Keys)).ToList())
        {
            _targets.Remove(unused);
        }

        foreach (var target in _targets.Values)
        {
            target.DownRoute = null;
        }

        foreach (var route in _table.All)
        {
            var target = TargetOf(route.Options.To);
            target.DownRoute ??= route.IsDown ? route : null;
        }

        _hasGroups = _targets.Values.Any(target => target.IsGroup);
    }

    private RouteTarget TargetOf(string to)
    {
        if (!_targets.TryGetValue(to, out var target))
        {
            target = new RouteTarget(to);
            _targets.Add(to, target);
        }

        return target;
    }

    // ---- places

    private Place PlaceOf(SessionParty session)
    {
        var id = session.Session.Id;
        var ends = _targets.TryGetValue(session.Name, out var itself) ? ImmutableArray.Create(itself) : [];
        if (_hasGroups)
        {
            foreach (var group in _admission.GroupsOf(id).Distinct(StringComparer.Ordinal))
            {
                ends = _targets.TryGetValue(RouteOptions.GroupPrefix + group, out var target) ? ends.Add(target) : ends;
            }
        }

        return new Place([.. _table.For(id).Select(route => (route, _targets[route.Options.To]))], ends);
    }

    private void Move(SessionParty session, Place place)
    {
        if (session.Place.IsSameAs(place))
        {
            return;
        }

        Meet(session);
        foreach (var (route, target) in session.Place.Ways)
        {
            route.Online -= session.IsHere ? 1 : 0;
            target.Near.Remove(session);
            target.Down.Remove(session);
        }

        foreach (var target in session.Place.Ends)
        {
            target.Far.Remove(session);
        }

        session.Place = place;
        foreach (var (route, target) in place.Ways)
        {
            route.Online += session.IsHere ? 1 : 0;
            target.Near.Add(session, route);
            if (route.IsDown)
            {
                target.Down.Add(session);
            }
        }

        foreach (var target in place.Ends)
        {
            target.Far.Add(session);
        }

        Meet(session);
        NoteMoved(session);
        PublishSoon();
    }

    private void Meet(SessionParty session)
    {
        foreach (var (_, target) in session.Place.Ways)
        {
            if (target.HoldsAny)
            {
                _met.AddRange(target.Far.Select(party => (session, party)));
            }
        }

        foreach (var target in session.Place.Ends)
        {
            if (target.HoldsAny)
            {
                _met.AddRange(target.Near.Keys.Select(near => (session, (Party)near)));
            }
        }
    }

    /// <summary>Tells all that met, and are of this node, what is not as they were told before; a pair that met twice hears it once. Then the other nodes.</summary>
    private void Acquaint()
    {
        foreach (var (session, other) in _met)
        {
            var endpoint = other as EndpointParty;
            if (endpoint?.SeesOf(session) is { } sees && (!endpoint.Seen.TryGetValue(session, out var told) || told != sees))
            {
                endpoint.Seen[session] = sees;
                endpoint.Ref.Tell(new Registry.SessionSeen(session.Session, sees.Up, sees.Down, session.Registration));
            }

            TellWindow(session, other);
            TellWindow(other, session);
            if (endpoint is not null && endpoint.SeesOf(session) is null && endpoint.Seen.Remove(session))
            {
                endpoint.Ref.Tell(new Registry.SessionGone(session.Session));
            }
        }

        _met.Clear();
        NoteMovedToPeers();
    }

    private void TellWindow(Party source, Party destination)
    {
        if (!source.IsHere)
        {
            return;
        }

        var holds = source.Awaits(destination) ? destination.Life : null;
        if (source.Windows.TryGetValue(destination, out var told) && told != holds)
        {
            source.Windows.Remove(destination);
            source.Ref.Tell(new Flow.PathRemoved(told, destination.Dtu));
        }

        if (holds is { } life && source.Windows.TryAdd(destination, life))
        {
            source.Ref.Tell(new Flow.PathAdded(life, destination.Dtu));
            if (source is EndpointParty endpoint && destination is SessionParty session)
            {
                TellLine(endpoint, session);
            }
        }
    }

    // Before anything that the endpoint says to a DTU that is new here.
    private void TellLine(EndpointParty endpoint, SessionParty session)
    {
        var id = session.Session.Id;
        if ((endpoint.LineOf.TryGetValue(id, out var own) ? own : endpoint.Line) is { } line)
        {
            Tell(session, new Relay.Deliver(endpoint.Ref, endpoint.Name, id, session.Session.Epoch, null, 0, AckWanted: false, Line: line));
        }
    }
}

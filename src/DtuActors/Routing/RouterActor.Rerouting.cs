using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Configuration;

namespace DtuActors.Routing;

/// <summary>Stub, replaced by the merge: other routes and endpoints in place of those that are.</summary>
public sealed partial class RouterActor
{
    /// <summary>These routes and endpoints from now on; a route to an endpoint that is not among them leads nowhere. One <see cref="Rerouted"/>.</summary>
    public sealed record Reroute(ImmutableArray<RouteOptions> Routes, ImmutableArray<(string Name, IActorRef Ref)> Endpoints) : INoSerializationVerificationNeeded;

    public sealed record Rerouted : INoSerializationVerificationNeeded
    {
        public static readonly Rerouted Instance = new();
    }

    private void OnReroute(Reroute reroute)
    {
        _table = new RouteTable(reroute.Routes, _table);
        var before = _sessions.Values.Select(entry => (entry, entry.Routes)).ToList();
        foreach (var name in _endpoints.Keys.Except(reroute.Endpoints.Select(endpoint => endpoint.Name)).ToList())
        {
            _endpoints.Remove(name);
        }

        foreach (var (name, endpoint) in reroute.Endpoints.Where(row => !_endpoints.TryGetValue(row.Name, out var known) || !known.Ref.Equals(row.Ref)))
        {
            _endpoints[name] = new EndpointEntry(name, endpoint);
            endpoint.Tell(Registry.AnnounceYourself.Instance);
        }

        foreach (var (entry, old) in before)
        {
            entry.Route(_table.For(entry.Session.Id), _endpoints);
            foreach (var (route, endpoint) in old.Except(entry.Routes))
            {
                Disconnect(entry, route, endpoint);
            }

            foreach (var (route, endpoint) in entry.Routes.Except(old))
            {
                route.Online++;
                Connect(entry, route, endpoint);
            }
        }

        Publish();
        Sender.Tell(Rerouted.Instance);
    }

    private static void Disconnect(SessionEntry entry, Route route, EndpointEntry endpoint)
    {
        route.Online--;
        if (endpoint.Down.Remove(entry))
        {
            endpoint.Ref.Tell(new Flow.PathRemoved(new Destination(entry.Session.Connection, 0), entry.Session.Id));
        }

        if (endpoint.WantsSessions)
        {
            endpoint.Ref.Tell(new Registry.SessionGone(entry.Session));
        }

        if (route.Up && endpoint is { Exclusive: true, Incarnation: { } incarnation })
        {
            entry.Session.Connection.Tell(new Flow.PathRemoved(incarnation));
        }
    }
}

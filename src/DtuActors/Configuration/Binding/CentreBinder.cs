using System.Globalization;
using System.Net;

namespace DtuActors.Configuration;

/// <summary>Binds an endpoint of kind <c>tcp-client</c>, and checks what it asks of the DTUs whose routes lead to it.</summary>
internal static class CentreBinder
{
    public static CentreEndpointOptions Bind(string name, BlockReader block, Sockets sockets)
    {
        var host = ListenerBinder.Host(block, required: true) ?? "localhost";
        block.Missing("port", "1 to 65535");
        var port = block.Port("port", 1, anyFree: false);
        var centre = new CentreEndpointOptions
        {
            Name = name,
            KeyPath = block.Path,
            Host = host,
            Port = port,
            ReplayRegistration = block.Boolean("replay-registration", true),
            Reopen = ListenerBinder.Reopen(block, Schema.EndpointReopen),
        };
        if (sockets.OwnerOf(Address(host), port) is { } owner)
        {
            block.Fault("port", $"{host}:{port.ToString(CultureInfo.InvariantCulture)} is this gateway's own {owner}: what is forwarded would come back", "another centre's address");
        }

        if (centre.ReplayRegistration && block.Has("select") && block.Text("select") != "none")
        {
            block.Fault("select", "chooses nothing: each DTU has a connection of its own, and what comes back on it is for that DTU", "without select, or replay-registration = off");
        }

        return centre;
    }

    /// <summary>
    /// A DTU whose bytes come in a transport can't be replayed: what the route carries is inside it. Where a DTU may arrive in several places, some of them without one,
    /// the endpoint's state tells of those that came in one.
    /// </summary>
    public static void CheckEnvelopes(BindingContext context, GatewayOptions options, EndpointBinder bound)
    {
        var entrances = options.Listeners.Select(listener => (listener.Dtu, Profiles: listener.Profiles.AsEnumerable()))
            .Concat(options.Dialers.Select(dialer => (dialer.Dtu, Profiles: Enumerable.Repeat(dialer.Profile, 1))))
            .ToList();
        foreach (var centre in options.Endpoints.OfType<CentreEndpointOptions>().Where(centre => centre.ReplayRegistration))
        {
            foreach (var route in options.Routes.Where(route => route.To == centre.Name))
            {
                var glob = new DtuGlob(route.Dtu);
                var envelopes = entrances.Where(entrance => entrance.Dtu is not { } dtu || glob.Matches(dtu))
                    .SelectMany(entrance => entrance.Profiles)
                    .Select(profile => options.Profiles.GetValueOrDefault(profile)?.Envelope?.Invoke().Name)
                    .ToList();
                if (envelopes.Count > 0 && envelopes.TrueForAll(envelope => envelope is not null))
                {
                    context.Fault($"{centre.KeyPath}.replay-registration", bound.Positions[centre.Name],
                        NotBuilt.Says($"replaying '{KeyPath.Shown(route.Dtu)}', whose units come in the envelope {envelopes[0]},", "built: replay-registration = off, which forwards what is inside"), null);
                    break;
                }
            }
        }
    }

    private static IPAddress? Address(string host) =>
        IPAddress.TryParse(host, out var address) ? address : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : null;
}

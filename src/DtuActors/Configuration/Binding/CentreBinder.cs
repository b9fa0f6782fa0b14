using System.Globalization;
using System.Net;

namespace DtuActors.Configuration;

/// <summary>Binds an endpoint of kind <c>tcp-client</c>.</summary>
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

    private static IPAddress? Address(string host) =>
        IPAddress.TryParse(host, out var address) ? address : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : null;
}

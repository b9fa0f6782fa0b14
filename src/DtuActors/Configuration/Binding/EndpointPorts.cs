using System.Collections.Immutable;
using System.Net;
using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>Binds where an endpoint listens: on one port, or on a range of which each DTU of the register has one.</summary>
internal static class EndpointPorts
{
    /// <summary>The word of <c>units</c> for a port that is one DTU's.</summary>
    public const string Passthrough = "passthrough";

    public static (IPAddress Address, int Port, PortRange? Ports) Bind(BlockReader block, Sockets sockets)
    {
        var address = block.Address("address", IPAddress.Loopback);
        if (block.Has("ports"))
        {
            return (address, 0, Range(block, address, sockets));
        }

        if (block.Has("assign"))
        {
            block.Fault("assign", "says which of several ports a DTU has, and there are none", "ports beside it, as \"20001-22000\"");
        }

        block.Missing("port", "0 (any free one) to 65535, or ports for one per DTU");
        var port = block.Port("port", 0);
        sockets.Take(block.Path, block.PositionOf("port"), address, [port], udp: false);
        return (address, port, null);
    }

    /// <summary>Each port is one DTU's, and its units are that DTU's slaves: there is nothing to map.</summary>
    public static IReadOnlyDictionary<byte, ModbusUnitOptions> CheckUnits(BlockReader block)
    {
        if (block.Find("units") is not (null or HoconScalar { Text: Passthrough }))
        {
            block.Fault("units", "stands beside ports, of which each is one DTU's: a unit is the slave of its number there", $"units = {Passthrough}, or port in place of ports");
        }

        return ImmutableDictionary<byte, ModbusUnitOptions>.Empty;
    }

    /// <summary>A range needs the register's rows, which a gateway without storage does not have.</summary>
    public static void CheckStorage(BindingContext context, IEnumerable<EndpointOptions> endpoints, EndpointBinder bound, StorageOptions storage)
    {
        foreach (var endpoint in endpoints.Where(endpoint => storage.Provider is StorageProvider.None && endpoint is TcpEndpointOptions { Ports: not null } or ModbusTcpEndpointOptions { Ports: not null }))
        {
            context.Fault($"{endpoint.KeyPath}.ports", bound.Positions[endpoint.Name],
                "which DTU has which port is a column of the register, and dtu.storage.provider = none keeps none", "storage.provider = sqlite, or port in place of ports");
        }
    }

    private static PortRange? Range(BlockReader block, IPAddress address, Sockets sockets)
    {
        _ = block.Word("assign", "column", "column");
        if (block.Has("port"))
        {
            block.Fault("ports", "stands beside port", "one of the two");
        }

        if (block.Value<(int First, int Last)>("ports", Scalars.Ports, "a range of ports from 1 to 65535, as \"20001-22000\"") is not { } written)
        {
            return null;
        }

        var range = new PortRange(written.First, written.Last);
        if (range.Count > ListenerBinder.MaxRange)
        {
            block.Fault("ports", $"{range.Count} ports are too many", $"at most {ListenerBinder.MaxRange}");
            return null;
        }

        sockets.Take(block.Path, block.PositionOf("ports"), address, Enumerable.Range(range.First, range.Count), udp: false);
        return range;
    }
}

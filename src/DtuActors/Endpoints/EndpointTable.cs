using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Endpoints.Mqtt;
using DtuActors.Recording;

namespace DtuActors.Endpoints;

/// <summary>Whom every endpoint talks to.</summary>
/// <param name="Router">Takes its downlinks, gives it uplinks.</param>
/// <param name="Fleet">Hears how it stands.</param>
/// <param name="Events">Hears of its changes of state.</param>
/// <param name="Branch">Where it is one DTU's part of a <see cref="FanActor"/>; <paramref name="Fleet"/> is the fan then.</param>
public sealed record EndpointSurroundings(IActorRef Router, IActorRef Fleet, EventInlet Events, Branch? Branch = null, bool StoresCommands = false);

/// <summary>
/// The table of endpoints: which actor an endpoint's options stand for. A new kind is one file and one row. The actor system's configuration must
/// contain <see cref="EndpointDispatchers.Hocon"/>.
/// </summary>
public static class EndpointTable
{
    /// <summary>Whether start-up waits for the endpoint's socket to be bound.</summary>
    public static bool Listens(EndpointOptions options) => options is TcpEndpointOptions or ModbusTcpEndpointOptions;

    /// <summary>Whether sockets hang below the actor itself, so that it is never restarted.</summary>
    public static bool KeepsSockets(EndpointOptions options) => Listens(options) || options is CentreEndpointOptions { ReplayRegistration: true };
    /// <summary>Whether it is to hear the register's rows.</summary>
    public static bool FollowsRegister(EndpointOptions options) => options is TcpEndpointOptions { Ports: not null } or ModbusTcpEndpointOptions { Ports: not null };

    public static Props Props(EndpointOptions options, EndpointSurroundings surroundings) => options switch
    {
        SerialEndpointOptions serial => SerialActor.Props(serial, surroundings, new SerialPortOpener(serial)),
        PtyEndpointOptions pty => SerialActor.Props(pty, surroundings, new PtyOpener(pty.Link)),
        TcpEndpointOptions { Ports: { } ports } tcp => PortRangeActor.Props(
            tcp, tcp.Address, ports, surroundings, exclusive: tcp.Clients == TcpClients.Exclusive, (_, port) => tcp with { Port = port, Ports = null }),
        ModbusTcpEndpointOptions { Ports: { } ports } modbus => PortRangeActor.Props(
            modbus, modbus.Address, ports, surroundings, exclusive: false, (dtu, port) => modbus with { Port = port, Ports = null, Units = new PassthroughUnitDictionary(dtu) }),
        TcpEndpointOptions tcp => TcpEndpointActor.Props(tcp, surroundings),
        ModbusTcpEndpointOptions modbus => ModbusTcpActor.Props(modbus, surroundings),
        MqttEndpointOptions mqtt => MqttActor.Props(mqtt, surroundings),
        CentreEndpointOptions centre => CentreActor.Props(centre, surroundings),
        _ => throw new NotSupportedException($"{options.KeyPath}: no endpoint of kind '{options.Kind}'"),
    };
}

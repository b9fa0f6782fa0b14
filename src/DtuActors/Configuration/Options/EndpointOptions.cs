using System.Collections.Immutable;
using System.IO.Ports;
using System.Net;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;

namespace DtuActors.Configuration;

/// <summary>To which of several DTUs a downlink without an address goes; one DTU needs no choice.</summary>
public enum DownlinkSelect
{
    /// <summary>Not chosen: right where at most one DTU can be meant.</summary>
    None,

    /// <summary>To all that are online.</summary>
    Broadcast,

    /// <summary>To the one that spoke last.</summary>
    LastSpeaker,

    /// <summary>To the one that the Modbus address in it means.</summary>
    UnitMap,
}

/// <summary>One block of <c>endpoints</c>: something on the other side.</summary>
public abstract record EndpointOptions
{
    public required string Name { get; init; }

    /// <summary>The key path in configuration, for messages: <c>dtu.endpoints.scada</c>.</summary>
    public required string KeyPath { get; init; }

    /// <summary>The word of <c>kind</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>On which nodes of a cluster it is.</summary>
    public EndpointHome Home { get; init; } = EndpointHome.Each;

    public DownlinkSelect Select { get; init; }

    /// <summary>Whether each of its downlinks says which DTU it is for, so that <see cref="Select"/> has nothing to choose.</summary>
    public virtual bool NamesItsDtus => false;
}

/// <summary>An endpoint that carries a stream of bytes: how they are put together to frames, and how much waits for it.</summary>
public abstract record StreamEndpointOptions : EndpointOptions
{
    public FramingOptions Framing { get; init; } = new();

    /// <summary>Which slave of which DTU an address is, where <see cref="DownlinkSelect.UnitMap"/> is chosen; else empty.</summary>
    public ImmutableDictionary<byte, ModbusUnitOptions> Units { get; init; } = ImmutableDictionary<byte, ModbusUnitOptions>.Empty;

    /// <summary>The most bytes that wait to be written.</summary>
    public int Buffer { get; init; } = 64 * 1024;

    /// <summary>The longest that bytes wait while the endpoint is down; older ones are dropped as <c>too-old</c>.</summary>
    public TimeSpan BufferAge { get; init; } = TimeSpan.FromSeconds(30);
}

public sealed record SerialEndpointOptions : StreamEndpointOptions
{
    public override string Kind => "serial";

    /// <summary><c>COM3</c>, <c>/dev/ttyUSB0</c>.</summary>
    public required string Device { get; init; }

    public int Baud { get; init; } = 9600;

    public int DataBits { get; init; } = 8;

    public Parity Parity { get; init; } = Parity.None;

    public StopBits StopBits { get; init; } = StopBits.One;

    public Handshake FlowControl { get; init; } = Handshake.None;

    public ReopenOptions Reopen { get; init; } = new();
}

/// <summary>A virtual COM port (Linux): a pseudo-terminal under a stable link.</summary>
public sealed record PtyEndpointOptions : StreamEndpointOptions
{
    public override string Kind => "pty";

    /// <summary>The link's full path.</summary>
    public required string Link { get; init; }

    public ReopenOptions Reopen { get; init; } = new();
}

public enum TcpClients
{
    /// <summary>One client at a time; a second is turned away.</summary>
    Exclusive,

    /// <summary>Many read; one at a time writes.</summary>
    Shared,
}

/// <summary>What a TCP port speaks to its clients.</summary>
public enum TcpProtocol
{
    /// <summary>The line's bytes and nothing else.</summary>
    Raw,

    /// <summary>Telnet with RFC 2217's COM-PORT-OPTION, for virtual COM ports.</summary>
    Rfc2217,
}

/// <summary>A TCP port for software that reads and writes an instrument's bytes.</summary>
public sealed record TcpEndpointOptions : StreamEndpointOptions
{
    public override string Kind => "tcp";

    public override bool NamesItsDtus => Ports is not null;

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0: any free port. Nothing where there are <see cref="Ports"/>.</summary>
    public required int Port { get; init; }

    public TcpProtocol Protocol { get; init; } = TcpProtocol.Raw;

    /// <summary>One port per DTU of the register; null: <see cref="Port"/> alone.</summary>
    public PortRange? Ports { get; init; }

    public TcpClients Clients { get; init; } = TcpClients.Exclusive;

    public int MaxClients { get; init; } = 64;
}

/// <summary>A Modbus TCP server: masters ask units, DTUs' slaves answer.</summary>
public sealed record ModbusTcpEndpointOptions : EndpointOptions
{
    public override string Kind => "modbus-tcp";

    public override bool NamesItsDtus => true;

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0: any free port. Nothing where there are <see cref="Ports"/>.</summary>
    public required int Port { get; init; }

    /// <summary>One port per DTU of the register, its units passed through; null: <see cref="Port"/> alone.</summary>
    public PortRange? Ports { get; init; }

    /// <summary>Which slave of which DTU a unit (0 to 255) is.</summary>
    public IReadOnlyDictionary<byte, ModbusUnitOptions> Units { get; init; } = ImmutableDictionary<byte, ModbusUnitOptions>.Empty;

    public int MaxClients { get; init; } = 64;
}

/// <summary>A slave (0 to 255) behind a DTU. 0 is all of them: a broadcast, which nobody answers.</summary>
public sealed record ModbusUnitOptions(DtuId Dtu, byte Slave);

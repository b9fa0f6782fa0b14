using System.Collections.Immutable;
using System.Globalization;
using System.IO.Ports;
using System.Net;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Configuration;

/// <summary>Binds <c>endpoints</c>: one method per kind.</summary>
internal sealed class EndpointBinder(Names names, Sockets sockets, Func<DtuId, DtuId> canonical)
{
    private readonly Dictionary<(string Node, string Device), string> _devices = [];
    private readonly Dictionary<string, Sockets> _elsewhere = new(StringComparer.Ordinal);

    // The other node that the endpoint is on which is bound now; empty: it may be on this one.
    private string _there = "";

    /// <summary>Where each endpoint stands, for what routes say of it.</summary>
    public Dictionary<string, HoconPosition> Positions { get; } = new(StringComparer.Ordinal);

    /// <summary>Every name under <c>endpoints</c>, of those that are wrong too: a route to them is no second fault.</summary>
    public HashSet<string> Known { get; } = new(StringComparer.Ordinal);

    public ImmutableArray<EndpointOptions> Bind(BlockReader root)
    {
        var endpoints = ImmutableArray.CreateBuilder<EndpointOptions>();
        foreach (var (member, value, path) in root.Map("endpoints"))
        {
            names.Take(member.Key, path, member.Position);
            Known.Add(member.Key);
            if (Kinds.Choose(root.Context, value, path, "kind", null, Schema.Endpoints) is not { } block)
            {
                continue;
            }

            var kind = block.Text("kind") ?? "";
            var home = ClusterBinder.Home(block, kind);
            _there = home.MayBeOn(root.Context.NodeName) ? "" : home.Node!;
            var at = SocketsThere(root.Context);
            EndpointOptions? endpoint = kind switch
            {
                "serial" => Serial(member.Key, block),
                "pty" => Pty(member.Key, block),
                "tcp" => Tcp(member.Key, block, at),
                "modbus-tcp" => ModbusTcp(member.Key, block, at),
                "mqtt" => MqttBinder.Bind(member.Key, block),
                _ => Stream(block, new FramingOptions(), CentreBinder.Bind(member.Key, block, at)),
            };
            if (endpoint is not null)
            {
                Positions[member.Key] = member.Position;
                endpoints.Add(endpoint with { Home = home });
            }
        }

        return endpoints.ToImmutable();
    }

    private SerialEndpointOptions Serial(string name, BlockReader block)
    {
        var device = block.RequiredText("device", "as COM3 or /dev/ttyUSB0") ?? "";
        if (device.Any(char.IsControl))
        {
            block.Fault("device", "a control character: a single backslash before a letter is an escape", "as COM3, \"\\\\\\\\.\\\\COM10\", /dev/ttyUSB0");
        }
        else if (device.Contains('/', StringComparison.Ordinal))
        {
            device = block.Context.FullPath(block.PositionOf("device"), device);
        }

        Claim(block, "device", device);
        return Stream(block, FramingBinder.Line, new SerialEndpointOptions
        {
            Name = name,
            KeyPath = block.Path,
            Device = device,
            Baud = block.Integer("baud", 9600, 50, 4_000_000),
            DataBits = block.Integer("data-bits", 8, 5, 8),
            Parity = block.Word("parity", "none", "none", "odd", "even", "mark", "space") switch
            {
                "odd" => Parity.Odd,
                "even" => Parity.Even,
                "mark" => Parity.Mark,
                "space" => Parity.Space,
                _ => Parity.None,
            },
            StopBits = block.Word("stop-bits", "1", "1", "1.5", "2") switch
            {
                "1.5" => StopBits.OnePointFive,
                "2" => StopBits.Two,
                _ => StopBits.One,
            },
            FlowControl = block.Word("flow-control", "none", "none", "rts-cts", "xon-xoff") switch
            {
                "rts-cts" => Handshake.RequestToSend,
                "xon-xoff" => Handshake.XOnXOff,
                _ => Handshake.None,
            },
            Reopen = ListenerBinder.Reopen(block, Schema.EndpointReopen),
        });
    }

    private PtyEndpointOptions Pty(string name, BlockReader block)
    {
        if (block.Context.IsWindows && _there.Length == 0)
        {
            block.Fault("kind", "'pty' exists on Linux only", "serial with one end of a com0com pair, or tcp");
        }

        var link = block.FilePath("link", required: true) ?? "";
        Claim(block, "link", link);
        return Stream(block, FramingBinder.Line, new PtyEndpointOptions { Name = name, KeyPath = block.Path, Link = link, Reopen = ListenerBinder.Reopen(block, Schema.EndpointReopen) });
    }

    private TcpEndpointOptions Tcp(string name, BlockReader block, Sockets at)
    {
        var (address, port, ports) = EndpointPorts.Bind(block, at);
        if (ports is not null && block.Has("select"))
        {
            block.Fault("select", "stands beside ports: each DTU has its own, which says for whom a downlink is", "no select");
        }

        return Stream(block, new FramingOptions(), new TcpEndpointOptions
        {
            Name = name,
            KeyPath = block.Path,
            Address = address,
            Port = port,
            Protocol = block.Word("protocol", "raw", "raw", "rfc2217") == "rfc2217" ? TcpProtocol.Rfc2217 : TcpProtocol.Raw,
            Ports = ports,
            Clients = block.Word("clients", "exclusive", "exclusive", "shared") == "shared" ? TcpClients.Shared : TcpClients.Exclusive,
            MaxClients = block.Integer("max-clients", 64, 1, 10_000),
        });
    }

    private ModbusTcpEndpointOptions ModbusTcp(string name, BlockReader block, Sockets at)
    {
        var (address, port, ports) = EndpointPorts.Bind(block, at);
        return new ModbusTcpEndpointOptions
        {
            Name = name,
            KeyPath = block.Path,
            Address = address,
            Port = port,
            Ports = ports,
            Units = block.Has("ports") ? EndpointPorts.CheckUnits(block) : Units(block),
            MaxClients = block.Integer("max-clients", 64, 1, 10_000),
        };
    }

    private ImmutableDictionary<byte, ModbusUnitOptions> Units(BlockReader block)
    {
        const string Form = "units { 1 { dtu = \"13800138000\", slave = 1 } }";
        var units = ImmutableDictionary.CreateBuilder<byte, ModbusUnitOptions>();
        block.Missing("units", Form);
        if (block.Find("units") is HoconScalar { Text: EndpointPorts.Passthrough })
        {
            block.Fault("units", "passes units through, and one port does not say to which DTU", $"ports beside it (one port per DTU), or {Form}");
            return units.ToImmutable();
        }

        foreach (var (member, value, path) in block.Map("units"))
        {
            var number = Scalars.Integer(member.Key);
            if (number is not (>= 0 and <= 255))
            {
                block.Context.Fault(path, member.Position, $"'{KeyPath.Shown(member.Key)}' is no unit", "a number from 0 to 255");
            }

            var unit = new BlockReader(block.Context, value, Schema.Unit, path);
            unit.Missing("dtu", "the DTU's id");
            var slave = unit.Integer("slave", (int)(number is >= 0 and <= 255 ? number : 1), 0, 255);
            if (unit.Id("dtu") is { } dtu && number is >= 0 and <= 255 && !units.TryAdd((byte)number, new ModbusUnitOptions(canonical(dtu), (byte)slave)))
            {
                block.Context.Fault(path, member.Position, $"unit {number} is there twice", null);
            }
        }

        if (block.Find("units") is HoconObject { Members.Count: 0 })
        {
            block.Fault("units", "is empty: the port would answer nobody", Form);
        }

        return units.ToImmutable();
    }

    /// <summary>What every endpoint that carries a stream has.</summary>
    private T Stream<T>(BlockReader block, FramingOptions framing, T endpoint)
        where T : StreamEndpointOptions => WithUnits(block, endpoint with
        {
            Framing = FramingBinder.Bind(block.Nested("framing", Schema.EndpointFraming), framing),
            Buffer = block.Size("buffer", endpoint.Buffer, 1024, 64 * 1024 * 1024),
            BufferAge = block.Duration("buffer-age", endpoint.BufferAge),
            Select = block.Word("select", "none", "none", "broadcast", "last-speaker", "unit-map") switch
            {
                "broadcast" => DownlinkSelect.Broadcast,
                "last-speaker" => DownlinkSelect.LastSpeaker,
                "unit-map" => DownlinkSelect.UnitMap,
                _ => DownlinkSelect.None,
            },
        });

    private T WithUnits<T>(BlockReader block, T endpoint)
        where T : StreamEndpointOptions
    {
        if (endpoint.Select is not DownlinkSelect.UnitMap)
        {
            if (block.Has("units"))
            {
                block.Fault("units", "says which DTU a Modbus address means, and nothing asks for it", "select = unit-map beside it");
            }

            return endpoint;
        }

        if (!ModbusUnit.IsIn(endpoint.Framing.Codec))
        {
            block.Fault("select", $"unit-map needs frames that begin with a Modbus address, and {endpoint.Framing.Codec} cuts others", "framing { codec = modbus-rtu, role = requests }, or modbus-ascii");
        }

        if (block.Find("units") is HoconScalar { Text: "passthrough" })
        {
            block.Fault("units", "is a word, and this line's addresses are of several DTUs", "units { 1 { dtu = \"13800138000\", slave = 1 } }");
        }

        return endpoint with { Units = Units(block) };
    }

    // Another node's ports and devices are its own: of this node's sockets none is in their way.
    private Sockets SocketsThere(BindingContext context)
    {
        if (_there.Length == 0)
        {
            return sockets;
        }

        if (!_elsewhere.TryGetValue(_there, out var there))
        {
            _elsewhere[_there] = there = new Sockets(context);
        }

        return there;
    }

    private void Claim(BlockReader block, string key, string device)
    {
        if (device.Length > 0 && !_devices.TryAdd((_there, device), block.Path))
        {
            block.Fault(key, $"'{KeyPath.Shown(device)}' is already {_devices[(_there, device)]}'s", $"a {key} of its own");
        }
    }
}

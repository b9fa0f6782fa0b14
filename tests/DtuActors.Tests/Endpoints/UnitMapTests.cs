using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;
using DtuActors.Routing;
using DtuActors.Sessions;
using Xunit;

namespace DtuActors.Tests.Endpoints;

/// <summary>A master of one line on a real socket, whose addresses are slaves of two DTUs; the test answers as the router.</summary>
public sealed class UnitMapTests : EndpointSpec
{
    private static readonly DtuId Pump = DtuId.Parse("pump");
    private static readonly DtuId Well = DtuId.Parse("well");
    private static readonly byte[] ReadTwo = [0x03, 0x00, 0x00, 0x00, 0x02];
    private static readonly byte[] Registers = [0x03, 0x04, 0x00, 0x2A, 0x00, 0x2B];

    private long _came;

    private async Task<(IActorRef Endpoint, TcpClient Master)> StartAsync(string codec, params (byte Unit, DtuId Dtu, byte Slave)[] units)
    {
        var endpoint = Start(TcpEndpointActor.Props(
            new TcpEndpointOptions
            {
                Name = "line",
                KeyPath = "dtu.endpoints.line",
                Port = 0,
                Select = DownlinkSelect.UnitMap,
                Framing = new FramingOptions { Codec = codec, Role = ModbusRole.Requests },
                Units = units.ToImmutableDictionary(unit => unit.Unit, unit => new ModbusUnitOptions(unit.Dtu, unit.Slave)),
            },
            Surroundings));
        var address = IPEndPoint.Parse(Above.ExpectMsg<Binding.SocketBound>().Address);
        var master = new TcpClient { NoDelay = true };
        await master.ConnectAsync(address);
        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Clients), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(10));
        Assert.Equal(DownlinkSelect.UnitMap, Router.ExpectMsg<Registry.EndpointStarted>().Select);
        return (endpoint, master);
    }

    private void Means(DtuId dtu, byte[] frame)
    {
        var downlink = Router.ExpectMsg<Relay.Downlink>();
        Assert.Equal(dtu, downlink.To);
        Assert.Equal(frame, downlink.Frame!.Payload.ToArray());
    }

    private void Says(IActorRef endpoint, DtuId dtu, byte[] frame)
    {
        _came += frame.Length;
        endpoint.Tell(new Relay.Deliver(Session, dtu.Value, dtu, new Epoch(1, 1), new Frame(frame, FrameDirection.Up, "modbus-rtu", Sys.Scheduler.Now), _came, true));
    }

    private static async Task<byte[]> ReadAsync(TcpClient master, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var bytes = new byte[count];
        await master.GetStream().ReadExactlyAsync(bytes, limit.Token);
        return bytes;
    }

    [Theory]
    [InlineData("modbus-rtu")]
    [InlineData("modbus-ascii")]
    public async Task The_address_says_whom_a_request_is_for_and_comes_back_in_the_answer(string codec)
    {
        byte[] Frame(byte unit, byte[] pdu) => codec == "modbus-rtu" ? ModbusRtu.Build(unit, pdu) : ModbusAscii.Build(unit, pdu);
        var (endpoint, master) = await StartAsync(codec, (1, Pump, 1), (2, Well, 1), (3, Well, 9));
        using var closes = master;
        foreach (var (unit, dtu, slave) in new[] { ((byte)2, Well, (byte)1), ((byte)1, Pump, (byte)1), ((byte)3, Well, (byte)9) })
        {
            await master.GetStream().WriteAsync(Frame(unit, ReadTwo));
            Means(dtu, Frame(slave, ReadTwo));
            Says(endpoint, dtu, Frame(slave, Registers));
            Assert.Equal(Frame(unit, Registers), await ReadAsync(master, Frame(unit, Registers).Length));
        }

        AddsUp(StatusOf(endpoint).Up);
        AddsUp(StatusOf(endpoint).Down);
    }

    [Fact]
    public async Task An_address_that_is_nobodys_is_dropped_and_counted_either_way()
    {
        var (endpoint, master) = await StartAsync("modbus-rtu", (1, Pump, 1));
        using var closes = master;
        await master.GetStream().WriteAsync(ModbusRtu.Build(9, ReadTwo));
        await master.GetStream().WriteAsync(ModbusRtu.Build(1, ReadTwo));
        Means(Pump, ModbusRtu.Build(1, ReadTwo));

        Says(endpoint, Pump, ModbusRtu.Build(7, Registers));
        Assert.Equal(_came, ExpectTaken().Through);
        Says(endpoint, Well, ModbusRtu.Build(1, Registers));
        Says(endpoint, Pump, "noise"u8.ToArray());
        Says(endpoint, Pump, ModbusRtu.Build(1, Registers));
        Assert.Equal(ModbusRtu.Build(1, Registers), await ReadAsync(master, 9));
        AwaitAssert(() => Assert.Equal(0, StatusOf(endpoint).Up.Waiting));
        var status = StatusOf(endpoint);
        Assert.Equal((1, 3), (status.Down.Dropped[RelayDrops.NoUnit], status.Up.Dropped[RelayDrops.NoUnit]));
        AddsUp(status.Up);
        AddsUp(status.Down);
    }

    [Fact]
    public async Task A_broadcast_goes_to_every_DTU_of_the_map_once()
    {
        var (_, master) = await StartAsync("modbus-rtu", (1, Pump, 1), (2, Well, 1), (3, Well, 2), (4, Pump, 0));
        using var closes = master;
        byte[] write = [0x06, 0, 1, 0, 1];
        await master.GetStream().WriteAsync(ModbusRtu.Build(0, write));
        var heard = new[] { Router.ExpectMsg<Relay.Downlink>(), Router.ExpectMsg<Relay.Downlink>() };
        Assert.Equal(["pump", "well"], heard.Select(downlink => downlink.To!.Value.Value).Order(StringComparer.Ordinal));
        Assert.All(heard, downlink => Assert.Equal(ModbusRtu.Build(0, write), downlink.Frame!.Payload.ToArray()));

        await master.GetStream().WriteAsync(ModbusRtu.Build(4, write));
        Means(Pump, ModbusRtu.Build(0, write));
        Router.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task Where_two_addresses_are_one_slave_the_answer_is_for_the_one_that_asked()
    {
        var (endpoint, master) = await StartAsync("modbus-rtu", (0, Pump, 5), (1, Pump, 1), (11, Pump, 1));
        using var closes = master;
        foreach (var (unit, slave) in new (byte, byte)[] { (11, 1), (1, 1), (11, 1), (0, 5) })
        {
            await master.GetStream().WriteAsync(ModbusRtu.Build(unit, ReadTwo));
            Means(Pump, ModbusRtu.Build(slave, ReadTwo));
            Says(endpoint, Pump, ModbusRtu.Build(slave, Registers));
            Assert.Equal(ModbusRtu.Build(unit, Registers), await ReadAsync(master, 9));
        }
    }
}

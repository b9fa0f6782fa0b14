using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Endpoints.Mqtt;
using MQTTnet.Exceptions;

namespace DtuActors.Tests.Endpoints.Mqtt;

/// <summary>What a broker may do to the gateway, by a socket that says what no broker should.</summary>
public sealed class HostileBrokerTests : ActorSpec
{
    private static readonly byte[] TakesFive = [0x20, 3, 0, 0, 0];
    private static readonly byte[] TakesThree = [0x20, 2, 0, 0];

    [Theory]
    [InlineData(false, "30FFFFFF7F", 2_097_151)]
    [InlineData(false, "30818010", 262_145)]
    [InlineData(true, "30FFFFFF7F", 268_435_455)]
    [InlineData(true, "3081808008", 16_777_217)]
    public async Task A_packet_that_is_announced_longer_than_any_may_be_ends_the_connection_before_room_is_made_for_it(bool older, string header, int length)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = CreateTestProbe("endpoint");
        var options = new MqttEndpointOptions { Name = "broker", KeyPath = "dtu.endpoints.broker", Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port, ClientId = "c", Node = "gw" };
        endpoint.ChildActorOf(MqttLinkActor.Props(options, "dtu/gateway/gw/state", older));
        using var broker = await listener.AcceptSocketAsync();
        Assert.NotEqual(0, await broker.ReceiveAsync(new byte[1024]));
        await broker.SendAsync(older ? TakesThree : TakesFive);
        endpoint.ExpectMsg<Linking.Opened>();
        await broker.SendAsync(Convert.FromHexString(header));
        Assert.Contains($"a packet of {length} bytes", endpoint.ExpectMsg<Linking.Lost>().Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Packets_up_to_the_bound_pass_however_they_are_cut()
    {
        var lengths = new PacketLengths(200);
        byte[] stream = [0xD0, 0, 0x30, 0xC8, 1, .. new byte[200], 0x30, 3, 0xFF, 0xFF, 0xFF, 0x40, 2, 0, 1];
        lengths.Take(stream);
        foreach (var one in stream)
        {
            lengths.Take([one]);
        }

        lengths.Take([0x30, 0xC9]);
        Assert.Throws<MqttProtocolViolationException>(() => lengths.Take([1]));
    }
}

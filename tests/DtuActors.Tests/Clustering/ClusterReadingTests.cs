using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Configuration;
using DtuActors.Protocol;

namespace DtuActors.Tests.Clustering;

/// <summary>Whichever of two gateways is asked, the answer is both gateways'.</summary>
public sealed class ClusterReadingTests
{
    private static GatewayOptions Of(TestNode node) => Options.Gateway().With(Options.Dtu("never")) with
    {
        Node = new NodeOptions { Name = node.Name },
        Cluster = node.Options,
        Listeners = [Options.Listener()],
        Endpoints = [new TcpEndpointOptions { Name = "all", KeyPath = "dtu.endpoints.all", Port = 0, Home = EndpointHome.Each }],
    };

    [Fact]
    public async Task Every_reading_question_is_answered_for_both_nodes_by_either()
    {
        await using var north = TestNode.Start("north");
        await using var south = TestNode.Start("south", north);
        var first = new DtuGateway(north.System, Of(north));
        var portNorth = await StartedAsync(first);
        var second = new DtuGateway(south.System, Of(south));
        var portSouth = await StartedAsync(second);

        using var a = await ConnectAsync(portNorth, "dtu-a");
        using var b = await ConnectAsync(portSouth, "dtu-b");
        foreach (var gateway in (DtuGateway[])[first, second])
        {
            await north.Kit.AwaitAssertAsync(async () =>
            {
                var page = await gateway.ListDtusAsync(new DtuFilter(), 10, null, default);
                Assert.Equal("dtu-a Online north, dtu-b Online south, never Offline ", string.Join(", ", page.Items.Select(dtu => $"{dtu.Id} {dtu.State} {dtu.Node}")));
                var counts = await gateway.FleetCountsAsync(default);
                Assert.Equal((2, 1, 2L), (counts.Online, counts.Offline, counts.Sessions));
                Assert.Equal((3, "dtu-b"), Show(await gateway.SearchDtusAsync(new DtuFilter(), 1, 1, default)));
                Assert.Equal(["north", "south"], (await gateway.EndpointsAsync(default)).Select(endpoint => endpoint.Node));
                Assert.Equal(["main north", "main south"], (await gateway.ListenersAsync(default)).Select(listener => $"{listener.Name} {listener.Node}"));
                Assert.Equal(
                    ["north up 1", "south up 1"], (await gateway.NodesAsync(default)).Select(node => $"{node.Name} {node.State} {node.Process?.Sessions}"));
            }, TestNode.Patience);
        }

        Assert.Equal(["dtu-a"], (await second.ListDtusAsync(new DtuFilter(), 1, null, default)).Items.Select(dtu => dtu.Id.Value));
        Assert.Single(await second.SessionsAsync(DtuId.Parse("dtu-a"), default));

        // It goes to the other node, and is there once.
        using var again = await ConnectAsync(portSouth, "dtu-a");
        await north.Kit.AwaitAssertAsync(async () => Assert.Equal("south", (await first.FindDtuAsync(DtuId.Parse("dtu-a"), default))?.Node), TestNode.Patience);
        await again.SendAsync(Encoding.ASCII.GetBytes("hello"));
        foreach (var gateway in (DtuGateway[])[first, second])
        {
            await north.Kit.AwaitAssertAsync(async () =>
            {
                var dtu = await gateway.FindDtuAsync(DtuId.Parse("dtu-a"), default);
                Assert.Equal((DtuState.Online, "south", 1L), (dtu!.State, dtu.Node, dtu.Reconnects));
                var counts = await gateway.FleetCountsAsync(default);
                Assert.Equal((2, 1, 3L), (counts.Online, counts.Offline, counts.Sessions));
                Assert.Equal(2, (await gateway.SessionsAsync(DtuId.Parse("dtu-a"), default)).Length);
                Assert.Equal("hello", string.Concat((await gateway.FramesAsync(DtuId.Parse("dtu-a"), null, null, 10, null, default)).Items.Select(frame => Encoding.ASCII.GetString(frame.Payload.Span))));
            }, TestNode.Patience);
        }

        // A node that is stopped in good order takes its DTUs with it; they are offline until they are back.
        await second.StopAsync().WaitAsync(TestNode.Patience);
        await south.LeaveAsync();
        await north.Kit.AwaitAssertAsync(async () =>
        {
            var counts = await first.FleetCountsAsync(default);
            Assert.Equal((0, 3), (counts.Online, counts.Offline));
            Assert.Equal(["north up"], (await first.NodesAsync(default)).Select(node => $"{node.Name} {node.State}"));
        }, TestNode.Patience);
        await first.StopAsync().WaitAsync(TestNode.Patience);
    }

    private static (int Total, string Ids) Show(DtuSearch search) => (search.Total, string.Join(' ', search.Items.Select(item => item.Id.Value)));

    private static async Task<int> StartedAsync(DtuGateway gateway)
    {
        var port = 0;
        await foreach (var happened in gateway.StartUp.ReadAllAsync().WithCancellation(new CancellationTokenSource(TestNode.Patience).Token))
        {
            if (happened is StartUpEvent.Bound { Name: "main" } bound)
            {
                port = IPEndPoint.Parse(bound.Address).Port;
            }
        }

        return port;
    }

    private static async Task<Socket> ConnectAsync(int port, string id)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(id));
        return socket;
    }
}

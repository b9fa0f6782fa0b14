using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Configuration;

namespace DtuActors.Tests.Clustering;

/// <summary>Two whole gateways that are one.</summary>
public sealed class ClusteredGatewayTests
{
    private static GatewayOptions Of(TestNode node, int peer) => Options.Gateway() with
    {
        Node = new NodeOptions { Name = node.Name },
        Cluster = node.Options,
        Listeners = [Options.Listener()],
        Dialers = [new DialerOptions { Name = "dialled", KeyPath = "dtu.dialers.dialled", Host = "127.0.0.1", Port = peer, Profile = "default" }],
        Endpoints = [Tcp("all", EndpointHome.Each), Tcp("once", EndpointHome.One), Tcp("there", EndpointHome.At("south"))],
    };

    private static TcpEndpointOptions Tcp(string name, EndpointHome home) => new() { Name = name, KeyPath = $"dtu.endpoints.{name}", Port = 0, Home = home };

    private static async Task<List<string>> StartedAsync(DtuGateway gateway)
    {
        var bound = new List<string>();
        await foreach (var happened in gateway.StartUp.ReadAllAsync().WithCancellation(new CancellationTokenSource(TestNode.Patience).Token))
        {
            bound.Add(happened is StartUpEvent.Bound socket ? socket.Name : happened.GetType().Name);
        }

        return bound;
    }

    [Fact]
    public async Task Each_has_its_own_and_what_there_is_once_moves_with_the_owner()
    {
        using var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        peer.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        peer.Listen();
        var port = ((IPEndPoint)peer.LocalEndPoint!).Port;
        await using var north = TestNode.Start("north");
        await using var south = TestNode.Start("south", north);
        var first = new DtuGateway(north.System, Of(north, port));
        Stops(north.System, first);
        var bound = await StartedAsync(first);
        Assert.Equal(["Ready", "all", "cluster", "main"], bound.Where(name => name != "once").Order(StringComparer.Ordinal));
        using var dialled = await peer.AcceptAsync(new CancellationTokenSource(TestNode.Patience).Token);
        await UntilAsync(north, first, "all", "once");

        var second = new DtuGateway(south.System, Of(south, port));
        Stops(south.System, second);
        Assert.Equal(["Ready", "all", "cluster", "main", "there"], (await StartedAsync(second)).Order(StringComparer.Ordinal));
        Assert.Equal(["all", "there"], await EndpointsAsync(second));

        // What a reload says of it holds where it is.
        var options = Of(south, port) with { Endpoints = [Tcp("all", EndpointHome.Each), Tcp("once", EndpointHome.One), Tcp("there", EndpointHome.At("north"))] };
        Assert.IsType<Reloading.Applied>(await second.ReloadAsync(options).WaitAsync(TestNode.Patience));
        Assert.IsType<Reloading.Applied>(await first.ReloadAsync(options with { Node = first.Options.Node, Cluster = first.Options.Cluster }).WaitAsync(TestNode.Patience));
        await UntilAsync(north, first, "all", "once", "there");
        await UntilAsync(south, second, "all");

        await north.LeaveAsync();
        using var again = await peer.AcceptAsync(new CancellationTokenSource(TestNode.Patience).Token);
        await UntilAsync(south, second, "all", "once");
        Assert.Null(first.OutOfCluster);
        await second.StopAsync().WaitAsync(TestNode.Patience);
    }

    // As WithDtuGateway has it.
    private static void Stops(ActorSystem system, DtuGateway gateway) =>
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceUnbind, "dtu-gateway", async () =>
        {
            gateway.StopsBecause(CoordinatedShutdown.Get(system).ShutdownReason);
            await gateway.StopAsync();
            return Akka.Done.Instance;
        });

    private static async Task<string[]> EndpointsAsync(DtuGateway gateway) => [.. (await gateway.Here.EndpointsAsync(CancellationToken.None)).Select(endpoint => endpoint.Name)];

    private static Task UntilAsync(TestNode node, DtuGateway gateway, params string[] names) =>
        node.Kit.AwaitAssertAsync(async () => Assert.Equal(names, await EndpointsAsync(gateway)), TestNode.Patience);
}

using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Clustering.Reloads;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Recording;

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

    [Fact]
    public async Task Any_node_shows_the_events_and_alarms_of_all_and_reloads_all()
    {
        await using var north = TestNode.Start("north");
        await using var south = TestNode.Start("south", north);
        var first = new DtuGateway(north.System, Alone(north));
        var listener = await MainAsync(first);
        var second = new DtuGateway(south.System, Alone(south));
        await MainAsync(second);
        await MetAsync(south, second);
        await MetAsync(north, first);

        using var seen = await second.ObserveAsync([DtuId.Parse("pump-7")]);
        using var all = await second.ObserveAsync(null);
        using var device = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await device.ConnectAsync(IPEndPoint.Parse(listener));
        await device.SendAsync("pump-7"u8.ToArray());
        Assert.Equal("pump-7", (await NextAsync<DtuOnline>(seen)).Dtu.Value);

        // Each trouble once, whoever is asked.
        await north.Kit.AwaitAssertAsync(
            async () =>
            {
                var alarm = Assert.Single(await first.AlarmsAsync(CancellationToken.None));
                Assert.Equal(("ghost", "north"), (alarm.Subject, alarm.Node));
                Assert.Equal(alarm, Assert.Single(await second.AlarmsAsync(CancellationToken.None)));
            },
            TestNode.Patience);

        using var turns = Turn(first, Alone(north) with { Endpoints = [Tcp("new", EndpointHome.Each)] });
        using var other = Turn(second, Alone(south) with { Endpoints = [Tcp("new", EndpointHome.Each)] });
        var result = await new ReloadRound(await second.ReloadPeersAsync(other, "HTTP"), TimeProvider.System).RunAsync(CancellationToken.None).WaitAsync(TestNode.Patience);
        Assert.Equal([("north", ReloadState.Applied), ("south", ReloadState.Applied)], result.Words.Select(row => (row.Node, row.Word.State)));
        Assert.All(result.Words, row => Assert.Equal("new", Assert.Single(row.Word.Change!.Endpoints.Added)));
        Assert.Equal(["new"], await EndpointsAsync(first));
        var nodes = new HashSet<string?>();
        while (nodes.Count < 2)
        {
            nodes.Add((await NextAsync<EndpointChanged>(all)).Node);
        }

        Assert.Equal(["north", "south"], nodes.Order(StringComparer.Ordinal));
        await second.StopAsync().WaitAsync(TestNode.Patience);
        await first.StopAsync().WaitAsync(TestNode.Patience);
    }

    private static GatewayOptions Alone(TestNode node) => Options.Gateway().With(Options.Dtu("ghost")) with
    {
        Node = new NodeOptions { Name = node.Name },
        Cluster = node.Options,
        Listeners = [Options.Listener()],
        Alarms = new AlarmOptions { Every = TimeSpan.FromMilliseconds(200), DtuOffline = new OfflineAlarmOptions { After = TimeSpan.Zero } },
    };

    private static ReloadTurn Turn(DtuGateway gateway, GatewayOptions options)
    {
        var turn = new ReloadTurn(
            async () => (new ReloadWord(await gateway.TryReloadAsync(options) is Reloading.Applied ? ReloadState.Ready : ReloadState.Refused), options),
            async (next, _) => new ReloadWord(ReloadState.Applied) { Change = Assert.IsType<Reloading.Applied>(await gateway.ReloadAsync(next)).Change },
            TimeProvider.System);
        gateway.ServeReloads(turn);
        return turn;
    }

    private static async Task<string> MainAsync(DtuGateway gateway)
    {
        var address = "";
        await foreach (var happened in gateway.StartUp.ReadAllAsync().WithCancellation(new CancellationTokenSource(TestNode.Patience).Token))
        {
            address = happened is StartUpEvent.Bound { Name: "main" } socket ? socket.Address : address;
        }

        return address;
    }

    private static Task MetAsync(TestNode node, DtuGateway gateway) => node.Kit.AwaitAssertAsync(
        async () => Assert.Single(await gateway.Others.AskAsync<object, object>("alarms", new object(), CancellationToken.None)), TestNode.Patience);

    private static async Task<T> NextAsync<T>(IEventSubscription events)
        where T : FieldEvent
    {
        await foreach (var happened in events.Events.ReadAllAsync().WithCancellation(new CancellationTokenSource(TestNode.Patience).Token))
        {
            if (happened is T wanted)
            {
                return wanted;
            }
        }

        throw new InvalidOperationException("the stream ended");
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

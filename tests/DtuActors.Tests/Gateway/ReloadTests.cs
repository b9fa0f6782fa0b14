using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol;

namespace DtuActors.Tests.Gateway;

/// <summary>The whole tree on real sockets, given other options while it runs.</summary>
public sealed class ReloadTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ActorSystem _system = ActorSystem.Create("reload", ConfigurationFactory.ParseString(
        "akka { loglevel = OFF, stdout-loglevel = OFF, log-dead-letters = off, actor.guardian-supervisor-strategy = \"Akka.Actor.StoppingSupervisorStrategy\" }\n"
        + EndpointDispatchers.Hocon));

    private readonly List<Socket> _sockets = [];
    private GatewayOptions _options = null!;
    private DtuGateway _gateway = null!;
    private IPEndPoint _main = null!;

    public async Task InitializeAsync()
    {
        _options = Options.Gateway().With(Options.Route("dtu-1", "one")) with { Listeners = [Options.Listener()], Endpoints = [Tcp("one")] };
        _gateway = new DtuGateway(_system, _options);
        await foreach (var happened in _gateway.StartUp.ReadAllAsync().WithCancellation(new CancellationTokenSource(Patience).Token))
        {
            if (happened is StartUpEvent.Bound { Name: "main" } bound)
            {
                _main = IPEndPoint.Parse(bound.Address);
            }
        }
    }

    public async Task DisposeAsync()
    {
        await _gateway.StopAsync().WaitAsync(Patience);
        await _system.Terminate();
        _sockets.ForEach(socket => socket.Dispose());
    }

    private static TcpEndpointOptions Tcp(string name, int port = 0, string address = "127.0.0.1") =>
        new() { Name = name, KeyPath = $"dtu.endpoints.{name}", Port = port, Address = IPAddress.Parse(address), Clients = TcpClients.Shared };

    private async Task<Reloading.Applied> ApplyAsync(GatewayOptions options)
    {
        var applied = Assert.IsType<Reloading.Applied>(await _gateway.ReloadAsync(options).WaitAsync(Patience));
        Assert.Same(options, _gateway.Options);
        return applied;
    }

    [Fact]
    public async Task A_route_that_is_added_reaches_a_session_that_is_open_also_after_the_router_began_anew()
    {
        var dtu = await DtuAsync("dtu-2");
        var one = await ClientAsync("one");
        await ApplyAsync(_options with { Routes = [.. _options.Routes, Options.Route("dtu-2", "one")] });
        await HeardAsync(dtu, one);
        (await PartAsync("router")).Tell(Kill.Instance);
        await HeardAsync(dtu, one);
        Assert.Equal(2, (await _gateway.RoutesAsync(default)).Length);
    }

    [Fact]
    public async Task Endpoints_come_go_and_move()
    {
        var dtu = await DtuAsync("dtu-1");
        var before = await WhereAsync("one");
        var one = await ClientAsync("one");
        await HeardAsync(dtu, one);
        var applied = await ApplyAsync(_options with { Endpoints = [Tcp("one", address: "127.0.0.2"), Tcp("two")], Routes = [Options.Route("dtu-1", "one"), Options.Route("dtu-1", "two")] });
        string[] bound = [(await _gateway.BoundLater.ReadAsync()).Name, (await _gateway.BoundLater.ReadAsync()).Name];
        Assert.Equal(["one", "two"], bound.Order());
        Assert.Empty(applied.Down);
        await ClosedAsync(one);
        await RefusedAsync(before);
        await HeardAsync(dtu, await ClientAsync("one"));
        await HeardAsync(dtu, await ClientAsync("two"));

        await ApplyAsync(_options with { Endpoints = [], Routes = [] });
        await UntilAsync(async () => (await _gateway.EndpointsAsync(default)).IsEmpty);
        Assert.Empty(await _gateway.RoutesAsync(default));
        await ApplyAsync(_options);
        await HeardAsync(dtu, await ClientAsync("one"));
        Assert.Equal(DtuState.Online, (await _gateway.FindDtuAsync(DtuId.Parse("dtu-1"), default))!.State);
    }

    [Fact]
    public async Task Two_endpoints_swap_their_ports()
    {
        await ApplyAsync(_options with { Endpoints = [Tcp("one"), Tcp("two")] });
        var (one, two) = (await WhereAsync("one"), await WhereAsync("two"));
        await ApplyAsync(_options with { Endpoints = [Tcp("one", one.Port), Tcp("two", two.Port)] });
        var swapped = await ApplyAsync(_options with { Endpoints = [Tcp("one", two.Port), Tcp("two", one.Port)] });
        Assert.Empty(swapped.Down);
        Assert.Equal((two, one), (await WhereAsync("one"), await WhereAsync("two")));
    }

    [Fact]
    public async Task An_address_in_use_ends_nothing_and_is_told()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var applied = await ApplyAsync(_options with { Endpoints = [.. _options.Endpoints, Tcp("two", ((IPEndPoint)taken.LocalEndpoint).Port)] });
        Assert.Equal("two", Assert.Single(applied.Down).Name);
        taken.Stop();
        await UntilAsync(async () => (await _gateway.EndpointsAsync(default)).Single(endpoint => endpoint.Name == "two").State == "up");
        Assert.False(_gateway.Ended.IsCompleted);
    }

    [Fact]
    public async Task What_needs_a_restart_changes_nothing()
    {
        var answer = await _gateway.ReloadAsync(_options with { Listeners = [Options.Listener() with { MaxConnections = 1 }], Endpoints = [] });
        Assert.Equal(["dtu.listeners.main"], Assert.IsType<Reloading.RestartNeeded>(answer).KeyPaths.ToArray());
        Assert.Same(_options, _gateway.Options);
        Assert.Single(await _gateway.EndpointsAsync(default));
    }

    [Fact]
    public async Task DTUs_are_known_by_their_new_names_and_a_removed_one_stays_until_it_leaves()
    {
        var dtu = await DtuAsync("dtu-1");
        await ApplyAsync(_options.With(Options.Dtu("dtu-1", secret: "later") with { Name = "泵站" }, Options.Dtu("dtu-9")));
        Assert.Equal("泵站", (await _gateway.FindDtuAsync(DtuId.Parse("dtu-1"), default))!.Name);
        (await PartAsync("fleet")).Tell(Kill.Instance);
        await UntilAsync(async () => (await _gateway.FindDtuAsync(DtuId.Parse("dtu-9"), default)) is not null);
        await UntilAsync(async () => (await _gateway.FindDtuAsync(DtuId.Parse("dtu-1"), default)) is { State: DtuState.Online, Name: "泵站" });
        await HeardAsync(dtu, await ClientAsync("one"));

        // At its next registration the secret counts.
        await ClosedAsync(await SaidAsync("dtu-1\n"));
        await ApplyAsync(_options);
        Assert.Null(await _gateway.FindDtuAsync(DtuId.Parse("dtu-9"), default));
        await HeardAsync(dtu, await ClientAsync("one"));
    }

    [Fact]
    public async Task Reloads_at_once_are_done_one_after_the_other()
    {
        var many = Enumerable.Range(0, 20).Select(i => _options with { Endpoints = [.. _options.Endpoints, Tcp($"e{i}")] }).ToArray();
        var answers = await Task.WhenAll(many.Select(options => _gateway.ReloadAsync(options))).WaitAsync(Patience);
        Assert.All(answers, answer => Assert.IsType<Reloading.Applied>(answer));
        await ApplyAsync(many[^1]);
        await UntilAsync(async () => (await _gateway.EndpointsAsync(default)).Select(endpoint => endpoint.Name).SequenceEqual(["e19", "one"]));
    }

    [Fact]
    public async Task A_stop_in_the_middle_ends_a_reload_too()
    {
        var reload = _gateway.ReloadAsync(_options with { Endpoints = [Tcp("one", address: "127.0.0.2")] });
        await _gateway.StopAsync().WaitAsync(Patience);
        Assert.NotNull(await reload.WaitAsync(Patience));
    }

    private async Task<IActorRef> PartAsync(string part) => await _system.ActorSelection($"/user/gateway/{part}").ResolveOne(Patience);

    private async Task<Socket> DtuAsync(string id)
    {
        var socket = await SaidAsync(id + "\n");
        await UntilAsync(async () => (await _gateway.FindDtuAsync(DtuId.Parse(id), default))?.State == DtuState.Online);
        return socket;
    }

    private async Task<Socket> SaidAsync(string text)
    {
        var socket = await ConnectAsync(_main);
        await socket.SendAsync(Encoding.ASCII.GetBytes(text));
        return socket;
    }

    private async Task<IPEndPoint> WhereAsync(string name)
    {
        IPEndPoint? where = null;
        await UntilAsync(async () =>
        {
            var endpoint = (await _gateway.EndpointsAsync(default)).FirstOrDefault(endpoint => endpoint.Name == name);
            return endpoint is { State: "up", Where: { } text } && IPEndPoint.TryParse(text, out where);
        });
        return where!;
    }

    private async Task<Socket> ClientAsync(string name)
    {
        var before = (await _gateway.EndpointsAsync(default)).FirstOrDefault(endpoint => endpoint.Name == name)?.Clients ?? 0;
        var client = await ConnectAsync(await WhereAsync(name));
        await UntilAsync(async () => (await _gateway.EndpointsAsync(default)).Single(endpoint => endpoint.Name == name).Clients == before + 1);
        return client;
    }

    private async Task<Socket> ConnectAsync(IPEndPoint to)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _sockets.Add(socket);
        await socket.ConnectAsync(to);
        return socket;
    }

    private static async Task RefusedAsync(IPEndPoint at)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(at));
    }

    /// <summary>What the DTU says arrives; said again while a part that failed comes back.</summary>
    private static async Task HeardAsync(Socket dtu, Socket client)
    {
        var buffer = new byte[64];
        await UntilAsync(async () =>
        {
            await dtu.SendAsync("up"u8.ToArray());
            return client.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectRead) && await client.ReceiveAsync(buffer) > 0;
        });
    }

    private static async Task ClosedAsync(Socket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(new byte[64]).WaitAsync(Patience) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // A reset closes as well.
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var limit = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }
}

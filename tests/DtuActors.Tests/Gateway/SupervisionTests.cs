using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Gateway;

/// <summary>
/// The whole tree on real sockets: an exception in any one actor (Akka's Kill throws one inside it) leaves every other connection working.
/// </summary>
public sealed class SupervisionTests : IAsyncLifetime
{
    private const int Dtus = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ActorSystem _system = ActorSystem.Create("supervision", ConfigurationFactory.ParseString(
        "akka { loglevel = OFF, stdout-loglevel = OFF, log-dead-letters = off, actor.guardian-supervisor-strategy = \"Akka.Actor.StoppingSupervisorStrategy\" }\n"
        + EndpointDispatchers.Hocon));

    private readonly List<Socket> _dtus = [];
    private DtuGateway _gateway = null!;
    private Dictionary<string, IPEndPoint> _ports = null!;
    private Socket _scada = null!;

    public async Task InitializeAsync()
    {
        var lines = new FramingOptions { Codec = "delimiter" };
        _gateway = new DtuGateway(_system, Options.Gateway(Options.Profile(framing: lines)).With(Options.Route("dtu-*", "scada")) with
        {
            Listeners = [Options.Listener()],
            Endpoints =
            [
                new TcpEndpointOptions
                {
                    Name = "scada",
                    KeyPath = "dtu.endpoints.scada",
                    Port = 0,
                    Clients = TcpClients.Shared,
                    Framing = lines with { Include = true },
                    Select = DownlinkSelect.Broadcast,
                },
            ],
        });
        _ports = [];
        await foreach (var happened in _gateway.StartUp.ReadAllAsync().WithCancellation(new CancellationTokenSource(Patience).Token))
        {
            if (happened is StartUpEvent.Bound bound)
            {
                _ports[bound.Name] = IPEndPoint.Parse(bound.Address);
            }
        }

        for (var i = 0; i < Dtus; i++)
        {
            _dtus.Add(await ConnectAsync("main"));
            await SendAsync(_dtus[i], $"dtu-{i}\n");
        }

        _scada = await ConnectAsync("scada");
        await UntilAsync(async () => (await _gateway.ListDtusAsync(DtuState.Online, 100, null, default)).Items.Length == Dtus);
        await UntilAsync(async () => (await _gateway.EndpointsAsync(default))[0].Clients == 1);
        await EveryoneIsHeardAsync("at the start");
    }

    public async Task DisposeAsync()
    {
        await _gateway.StopAsync().WaitAsync(Patience);
        await _system.Terminate();
        _dtus.ForEach(dtu => dtu.Dispose());
        _scada.Dispose();
    }

    [Theory]
    [InlineData("monitors")]
    [InlineData("recorder")]
    [InlineData("fleet")]
    [InlineData("directory")]
    [InlineData("register")]
    [InlineData("router")]
    [InlineData("commands")]
    [InlineData("endpoint-scada")]
    [InlineData("endpoint-scada/listener")]
    [InlineData("listener-main")]
    public async Task An_exception_in_one_part_leaves_every_connection_working(string part)
    {
        (await PartAsync(part)).Tell(Kill.Instance);
        await EveryoneIsHeardAsync($"after {part} failed");
        await UntilAsync(async () => (await _gateway.ListDtusAsync(DtuState.Online, 100, null, default)).Items.Length == Dtus);
        await EveryoneIsAnsweredAsync();
    }

    [Fact]
    public async Task A_session_that_fails_closes_its_own_socket_and_nobody_elses()
    {
        var children = await ChildrenAsync("listener-main");
        children.First(child => ((ActorRefWithCell)child).Underlying.Props.Type == typeof(ConnectionActor)).Tell(Kill.Instance);
        var closed = await Task.WhenAny(_dtus.Select(async dtu =>
        {
            try
            {
                Assert.Equal(0, await dtu.ReceiveAsync(new byte[1]));
            }
            catch (SocketException)
            {
                // A reset is an end as well.
            }

            return dtu;
        })).WaitAsync(Patience);
        _dtus.Remove(await closed);
        await EveryoneIsHeardAsync("after a session failed");
        await UntilAsync(async () => (await _gateway.ListDtusAsync(DtuState.Online, 100, null, default)).Items.Length == Dtus - 1);
    }

    [Fact]
    public async Task A_dtus_owner_that_fails_knows_its_session_again()
    {
        var owners = await ChildrenAsync("directory");
        Assert.Equal(Dtus, owners.Count);
        foreach (var owner in owners)
        {
            owner.Tell(Kill.Instance);
        }

        await UntilAsync(async () =>
        {
            var again = await ChildrenAsync("directory");
            return again.Count == Dtus && again.Except(owners).Count() == Dtus;
        });
        await EveryoneIsHeardAsync("after their owners failed");
        await EveryoneIsAnsweredAsync();
    }

    [Fact]
    public async Task The_gateways_own_failure_ends_it()
    {
        _system.ActorSelection("/user/gateway").Tell(Kill.Instance);
        await _gateway.Ended.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_part_that_fails_again_and_again_ends_the_gateway()
    {
        var fleet = await PartAsync("fleet");
        for (var i = 0; i < 25; i++)
        {
            fleet.Tell(Kill.Instance);
        }

        await _gateway.Ended.WaitAsync(Patience);
    }

    private async Task<IActorRef> PartAsync(string part) => await _system.ActorSelection($"/user/gateway/{part}").ResolveOne(Patience);

    private async Task<List<IActorRef>> ChildrenAsync(string part) =>
        ((ActorRefWithCell)await PartAsync(part)).Children.Cast<IActorRef>().ToList();

    /// <summary>Every DTU says a line of its own, and the client reads them all; a line that fell into the failure is said again.</summary>
    private async Task EveryoneIsHeardAsync(string when)
    {
        var heard = new HashSet<string>();
        var buffer = new byte[4096];
        var text = new StringBuilder();
        for (var round = 0; heard.Count < _dtus.Count; round++)
        {
            Assert.True(round < 100, $"not everyone is heard {when}: {heard.Count} of {_dtus.Count}");
            for (var i = 0; i < _dtus.Count; i++)
            {
                await SendAsync(_dtus[i], $"line of {i} {when}\n");
            }

            while (_scada.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectRead))
            {
                var count = await _scada.ReceiveAsync(buffer).WaitAsync(Patience);
                Assert.True(count > 0, $"the client's connection was closed {when}");
                text.Append(Encoding.ASCII.GetString(buffer, 0, count));
            }

            heard.UnionWith(Enumerable.Range(0, _dtus.Count)
                .Select(i => $"line of {i} {when}")
                .Where(line => text.ToString().Contains(line, StringComparison.Ordinal)));
        }
    }

    private async Task EveryoneIsAnsweredAsync()
    {
        var buffer = new byte[256];
        for (var i = 0; i < Dtus; i++)
        {
            await UntilAsync(async () => (await _gateway.SendAsync(DtuId.Parse($"dtu-{i}"), "hello"u8.ToArray(), default)).Refusal is null);
            Assert.Equal("hello", Encoding.ASCII.GetString(buffer, 0, await _dtus[i].ReceiveAsync(buffer).WaitAsync(Patience)));
        }
    }

    private async Task<Socket> ConnectAsync(string name)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_ports[name]);
        return socket;
    }

    private static async Task SendAsync(Socket socket, string text) => await socket.SendAsync(Encoding.ASCII.GetBytes(text));

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

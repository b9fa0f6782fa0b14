using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using DtuActors.Configuration;
using DtuActors.Endpoints;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>A gateway in this process, made of the same text that a user writes.</summary>
internal sealed class RunningGateway : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ActorSystem _system;
    private readonly Dictionary<string, IPEndPoint> _ports = [];

    private RunningGateway(GatewayOptions options)
    {
        _system = ActorSystem.Create("gateway", ConfigurationFactory.ParseString("akka { loglevel = OFF, stdout-loglevel = OFF }\n" + EndpointDispatchers.Hocon));
        Gateway = new DtuGateway(_system, options);
    }

    public DtuGateway Gateway { get; }

    public static async Task<RunningGateway> StartAsync(string hocon, string folder)
    {
        var loaded = ConfigurationLoader.LoadTexts([("test.conf", hocon)], folder, _ => null);
        Assert.Empty(loaded.Faults);
        var running = new RunningGateway(loaded.Options!);
        await foreach (var happened in running.Gateway.StartUp.ReadAllAsync())
        {
            if (happened is StartUpEvent.Bound bound)
            {
                running._ports[bound.Name] = IPEndPoint.Parse(bound.Address);
            }
        }

        return running;
    }

    public IPEndPoint Port(string name) => _ports[name];

    public async Task<Socket> ConnectAsync(string name)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Port(name));
        return socket;
    }

    /// <summary>As soon as it is known: one that listens to nobody may tell of itself behind <c>ready</c>.</summary>
    public async Task<EndpointStatus> EndpointAsync(string name)
    {
        EndpointStatus? found = null;
        await UntilAsync(async () => (found = (await Gateway.EndpointsAsync(default)).SingleOrDefault(endpoint => endpoint.Name == name)) is not null);
        return found!;
    }

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var limit = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.StopAsync().WaitAsync(Patience);
        await _system.Terminate();
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using Xunit;

namespace DtuActors.Tests.Endpoints;

/// <summary>A TCP endpoint with real sockets on the loopback address, time in the test's hand.</summary>
public abstract class TcpEndpointSpec : EndpointSpec
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    protected IPEndPoint Address { get; private set; } = new(IPAddress.Loopback, 0);

    protected IActorRef StartBound(TcpClients clients, TcpProtocol protocol = TcpProtocol.Raw)
    {
        var endpoint = Start(TcpEndpointActor.Props(
            new TcpEndpointOptions { Name = "scada", KeyPath = "dtu.endpoints.scada", Port = 0, Clients = clients, Protocol = protocol }, Surroundings));
        var bound = Above.ExpectMsg<Binding.SocketBound>();
        Assert.Equal(("scada", "tcp"), (bound.Name, bound.Transport));
        Address = IPEndPoint.Parse(bound.Address);
        AwaitState(endpoint, EndpointStates.Up);
        return endpoint;
    }

    protected async Task<TcpClient> Connect(IActorRef endpoint, int clients)
    {
        var client = new TcpClient();
        await client.ConnectAsync(Address);
        AwaitAssert(() => Assert.Equal(clients, StatusOf(endpoint).Clients), Patience, TimeSpan.FromMilliseconds(10));
        return client;
    }

    protected static async Task<string> Read(TcpClient client, int count)
    {
        using var limit = new CancellationTokenSource(Patience);
        var bytes = new byte[count];
        await client.GetStream().ReadExactlyAsync(bytes, limit.Token);
        return Encoding.ASCII.GetString(bytes);
    }

    protected static Task ExpectClosed(TcpClient client) => ExpectClosed(client.GetStream());

    protected static async Task ExpectClosed(NetworkStream stream)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            Assert.Equal(0, await stream.ReadAsync(new byte[1], limit.Token));
        }
        catch (IOException)
        {
            // Reset: closed as well.
        }
    }

    protected static ValueTask Write(TcpClient client, string text) => client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DtuActors.Integration.Tests.Harness;

/// <summary>A DTU as a bare socket: says its id, sends and reads bytes.</summary>
public sealed class DtuClient : IAsyncDisposable
{
    private readonly TcpClient _client = new();

    /// <summary>Dials and says nothing.</summary>
    public static async Task<DtuClient> ConnectAsync(IPEndPoint gateway)
    {
        var dtu = new DtuClient();
        await dtu._client.ConnectAsync(gateway);
        return dtu;
    }

    /// <summary>Dials and registers; a line end settles the registration at once.</summary>
    public static async Task<DtuClient> RegisterAsync(IPEndPoint gateway, string id)
    {
        var dtu = await ConnectAsync(gateway);
        await dtu.SendAsync(Encoding.UTF8.GetBytes(id + "\r\n"));
        return dtu;
    }

    /// <summary>Where the gateway sees it come from.</summary>
    public string Address => _client.Client.LocalEndPoint is IPEndPoint local ? new IPEndPoint(local.Address.MapToIPv4(), local.Port).ToString() : "";

    public async Task SendAsync(byte[] bytes)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        await _client.GetStream().WriteAsync(bytes, patience.Token);
    }

    /// <summary>Reads exactly so many bytes.</summary>
    public async Task<byte[]> ReadAsync(int count)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        var bytes = new byte[count];
        await _client.GetStream().ReadExactlyAsync(bytes, patience.Token);
        return bytes;
    }

    /// <summary>Waits until the gateway closes.</summary>
    public async Task ClosedAsync()
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        var buffer = new byte[256];
        try
        {
            while (await _client.GetStream().ReadAsync(buffer, patience.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset closes as well.
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}

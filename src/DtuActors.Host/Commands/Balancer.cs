using System.Net;
using System.Net.Sockets;

namespace DtuActors.Host.Commands;

/// <summary>
/// A TCP balancer for demonstrations, on a free port of loopback: each connection goes to the next server that takes it. What stands in front of a real cluster is HAProxy,
/// nginx or a carrier's own; see docs/cluster.md.
/// </summary>
internal sealed class Balancer : IDisposable
{
    private const int Piece = 4096;

    private readonly IPEndPoint[] _servers;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private int _next;

    public Balancer(IPEndPoint[] servers)
    {
        _servers = servers;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                _ = CarryAsync(await _listener.AcceptSocketAsync(stop), stop);
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One that was gone before it was taken; or the end.
            }
        }
    }

    private async Task CarryAsync(Socket dtu, CancellationToken stop)
    {
        using (dtu)
        {
            using var server = await ConnectAsync(stop);
            if (server is null)
            {
                return;
            }

            // Whichever side ends, the other one is told by closing.
            await Task.WhenAny(PumpAsync(dtu, server, stop), PumpAsync(server, dtu, stop));
        }
    }

    private async Task<Socket?> ConnectAsync(CancellationToken stop)
    {
        for (var tries = 0; tries < _servers.Length && !stop.IsCancellationRequested; tries++)
        {
            var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await server.ConnectAsync(_servers[(uint)Interlocked.Increment(ref _next) % _servers.Length], stop);
                return server;
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                server.Dispose();
            }
        }

        return null;
    }

    private static async Task PumpAsync(Socket from, Socket to, CancellationToken stop)
    {
        var buffer = new byte[Piece];
        try
        {
            while (await from.ReceiveAsync(buffer, stop) is > 0 and var read)
            {
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), stop);
                }
            }
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // A link that breaks ends like one that is closed.
        }
    }
}

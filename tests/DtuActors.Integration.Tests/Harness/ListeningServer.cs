using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace DtuActors.Integration.Tests.Harness;

/// <summary>Somebody else's server, started for a test.</summary>
internal static class ListeningServer
{
    /// <summary>Waits until it takes connections on a port of loopback; fails where it ends instead, with what it said.</summary>
    public static async Task ReadyAsync(Process process, int port, Func<string> ended)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, port, patience.Token);
                return;
            }
            catch (SocketException)
            {
                Assert.False(process.HasExited, ended());
                await timer.WaitForNextTickAsync(patience.Token);
            }
        }
    }
}

using System.Net.Sockets;
using Akka.IO;
using DtuActors.Configuration;

namespace DtuActors.Listening;

/// <summary>TCP's own keepalive on an accepted or dialled socket: the way to notice a peer that is gone behind a NAT whose mapping is.</summary>
public sealed class Keepalive(KeepaliveOptions options) : Inet.SocketOption
{
    public override void AfterConnect(Socket s)
    {
        s.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        s.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Seconds(options.Idle));
        s.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Seconds(options.Interval));
        s.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.Count);
    }

    /// <summary>The option of a profile, or none where keepalive is off.</summary>
    public static IEnumerable<Inet.SocketOption> Of(ProfileOptions profile) =>
        profile.Keepalive is { } keepalive ? [new Keepalive(keepalive)] : [];

    // The kernel counts whole seconds, from one.
    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));
}

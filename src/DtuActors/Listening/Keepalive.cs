using System.Net.Sockets;
using Akka.IO;
using DtuActors.Configuration;

namespace DtuActors.Listening;

/// <summary>
/// How a DTU's socket notices that its peer is gone behind a NAT whose mapping is: TCP's own keepalive while nothing is sent, and a limit for what was sent and is not
/// acknowledged, both after the same time. Without the limit Linux goes on retransmitting for a quarter of an hour, and sends no keepalive meanwhile.
/// </summary>
/// <param name="options">Null: no keepalive.</param>
/// <param name="unacknowledged">How long sent bytes may stay without acknowledgement; null: as the system has it.</param>
public sealed class Keepalive(KeepaliveOptions? options, TimeSpan? unacknowledged) : Inet.SocketOption
{
    // TCP_USER_TIMEOUT, in milliseconds (linux/tcp.h); TCP_MAXRT, in seconds (ws2ipdef.h).
    private const int LinuxUserTimeout = 18;
    private const int WindowsMaxRetransmission = 5;
    private const int Tcp = (int)SocketOptionLevel.Tcp;

    /// <summary>Sent bytes may stay unacknowledged as long as keepalive takes to find a peer dead.</summary>
    public Keepalive(KeepaliveOptions options)
        : this(options, options.Idle + (options.Interval * options.Count))
    {
    }

    /// <summary>What a profile asks for. With keepalive off, sent bytes may stay unacknowledged as long as the DTU may stay silent.</summary>
    public static Keepalive For(ProfileOptions profile) => profile.Keepalive is { } keepalive
        ? new(keepalive)
        : new(null, profile.Heartbeat.Timeout);

    /// <summary>The same, for Akka.IO.</summary>
    public static IEnumerable<Inet.SocketOption> Of(ProfileOptions profile) => [For(profile)];

    /// <summary>Sets it on a connected TCP socket. What the platform lacks is left as it is.</summary>
    public void Apply(Socket socket)
    {
        if (options is not null)
        {
            Try(() => socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true));
            Try(() => socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Seconds(options.Idle)));
            Try(() => socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Seconds(options.Interval)));
            Try(() => socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.Count));
        }

        if (unacknowledged is { } limit)
        {
            Try(() => Limit(socket, limit));
        }
    }

    public override void AfterConnect(Socket s) => Apply(s);

    private static void Limit(Socket socket, TimeSpan limit)
    {
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(Tcp, LinuxUserTimeout, BitConverter.GetBytes((int)Math.Clamp(limit.TotalMilliseconds, 1, int.MaxValue)));
        }
        else if (OperatingSystem.IsWindows())
        {
            socket.SetRawSocketOption(Tcp, WindowsMaxRetransmission, BitConverter.GetBytes(Seconds(limit)));
        }
    }

    private static void Try(Action set)
    {
        try
        {
            set();
        }
        catch (SocketException)
        {
            // An older system, or a socket that was reset in the meantime, which its next read tells.
        }
    }

    // The kernel counts whole seconds, from one.
    private static int Seconds(TimeSpan time) => (int)Math.Clamp(Math.Ceiling(time.TotalSeconds), 1, int.MaxValue);
}

using System.Net.Sockets;
using DtuActors.Configuration;
using DtuActors.Listening;

namespace DtuActors.Tests.Listening;

public sealed class KeepaliveTests
{
    private static readonly KeepaliveOptions Given = new() { Idle = TimeSpan.FromSeconds(40), Interval = TimeSpan.FromSeconds(5), Count = 4 };

    [Fact]
    public void A_socket_gets_what_its_profile_says()
    {
        using var socket = Applied(Options.Profile() with { Keepalive = Given });
        Assert.NotEqual(0, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(40, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(5, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(4, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
    }

    [SkippableFact]
    public void What_stays_unacknowledged_is_given_up_when_keepalive_would_give_up()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "TCP_USER_TIMEOUT is Linux's");
        using var socket = Applied(Options.Profile() with { Keepalive = Given });
        Assert.Equal(60_000, UserTimeout(socket));
    }

    [SkippableFact]
    public void Without_keepalive_it_is_given_up_when_the_dtu_would_be_silent()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "TCP_USER_TIMEOUT is Linux's");
        using var socket = Applied(Options.Profile(heartbeat: new HeartbeatOptions { Timeout = TimeSpan.FromSeconds(90) }) with { Keepalive = null });
        Assert.Equal(90_000, UserTimeout(socket));
        Assert.Equal(0, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
    }

    [SkippableFact]
    public void Where_neither_is_on_the_system_decides()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "TCP_USER_TIMEOUT is Linux's");
        using var socket = Applied(Options.Profile(heartbeat: new HeartbeatOptions { Timeout = null }) with { Keepalive = null });
        Assert.Equal(0, UserTimeout(socket));
    }

    [Fact]
    public void A_socket_that_has_no_such_options_is_left_as_it_is()
    {
        using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Keepalive.For(Options.Profile()).Apply(udp);
    }

    private static Socket Applied(ProfileOptions profile)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Keepalive.For(profile).Apply(socket);
        return socket;
    }

    private static int UserTimeout(Socket socket)
    {
        var value = new byte[4];
        socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, 18, value);
        return BitConverter.ToInt32(value);
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DtuActors.Listening;
using DtuActors.Listening.Streams;

namespace DtuActors.Tests.Listening.Transports;

/// <summary>A socket came when it was dialled, not when somebody found the time to accept it.</summary>
public sealed class SocketAgeTests
{
    private static readonly TimeSpan Waited = TimeSpan.FromMilliseconds(300);

    [SkippableFact]
    public async Task One_that_waited_in_a_backlog_came_before_one_that_did_not_whichever_is_accepted_first()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "other systems don't tell");
        using var first = Listening();
        using var second = Listening();
        using var early = await DialledAsync(first);
        await early.SendAsync(new byte[1]);
        await Task.Delay(Waited);
        using var late = await DialledAsync(second);
        using var acceptedFirst = await second.AcceptAsync();
        var came = SocketAge.Came(acceptedFirst);
        using var acceptedLast = await first.AcceptAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(SocketAge.Came(acceptedLast), came), Waited / 2, TimeSpan.FromMinutes(1));
    }

    // A machine that is busy is late with its ticks, too.
    [SkippableFact]
    public async Task Those_that_came_in_different_ticks_are_told_in_their_order_whenever_each_is_asked()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "other systems don't tell");
        using var listening = Listening();
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < 50; i++)
            {
                sockets.Add(await DialledAsync(listening));
                var tick = Environment.TickCount64;
                while (Environment.TickCount64 == tick)
                {
                    Thread.SpinWait(100);
                }
            }

            var came = new List<long>();
            for (var i = 0; i < 50; i++)
            {
                sockets.Add(await listening.AcceptAsync());
                Thread.SpinWait(1000 * (i % 7));
                came.Add(SocketAge.Came(sockets[^1]));
            }

            Assert.Equal(came.Order(), came);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task One_that_is_gone_already_came_now()
    {
        using var listening = Listening();
        (await DialledAsync(listening)).Close(0);
        using var accepted = await listening.AcceptAsync();
        Assert.InRange(SocketAge.Came(accepted), 1, Stopwatch.GetTimestamp());
    }

    [Fact]
    public void When_it_came_is_not_who_it_is()
    {
        var peer = Peer.Of(IPEndPoint.Parse("10.8.0.7:40001"));
        Assert.Equal(peer, peer with { Came = 7 });
        Assert.Equal(peer.GetHashCode(), (peer with { Came = 7 }).GetHashCode());
        Assert.NotEqual(peer, peer with { Identity = "pump-7" });
    }

    private static Socket Listening()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    private static async Task<Socket> DialledAsync(Socket listening)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listening.LocalEndPoint!);
        return socket;
    }
}

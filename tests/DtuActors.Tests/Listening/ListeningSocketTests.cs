using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using DtuActors.Listening.Streams;

namespace DtuActors.Tests.Listening;

public sealed class ListeningSocketTests : IDisposable
{
    private const int Backlog = 8;

    // The kernel takes one more than it is told.
    private const int OneHolds = Backlog + 1;

    private readonly List<Socket> _callers = [];
    private ImmutableArray<Socket> _sockets = [];

    [SkippableFact]
    public async Task Several_backlogs_of_one_address_hold_more_than_one_would()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "sockets that share an address need Linux");
        _sockets = await BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.Equal(4, _sockets.Length);
        Assert.Single(_sockets.Select(socket => socket.LocalEndPoint).Distinct());

        // Nobody accepts. Which backlog a SYN comes to is chance; so many come to more than one.
        var calls = Enumerable.Range(0, 8 * OneHolds).Select(_ => CallAsync(_sockets[0].LocalEndPoint!)).ToList();
        for (var connected = 0; connected <= OneHolds; connected++)
        {
            var call = await Task.WhenAny(calls).WaitAsync(TimeSpan.FromSeconds(20));
            await call;
            calls.Remove(call);
        }
    }

    [Fact]
    public async Task An_address_is_in_use_for_everybody_else_however_many_sockets_share_it()
    {
        _sockets = await BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var refused = await Assert.ThrowsAsync<SocketException>(() => BindAsync(_sockets[0].LocalEndPoint!));
        Assert.Equal(SocketError.AddressAlreadyInUse, refused.SocketErrorCode);
    }

    public void Dispose()
    {
        foreach (var socket in _callers.Concat(_sockets))
        {
            socket.Dispose();
        }
    }

    private static Task<ImmutableArray<Socket>> BindAsync(EndPoint address) => ListeningSocket.BindAsync(address, Backlog, most: 4);

    private Task CallAsync(EndPoint address)
    {
        var caller = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _callers.Add(caller);
        return caller.ConnectAsync(address);
    }
}

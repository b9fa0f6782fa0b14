using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Routing;
using Xunit;

namespace DtuActors.Tests.Endpoints;

public sealed class TcpEndpointTests : TcpEndpointSpec
{
    [Fact]
    public async Task Bytes_go_both_ways_and_the_books_add_up()
    {
        var endpoint = StartBound(TcpClients.Exclusive);
        using var client = await Connect(endpoint, 1);

        Deliver(endpoint, "up");
        Assert.Equal("up", await Read(client, 2));
        Assert.Equal(2, ExpectTaken().Through);
        await Write(client, "down");
        Assert.Equal("down", Text(ExpectDownlink().Payload));

        var status = StatusOf(endpoint);
        Assert.Equal((1, 1, 1, 1), (status.Up.Accepted, status.Up.Written, status.Down.Accepted, status.Down.Written));
        Assert.Equal(Address.ToString(), status.Where);
    }

    [Fact]
    public void Without_a_client_frames_are_dropped_and_acknowledged()
    {
        var endpoint = StartBound(TcpClients.Exclusive);

        Deliver(endpoint, "nobody");

        Assert.Equal(6, ExpectTaken().Through);
        Assert.Equal(1, StatusOf(endpoint).Up.Dropped[RelayDrops.NoReader]);
    }

    [Fact]
    public void Who_opens_an_exclusive_port_while_the_one_before_is_leaving_has_it_next()
    {
        var endpoint = StartBound(TcpClients.Exclusive);
        var clients = Enumerable.Range(0, 4).Select(_ => CreateTestProbe()).ToArray();
        Join(0);
        clients[0].ExpectMsg<ClientTalk.ReadOn>();
        Join(1);
        Advance(TcpEndpointActor.LeaveTime - TimeSpan.FromMilliseconds(1));
        Join(2);
        clients[2].ExpectMsg<ClientTalk.Leave>();
        Sys.Stop(clients[0]);
        clients[1].ExpectMsg<ClientTalk.ReadOn>();
        Join(3);
        Advance(TcpEndpointActor.LeaveTime);
        clients[3].ExpectMsg<ClientTalk.Leave>();
        Assert.Equal((1, 2L), (StatusOf(endpoint).Clients, StatusOf(endpoint).Refused));

        // What it hears is dealt with before time goes on.
        void Join(int client)
        {
            endpoint.Tell(new ClientTalk.Joined($"198.51.100.7:{client}"), clients[client]);
            _ = StatusOf(endpoint);
        }
    }

    [Fact]
    public async Task An_exclusive_port_turns_a_second_client_away_and_says_so()
    {
        var endpoint = StartBound(TcpClients.Exclusive);
        using var first = await Connect(endpoint, 1);
        using var second = new TcpClient();
        await second.ConnectAsync(Address);

        AwaitAssert(
            () =>
            {
                Advance(TcpEndpointActor.LeaveTime);
                Assert.Equal((1, 1L), (StatusOf(endpoint).Clients, StatusOf(endpoint).Refused));
            },
            Patience, TimeSpan.FromMilliseconds(10));
        await ExpectClosed(second);
        Deliver(endpoint, "still");
        Assert.Equal("still", await Read(first, 5));
        first.Close();
        AwaitAssert(() => Assert.Equal(0, StatusOf(endpoint).Clients), Patience, TimeSpan.FromMilliseconds(10));
        using var third = await Connect(endpoint, 1);
        Deliver(endpoint, "third");
        Assert.Equal("third", await Read(third, 5));
    }

    [Fact]
    public async Task A_client_that_hangs_holds_its_window_and_loses_nothing()
    {
        var endpoint = StartBound(TcpClients.Exclusive);
        using var client = await Connect(endpoint, 1);
        var frame = new string('x', 4096);
        var sent = 0;

        // Until neither the kernel nor the endpoint has answered for a whole window: that is where a session stops reading.
        var taken = 0L;
        while (sent * 4096L - taken < OutboundWindows.DefaultWindow)
        {
            Deliver(endpoint, frame);
            sent++;
            Settle(endpoint);
            while (sent * 4096L - taken >= OutboundWindows.DefaultWindow && Session.ReceiveOne(TimeSpan.FromMilliseconds(200)) is Flow.Taken word)
            {
                taken = word.Through;
            }
        }

        var held = StatusOf(endpoint).Up;
        Assert.True(held.Waiting > 0);
        Assert.Empty(held.Dropped);
        Assert.Equal(sent * 4096, (await Read(client, sent * 4096)).Length);
        AwaitAssert(() => Assert.Equal(sent, StatusOf(endpoint).Up.Written), Patience, TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public async Task A_shared_port_gives_every_client_every_frame_and_counts_one_for_each()
    {
        var endpoint = StartBound(TcpClients.Shared);
        using var first = await Connect(endpoint, 1);
        using var second = await Connect(endpoint, 2);

        Deliver(endpoint, "all");

        Assert.Equal("all", await Read(first, 3));
        Assert.Equal("all", await Read(second, 3));
        AwaitAssert(() => Assert.Equal(2, StatusOf(endpoint).Up.Written));
    }

    [Fact]
    public async Task A_slow_reader_of_a_shared_port_loses_first_and_slows_nobody()
    {
        var endpoint = StartBound(TcpClients.Shared);
        using var slow = await Connect(endpoint, 1);
        using var quick = await Connect(endpoint, 2);
        var frame = new string('x', 64 * 1024);
        var read = 0;

        // More than any kernel holds for one socket.
        while (!StatusOf(endpoint).Up.Dropped.ContainsKey(RelayDrops.DestinationSlow) && read < 2000)
        {
            Deliver(endpoint, frame);
            ExpectTaken();
            Assert.Equal(frame.Length, (await Read(quick, frame.Length)).Length);
            read++;
        }

        var up = StatusOf(endpoint).Up;
        Assert.True(up.Dropped[RelayDrops.DestinationSlow] > 0);
        Assert.True(up.WaitingBytes <= TcpEndpointActor.MostPerSharedClient + (64 * 1024));
        AddsUp(up);
    }

    [Fact]
    public async Task Of_a_shared_ports_clients_one_writes_until_it_is_silent_or_leaves()
    {
        var endpoint = StartBound(TcpClients.Shared);
        using var first = await Connect(endpoint, 1);
        using var second = await Connect(endpoint, 2);
        await Write(first, "mine");
        Assert.Equal("mine", Text(ExpectDownlink().Payload));

        await Write(second, "refused");
        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Down.Dropped.GetValueOrDefault(RelayDrops.NotTheWriter)), Patience, TimeSpan.FromMilliseconds(10));

        Advance(TcpEndpointActor.WriterSilence, TimeSpan.FromSeconds(1));
        await Write(second, "now mine");
        Assert.Equal("now mine", Text(ExpectDownlink().Payload));
        second.Close();
        AwaitAssert(() => Assert.Equal(1, StatusOf(endpoint).Clients), Patience, TimeSpan.FromMilliseconds(10));
        await Write(first, "mine again");
        Assert.Equal("mine again", Text(ExpectDownlink().Payload));
        AddsUp(StatusOf(endpoint).Down);
    }

    [Fact]
    public async Task What_a_client_sent_before_its_FIN_still_goes_down_and_then_it_is_closed()
    {
        var endpoint = StartBound(TcpClients.Exclusive);
        using var client = await Connect(endpoint, 1);
        await Write(client, "last words");
        var stream = client.GetStream();
        client.Client.Shutdown(SocketShutdown.Send);

        Assert.Equal("last words", Text(ExpectDownlink().Payload));
        await ExpectClosed(stream);
        AwaitAssert(() => Assert.Equal(0, StatusOf(endpoint).Clients), Patience, TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public async Task While_a_dtus_window_is_closed_a_client_is_not_read()
    {
        var endpoint = StartBound(TcpClients.Exclusive);
        var destination = new Destination(CreateTestProbe(), 0);
        endpoint.Tell(new Flow.PathAdded(destination));
        using var client = await Connect(endpoint, 1);
        var send = client.GetStream().WriteAsync(new byte[1024 * 1024]).AsTask();
        var through = 0L;
        while (Router.FishForMessage<Relay.Downlink>(_ => true) is { Frame: not null } downlink)
        {
            through = downlink.Through;
        }

        Assert.InRange(through, OutboundWindows.DefaultWindow, OutboundWindows.DefaultWindow + 8192);
        Settle(endpoint);
        Assert.InRange(StatusOf(endpoint).Down.AcceptedBytes, through, OutboundWindows.DefaultWindow + EndpointActor.MostHeld);
        endpoint.Tell(new Flow.PathRemoved(destination));
        await send.WaitAsync(Patience);
        AwaitAssert(() => Assert.Equal(1024 * 1024, StatusOf(endpoint).Down.WrittenBytes), Patience, TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public async Task An_endpoint_that_throws_keeps_its_clients()
    {
        var endpoint = StartBound(TcpClients.Shared);
        var first = Router.ExpectMsg<Registry.EndpointStarted>();
        using var client = await Connect(endpoint, 1);
        using var other = await Connect(endpoint, 2);
        Deliver(endpoint, "before");
        Assert.Equal("before", await Read(client, 6));
        Assert.Equal("before", await Read(other, 6));

        // A word of a write that comes after the break is one to nobody, and its frame counts as dropped.
        AwaitAssert(() => Assert.Equal(2, StatusOf(endpoint).Up.Written), Patience);
        Break(endpoint);

        Assert.NotEqual(first.Destination.Incarnation, Router.ExpectMsg<Registry.EndpointStarted>().Destination.Incarnation);
        AwaitAssert(() => Assert.Equal((2, EndpointStates.Up), (StatusOf(endpoint).Clients, StatusOf(endpoint).State)), Patience, TimeSpan.FromMilliseconds(20));
        Deliver(endpoint, "after");
        Assert.Equal("after", await Read(client, 5));
        Assert.Equal("after", await Read(other, 5));
        await Write(client, "down");
        Assert.Equal("down", Text(ExpectDownlink().Payload));
        AwaitAssert(() => Assert.Equal(4, StatusOf(endpoint).Up.Written));
    }

    [Fact]
    public async Task Draining_writes_what_waits_closes_clients_and_port_and_ends()
    {
        var endpoint = StartBound(TcpClients.Exclusive);
        using var client = await Connect(endpoint, 1);
        Deliver(endpoint, "goodbye");
        Watch(endpoint);

        endpoint.Tell(ShutDown.Drain.Instance);

        Assert.Equal("goodbye", await Read(client, 7));
        await ExpectClosed(client);
        ExpectTerminated(endpoint);
        using var late = new TcpClient();
        await Assert.ThrowsAnyAsync<SocketException>(() => late.ConnectAsync(Address));
    }
}

/// <summary>Akka.IO's own word for a failed bind cannot be serialized.</summary>
public sealed class TcpEndpointBindTests() : EndpointSpec("akka.actor.serialize-messages = off")
{
    [Fact]
    public void A_port_in_use_is_told_to_the_parent()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;

        Start(TcpEndpointActor.Props(new TcpEndpointOptions { Name = "scada", KeyPath = "dtu.endpoints.scada", Port = port }, Surroundings));

        var failed = Above.ExpectMsg<Binding.BindFailed>();
        Assert.True(failed.AddressInUse);
        Assert.Equal("dtu.endpoints.scada", failed.KeyPath);
    }
}

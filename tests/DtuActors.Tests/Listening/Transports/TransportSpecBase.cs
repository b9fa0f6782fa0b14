using System.Text;
using Akka.Actor;
using Akka.IO;

namespace DtuActors.Tests.Listening.Transports;

/// <summary>What a session relies on, whatever carries it: each transport passes the same tests on real sockets.</summary>
public abstract class TransportSpecBase : TransportHarness
{
    /// <summary>Whether a peer can reset its connection.</summary>
    protected virtual bool Resets => true;

    [Fact]
    public async Task Bytes_come_back()
    {
        var (client, session) = await ConnectAsync();
        await client.SendAsync("hello");
        session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
        Write(session, await ReceivedAsync(5, session));
        Assert.Equal("hello", await client.ReadAsync(5));
    }

    [Fact]
    public async Task One_read_is_one_piece_and_nothing_is_read_unasked()
    {
        var (client, session) = await ConnectAsync();
        await client.SendAsync("a");
        Session.ExpectNoMsg(Soon);
        Assert.Equal("a", await ReceivedAsync(1, session, resume: true));
        await client.SendAsync("b");
        Session.ExpectNoMsg(Soon);
        Assert.Equal("b", await ReceivedAsync(1, session, resume: true));
    }

    [Fact]
    public async Task Writes_arrive_in_order_and_are_acknowledged_in_order()
    {
        var (client, session) = await ConnectAsync();

        // A Unix socket's kernel takes fewer small writes than these from whoever is not read.
        var arrived = client.ReadAsync(900);
        for (var i = 0; i < 300; i++)
        {
            Write(session, $"{i:000}", new Ack(i));
        }

        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(i, Session.ExpectMsg<Ack>(Patience).Number);
        }

        Assert.Equal(string.Concat(Enumerable.Range(0, 300).Select(i => $"{i:000}")), await arrived);
    }

    [Fact]
    public async Task An_empty_write_is_acknowledged_too()
    {
        var (_, session) = await ConnectAsync();
        Write(session, "", new Ack(7));
        Assert.Equal(7, Session.ExpectMsg<Ack>(Patience).Number);
    }

    [Fact]
    public async Task What_came_before_a_FIN_is_read_before_the_end_is_told()
    {
        var (client, session) = await ConnectAsync();
        await client.SendAsync("last words");
        client.Finish();
        Assert.Equal("last words", await ReceivedAsync(10, session, resume: true));
        session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
        Session.ExpectMsg<Tcp.PeerClosed>(Patience);
        Assert.Equal("", await client.ReadToEndAsync());
        ExpectEnd(session);
    }

    [Fact]
    public async Task A_connection_that_is_kept_open_after_the_FIN_can_still_be_written()
    {
        var (client, session) = await ConnectAsync(keepOpen: true);
        client.Finish();
        session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
        Session.ExpectMsg<Tcp.PeerClosed>(Patience);
        Write(session, "bye", new Ack(1));
        Session.ExpectMsg<Ack>(Patience);
        session.Socket.Tell(Tcp.Close.Instance, session.Self);
        Session.ExpectMsg<Tcp.Closed>(Patience);
        Assert.Equal("bye", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task A_close_writes_what_waits_and_ends_with_a_FIN()
    {
        var (client, session) = await ConnectAsync();
        Write(session, new string('x', 500_000));
        session.Socket.Tell(Tcp.Close.Instance, session.Self);
        Assert.Equal(500_000, (await client.ReadToEndAsync()).Length);
        Session.ExpectMsg<Tcp.Closed>(Patience);
        ExpectEnd(session);
    }

    [Fact]
    public async Task A_confirmed_close_ends_when_the_peer_has_ended_too()
    {
        var (client, session) = await ConnectAsync();
        session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
        Write(session, "bye");
        session.Socket.Tell(Tcp.ConfirmedClose.Instance, session.Self);
        Assert.Equal("bye", await client.ReadToEndAsync());
        Session.ExpectNoMsg(Soon);
        client.Finish();
        Session.ExpectMsg<Tcp.ConfirmedClosed>(Patience);
        ExpectEnd(session);
    }

    [Fact]
    public async Task A_confirmed_close_of_a_peer_that_stays_ends_by_an_abort()
    {
        var (client, session) = await ConnectAsync();
        session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
        session.Socket.Tell(Tcp.ConfirmedClose.Instance, session.Self);
        Assert.Equal("", await client.ReadToEndAsync());
        session.Socket.Tell(Tcp.Abort.Instance, session.Self);
        Session.ExpectMsg<Tcp.Aborted>(Patience);
        ExpectEnd(session);
    }

    [Fact]
    public async Task An_abort_resets_the_peer()
    {
        var (client, session) = await ConnectAsync();
        session.Socket.Tell(Tcp.Abort.Instance, session.Self);
        Session.ExpectMsg<Tcp.Aborted>(Patience);
        Assert.Equal(Resets, await client.IsResetAsync());
    }

    [Fact]
    public async Task A_session_that_ends_takes_its_socket_along()
    {
        var (client, session) = await ConnectAsync();
        Sys.Stop(session.Self);
        Assert.Equal(Resets, await client.IsResetAsync());
        ExpectEnd(session);
    }

    [Fact]
    public async Task A_slow_reader_gets_every_byte()
    {
        var (client, session) = await ConnectAsync();
        const int Pieces = 100;
        var reading = Task.Run(async () =>
        {
            var sum = 0L;
            var buffer = new byte[1000];
            for (var left = Pieces * 64 * 1024; left > 0;)
            {
                var count = await client.Stream.ReadAsync(buffer.AsMemory(0, Math.Min(buffer.Length, left)));
                Assert.NotEqual(0, count);
                sum += buffer.AsSpan(0, count).ToArray().Sum(value => value);
                left -= count;
            }

            return sum;
        });
        var expected = 0L;
        for (var i = 0; i < Pieces; i++)
        {
            var piece = new byte[64 * 1024];
            Array.Fill(piece, (byte)i);
            expected += piece.Length * (long)i;
            session.Socket.Tell(Tcp.Write.Create(ByteString.FromBytes(piece), new Ack(i)), session.Self);
            Assert.Equal(i, Session.ExpectMsg<Ack>(Patience).Number);
        }

        Assert.Equal(expected, await reading.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_close_that_hangs_on_a_peer_that_does_not_read_ends_by_an_abort()
    {
        var (_, session) = await ConnectAsync();
        Fill(session);
        session.Socket.Tell(Tcp.Close.Instance, session.Self);
        Session.ExpectNoMsg(Soon);
        session.Socket.Tell(Tcp.Abort.Instance, session.Self);

        // Akka.IO says first what it did not write.
        Session.FishForMessage<Tcp.Aborted>(_ => true, Patience);
        ExpectEnd(session);
    }

    [Fact]
    public async Task Many_connections_keep_their_bytes_apart()
    {
        var listener = Listen(keepOpen: false);
        var clients = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => DialAsync(listener)));
        var sessions = clients.Select(_ => Session.ExpectMsg<Started>(Patience)).ToArray();
        foreach (var session in sessions)
        {
            session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
        }

        for (var i = 0; i < clients.Length; i++)
        {
            await clients[i].SendAsync($"{i:000}");
        }

        for (var i = 0; i < clients.Length; i++)
        {
            var received = Session.ExpectMsg<Tcp.Received>(Patience);
            Session.LastSender.Tell(Tcp.Write.Create(received.Data));
        }

        for (var i = 0; i < clients.Length; i++)
        {
            Assert.Equal($"{i:000}", await clients[i].ReadAsync(3));
        }
    }
}

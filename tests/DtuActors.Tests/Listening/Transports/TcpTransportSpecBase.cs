using System.Text;
using Akka.IO;

namespace DtuActors.Tests.Listening.Transports;

/// <summary>What TCP has beside what every transport has: resets and urgent bytes.</summary>
public abstract class TcpTransportSpecBase : TransportSpecBase
{
    [Fact]
    public async Task A_peers_reset_is_an_error()
    {
        var (client, session) = await ConnectAsync();
        session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
        client.Reset();
        Assert.False(string.IsNullOrEmpty(Session.ExpectMsg<Tcp.ErrorClosed>(Patience).Cause));
        ExpectEnd(session);
    }

    [Fact]
    public async Task Urgent_bytes_are_no_part_of_the_stream_and_no_end_of_it()
    {
        var (client, session) = await ConnectAsync();
        session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
        client.Urgent('!');
        Session.ExpectNoMsg(Soon);
        var expected = new StringBuilder();
        for (var i = 0; i < 50; i++)
        {
            await client.SendAsync($"fra{i:00}");
            Assert.Equal($"fra{i:00}", await ReceivedAsync(5, session));
            session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
            client.Urgent('?');
            await client.SendAsync("me\n");
            Assert.Equal("me\n", await ReceivedAsync(3, session));
            session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
        }

        Write(session, "still here");
        Assert.Equal("still here", await client.ReadAsync(10));
        client.Finish();
        Session.ExpectMsg<Tcp.PeerClosed>(Patience);
    }
}

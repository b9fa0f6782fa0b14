using System.Net;
using System.Text;
using Akka.IO;
using DtuActors.Listening;
using DtuActors.Protocol.Transports;
using DtuActors.Sessions;

namespace DtuActors.Tests.Listening;

/// <summary>A listener of datagrams that a balancer sends on, each behind a header that says for whom.</summary>
public sealed class UdpProxySpec : UdpBench
{
    [Fact]
    public async Task Behind_a_balancer_the_header_s_address_is_the_DTU_s_and_answers_leave_to_the_socket_that_its_datagrams_came_from()
    {
        Listen(Options.Profile(), isProxied: true);
        var balancer = Dtu();
        Send(balancer, Proxied("10.8.0.7:40001", "dtu-1"));
        var first = NewSession();
        Assert.Equal(("10.8.0.7:40001", "dtu-1"), (first.Remote.Text, Read(first)));
        Send(balancer, Proxied("[2001:db8::7]:40001", "dtu-2"));
        var second = NewSession();
        Assert.Equal(("[2001:db8::7]:40001", "dtu-2"), (second.Remote.Text, Read(second)));
        first.Tell(new Scripted.Do(Tcp.Write.Create(ByteString.FromString("down"), new Written(4))));
        Sessions.ExpectMsg<Written>(Patience);
        Assert.Equal("down", await HearAsync(balancer));

        // The balancer's own socket for the DTU may change; the DTU has not moved.
        var other = Dtu();
        Send(other, Proxied("10.8.0.7:40001", "data"));
        Assert.Equal("data", Read(first));
        first.Tell(new Scripted.Do(Tcp.Write.Create(ByteString.FromString("there"), new Written(5))));
        Sessions.ExpectMsg<Written>(Patience);
        Assert.Equal("there", await HearAsync(other));
    }

    [Fact]
    public void Behind_a_balancer_a_DTU_moves_by_its_header_and_what_the_balancer_says_for_itself_comes_from_its_own_address()
    {
        Listen(Ddp, isProxied: true);
        var balancer = Dtu();
        Send(balancer, Proxied("10.8.0.7:40001", DdpDatagram.Build(DdpType.Register, "330", [])));
        var session = NewSession();
        _ = ReadBytes(session);
        Send(balancer, Proxied("10.8.0.7:40002", DdpDatagram.Build(DdpType.Data, "330", "x"u8)));
        Assert.Equal("10.8.0.7:40002", Sessions.ExpectMsg<Datagrams.Moved>(Patience).Peer.Text);
        Assert.Equal(DdpDatagram.Build(DdpType.Data, "330", "x"u8), ReadBytes(session));

        // A health check without a word is nothing at all; with one it is the balancer's own.
        Send(balancer, Local(""));
        Send(balancer, Local("how are you?"));
        var refused = Inbox.ExpectMsg<RefusedConnection>(Patience);
        Assert.Equal(("unregistered", balancer.LocalEndPoint!.ToString(), "how are you?"), (refused.Reason, refused.Remote, Encoding.ASCII.GetString(refused.FirstBytes.Span)));
        Assert.Equal(1, Seen(status => status.Dropped.Count > 0).Dropped["unregistered"]);
    }

    [Fact]
    public void Behind_a_balancer_a_datagram_without_its_header_is_dropped_and_counted_and_shown()
    {
        Listen(Options.Profile(), isProxied: true);
        var stranger = Dtu();
        Say(stranger, "dtu-1");
        Send(stranger, Proxied("10.8.0.7:40001", "dtu-1")[..20]);
        var refused = Inbox.ExpectMsg<RefusedConnection>(Patience);
        Assert.Equal(("proxy-header", stranger.LocalEndPoint!.ToString(), "dtu-1"), (refused.Reason, refused.Remote, Encoding.ASCII.GetString(refused.FirstBytes.Span)));
        Seen(status => status is { Accepted: 0 } && status.Dropped.GetValueOrDefault("proxy-header") == 2);
        Inbox.ExpectNoMsg(TimeSpan.Zero);
        Sessions.ExpectNoMsg(TimeSpan.Zero);
    }

    private static byte[] Proxied(string address, string text) => Proxied(address, Encoding.ASCII.GetBytes(text));

    /// <summary>As a balancer sends on what came from the address; the header's other address, the balancer's own, is not looked at.</summary>
    private static byte[] Proxied(string address, byte[] datagram)
    {
        var from = IPEndPoint.Parse(address);
        var bytes = from.Address.GetAddressBytes();
        byte[] addresses = [.. bytes, .. bytes, (byte)(from.Port >> 8), (byte)from.Port, 0x23, 0x28];
        return [.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, (byte)(bytes.Length == 4 ? 0x12 : 0x22), 0, (byte)addresses.Length, .. addresses, .. datagram];
    }

    private static byte[] Local(string text) => [.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x20, 0, 0, 0, .. Encoding.ASCII.GetBytes(text)];
}

using System.Net;
using Akka.IO;
using Akka.TestKit;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Tests.Listening;

/// <summary>What waits for a session that does not read.</summary>
public sealed class UdpPeerTests : ActorSpec
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly IPEndPoint Address = new(IPAddress.Loopback, 5000);
    private readonly TestProbe _session;
    private readonly UdpPeer _peer;

    public UdpPeerTests()
    {
        _session = CreateTestProbe("session");
        _peer = new UdpPeer(_session, DtuId.Parse("dtu-1"), 0, Address);
    }

    [Fact]
    public void A_read_gets_one_datagram_whether_it_comes_before_or_after()
    {
        _peer.Read(Start);
        _peer.Take([1], Address, Start);
        Assert.Equal([1], _session.ExpectMsg<Tcp.Received>().Data.ToArray());
        _peer.Take([2], Address, Start);
        _peer.Take([3], Address, Start);
        _session.ExpectNoMsg(TimeSpan.Zero);
        _peer.Read(Start);
        Assert.Equal([2], _session.ExpectMsg<Tcp.Received>().Data.ToArray());
        _peer.Read(Start);
        Assert.Equal([3], _session.ExpectMsg<Tcp.Received>().Data.ToArray());
    }

    [Fact]
    public void What_waits_is_bounded_by_bytes_and_the_session_hears_of_what_has_no_room()
    {
        _peer.Take(new byte[40_000], Address, Start);
        _peer.Take(new byte[40_001], Address, Start);
        var dropped = _session.ExpectMsg<Datagrams.Dropped>();
        Assert.Equal(("buffer-full", 40_000), (dropped.Reason, dropped.Bytes.Length));
        _peer.Read(Start);
        Assert.Equal(40_001, _session.ExpectMsg<Tcp.Received>().Data.Count);
        _peer.Take(new byte[Carrier.MostPerDatagram], Address, Start);
        _session.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_flood_of_small_ones_is_bounded_as_well()
    {
        for (var i = 0; i < 5000; i++)
        {
            _peer.Take([7], Address, Start);
        }

        Assert.True(_session.ReceiveWhile(TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(200), message => message as Datagrams.Dropped, 5000).Count > 2000);
    }

    [Fact]
    public void What_waited_too_long_is_dropped_in_front_of_what_came_later()
    {
        _peer.Take([1], Address, Start);
        _peer.Take([2], Address, Start.AddSeconds(20));
        _peer.Read(Start.AddSeconds(31));
        Assert.Equal("too-old", _session.ExpectMsg<Datagrams.Dropped>().Reason);
        Assert.Equal([2], _session.ExpectMsg<Tcp.Received>().Data.ToArray());
    }

    [Fact]
    public void The_inbox_sees_one_datagram_of_an_address_in_a_minute_and_no_more_than_a_few_addresses()
    {
        var unknown = new UnknownSenders();
        Assert.True(unknown.IsShown(IPAddress.Loopback, Start));
        Assert.False(unknown.IsShown(IPAddress.Loopback, Start.AddSeconds(59)));
        Assert.True(unknown.IsShown(IPAddress.Loopback, Start.AddSeconds(60)));
        Assert.Equal(UnknownSenders.Most - 1, Enumerable.Range(1, 100).Count(i => unknown.IsShown(new IPAddress(i), Start.AddSeconds(61))));
    }
}

using System.Net;
using DtuActors.Listening.Streams;

namespace DtuActors.Tests.Listening;

public sealed class OpeningSharesTests
{
    private static readonly IPAddress Loud = IPAddress.Parse("10.8.0.7");
    private static readonly IPAddress Other = IPAddress.Parse("10.8.0.8");

    private readonly OpeningShares<string> _shares = new(share: 2, mostWaiting: 2);

    [Fact]
    public void An_address_beyond_its_share_waits_and_keeps_nobody_else_out()
    {
        Assert.Equal([true, true, false, false], Enter(Loud, "a", "b", "c", "d"));
        Assert.Equal([true], Enter(Other, "x"));
        Assert.Equal(3, _shares.Opening);
    }

    [Fact]
    public void The_one_that_waited_longest_opens_when_one_of_its_address_is_through()
    {
        Enter(Loud, "a", "b", "c", "d");
        Enter(Other, "x");
        Assert.Null(_shares.Leave(Other));
        Assert.Equal(["c", "d", null, null], Enumerable.Range(0, 4).Select(_ => _shares.Leave(Loud)));
        Assert.Equal(0, _shares.Opening);
    }

    [Fact]
    public void Beyond_what_may_wait_it_is_refused_in_words()
    {
        Enter(Loud, "a", "b", "c", "d");
        Assert.False(_shares.Enter(Loud, "e", out var problem));
        Assert.Contains("10.8.0.7", problem, StringComparison.Ordinal);
        Assert.Equal(["c", "d"], _shares.Clear());
    }

    [Fact]
    public void No_share_holds_for_those_without_an_address()
    {
        Assert.Equal([true, true, true], Enter(null, "a", "b", "c"));
        Assert.Null(_shares.Leave(null));
        Assert.Equal(2, _shares.Opening);
    }

    private List<bool> Enter(IPAddress? address, params string[] sockets) => [.. sockets.Select(socket => _shares.Enter(address, socket, out _))];
}

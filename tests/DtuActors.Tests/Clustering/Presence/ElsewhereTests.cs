using DtuActors.Clustering.Presence;
using DtuActors.Protocol;

namespace DtuActors.Tests.Clustering.Presence;

public sealed class ElsewhereTests
{
    private static readonly DtuId A = DtuId.Parse("a");
    private readonly Elsewhere _elsewhere = new("middle", 3);

    [Fact]
    public void Online_comes_before_a_newer_session_that_ended_and_a_newer_session_before_an_older_one()
    {
        _elsewhere.Take("south", A, 10, isOnline: true);
        Assert.True(_elsewhere.IsBefore(A, isOnline: false, 99));
        Assert.True(_elsewhere.IsBefore(A, isOnline: true, 9));
        Assert.False(_elsewhere.IsBefore(A, isOnline: true, 11));

        _elsewhere.Take("south", A, 10, isOnline: false);
        Assert.False(_elsewhere.IsBefore(A, isOnline: true, 1));
        Assert.True(_elsewhere.IsBefore(A, isOnline: false, 9));
        Assert.False(_elsewhere.IsBefore(A, isOnline: false, 11));
    }

    [Theory]
    [InlineData("north", true)]
    [InlineData("east", false)]
    public void Of_two_that_saw_the_same_session_one_alone_comes_first(string other, bool isBefore)
    {
        _elsewhere.Take(other, A, 10, isOnline: false);
        Assert.Equal(isBefore, _elsewhere.IsBefore(A, isOnline: false, 10));
        var there = new Elsewhere(other, 3);
        there.Take("middle", A, 10, isOnline: false);
        Assert.Equal(!isBefore, there.IsBefore(A, isOnline: false, 10));
    }

    [Fact]
    public void Of_one_session_the_end_stays_the_last_word_in_whichever_order_they_come()
    {
        _elsewhere.Take("south", A, 10, isOnline: false);
        _elsewhere.Take("south", A, 10, isOnline: true);
        _elsewhere.Take("south", A, 9, isOnline: true);
        Assert.False(_elsewhere.IsOnline(A));
        _elsewhere.Take("south", A, 11, isOnline: true);
        Assert.True(_elsewhere.IsOnline(A));
    }

    [Fact]
    public void The_node_that_comes_first_is_kept()
    {
        _elsewhere.Take("south", A, 10, isOnline: true);
        _elsewhere.Take("north", A, 11, isOnline: false);
        _elsewhere.Remove("north", A);
        Assert.True(_elsewhere.IsOnline(A));
        _elsewhere.Take("north", A, 11, isOnline: true);
        Assert.Empty(_elsewhere.Lose("south"));
        Assert.Equal([(A, 11L)], _elsewhere.Lose("north"));
        Assert.False(_elsewhere.Contains(A));
    }

    [Fact]
    public void Who_was_online_at_a_node_that_is_lost_is_named_and_nothing_of_it_stays()
    {
        _elsewhere.Take("south", A, 10, isOnline: true);
        _elsewhere.Take("south", DtuId.Parse("b"), 10, isOnline: false);
        _elsewhere.Take("north", DtuId.Parse("c"), 10, isOnline: true);
        Assert.Equal([(A, 10L)], _elsewhere.Lose("south"));
        Assert.Equal(1, _elsewhere.Count);
    }

    [Fact]
    public void A_node_has_so_many_rows_and_no_more()
    {
        foreach (var id in "abcdef")
        {
            _elsewhere.Take("south", DtuId.Parse($"{id}"), 1, isOnline: true);
        }

        Assert.Equal(3, _elsewhere.Count);
        _elsewhere.Remove("south", A);
        _elsewhere.Take("south", DtuId.Parse("f"), 1, isOnline: true);
        Assert.True(_elsewhere.Contains(DtuId.Parse("f")));
    }

    [Fact]
    public void A_hundred_thousand_rows_take_some_11_MB()
    {
        var elsewhere = new Elsewhere("middle", 100_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
        {
            elsewhere.Take("south", DtuId.Parse($"8661230{i:00000000}"), 1_800_000_000_000, isOnline: true);
        }

        // What growing throws away is in it too, half as much again.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 20 * 1024 * 1024);
    }
}

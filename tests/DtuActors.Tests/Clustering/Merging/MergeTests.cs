using System.Collections.Immutable;
using DtuActors.Clustering.Merging;
using DtuActors.Directory;
using DtuActors.Protocol;

namespace DtuActors.Tests.Clustering.Merging;

public sealed class MergeTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Pages_are_one_page_by_id_that_ends_where_a_node_may_have_more()
    {
        var whole = Merge.Pages([Page(null, "a", "d"), Page(null, "b", "c")], 10);
        Assert.Equal(("a b c d", null), (Ids(whole.Items), whole.Next));
        var cut = Merge.Pages([Page(null, "a", "d"), Page(null, "b", "c")], 3);
        Assert.Equal(("a b c", "c"), (Ids(cut.Items), cut.Next));
        var short1 = Merge.Pages([Page("b", "a", "b"), Page(null, "c", "d")], 10);
        Assert.Equal(("a b", "b"), (Ids(short1.Items), short1.Next));
    }

    [Fact]
    public void A_DTU_that_two_nodes_show_is_there_once_as_the_one_where_it_is_online()
    {
        var page = Merge.Pages([new DtuPage([Dtu("a")], null), new DtuPage([Dtu("a") with { State = DtuState.Online, Node = "south" }], null)], 10);
        Assert.Equal("south", Assert.Single(page.Items).Node);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 700)]
    [InlineData(3, 2995)]
    [InlineData(7, 1999)]
    public void A_search_finds_any_part_of_all_nodes_rows_with_little_of_each(int nodes, int skip)
    {
        var random = new Random(nodes);
        var all = Enumerable.Range(0, 3000).Select(i => $"{i:0000}").ToList();
        var parts = all.GroupBy(_ => random.Next(nodes)).Select(part => part.ToList()).ToList();
        var (from, take) = Merge.Anchor([.. parts.ConvertAll(part => Sample(part, 64))], skip, 20);
        Assert.InRange(take, 20, 20 + (2 * nodes * ((3000 / nodes / 32) + 2)));
        var found = Merge.Searches([.. parts.Select(part =>
        {
            var start = from is { } id ? part.FindIndex(item => string.CompareOrdinal(item, id.Value) >= 0) : 0;
            start = start < 0 ? part.Count : start;
            return new DtuSearch(part.Count, [.. part.Skip(start).Take(take).Select(Dtu)]) { Before = start };
        })], skip, 20);
        Assert.Equal(3000, found.Total);
        Assert.Equal(string.Join(' ', all.Skip(skip).Take(20)), Ids(found.Items));
    }

    [Fact]
    public void One_DTU_is_as_the_node_says_where_it_is_and_its_counts_are_all_nodes()
    {
        var here = new Fleet.FoundDtu(Dtu("a") with { FirstSeenAt = Start, Reconnects = 2, FramesUp = 5, EndReason = "replaced" }, IsHere: false);
        var there = new Fleet.FoundDtu(Dtu("a") with { State = DtuState.Online, Node = "south", FirstSeenAt = Start.AddDays(1), Reconnects = 0, FramesUp = 7 });
        var never = new Fleet.FoundDtu(Dtu("a") with { Queued = 3 }, IsHere: false);
        var one = Merge.Dtu([here, there, never, new Fleet.FoundDtu(null)])!;
        Assert.Equal((DtuState.Online, "south", 12L, 3L, Start, 3), (one.State, one.Node, one.FramesUp, one.Reconnects, one.FirstSeenAt, one.Queued));
        Assert.Null(Merge.Dtu([new Fleet.FoundDtu(null)]));
    }

    [Fact]
    public void A_route_is_one_row_and_up_where_it_is_up_anywhere()
    {
        var route = new RouteStatus { Name = "r", State = "down", LastError = "no such port", Dtu = "*", To = "com1", Direction = "both", Online = 1, FramesUp = 2 };
        var one = Assert.Single(Merge.Routes([[route], [route with { State = "up", LastError = null, Online = 2, FramesUp = 5 }]]));
        Assert.Equal(("up", null, 3, 7L), (one.State, one.LastError, one.Online, one.FramesUp));
    }

    [Fact]
    public void Frames_of_several_nodes_are_read_page_by_page_by_time_without_gap_or_repetition()
    {
        var north = Enumerable.Range(1, 9).Select(i => Frame(i, i * 3)).ToList();
        var south = Enumerable.Range(1, 20).Select(i => Frame(i, i + 4)).ToList();
        var (read, places) = (new List<RecordedFrame>(), ImmutableDictionary.Create<string, string>());
        for (var pages = 0; pages < 20; pages++)
        {
            var page = Merge.Frames([("north", Part(north, places.GetValueOrDefault("north"))), ("south", Part(south, places.GetValueOrDefault("south")))], places, 4);
            Assert.InRange(page.Items.Length, 1, 4);
            read.AddRange(page.Items);
            if (page.Next is null)
            {
                break;
            }

            Assert.Equal(page.Next, page.Items[^1].Next);
            Assert.True(FrameCursor.IsCursor(page.Next));
            places = FrameCursor.Parse(page.Next)!;
        }

        Assert.Equal(29, read.Count);
        Assert.Equal(read.OrderBy(frame => frame.At).Select(frame => frame.At), read.Select(frame => frame.At));

        static FramePage Part(List<RecordedFrame> all, string? after)
        {
            var left = all.Where(frame => after is null || frame.Sequence > long.Parse(after, System.Globalization.CultureInfo.InvariantCulture)).ToList();
            return new FramePage([.. left.Take(4)], left.Count > 4 ? left[3].Next : null);
        }
    }

    [Theory]
    [InlineData("17", true)]
    [InlineData("", false)]
    [InlineData("~", false)]
    [InlineData("~????", false)]
    [InlineData("~YQ", false)]
    [InlineData("-1", false)]
    public void A_cursor_is_a_number_or_the_places_of_nodes(string text, bool isCursor) => Assert.Equal(isCursor, FrameCursor.IsCursor(text));

    private static Fleet.Samples Sample(List<string> ids, int most)
    {
        var step = 1;
        while (ids.Count / step > most)
        {
            step *= 2;
        }

        return new Fleet.Samples(ids.Count, step, [.. ids.Where((_, index) => index % step == 0).Select(DtuId.Parse)]);
    }

    private static RecordedFrame Frame(int sequence, int second) => new(sequence, Start.AddSeconds(second), FrameDirection.Up, new byte[] { 1 }, "raw", "dtu", null);

    private static DtuPage Page(string? next, params string[] ids) => new([.. ids.Select(Dtu)], next);

    private static DtuStatus Dtu(string id) => new() { Id = DtuId.Parse(id), State = DtuState.Offline };

    private static string Ids(ImmutableArray<DtuStatus> items) => string.Join(' ', items.Select(item => item.Id.Value));
}

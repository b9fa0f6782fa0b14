using System.Collections.Immutable;
using System.Globalization;
using DtuActors.Directory;
using DtuActors.Protocol;

namespace DtuActors.Clustering.Merging;

/// <summary>One answer of what several nodes answered. Pure.</summary>
internal static class Merge
{
    /// <summary>Pages by id: as far as every page that does not show all reaches.</summary>
    public static DtuPage Pages(IReadOnlyCollection<DtuPage> pages, int limit)
    {
        var items = Upto(Edge(pages.Where(page => page.Next is not null).Select(page => page.Items[^1].Id)), pages.SelectMany(page => page.Items));
        var areMore = items.Count > limit || pages.Any(page => page.Next is not null);
        return new DtuPage([.. items.Take(limit)], areMore && items.Count > 0 ? items[Math.Min(limit, items.Count) - 1].Id.Value : null);
    }

    /// <summary>A part of a search, of answers that begin at one id and skip nothing.</summary>
    public static DtuSearch Searches(IReadOnlyCollection<DtuSearch> found, int skip, int take)
    {
        var edge = Edge(found.Where(part => part.Items.Length > 0 && part.Before + part.Items.Length < part.Total).Select(part => part.Items[^1].Id));
        var items = Upto(edge, found.SelectMany(part => part.Items));
        return new DtuSearch(found.Sum(part => part.Total), [.. items.Skip(Math.Max(0, skip - found.Sum(part => part.Before))).Take(take)]);
    }

    /// <summary>
    /// Where to begin to look for what stands behind the first <paramref name="skip"/> of all, and how many each node has to show from there for <paramref name="take"/> to be among them.
    /// </summary>
    public static (DtuId? From, int Take) Anchor(IReadOnlyCollection<Fleet.Samples> samples, int skip, int take)
    {
        (DtuId? From, int Take) best = (null, skip + take);
        foreach (var candidate in samples.SelectMany(sample => sample.Ids).Distinct())
        {
            var (most, least) = (0L, 0L);
            foreach (var sample in samples)
            {
                var search = sample.Ids.BinarySearch(candidate);
                var before = search < 0 ? ~search : search;
                most += Math.Min(sample.Total, (long)before * sample.Step);
                least += before == 0 ? 0 : ((long)(before - 1) * sample.Step) + 1;
            }

            if (most <= skip && (best.From is not { } from || candidate > from))
            {
                best = (candidate, (int)(skip - least) + take);
            }
        }

        return best;
    }

    public static FleetCounts Counts(IReadOnlyCollection<FleetCounts> counts) => counts.Count == 1 ? counts.First() : new(
        counts.Sum(one => one.Online), counts.Sum(one => one.Conflict), counts.Sum(one => one.Sleeping), counts.Sum(one => one.Offline),
        counts.Sum(one => one.FramesUp), counts.Sum(one => one.FramesDown), counts.Sum(one => one.BytesUp), counts.Sum(one => one.BytesDown), counts.Sum(one => one.Sessions),
        [.. counts.SelectMany(one => one.Groups).Distinct().Order(StringComparer.Ordinal)], [.. counts.SelectMany(one => one.Codecs).Distinct().Order(StringComparer.Ordinal)]);

    /// <summary>One DTU: as the node says that it is at, with what all of them counted.</summary>
    public static DtuStatus? Dtu(IReadOnlyCollection<Fleet.FoundDtu> found)
    {
        var seen = found.Where(one => one.Status is not null).ToList();
        var best = seen.OrderByDescending(one => IsOnline(one.Status!)).ThenByDescending(one => one.IsHere).ThenByDescending(one => one.Status!.LastSeenAt).FirstOrDefault()?.Status;
        if (best is null || seen.Count == 1)
        {
            return best;
        }

        var all = seen.ConvertAll(one => one.Status!);
        var sessions = all.Where(one => one.FirstSeenAt is not null).Sum(one => one.Reconnects + 1);
        return best with
        {
            FirstSeenAt = all.Min(one => one.FirstSeenAt),
            BytesUp = all.Sum(one => one.BytesUp),
            BytesDown = all.Sum(one => one.BytesDown),
            FramesUp = all.Sum(one => one.FramesUp),
            FramesDown = all.Sum(one => one.FramesDown),
            Heartbeats = all.Sum(one => one.Heartbeats),
            Reconnects = Math.Max(0, sessions - 1),
            Queued = all.Sum(one => one.Queued),
        };
    }

    /// <summary>Newest first. One that ended between two questions is in both: as it ended.</summary>
    public static ImmutableArray<SessionRecord> Sessions(IEnumerable<SessionRecord> sessions) =>
    [
        .. sessions.GroupBy(session => (session.ConnectedAt, session.Listener, session.Remote))
            .Select(same => same.FirstOrDefault(session => session.EndedAt is not null) ?? same.First())
            .OrderByDescending(session => session.ConnectedAt)
            .Take(SessionMemory.MostPerDtu),
    ];

    /// <summary>A route is everywhere; what it carried is added up, and it is up where it is up anywhere.</summary>
    public static ImmutableArray<RouteStatus> Routes(IReadOnlyCollection<ImmutableArray<RouteStatus>> routes) =>
    [
        .. routes.SelectMany(of => of).GroupBy(route => (route.Name, route.Dtu, route.To, route.Direction)).Select(same => same.Aggregate((sum, route) => Better(sum, route) with
        {
            Online = sum.Online + route.Online,
            FramesUp = sum.FramesUp + route.FramesUp,
            FramesDown = sum.FramesDown + route.FramesDown,
            DroppedUp = sum.DroppedUp + route.DroppedUp,
            DroppedDown = sum.DroppedDown + route.DroppedDown,
        })),
    ];

    /// <summary>
    /// A page of frames by time, each node's in its own order. It ends where a node's page does that has more. Each frame's <see cref="RecordedFrame.Next"/> is the place of all nodes.
    /// </summary>
    public static FramePage Frames(IReadOnlyCollection<(string Node, FramePage Page)> pages, ImmutableDictionary<string, string> places, int limit)
    {
        var items = ImmutableArray.CreateBuilder<RecordedFrame>();
        var read = pages.ToDictionary(of => of.Node, _ => 0, StringComparer.Ordinal);
        while (true)
        {
            var open = pages.Where(of => read[of.Node] < of.Page.Items.Length).ToList();
            if (items.Count == limit || open.Count == 0 || pages.Any(of => of.Page.Next is not null && read[of.Node] == of.Page.Items.Length))
            {
                return new FramePage(items.ToImmutable(), open.Count == 0 && pages.All(of => of.Page.Next is null) ? null : FrameCursor.Of(places));
            }

            var (node, page) = open.MinBy(of => of.Page.Items[read[of.Node]].At);
            var frame = page.Items[read[node]++];
            places = places.SetItem(node, frame.Sequence.ToString(CultureInfo.InvariantCulture));
            items.Add(frame with { Next = FrameCursor.Of(places) });
        }
    }

    /// <summary>The last of all, oldest first.</summary>
    public static FramePage LatestFrames(IEnumerable<FramePage> pages, int limit) => new([.. pages.SelectMany(page => page.Items).OrderBy(frame => frame.At).TakeLast(limit)], null);

    private static bool IsOnline(DtuStatus dtu) => dtu.State is DtuState.Online or DtuState.Conflict;

    private static DtuId? Edge(IEnumerable<DtuId> lasts) => lasts.Select(id => (DtuId?)id).Min();

    // Where a DTU is about to change from one node to another, both may show it.
    private static List<DtuStatus> Upto(DtuId? edge, IEnumerable<DtuStatus> items) =>
    [
        .. items.Where(item => edge is not { } last || item.Id <= last)
            .GroupBy(item => item.Id)
            .Select(same => same.OrderByDescending(IsOnline).ThenByDescending(item => item.LastSeenAt).First())
            .OrderBy(item => item.Id),
    ];

    private static RouteStatus Better(RouteStatus one, RouteStatus other) => one.State != "up" && (other.State == "up" || (one.State == "down" && other.State == "connecting")) ? other : one;
}

using System.Buffers;
using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Protocol;

namespace DtuActors.Directory;

/// <summary>
/// Lists, searches and counts: each one pass over the rows, in which only those that are shown become a <see cref="DtuStatus"/>.
/// </summary>
public sealed partial class FleetView
{
    private void OnListDtus(Fleet.ListDtus list)
    {
        var items = ImmutableArray.CreateBuilder<DtuStatus>();
        string? next = null;
        var text = Sought(list.Filter);
        foreach (var entry in From(list.After))
        {
            if (entry.Id.Value == list.After || !Matches(list.Filter, text, entry) || IsAnothers(entry, list.ForPeer))
            {
                continue;
            }

            if (items.Count == list.Limit)
            {
                next = items[^1].Id.Value;
                break;
            }

            items.Add(Status(entry));
        }

        Sender.Tell(new DtuPage(items.ToImmutable(), next));
    }

    private void OnSearchDtus(Fleet.SearchDtus search)
    {
        var items = ImmutableArray.CreateBuilder<DtuStatus>();
        var (total, before) = (0, 0);
        var text = Sought(search.Filter);
        foreach (var entry in _order)
        {
            if (!Matches(search.Filter, text, entry) || IsAnothers(entry, search.ForPeer))
            {
                continue;
            }

            if (search.From is { } from && entry.Id < from)
            {
                before++;
            }
            else if (total - before >= search.Skip && items.Count < search.Take)
            {
                items.Add(Status(entry));
            }

            total++;
        }

        Sender.Tell(new DtuSearch(total, items.ToImmutable()) { Before = before });
    }

    // Where there turn out to be more, every second one that was taken is let go.
    private void OnSampleDtus(Fleet.SampleDtus sample)
    {
        var ids = new List<DtuId>();
        var (total, step) = (0, 1);
        var text = Sought(sample.Filter);
        foreach (var entry in _order)
        {
            if (!Matches(sample.Filter, text, entry) || IsAnothers(entry, sample.ForPeer))
            {
                continue;
            }

            if (total++ % step == 0)
            {
                ids.Add(entry.Id);
                if (ids.Count > sample.Most)
                {
                    ids = [.. ids.Where((_, index) => index % 2 == 0)];
                    step *= 2;
                }
            }
        }

        Sender.Tell(new Fleet.Samples(total, step, [.. ids]));
    }

    private FleetCounts Count(bool forPeer)
    {
        var (conflict, online, sleeping, offline) = (0, 0, 0, 0);
        var (framesUp, framesDown, bytesUp, bytesDown, sessions) = (0L, 0L, 0L, 0L, 0L);
        var groups = new HashSet<string>(StringComparer.Ordinal);
        var codecs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in _dtus.Values)
        {
            // What passed here is this node's to count, whosever the DTU is.
            switch (IsAnothers(entry, forPeer) ? null : (DtuState?)StateOf(entry))
            {
                case null:
                    break;
                case DtuState.Conflict:
                    conflict++;
                    online++;
                    break;
                case DtuState.Online:
                    online++;
                    break;
                case DtuState.Sleeping:
                    sleeping++;
                    break;
                default:
                    offline++;
                    break;
            }

            framesUp += entry.FramesUp;
            framesDown += entry.FramesDown;
            bytesUp += entry.BytesUp;
            bytesDown += entry.BytesDown;
            sessions += entry.Sessions;
            if (entry.Session is { } session)
            {
                Add(session);
            }

            entry.Leaving?.ForEach(Add);
            foreach (var group in entry.Groups)
            {
                groups.Add(group);
            }

            if ((entry.Session ?? entry.Last)?.Codec is { } codec)
            {
                codecs.Add(codec);
            }
        }

        return new FleetCounts(
            online, conflict, sleeping, offline, framesUp, framesDown, bytesUp, bytesDown, sessions,
            [.. groups.Order(StringComparer.Ordinal)], [.. codecs.Order(StringComparer.Ordinal)]);

        void Add(SessionReport open)
        {
            framesUp += open.FramesUp;
            framesDown += open.FramesDown;
            bytesUp += open.BytesUp;
            bytesDown += open.BytesDown;
        }
    }

    private SortedSet<DtuEntry> From(string? after) =>
        after is null || _order.Max is not { } last ? _order
        : !DtuId.TryParse(after, out var id) || id > last.Id ? []
        : _order.GetViewBetween(new DtuEntry(id), last);

    // Made ready once for all rows.
    private static SearchValues<string>? Sought(DtuFilter filter) =>
        string.IsNullOrEmpty(filter.Text) ? null : SearchValues.Create([filter.Text], StringComparison.OrdinalIgnoreCase);

    // The cheap questions first: a text is looked for in what the others left.
    private bool Matches(DtuFilter filter, SearchValues<string>? text, DtuEntry entry) =>
        (filter.State is not { } state || Is(state, StateOf(entry)))
        && (string.IsNullOrEmpty(filter.Codec) || filter.Codec == (entry.Session ?? entry.Last)?.Codec)
        && (string.IsNullOrEmpty(filter.Group) || entry.Groups.Contains(filter.Group))
        && (text is null || Mentions(entry, text));

    private static bool Mentions(DtuEntry entry, SearchValues<string> text)
    {
        if (Has(entry.Id.Value) || Has(entry.Name) || Has((entry.Session ?? entry.Last)?.PresentedId))
        {
            return true;
        }

        foreach (var alias in entry.Aliases)
        {
            if (Has(alias))
            {
                return true;
            }
        }

        return false;

        bool Has(string? where) => where.AsSpan().ContainsAny(text);
    }

    // A conflict counts as online.
    private static bool Is(DtuState asked, DtuState state) => state == asked || (asked is DtuState.Online && state is DtuState.Conflict);
}

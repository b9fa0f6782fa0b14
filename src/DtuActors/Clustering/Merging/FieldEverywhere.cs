using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering.Desks;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Recording;

namespace DtuActors.Clustering.Merging;

/// <summary>
/// What all nodes know together: each question goes to this node's actors and to the other nodes' at once, and their answers become one. A node that does not answer in time is missing in it,
/// and named; what this node knows is always there. Without a cluster nobody else is asked.
/// </summary>
internal sealed class FieldEverywhere
{
    // Of a message's 2 MB: a row is a thousand bytes or two, a frame's bytes grow by a third.
    private const int MostRows = 500;
    private const int MostSearched = 1000;
    private const int MostFrameBytes = 1024 * 1024;
    private const int MostSamples = 512;

    private readonly string _node;
    private readonly bool _isClustered;
    private readonly FieldHere _here;
    private readonly OtherNodes _others;

    public FieldEverywhere(GatewayOptions options, FieldHere here, OtherNodes others)
    {
        (_node, _isClustered, _here, _others) = (options.Node.Name, options.Cluster.Enabled, here, others);
        if (!_isClustered)
        {
            return;
        }

        var never = CancellationToken.None;
        others.Answer<ListAsked, DtuPage>("dtus", asked => here.ListAsync(asked.Filter, Math.Min(asked.Limit, MostRows), asked.After, forPeer: true, never));
        others.Answer<SearchAsked, SearchSaid>("dtus-search", async asked => SearchSaid.Of(await here.SearchAsync(asked.Filter, 0, Math.Min(asked.Take, MostSearched), asked.From, forPeer: true, never).ConfigureAwait(false)));
        others.Answer<DtuFilter, Fleet.Samples>("dtus-sample", filter => here.SampleAsync(filter, MostSamples, forPeer: true, never));
        others.Answer<Nothing, FleetCounts>("fleet", _ => here.CountsAsync(forPeer: true, never));
        others.Answer<DtuId, Fleet.FoundDtu>("dtu", id => here.FindAsync(id, forPeer: true, never));
        others.Answer<DtuId, ImmutableArray<SessionRecord>>("sessions", id => here.SessionsAsync(id, never));
        others.Answer<Records.GetFrames, FramePage>("frames", async asked => Shortened(await here.FramesAsync(asked with { After = PlaceOf(asked.After) }, never).ConfigureAwait(false), asked.Newest));
        others.Answer<Nothing, ImmutableArray<RefusedConnection>>("unknown", _ => here.UnknownAsync(never));
        others.Answer<Nothing, ImmutableArray<EndpointStatus>>("endpoints", _ => here.EndpointsAsync(never));
        others.Answer<Nothing, ImmutableArray<RouteStatus>>("routes", _ => here.RoutesAsync(never));
        others.Answer<Nothing, ImmutableArray<ListenerStatus>>("listeners", _ => here.ListenersAsync(never));
        others.Answer<DtuId, ImmutableArray<CommandStatus>>("commands", id => here.UnstoredCommandsAsync(id, never));
        others.Answer<WithdrawAsked, WithdrawOutcome>("withdraw", asked => here.WithdrawUnstoredAsync(asked.Dtu, asked.Command, never));
        others.Answer<DtuId, bool>("forget", id => here.ForgetAsync(id, never));
        others.Answer<Nothing, NodeProcess>("node", _ => ProcessAsync(never));
    }

    public async Task<DtuPage> ListAsync(DtuFilter filter, int limit, string? after, MissingNodes? missing, CancellationToken ct)
    {
        var (here, others) = await BothAsync<ListAsked, DtuPage>(_here.ListAsync(filter, limit, after, forPeer: false, ct), "dtus", new ListAsked(filter, limit, after), missing, ct).ConfigureAwait(false);
        return others.Count == 0 ? here : Merge.Pages([here, .. others.Select(other => other.Answer)], limit);
    }

    public async Task<DtuSearch> SearchAsync(DtuFilter filter, int skip, int take, MissingNodes? missing, CancellationToken ct)
    {
        if (!_isClustered)
        {
            return await _here.SearchAsync(filter, skip, take, null, forPeer: false, ct).ConfigureAwait(false);
        }

        (DtuId? From, int Take) begin = (null, skip + take);
        if (begin.Take > MostSearched)
        {
            var (mine, theirs) = await BothAsync<DtuFilter, Fleet.Samples>(_here.SampleAsync(filter, MostSamples, forPeer: false, ct), "dtus-sample", filter, missing, ct).ConfigureAwait(false);
            begin = Merge.Anchor([mine, .. theirs.Select(other => other.Answer)], skip, take);
        }

        var (here, others) = await BothAsync<SearchAsked, SearchSaid>(
            SaidAsync(_here.SearchAsync(filter, 0, begin.Take, begin.From, forPeer: false, ct)), "dtus-search", new SearchAsked(filter, begin.From, begin.Take), missing, ct).ConfigureAwait(false);
        return Merge.Searches([here.ToSearch(), .. others.Select(other => other.Answer.ToSearch())], skip, take);

        static async Task<SearchSaid> SaidAsync(Task<DtuSearch> search) => SearchSaid.Of(await search.ConfigureAwait(false));
    }

    public async Task<FleetCounts> CountsAsync(MissingNodes? missing, CancellationToken ct)
    {
        var (here, others) = await BothAsync<Nothing, FleetCounts>(_here.CountsAsync(forPeer: false, ct), "fleet", Nothing.Asked, missing, ct).ConfigureAwait(false);
        return Merge.Counts([here, .. others.Select(other => other.Answer)]);
    }

    public async Task<DtuStatus?> FindAsync(DtuId id, MissingNodes? missing, CancellationToken ct)
    {
        var (here, others) = await BothAsync<DtuId, Fleet.FoundDtu>(_here.FindAsync(id, forPeer: false, ct), "dtu", id, missing, ct).ConfigureAwait(false);
        return Merge.Dtu([here, .. others.Select(other => other.Answer)]);
    }

    public async Task<ImmutableArray<SessionRecord>> SessionsAsync(DtuId id, MissingNodes? missing, CancellationToken ct)
    {
        var (here, others) = await BothAsync<DtuId, ImmutableArray<SessionRecord>>(_here.SessionsAsync(id, ct), "sessions", id, missing, ct).ConfigureAwait(false);
        return others.Count == 0 ? here : Merge.Sessions(here.Concat(others.SelectMany(other => other.Answer)));
    }

    public async Task<FramePage> FramesAsync(Records.GetFrames asked, MissingNodes? missing, CancellationToken ct)
    {
        if (!_isClustered)
        {
            return await _here.FramesAsync(asked, ct).ConfigureAwait(false);
        }

        // A number is of the time when this node was alone.
        var places = asked.After is not { } after ? ImmutableDictionary.Create<string, string>(StringComparer.Ordinal)
            : FrameCursor.Parse(after) ?? ImmutableDictionary.Create<string, string>(StringComparer.Ordinal).Add(_node, after);
        var question = asked with { After = places.IsEmpty ? null : FrameCursor.Of(places) };
        var (here, others) = await BothAsync<Records.GetFrames, FramePage>(_here.FramesAsync(asked with { After = places.GetValueOrDefault(_node) }, ct), "frames", question, missing, ct).ConfigureAwait(false);
        if (asked.Newest)
        {
            return Merge.LatestFrames([here, .. others.Select(other => other.Answer)], asked.Limit);
        }

        return Merge.Frames([(_node, here), .. others], places, asked.Limit);
    }

    public Task<ImmutableArray<RefusedConnection>> UnknownAsync(MissingNodes? missing, CancellationToken ct) =>
        ListedAsync(_here.UnknownAsync(ct), "unknown", (refused, node) => refused with { Node = node }, all => all.OrderByDescending(refused => refused.At), missing, ct);

    public Task<ImmutableArray<EndpointStatus>> EndpointsAsync(MissingNodes? missing, CancellationToken ct) => ListedAsync(
        _here.EndpointsAsync(ct), "endpoints", (endpoint, node) => endpoint with { Node = node },
        all => all.OrderBy(endpoint => endpoint.Name, StringComparer.Ordinal).ThenBy(endpoint => endpoint.Node, StringComparer.Ordinal), missing, ct);

    public Task<ImmutableArray<ListenerStatus>> ListenersAsync(MissingNodes? missing, CancellationToken ct) => ListedAsync(
        _here.ListenersAsync(ct), "listeners", (listener, node) => listener with { Node = node },
        all => all.OrderBy(listener => listener.Name, StringComparer.Ordinal).ThenBy(listener => listener.Node, StringComparer.Ordinal), missing, ct);

    public async Task<ImmutableArray<RouteStatus>> RoutesAsync(MissingNodes? missing, CancellationToken ct)
    {
        var (here, others) = await BothAsync<Nothing, ImmutableArray<RouteStatus>>(_here.RoutesAsync(ct), "routes", Nothing.Asked, missing, ct).ConfigureAwait(false);
        return others.Count == 0 ? here : Merge.Routes([here, .. others.Select(other => other.Answer)]);
    }

    public async Task<ImmutableArray<CommandStatus>?> CommandsAsync(DtuId id, MissingNodes? missing, CancellationToken ct)
    {
        var (here, others) = await BothAsync<DtuId, ImmutableArray<CommandStatus>>(_here.UnstoredCommandsAsync(id, ct), "commands", id, missing, ct).ConfigureAwait(false);
        if (await _here.StoredCommandsAsync(id, ct).ConfigureAwait(false) is not { } stored)
        {
            return null;
        }

        return stored.IsEmpty && others.Count == 0 ? here : [.. stored.Concat(here).Concat(others.SelectMany(other => other.Answer)).OrderByDescending(command => command.At)];
    }

    public async Task<WithdrawOutcome?> WithdrawAsync(DtuId id, string commandId, CancellationToken ct)
    {
        WithdrawOutcome? outcome = await _here.WithdrawUnstoredAsync(id, commandId, ct).ConfigureAwait(false);
        outcome = outcome is WithdrawOutcome.Unknown ? await _here.WithdrawStoredAsync(id, commandId, ct).ConfigureAwait(false) : outcome;
        if (outcome is not WithdrawOutcome.Unknown)
        {
            return outcome;
        }

        var others = await OthersAsync<WithdrawAsked, WithdrawOutcome>("withdraw", new WithdrawAsked(id, commandId), null, ct).ConfigureAwait(false);
        return others.Select(other => other.Answer).FirstOrDefault(answer => answer is not WithdrawOutcome.Unknown, WithdrawOutcome.Unknown);
    }

    public async Task<bool> ForgetAsync(DtuId id, MissingNodes? missing, CancellationToken ct)
    {
        var (here, others) = await BothAsync<DtuId, bool>(_here.ForgetAsync(id, ct), "forget", id, missing, ct).ConfigureAwait(false);
        return here || others.Any(other => other.Answer);
    }

    public async Task<ImmutableArray<NodeStatus>> NodesAsync(MissingNodes? missing, CancellationToken ct)
    {
        var (here, others) = await BothAsync<Nothing, NodeProcess>(ProcessAsync(ct), "node", Nothing.Asked, missing, ct).ConfigureAwait(false);
        if (await _here.MembersAsync(ct).ConfigureAwait(false) is not { Standings.IsEmpty: false } members)
        {
            return [new NodeStatus { Name = _node, State = _isClustered ? NodeStates.Joining : NodeStates.Up, IsSelf = true, Process = here }];
        }

        var processes = others.ToDictionary(other => other.Node, other => other.Answer, StringComparer.Ordinal);
        return [.. members.Standings.Select(standing => new NodeStatus
        {
            Name = standing.Node.Name,
            State = standing.State,
            Address = $"{standing.Node.Address.Host}:{standing.Node.Address.Port}",
            Roles = standing.Node.Roles,
            Version = standing.Node.Version,
            IsSelf = standing.Node.IsSelf,
            Process = standing.Node.IsSelf ? here : processes.GetValueOrDefault(standing.Node.Name),
        })];
    }

    private async Task<NodeProcess> ProcessAsync(CancellationToken ct) => NodeProcess.This((await _here.CountsAsync(forPeer: true, ct).ConfigureAwait(false)).Online);

    private async Task<ImmutableArray<T>> ListedAsync<T>(
        Task<ImmutableArray<T>> here, string topic, Func<T, string, T> at, Func<IEnumerable<T>, IEnumerable<T>> order, MissingNodes? missing, CancellationToken ct)
    {
        var (mine, others) = await BothAsync<Nothing, ImmutableArray<T>>(here, topic, Nothing.Asked, missing, ct).ConfigureAwait(false);
        return !_isClustered ? mine : [.. order(mine.Select(item => at(item, _node)).Concat(others.SelectMany(other => other.Answer.Select(item => at(item, other.Node)))))];
    }

    // Both at once.
    private async Task<(TAnswer Here, IReadOnlyList<(string Node, TAnswer Answer)> Others)> BothAsync<TQuestion, TAnswer>(
        Task<TAnswer> here, string topic, TQuestion question, MissingNodes? missing, CancellationToken ct)
    {
        if (!_isClustered)
        {
            return (await here.ConfigureAwait(false), []);
        }

        var others = OthersAsync<TQuestion, TAnswer>(topic, question, missing, ct);
        await Task.WhenAll(here, others).ConfigureAwait(false);
        return (await here.ConfigureAwait(false), await others.ConfigureAwait(false));
    }

    private async Task<IReadOnlyList<(string Node, TAnswer Answer)>> OthersAsync<TQuestion, TAnswer>(string topic, TQuestion question, MissingNodes? missing, CancellationToken ct)
    {
        if (!_isClustered)
        {
            return [];
        }

        ImmutableArray<(string Node, TAnswer? Answer, string? Problem)> answers;
        try
        {
            answers = await _others.AskAsync<TQuestion, TAnswer>(topic, question, ct).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            // The desk is being restarted: what this node knows is an answer all the same.
            return [];
        }

        foreach (var (node, _, problem) in answers)
        {
            if (problem is not null)
            {
                missing?.Add(node);
            }
        }

        return [.. answers.Where(answer => answer.Problem is null).Select(answer => (answer.Node, answer.Answer!))];
    }

    private string? PlaceOf(string? after) => after is null ? null : FrameCursor.Parse(after)?.GetValueOrDefault(_node);

    // Where it is cut another page follows, whose number is that of its last frame.
    private static FramePage Shortened(FramePage page, bool newest)
    {
        var (bytes, count) = (0L, 0);
        foreach (var frame in newest ? page.Items.Reverse() : page.Items)
        {
            bytes += frame.Payload.Length + 200;
            if (bytes > MostFrameBytes && count > 0)
            {
                break;
            }

            count++;
        }

        return count == page.Items.Length ? page
            : newest ? new FramePage([.. page.Items.TakeLast(count)], null)
            : new FramePage([.. page.Items.Take(count)], page.Items[count - 1].Next);
    }

    private sealed record Nothing
    {
        public static readonly Nothing Asked = new();
    }

    private sealed record ListAsked(DtuFilter Filter, int Limit, string? After);

    private sealed record SearchAsked(DtuFilter Filter, DtuId? From, int Take);

    private sealed record SearchSaid(int Total, int Before, ImmutableArray<DtuStatus> Items)
    {
        public static SearchSaid Of(DtuSearch search) => new(search.Total, search.Before, search.Items);

        public DtuSearch ToSearch() => new(Total, Items) { Before = Before };
    }

    private sealed record WithdrawAsked(DtuId Dtu, string Command);
}

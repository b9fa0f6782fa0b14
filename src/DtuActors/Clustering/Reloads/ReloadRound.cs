using System.Collections.Immutable;

namespace DtuActors.Clustering.Reloads;

/// <summary>How a reload of all nodes ended: each node's last word, by name. Where <paramref name="IsApplied"/> is false nothing changed anywhere.</summary>
internal sealed record ReloadResult(bool IsApplied, ImmutableArray<(string Node, ReloadWord Word)> Words);

/// <summary>
/// A reload of every node, all or none: each is asked whether its files are right, one after the other in the order of their names, and holds its turn from then on; only where all
/// are ready they all apply. So of two rounds at once one waits before it has anything, for its first node.
/// </summary>
/// <param name="peers">All nodes, this one too.</param>
/// <param name="time">For waits.</param>
internal sealed class ReloadRound(IEnumerable<IReloadPeer> peers, TimeProvider time)
{
    // The first node's lease, and time to apply.
    private static readonly TimeSpan PrepareWithin = ReloadTurn.LeaseFor - TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TurnWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ApplyWithin = TimeSpan.FromMinutes(3);

    // A node that said it is ready is slow, or it is lost and goes from the cluster; then it reads its files when it starts.
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(200);

    private readonly ImmutableArray<IReloadPeer> _peers = [.. peers.OrderBy(peer => peer.Node, StringComparer.Ordinal)];
    private readonly string _round = Guid.NewGuid().ToString("n");

    /// <param name="ct">Ends the wait for another round, never one that has begun.</param>
    public async Task<ReloadResult> RunAsync(CancellationToken ct)
    {
        var words = ImmutableArray.CreateBuilder<(string, ReloadWord)>();
        try
        {
            var isReady = await PrepareAsync(words, ct).ConfigureAwait(false);
            if (!isReady)
            {
                await AbortAsync().ConfigureAwait(false);
                return new ReloadResult(IsApplied: false, words.ToImmutable());
            }
        }
        catch
        {
            await AbortAsync().ConfigureAwait(false);
            throw;
        }

        var applied = await Task.WhenAll(_peers.Select(ApplyAsync)).ConfigureAwait(false);
        return new ReloadResult(IsApplied: true, [.. applied]);
    }

    private async Task<bool> PrepareAsync(ImmutableArray<(string, ReloadWord)>.Builder words, CancellationToken ct)
    {
        var isReady = true;
        var begun = time.GetTimestamp();
        foreach (var peer in _peers)
        {
            var isFirst = words.Count == 0;
            var word = await peer.PrepareAsync(_round).ConfigureAwait(false);
            while ((word.State is ReloadState.Pending && time.GetElapsedTime(begun) < PrepareWithin)
                || (word.State is ReloadState.Busy && isFirst && time.GetElapsedTime(begun) < TurnWithin))
            {
                await Task.Delay(AskAgainAfter, time, isFirst ? ct : CancellationToken.None).ConfigureAwait(false);
                word = await peer.PrepareAsync(_round).ConfigureAwait(false);
            }

            if (isFirst)
            {
                begun = time.GetTimestamp();
            }

            if (word.State is ReloadState.Pending || (word.State is ReloadState.Ready && time.GetElapsedTime(begun) >= PrepareWithin))
            {
                word = new ReloadWord(ReloadState.Refused) { Problem = $"not all nodes have read their files within {PrepareWithin.TotalSeconds} s" };
            }

            words.Add((peer.Node, word));
            isReady &= word.State is ReloadState.Ready;
            if (word.State is ReloadState.OutOfReach or ReloadState.Busy or ReloadState.Refused)
            {
                return false;
            }
        }

        return isReady;
    }

    private async Task<(string, ReloadWord)> ApplyAsync(IReloadPeer peer)
    {
        var begun = time.GetTimestamp();
        long? lost = null;
        while (true)
        {
            var word = await peer.ApplyAsync(_round).ConfigureAwait(false);
            lost = word.State is ReloadState.OutOfReach ? lost ?? time.GetTimestamp() : null;
            var goesOn = word.State is ReloadState.Pending ? time.GetElapsedTime(begun) < ApplyWithin : lost is { } since && time.GetElapsedTime(since) < LostAfter;
            if (!goesOn)
            {
                return (peer.Node, word);
            }

            await Task.Delay(AskAgainAfter, time).ConfigureAwait(false);
        }
    }

    private Task AbortAsync() => Task.WhenAll(_peers.Select(peer => peer.AbortAsync(_round)));
}

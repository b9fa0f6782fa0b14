using DtuActors.Configuration;

namespace DtuActors.Clustering.Reloads;

/// <summary>
/// One node's part in reloads, its own and those of the whole cluster: whoever reads or writes its files does so alone. A round of all nodes holds the turn from its question on until it
/// is applied or given up; where the asker is never heard of again, the turn is free after <see cref="LeaseFor"/>. Safe from any thread.
/// </summary>
internal sealed class ReloadTurn(Func<Task<(ReloadWord Word, GatewayOptions? Options)>> check, Func<GatewayOptions, string, Task<ReloadWord>> apply, TimeProvider time) : IDisposable
{
    /// <summary>How long a node that has said it is ready waits for the word.</summary>
    public static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(30);

    // Under what a desk waits for an answer; whoever asks asks again.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1.5);

    // Somebody writes routes here and puts them in force.
    private static readonly TimeSpan TurnWithin = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1);
    private readonly Lock _lock = new();
    private Round? _round;

    // Its last word may have been lost on the way.
    private Round? _last;

    public void Dispose()
    {
        lock (_lock)
        {
            _round?.Lease?.Dispose();
        }

        _one.Dispose();
    }

    /// <summary>Runs <paramref name="work"/> while nobody else has the turn; <paramref name="ct"/> ends the wait.</summary>
    public async Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken ct)
    {
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>A round of all nodes asks: <see cref="ReloadState.Ready"/>, <see cref="ReloadState.Pending"/>, or why not.</summary>
    /// <param name="id">The round's.</param>
    /// <param name="asker">Who asks, for the log.</param>
    public Task<ReloadWord> PrepareAsync(string id, string asker)
    {
        Task<ReloadWord> checking;
        lock (_lock)
        {
            if (_last?.Id == id && _last.Checking is { } was)
            {
                checking = was;
            }
            else if (_round is { } round && round.Id != id)
            {
                return Task.FromResult(new ReloadWord(ReloadState.Busy) { Problem = "another reload is under way" });
            }
            else
            {
                _round ??= new Round(id, asker);
                checking = _round.Checking ??= CheckAsync(_round);
            }
        }

        return SoonAsync(checking);
    }

    /// <summary>The word: what was ready is put in force. <see cref="ReloadState.Applied"/>, <see cref="ReloadState.Pending"/>, or why not.</summary>
    public Task<ReloadWord> ApplyAsync(string id)
    {
        Task<ReloadWord> applying;
        lock (_lock)
        {
            if (_last?.Id == id && _last.Applying is { } was)
            {
                applying = was;
            }
            else if (_round is { Options: { } options } round && round.Id == id)
            {
                applying = round.Applying ??= ApplyAsync(round, options);
            }
            else
            {
                return Task.FromResult(new ReloadWord(ReloadState.Refused) { Problem = $"it waited {LeaseFor.TotalSeconds} s for the word, and waits no more" });
            }
        }

        return SoonAsync(applying);
    }

    /// <summary>Nothing comes of that round.</summary>
    public void Abort(string id)
    {
        lock (_lock)
        {
            if (_round is { Applying: null } round && round.Id == id)
            {
                End(round);
            }
        }
    }

    private async Task<ReloadWord> SoonAsync(Task<ReloadWord> work)
    {
        try
        {
            return await work.WaitAsync(AnswerWithin, time).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!work.IsCompleted)
        {
            return new ReloadWord(ReloadState.Pending);
        }
    }

    private async Task<ReloadWord> CheckAsync(Round round)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var patience = new CancellationTokenSource(TurnWithin, time);
        try
        {
            await _one.WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                _round = _round == round ? null : _round;
            }

            return new ReloadWord(ReloadState.Busy) { Problem = "somebody else changes its files" };
        }

        lock (_lock)
        {
            round.HasTurn = true;
            if (_round != round)
            {
                // Given up meanwhile.
                Free(round);
                return new ReloadWord(ReloadState.Refused) { Problem = "the reload was given up" };
            }

            round.Lease = time.CreateTimer(_ => Expire(round), null, LeaseFor, Timeout.InfiniteTimeSpan);
        }

        var (word, options) = (new ReloadWord(ReloadState.Refused) { Problem = "its files could not be checked" }, (GatewayOptions?)null);
        try
        {
            (word, options) = await check().ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                round.Options = options;
                if (word.State is not ReloadState.Ready && _round == round)
                {
                    End(round);
                }
            }
        }

        return word;
    }

    private async Task<ReloadWord> ApplyAsync(Round round, GatewayOptions options)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            return await apply(options, round.Asker).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                End(round);
            }
        }
    }

    private void Expire(Round round)
    {
        lock (_lock)
        {
            if (_round == round && round.Applying is null)
            {
                End(round);
            }
        }
    }

    private void End(Round round)
    {
        (_round, _last) = (null, round);
        Free(round);
    }

    private void Free(Round round)
    {
        round.Lease?.Dispose();
        if (round.HasTurn)
        {
            round.HasTurn = false;
            _one.Release();
        }
    }

    private sealed class Round(string id, string asker)
    {
        public string Id => id;

        public string Asker => asker;

        public bool HasTurn { get; set; }

        public ITimer? Lease { get; set; }

        public GatewayOptions? Options { get; set; }

        public Task<ReloadWord>? Checking { get; set; }

        public Task<ReloadWord>? Applying { get; set; }
    }
}

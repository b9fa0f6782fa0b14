using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Host.Api;
using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Storage;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace DtuActors.Host.WebConsole;

/// <summary>
/// A page that follows the gateway for as long as it is shown: <see cref="RefreshAsync"/> once at its begin, then every <see cref="RefreshEvery"/> and after
/// <see cref="RefreshSoon"/>; <see cref="Watch"/> brings events in batches. A browser that stops reading holds up its own page only: events it can't take are counted as lost.
/// </summary>
public abstract class LivePage : ComponentBase, IAsyncDisposable
{
    // Shown within 200 ms, and no more than ten renderings a second whatever passes.
    private static readonly TimeSpan BatchEvery = TimeSpan.FromMilliseconds(100);
    private const int MostWaiting = 2048;

    private readonly CancellationTokenSource _gone = new();
    private readonly SemaphoreSlim _soon = new(0, 1);

    [Inject]
    protected Words T { get; private set; } = null!;

    [Inject]
    protected DtuGateway Gateway { get; private set; } = null!;

    /// <summary>Whether there may be more than this node.</summary>
    protected bool IsClustered => Gateway.Options.Cluster.Enabled;

    [Inject]
    protected TimeProvider Time { get; private set; } = null!;

    [Inject]
    protected ISnackbar Snackbar { get; private set; } = null!;

    [Inject]
    private ILoggerFactory Logs { get; set; } = null!;

    /// <summary>Cancelled when the reader has left the page.</summary>
    protected CancellationToken Gone => _gone.Token;

    /// <summary>Why what is shown may be old; null: it is not.</summary>
    protected string? Trouble { get; private set; }

    protected virtual TimeSpan RefreshEvery => TimeSpan.FromSeconds(1);

    /// <summary>Reads what the page shows. Failures become <see cref="Trouble"/>.</summary>
    protected virtual Task RefreshAsync(CancellationToken gone) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override void OnInitialized() => _ = RefreshLoopAsync();

    /// <summary>Refreshes at once, or as soon as the refresh that runs is done; many calls in between are one.</summary>
    protected void RefreshSoon()
    {
        try
        {
            _soon.Release();
        }
        catch (SemaphoreFullException)
        {
            // One is due already.
        }
    }

    /// <summary>Events from now on, of <paramref name="only"/> or of everything, in batches and in the page's own turn, until the page is left or what is returned is disposed.</summary>
    protected IDisposable Watch(ImmutableHashSet<DtuId>? only, Action<IReadOnlyList<FieldEvent>> take)
    {
        var ended = CancellationTokenSource.CreateLinkedTokenSource(Gone);
        _ = PumpAsync(only, take, ended.Token);
        return new Watching(ended);
    }

    /// <summary>Does what the operator asked for; a refusal or a failure is shown, and the page lives on.</summary>
    protected async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (RefusalException refused)
        {
            Snackbar.Add(refused.Message, Severity.Error);
        }
        catch (StorageException failure)
        {
            Snackbar.Add(T["The database can't be read or written: ", "数据库无法读写："] + failure.Message, Severity.Error);
        }
        catch (Exception failure) when (failure is AskTimeoutException or TimeoutException or InvalidOperationException or IOException)
        {
            Snackbar.Add(T["The gateway did not answer: ", "网关没有应答："] + failure.Message, Severity.Error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        await LeaveAsync();
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>What a page gives back when it is left.</summary>
    protected virtual ValueTask LeaveAsync() => ValueTask.CompletedTask;

    private async Task RefreshLoopAsync()
    {
        var gone = Gone;
        try
        {
            while (true)
            {
                await InvokeAsync(RefreshOnceAsync);
                await _soon.WaitAsync(RefreshEvery, gone);

                // Many calls within a moment, as in a storm, are one refresh.
                await Task.Delay(BatchEvery, Time, gone);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
        {
            // The reader left.
        }
    }

    private async Task RefreshOnceAsync()
    {
        try
        {
            await RefreshAsync(Gone);
            Trouble = null;
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or ObjectDisposedException))
        {
            Trouble = T["What is shown may be old: ", "显示的内容可能已过时："] + failure.Message;
            if (failure is not AskTimeoutException)
            {
                Logs.CreateLogger(GetType()).LogWarning(failure, "a page of the console could not be refreshed");
            }
        }

        StateHasChanged();
    }

    private async Task PumpAsync(ImmutableHashSet<DtuId>? only, Action<IReadOnlyList<FieldEvent>> take, CancellationToken ended)
    {
        try
        {
            using var subscription = await Gateway.ObserveAsync(only, MostWaiting);
            while (await subscription.Events.WaitToReadAsync(ended))
            {
                var batch = new List<FieldEvent>();
                while (batch.Count < MostWaiting && subscription.Events.TryRead(out var happened))
                {
                    batch.Add(happened);
                }

                await InvokeAsync(() =>
                {
                    take(batch);
                    StateHasChanged();
                });
                await Task.Delay(BatchEvery, Time, ended);
            }
        }
        catch (Exception left) when (left is OperationCanceledException or ObjectDisposedException)
        {
            // The reader left, or wants to hear no more.
        }
    }

    private sealed class Watching(CancellationTokenSource ended) : IDisposable
    {
        public void Dispose() => ended.Cancel();
    }
}

using System.Collections.Immutable;
using DtuActors.Archives.Targets;
using DtuActors.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DtuActors.Archives;

/// <summary>
/// Runs the archives of this node beside the gateway, a loop for each: relays never wait for them. A reload starts those that are new or changed and stops those that are gone; what a
/// stopped one had remembered stays on the disk, and goes on under the same name.
/// </summary>
public sealed class ArchiveService : BackgroundService
{
    private readonly Func<DtuGateway> _gateway;
    private readonly Func<ArchiveTargetOptions, IArchiveTarget> _targets;
    private readonly TimeProvider _time;
    private readonly ILogger<ArchiveService> _log;
    private ImmutableArray<Entry> _entries = [];

    internal ArchiveService(Func<DtuGateway> gateway, Func<ArchiveTargetOptions, IArchiveTarget> targets, TimeProvider time, ILogger<ArchiveService> log) =>
        (_gateway, _targets, _time, _log) = (gateway, targets, time, log);

    /// <summary>Registers the service, and what makes its targets where nobody else does.</summary>
    internal static void AddTo(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<Func<ArchiveTargetOptions, IArchiveTarget>>(_ => ArchiveTargets.Create);
        services.AddSingleton(provider => new ArchiveService(
            provider.GetRequiredService<DtuGateway>,
            provider.GetRequiredService<Func<ArchiveTargetOptions, IArchiveTarget>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ArchiveService>>()));
        services.AddHostedService(provider => provider.GetRequiredService<ArchiveService>());
    }

    /// <summary>How each archive stands, in the order of configuration.</summary>
    public ImmutableArray<ArchiveStatus> List() => [.. Entries.Select(entry => entry.Runner?.Status ?? ArchiveRunner.StatusOf(entry.Options, ArchiveStates.Elsewhere))];

    /// <summary>Has a day carried now, again where it was; null: yesterday, or the day that waits to be tried again, which is tried at once.</summary>
    public ArchiveAnswer Run(string name, DateOnly? day) => Entries.FirstOrDefault(entry => entry.Options.Name == name) switch
    {
        null => new ArchiveAnswer.Unknown(),
        { Runner: { } runner } => runner.Ask(day),
        var entry => new ArchiveAnswer.Elsewhere(entry.Options.On!),
    };

    private ImmutableArray<Entry> Entries => ImmutableInterlocked.InterlockedCompareExchange(ref _entries, [], []);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Made by the actor system's start, which comes before this.
        var gateway = _gateway();
        var source = new GatewayHistory(gateway);
        try
        {
            while (true)
            {
                var changed = gateway.OptionsChanged;
                await UseAsync(gateway.Options, source).ConfigureAwait(false);
                await changed.WaitAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await UseAsync(gateway.Options with { Archives = [] }, source).ConfigureAwait(false);
        }
    }

    // Those that are gone or changed end before others begin: two of one name would share a folder.
    private async Task UseAsync(GatewayOptions options, IArchiveSource source)
    {
        var before = Entries;
        var kept = before.Where(entry => options.Archives.Any(archive => SameOptions.Are(archive, entry.Options))).ToList();
        await Task.WhenAll(before.Except(kept).Select(entry => entry.DisposeAsync().AsTask())).ConfigureAwait(false);
        foreach (var gone in before.Where(entry => entry.Runner is not null && options.Archives.All(archive => archive.Name != entry.Options.Name)))
        {
            GatewayMetrics.ArchiveFailing.Remove(gone.Options.Name);
        }

        ImmutableInterlocked.InterlockedExchange(
            ref _entries, [.. options.Archives.Select(archive => kept.Find(entry => entry.Options.Name == archive.Name) ?? Start(archive, options, source))]);
    }

    private Entry Start(ArchiveOptions archive, GatewayOptions options, IArchiveSource source)
    {
        if (options.Cluster.Enabled && archive.On != options.Node.Name)
        {
            return new Entry(archive, null);
        }

        var runner = new ArchiveRunner(archive, Path.Combine(options.Node.DataDir, "archives", archive.Name), source, _targets, _time, _log);
        return new Entry(archive, runner);
    }

    /// <summary>One archive of the configuration; one without a runner is another node's.</summary>
    private sealed class Entry : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();
        private readonly Task _running;

        public Entry(ArchiveOptions options, ArchiveRunner? runner)
        {
            (Options, Runner) = (options, runner);
            _running = runner is null ? Task.CompletedTask : Task.Run(() => runner.RunAsync(_stopping.Token));
        }

        public ArchiveOptions Options { get; }

        public ArchiveRunner? Runner { get; }

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stopping.Dispose();
        }
    }
}

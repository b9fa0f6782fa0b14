using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;

namespace DtuActors.Host.Serving;

/// <summary>
/// Tells systemd how the run stands (sd_notify): ready, reloading, stopping, how many DTUs are online and, where the unit has WatchdogSec, that the gateway's actors still
/// answer. Without NOTIFY_SOCKET it does nothing. A manager that can't be told is logged once and never ends the run.
/// </summary>
internal sealed partial class ServiceManager : IDisposable
{
    private static readonly TimeSpan StatusEvery = TimeSpan.FromSeconds(5);

    private readonly SystemdNotifier _notifier = new();
    private readonly MeterListener _meter = new();
    private readonly Lock _order = new();
    private readonly ILogger<ServiceManager> _log;
    private long _online;
    private bool _stopping;
    private bool _untold;

    public ServiceManager(ILogger<ServiceManager> log)
    {
        _log = log;
        if (_notifier.IsEnabled)
        {
            _meter.SetMeasurementEventCallback<long>((_, delta, _, _) => Interlocked.Add(ref _online, delta));
            _meter.EnableMeasurementEvents(GatewayMetrics.Connections);
        }
    }

    /// <summary>Started, or running again after <see cref="Reloading"/>.</summary>
    public void Ready() => Tell("READY=1");

    /// <summary>A reload begins; <see cref="Ready"/> ends it, whatever came of it.</summary>
    public void Reloading() => Tell(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={MonotonicMicroseconds()}"));

    /// <summary>The end has begun: nothing is told after it.</summary>
    public void Stopping()
    {
        lock (_order)
        {
            Tell("STOPPING=1");
            _stopping = true;
        }
    }

    public void Dispose() => _meter.Dispose();

    /// <summary>Keeps the status line and the watchdog up to date until <paramref name="stopping"/>.</summary>
    public async Task RunAsync(DtuGateway gateway, CancellationToken stopping)
    {
        if (!_notifier.IsEnabled)
        {
            return;
        }

        var watchdog = Watchdog();
        using var timer = new PeriodicTimer(watchdog / 3 is { } third && third < StatusEvery ? third : StatusEvery);
        long? told = null;
        try
        {
            do
            {
                var online = Interlocked.Read(ref _online);
                if (online != told)
                {
                    told = online;
                    Tell(string.Create(CultureInfo.InvariantCulture, $"STATUS={online} {(online == 1 ? "DTU" : "DTUs")} online"));
                }

                if (watchdog is not null && await AnswersAsync(gateway, stopping))
                {
                    Tell("WATCHDOG=1");
                }
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    // The listeners' state is known by the actors that would take a DTU: an answer shows that these run, not merely this timer.
    private async Task<bool> AnswersAsync(DtuGateway gateway, CancellationToken stopping)
    {
        try
        {
            await gateway.Here.ListenersAsync(stopping);
            return true;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            LogSilent(_log, failure);
            return false;
        }
    }

    // The unit's WatchdogSec, where it means this process (sd_watchdog_enabled).
    private static TimeSpan? Watchdog()
    {
        var forUs = Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } pid || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return forUs && long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    // CLOCK_MONOTONIC, which Stopwatch reads on Linux.
    private static long MonotonicMicroseconds() => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);

    private void Tell(string state)
    {
        if (!_notifier.IsEnabled)
        {
            return;
        }

        lock (_order)
        {
            if (_stopping)
            {
                return;
            }

            try
            {
                _notifier.Notify(new ServiceState(state));
            }
            catch (SocketException failure) when (!_untold)
            {
                _untold = true;
                LogUntold(_log, failure.Message);
            }
            catch (SocketException)
            {
                // Said once.
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "NOTIFY_SOCKET takes nothing: {Problem}")]
    private static partial void LogUntold(ILogger log, string problem);

    [LoggerMessage(LogLevel.Error, "the gateway's actors did not answer; the watchdog is not told")]
    private static partial void LogSilent(ILogger log, Exception failure);
}

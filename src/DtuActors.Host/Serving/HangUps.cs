using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace DtuActors.Host.Serving;

/// <summary>
/// SIGHUP: never the process's end, always a reload. From construction on signals are taken; those that come before <see cref="RunAsync"/> runs, or while it reloads, are
/// one more reload together. Windows has no such signal.
/// </summary>
internal sealed partial class HangUps : IDisposable
{
    private readonly Channel<bool> _heard = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly PosixSignalRegistration? _signal;

    public HangUps()
    {
        if (!OperatingSystem.IsWindows())
        {
            _signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        }
    }

    public void Dispose() => _signal?.Dispose();

    /// <summary>Reloads at each signal, until <paramref name="stopping"/>.</summary>
    public async Task RunAsync(Reloader reloader, ServiceManager manager, ILogger log, CancellationToken stopping)
    {
        try
        {
            await foreach (var _ in _heard.Reader.ReadAllAsync(stopping))
            {
                manager.Reloading();
                try
                {
                    await reloader.ReloadAsync("SIGHUP", stopping);
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    LogFailed(log, failure);
                }

                manager.Ready();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        _heard.Writer.TryWrite(true);
    }

    [LoggerMessage(LogLevel.Error, "the reload failed; what was in force stays")]
    private static partial void LogFailed(ILogger log, Exception failure);
}

using System.Threading.Channels;

namespace DtuActors.Simulator;

/// <summary>
/// Bytes under way in one direction: each piece is due its latency after it was put in, never before the one ahead of it. Bounded: who puts in more
/// than <see cref="Capacity"/> pieces waits, or is refused.
/// </summary>
internal sealed class DelayLine(TimeSpan latency, TimeSpan jitter, TimeProvider time, Random random)
{
    /// <summary>Pieces under way at most. Enough that a latency of a second does not throttle a polled instrument, few enough for thousands of DTUs.</summary>
    public const int Capacity = 32;

    private readonly Channel<(byte[] Bytes, long At)> _pieces = Channel.CreateBounded<(byte[], long)>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    private TimeSpan _lastDue;

    public ValueTask PutAsync(byte[] bytes, CancellationToken cancellation) => _pieces.Writer.WriteAsync((bytes, time.GetTimestamp()), cancellation);

    public bool TryPut(byte[] bytes) => _pieces.Writer.TryWrite((bytes, time.GetTimestamp()));

    /// <summary>The next piece, at its time.</summary>
    public async ValueTask<byte[]> TakeAsync(CancellationToken cancellation)
    {
        var (bytes, at) = await _pieces.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        if (latency > TimeSpan.Zero || jitter > TimeSpan.Zero)
        {
            var due = time.GetElapsedTime(0, at) + latency + (jitter * random.NextDouble());
            _lastDue = due > _lastDue ? due : _lastDue;
            await Waiting.UntilAsync(_lastDue, 0, time, cancellation).ConfigureAwait(false);
        }

        return bytes;
    }

    /// <summary>The next piece if one is put in within <paramref name="window"/>, else null.</summary>
    public async ValueTask<byte[]?> TakeWithinAsync(TimeSpan window, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(window, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            await _pieces.Reader.WaitToReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }

        return await TakeAsync(cancellation).ConfigureAwait(false);
    }
}

internal static class Waiting
{
    /// <summary>Waits until <paramref name="moment"/> after the timestamp <paramref name="start"/>; not at all where that has passed.</summary>
    public static async Task UntilAsync(TimeSpan moment, long start, TimeProvider time, CancellationToken cancellation)
    {
        while (moment - time.GetElapsedTime(start) is var rest && rest > TimeSpan.Zero)
        {
            await ForAsync(rest, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for a time of any length: timers count whole milliseconds and end at 49 days.</summary>
    public static Task ForAsync(TimeSpan rest, TimeProvider time, CancellationToken cancellation) =>
        Task.Delay(TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(rest.TotalMilliseconds), 86_400_000)), time, cancellation);
}

using System.Collections.Immutable;
using Akka.Actor;

namespace DtuActors.Host.WebConsole;

/// <summary>One second of the fleet.</summary>
/// <param name="At">When.</param>
/// <param name="Online">DTUs online.</param>
/// <param name="FramesUp">Frames from DTUs in that second.</param>
/// <param name="FramesDown">Frames to DTUs in that second.</param>
/// <param name="Connected">Sessions that were opened in that second: a storm shows here.</param>
internal readonly record struct Beat(DateTimeOffset At, int Online, long FramesUp, long FramesDown, long Connected);

/// <summary>The last ten minutes of the fleet, second by second, for the console's charts: sampled once for all who look.</summary>
internal sealed class Pulse(TimeProvider time)
{
    private const int Kept = 600;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private ImmutableQueue<Beat> _beats = [];

    /// <summary>Oldest first.</summary>
    public ImmutableArray<Beat> Beats => [.. Volatile.Read(ref _beats)];

    /// <summary>Samples until the gateway stops.</summary>
    public async Task RunAsync(DtuGateway gateway, CancellationToken stopping)
    {
        try
        {
            using var timer = new PeriodicTimer(Every, time);
            FleetCounts? before = null;
            IReadOnlyList<string> missingBefore = [];
            var (beats, count) = (_beats, 0);
            while (await timer.WaitForNextTickAsync(stopping))
            {
                try
                {
                    var missing = new MissingNodes();
                    var now = await gateway.FleetCountsAsync(stopping, missing);

                    // What a node had counted before it is heard again did not pass in this second.
                    var areSame = missing.Names.SequenceEqual(missingBefore);
                    missingBefore = missing.Names;
                    if (before is not null && areSame)
                    {
                        beats = beats.Enqueue(new Beat(
                            time.GetUtcNow(), now.Online, Risen(now.FramesUp, before.FramesUp), Risen(now.FramesDown, before.FramesDown), Risen(now.Sessions, before.Sessions)));
                        beats = ++count > Kept ? beats.Dequeue() : beats;
                        Volatile.Write(ref _beats, beats);
                    }

                    before = now;
                }
                catch (AskTimeoutException)
                {
                    // A second without an answer is missing in the chart.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The gateway stops.
        }
    }

    // A DTU that is forgotten takes its share of the sums with it.
    private static long Risen(long now, long before) => Math.Max(0, now - before);
}

using DtuActors.Configuration;

namespace DtuActors;

/// <summary>
/// The waiting time before each attempt to open something that failed: doubling from min to max, with up to a fifth of jitter, so that many do not come back
/// in step. The actors that wait keep a state to show and a buffer to hold meanwhile, which Akka's BackoffSupervisor would put a level away (it also loses
/// what is sent to it while its child is down).
/// </summary>
public sealed class Backoff(ReopenOptions options)
{
    private const double Jitter = 0.2;
    private int _failures;

    /// <summary>The wait before the next attempt, after one more failure.</summary>
    public TimeSpan Next()
    {
        // 30 doublings of a millisecond are twelve days: past any max that configuration allows.
        var step = options.Min * Math.Pow(2, Math.Min(_failures, 30));
        _failures++;
        var bounded = step < options.Max ? step : options.Max;
        return bounded * (1 + (Random.Shared.NextDouble() * Jitter));
    }

    /// <summary>It is open: the next failure waits the minimum again.</summary>
    public void Reset() => _failures = 0;
}

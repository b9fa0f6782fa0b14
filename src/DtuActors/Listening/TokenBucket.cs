namespace DtuActors.Listening;

/// <summary>So many per second, with bursts of a tenth of that: what the accept ramp lets through. Pure; time is told.</summary>
/// <param name="perSecond">At least 1.</param>
/// <param name="now">When it begins, full.</param>
public sealed class TokenBucket(int perSecond, DateTimeOffset now)
{
    // What is less than one by rounding is one.
    private const double Whole = 1 - 1e-6;

    private readonly double _most = Math.Max(1, perSecond / 10.0);
    private double _tokens = Math.Max(1, perSecond / 10.0);
    private DateTimeOffset _filled = now;

    /// <summary>Takes one, where there is one.</summary>
    public bool TryTake(DateTimeOffset now)
    {
        Fill(now);
        if (_tokens < Whole)
        {
            return false;
        }

        _tokens--;
        return true;
    }

    /// <summary>How long until there is one; zero where there is.</summary>
    public TimeSpan UntilNext(DateTimeOffset now)
    {
        Fill(now);
        return _tokens >= Whole ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _tokens) / perSecond) + TimeSpan.FromTicks(1);
    }

    // A clock that is set back fills nothing, and takes nothing.
    private void Fill(DateTimeOffset now)
    {
        if (now > _filled)
        {
            _tokens = Math.Min(_most, _tokens + ((now - _filled).TotalSeconds * perSecond));
        }

        _filled = now;
    }
}

namespace DtuActors.Listening;

/// <summary>Keeps what may happen thousands of times a second to one line a minute. Pure; time is told.</summary>
public sealed class Grumble
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private DateTimeOffset? _said;
    private long _unsaid;

    /// <summary>Whether to say it now; <paramref name="times"/>: how often it happened since it was last said, this time included.</summary>
    public bool IsDue(DateTimeOffset now, out long times)
    {
        times = ++_unsaid;
        if (_said is { } said && now - said < Every)
        {
            return false;
        }

        _said = now;
        _unsaid = 0;
        return true;
    }
}

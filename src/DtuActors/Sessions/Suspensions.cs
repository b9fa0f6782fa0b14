using System.Collections.Immutable;
using DtuActors.Configuration;

namespace DtuActors.Sessions;

/// <summary>A slave that is not asked before <see cref="Until"/>; then one request is its trial. By <see cref="Dispatching.SteadyTime"/> on the bus, a date where it is reported.</summary>
public sealed record SuspendedSlave(string Slave, DateTimeOffset Until);

/// <summary>
/// Slaves that keep timing out. After <c>after</c> time-outs in a row one is suspended for <c>for</c>; what is asked first then is its trial, which waits at
/// most a twelfth of <c>for</c>: a dead slave takes 1/13 of the bus, however often it is asked for. An answer ends it, another time-out begins it anew.
/// </summary>
internal sealed class Suspensions(SuspendOptions options)
{
    /// <summary>Trials take at most this part of <c>for</c>.</summary>
    public const int TrialPart = 12;

    // A bus of RS-485 has up to 247 slaves; askers of meters may name any, and the longest known goes first.
    private const int MostSlaves = 256;
    private const int MostShown = 32;

    private readonly Dictionary<string, Standing> _slaves = [];
    private readonly Queue<string> _known = new();

    /// <summary>Whether requests to the slave are refused at once.</summary>
    public bool Refuses(string? slave, DateTimeOffset now) => Find(slave)?.Until > now;

    /// <summary>How long an answer is waited for: a trial's wait is short.</summary>
    public TimeSpan Limit(string? slave, TimeSpan timeout)
    {
        var most = options.For / TrialPart;
        return Find(slave)?.Until is not null && timeout > most ? most : timeout;
    }

    /// <summary>Counts a time-out, and says whether the slave is suspended now.</summary>
    public bool TimedOut(string? slave, DateTimeOffset now)
    {
        if (slave is null)
        {
            return false;
        }

        var standing = Find(slave) ?? Add(slave);
        standing.TimeOuts++;
        if (standing.Until is null && standing.TimeOuts < options.After)
        {
            return false;
        }

        standing.Until = now + options.For;
        return true;
    }

    /// <summary>The slave lives.</summary>
    public void Answered(string? slave)
    {
        if (Find(slave) is { } standing)
        {
            (standing.TimeOuts, standing.Until) = (0, null);
        }
    }

    /// <summary>Those that are suspended or wait for their trial, as many as a person reads.</summary>
    public ImmutableArray<SuspendedSlave> Shown() => _slaves.Count == 0 ? [] :
    [
        .. _slaves.Where(slave => slave.Value.Until is not null).Select(slave => new SuspendedSlave(slave.Key, slave.Value.Until!.Value))
            .OrderBy(slave => slave.Slave, StringComparer.Ordinal).Take(MostShown),
    ];

    private Standing? Find(string? slave) => slave is not null && _slaves.TryGetValue(slave, out var standing) ? standing : null;

    private Standing Add(string slave)
    {
        if (_known.Count >= MostSlaves)
        {
            _slaves.Remove(_known.Dequeue());
        }

        _known.Enqueue(slave);
        return _slaves[slave] = new Standing();
    }

    private sealed class Standing
    {
        public int TimeOuts { get; set; }

        public DateTimeOffset? Until { get; set; }
    }
}

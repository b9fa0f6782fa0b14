namespace DtuActors.Sessions;

/// <summary>
/// How fast a node's sessions claim their DTUs from a directory that is on many nodes: a storm's claims must not stand before the nodes' own heartbeats, or they take each other for
/// lost. Pure, for any number of threads; time is told.
/// </summary>
/// <param name="perSecond">At least 1.</param>
/// <param name="atOnce">So many need not wait where nobody claimed for a while.</param>
public sealed class ClaimPace(int perSecond = ClaimPace.PerSecond, int atOnce = ClaimPace.AtOnce)
{
    /// <summary>Measured with six nodes on two cores; a node of its own does a multiple, and its sessions are open meanwhile.</summary>
    public const int PerSecond = 1000;

    public const int AtOnce = 200;

    private readonly long _each = TimeSpan.TicksPerSecond / perSecond;
    private long _next;

    /// <summary>Takes the next turn, and says how long it is until that.</summary>
    public TimeSpan Take(DateTimeOffset now)
    {
        while (true)
        {
            var next = Volatile.Read(ref _next);
            var turn = Math.Max(next, now.UtcTicks - (_each * atOnce));
            if (Interlocked.CompareExchange(ref _next, turn + _each, next) == next)
            {
                return turn <= now.UtcTicks ? TimeSpan.Zero : TimeSpan.FromTicks(turn - now.UtcTicks);
            }
        }
    }
}

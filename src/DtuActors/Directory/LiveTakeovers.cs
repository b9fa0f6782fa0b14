using DtuActors.Configuration;

namespace DtuActors.Directory;

/// <summary>
/// Counts takeovers whose displaced socket turned out to be alive: enough of them within a window are no reconnects, but several devices with one id. Pure, and bounded
/// by the number that makes a conflict.
/// </summary>
internal struct LiveTakeovers
{
    private Queue<DateTimeOffset>? _at;

    /// <summary>Takes one that was found out <paramref name="now"/>; true where it makes a conflict.</summary>
    public bool Add(DateTimeOffset now, DuplicatesOptions options)
    {
        _at ??= new Queue<DateTimeOffset>();
        _at.Enqueue(now);
        while (_at.Count > options.ConflictAfter || now - _at.Peek() > options.Within)
        {
            _at.Dequeue();
        }

        return _at.Count >= options.ConflictAfter;
    }
}

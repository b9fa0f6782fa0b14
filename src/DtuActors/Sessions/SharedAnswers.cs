namespace DtuActors.Sessions;

/// <summary>
/// Answers to reads that are good for whoever asks the same within <c>coalesce</c>. A write to the slave ends that, for the values may be other ones now.
/// </summary>
internal sealed class SharedAnswers(TimeSpan age)
{
    /// <summary>The most requests that wait for the answer to another's read, beyond <c>queue</c>.</summary>
    public const int MostSharing = 1024;

    private const int MostKept = 64;

    private readonly List<(BusItem Item, Frame Answer, DateTimeOffset At)> _kept = [];

    public bool IsEmpty => _kept.Count == 0;

    public void Keep(BusItem item, Frame answer, DateTimeOffset now)
    {
        Forget(now);
        _kept.RemoveAll(kept => kept.Item.ReadsTheSameAs(item));
        if (_kept.Count == MostKept)
        {
            _kept.RemoveAt(0);
        }

        _kept.Add((item, answer, now));
    }

    /// <summary>The answer that is good for <paramref name="item"/> too, or null.</summary>
    public Frame? Find(BusItem item, DateTimeOffset now)
    {
        Forget(now);
        return item.IsRead ? _kept.Find(kept => kept.Item.ReadsTheSameAs(item)).Answer : null;
    }

    /// <summary>The slave was told something, or any of them where it is not known which.</summary>
    public void Forget(string? slave) => _kept.RemoveAll(kept => slave is null || kept.Item.Slave is null || kept.Item.Slave == slave);

    private void Forget(DateTimeOffset now) => _kept.RemoveAll(kept => now - kept.At > age);
}

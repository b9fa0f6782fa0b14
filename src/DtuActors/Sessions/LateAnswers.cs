namespace DtuActors.Sessions;

/// <summary>
/// Requests whose time is over and whose answers may still come: until they came or their window passed, nothing is asked whose answer could be mistaken
/// for theirs.
/// </summary>
internal sealed class LateAnswers
{
    // One per slave and function at most, for those that could be mistaken wait. A line with so many that do not answer rests.
    private const int Most = 64;

    private readonly List<(BusItem Item, DateTimeOffset Until)> _expected = [];

    /// <summary>When the next window passes.</summary>
    public DateTimeOffset? Next => _expected.Count == 0 ? null : _expected.Min(late => late.Until);

    public void Expect(BusItem item, DateTimeOffset until) => _expected.Add((item, until));

    public void Forget(DateTimeOffset now) => _expected.RemoveAll(late => now >= late.Until);

    public bool Any(Func<BusItem, bool> which) => _expected.Exists(late => which(late.Item));

    /// <summary>Whether a request has to wait.</summary>
    public bool HoldsBack(BusItem item) =>
        _expected.Count > 0 && (_expected.Count >= Most || _expected.Exists(late => item.IsConfusableWith(late.Item)));

    /// <summary>The first request that <paramref name="answer"/> finds an answer to, with it; it is expected no more.</summary>
    public (BusItem Item, Frame Answer)? Take(Func<BusItem, Frame?> answer)
    {
        for (var i = 0; i < _expected.Count; i++)
        {
            var item = _expected[i].Item;
            if (answer(item) is { } found)
            {
                _expected.RemoveAt(i);
                return (item, found);
            }
        }

        return null;
    }
}

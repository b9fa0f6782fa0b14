using DtuActors.Protocol;

namespace DtuActors.Recording;

/// <summary>What is known of the rows of one part of the history.</summary>
/// <param name="Number">Its tables are <c>frames_N</c> and <c>sessions_N</c>.</param>
/// <param name="FirstSequence">The number of its first row.</param>
/// <param name="LastSequence">Of its last; before the first: it is empty.</param>
/// <param name="FirstAt">The earliest time in it, in ticks since 1970.</param>
/// <param name="LastAt">The latest.</param>
/// <param name="Bytes">About what it takes on disk.</param>
internal sealed record HistoryPart(int Number, long FirstSequence, long LastSequence, long FirstAt, long LastAt, long Bytes)
{
    public bool IsEmpty => LastSequence < FirstSequence;

    public HistoryPart With(HistoryPart next) => this with
    {
        LastSequence = next.LastSequence,
        FirstAt = Math.Min(FirstAt, next.FirstAt),
        LastAt = Math.Max(LastAt, next.LastAt),
        Bytes = Bytes + next.Bytes,
    };

    public static HistoryPart Empty(int number, long lastSequence) => new(number, lastSequence + 1, lastSequence, long.MaxValue, long.MinValue, 0);
}

/// <summary>Which rows were appended since the last merge, by DTU: few enough to be found one by one.</summary>
internal sealed class FreshRows
{
    private readonly Dictionary<DtuId, List<(long Sequence, long At)>> _frames = [];
    private readonly Dictionary<DtuId, List<long>> _sessions = [];

    public HistoryPart Range { get; private set; } = HistoryPart.Empty(0, 0);

    public int Count { get; private set; }

    public static FreshRows EmptyAfter(long sequence) => new() { Range = HistoryPart.Empty(0, sequence) };

    /// <summary>A DTU's frames, in order of their numbers.</summary>
    public IReadOnlyList<(long Sequence, long At)> Frames(DtuId dtu) => _frames.GetValueOrDefault(dtu) ?? [];

    /// <summary>A DTU's sessions likewise.</summary>
    public IReadOnlyList<long> Sessions(DtuId dtu) => _sessions.GetValueOrDefault(dtu) ?? [];

    /// <param name="dtu">Whose row.</param>
    /// <param name="at">Its time, in ticks: a session's end.</param>
    /// <param name="isSession">Else it is a frame.</param>
    /// <param name="bytes">What it takes on disk.</param>
    /// <param name="sequence">Its number; null: the next.</param>
    public void Add(DtuId dtu, long at, bool isSession, long bytes, long? sequence = null)
    {
        var number = sequence ?? Range.LastSequence + 1;
        if (isSession)
        {
            Of(_sessions, dtu).Add(number);
        }
        else
        {
            Of(_frames, dtu).Add((number, at));
        }

        Count++;
        Range = Range with
        {
            LastSequence = number,
            FirstAt = Math.Min(Range.FirstAt, at),
            LastAt = Math.Max(Range.LastAt, at),
            Bytes = Range.Bytes + bytes,
        };
    }

    private static List<T> Of<T>(Dictionary<DtuId, List<T>> rows, DtuId dtu)
    {
        if (!rows.TryGetValue(dtu, out var list))
        {
            rows.Add(dtu, list = []);
        }

        return list;
    }
}

namespace DtuActors.Protocol.Answers;

/// <summary>
/// What a centre answers its stations by itself, one per session: some keep what they need to answer several packets at once, and never more than one message's
/// worth. Pure: time comes as an argument, bytes go out as results. Never throws on input. Where the gateway answered, a second centre's own
/// answer to the same (<see cref="Answered"/>) is withheld, so that exactly one side answers; what it left unanswered stays the centre's to answer.
/// </summary>
public abstract class CentreAnswers
{
    private static readonly (string Name, Func<bool, CentreAnswers> Make)[] Table =
    [
        ("hj212", static _ => new Hj212Answers()),
        ("sl651", static keepOnline => new Sl651Answers(keepOnline)),
    ];

    /// <summary>The names that <see cref="Create"/> takes: <c>application.answer</c> in configuration, and the codec whose frames are answered.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>The answers of one session, or null for a name that is not in <see cref="Names"/>.</summary>
    /// <param name="name">The protocol.</param>
    /// <param name="keepOnline">Whether a station that sleeps between reports is told to stay online for further commands, where the protocol knows such a word.</param>
    public static CentreAnswers? Create(string name, bool keepOnline = true)
    {
        foreach (var row in Table)
        {
            if (row.Name == name)
            {
                return row.Make(keepOnline);
            }
        }

        return null;
    }

    /// <summary>
    /// The frame that answers an uplink frame, or null where none is due: not asked for, not a frame of this protocol, or more packets are to come.
    /// </summary>
    public abstract byte[]? Answer(ReadOnlySpan<byte> frame, DateTimeOffset now);

    /// <summary>
    /// Whether this side has already answered what a downlink frame answers, as far as its last 32 answers tell. False for a downlink frame that is no
    /// answer.
    /// </summary>
    public abstract bool Answered(ReadOnlySpan<byte> downlink);
}

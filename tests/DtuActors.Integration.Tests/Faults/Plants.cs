namespace DtuActors.Integration.Tests.Faults;

/// <summary>Faults that are put into a run on purpose, as a gateway with a bug would show them to those outside: the history has to find each, or it finds nothing.</summary>
internal sealed class Plants
{
    private readonly Dictionary<string, Func<StreamFrame?, IEnumerable<StreamFrame?>>> _lies = [];

    /// <summary>A run with none.</summary>
    public static readonly Plants None = new();

    /// <summary>One of each.</summary>
    public static Plants All()
    {
        var plants = new Plants { SlavesHearTwice = true, AnswersCross = true, CommandsComeTwice = true, SilenceIsForEver = true, OneStaysBehind = true, OnlineComesTwice = true };
        StreamFrame? held = null;
        var count = 0;
        plants._lies[Talker.PlaceOf(Way.Up, 2)] = static frame => [frame, frame];
        plants._lies[Talker.PlaceOf(Way.Up, 3)] = static frame => [frame is { } known ? known with { Dtu = 4 } : null];
        plants._lies[Talker.PlaceOf(Way.Up, 4)] = frame =>
        {
            (held, var before) = (held is null ? frame : null, held);
            return held is null ? [frame, before] : [];
        };
        plants._lies[Talker.PlaceOf(Way.Up, FaultRun.Calm)] = frame => ++count == 5 ? [] : [frame];
        return plants;
    }

    /// <summary>What is made of a frame that somebody hears.</summary>
    public Func<StreamFrame?, IEnumerable<StreamFrame?>>? LieAt(string place) => _lies.GetValueOrDefault(place);

    public bool SlavesHearTwice { get; private init; }

    public bool AnswersCross { get; private init; }

    public bool CommandsComeTwice { get; private init; }

    /// <summary>The gateway is told to wait for silent DTUs without an end.</summary>
    public bool SilenceIsForEver { get; private init; }

    /// <summary>Each DTU that is online is told to be so twice.</summary>
    public bool OnlineComesTwice { get; private init; }

    /// <summary>A DTU that nobody knows of stays online.</summary>
    public bool OneStaysBehind { get; private init; }
}

using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using DtuActors.Clustering.Wire;

namespace DtuActors.Clustering.Desks;

/// <summary>One node's desk: asks the others for whoever asks here, and answers them by its <see cref="Topics"/>.</summary>
public sealed class DeskActor : ReceiveActor, IWithTimers
{
    /// <summary>A node that answers later is slow or about to be lost: its part of an answer is missing then, and said to be.</summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    // People ask, and pages that are open; a flood of them is answered in part.
    private const int MostRounds = 4096;
    private const int MostAtWork = 256;

    private const string OutOfReach = "the node can't be reached";
    private const string TooLate = "the node did not answer in time";

    private readonly string _node;
    private readonly Topics _topics;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, ICanTell> _others = new(StringComparer.Ordinal);
    private readonly HashSet<string> _outOfReach = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Round> _rounds = [];
    private long _asked;
    private int _atWork;

    public DeskActor(string node, Topics topics)
    {
        (_node, _topics) = (node, topics);
        Receive<Desk.Meet>(OnMeet);
        Receive<Desk.Part>(OnPart);
        Receive<Desk.AskOthers>(OnAskOthers);
        Receive<Desk.TellOthers>(OnTellOthers);
        Receive<Desk.Answer>(OnAnswer);
        Receive<RoundOver>(over => EndRound(over.Round));
        Receive<Desk.Ask>(OnAsk);
        Receive<Worked>(OnWorked);
        Receive<Desk.Told>(told => _topics.ListenerOf(told.Topic)?.Invoke(told.Node, told.Body));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(string node, Topics topics) => Maker.Of((node, topics), static from => new DeskActor(from.node, from.topics));

    protected override void PreStart() => Context.Parent.Tell(Desk.WhoIsThere.Instance);

    // ---- asking

    // Each node is asked under a number of its own, which says which round it belongs to.
    private void OnAskOthers(Desk.AskOthers ask)
    {
        var asked = _others.Where(other => ask.OnlyNode is null || other.Key == ask.OnlyNode).ToList();
        IEnumerable<string> missing = ask.OnlyNode is { } only ? asked.Count == 0 ? [only] : [] : _outOfReach;
        if (_rounds.Count >= MostRounds)
        {
            (missing, asked) = (missing.Concat(asked.Select(other => other.Key)), []);
        }

        var round = new Round(Sender, asked.Count);
        round.Answers.AddRange(missing.Select(node => new NodeAnswer(node, default, OutOfReach)));
        if (asked.Count == 0)
        {
            TellIfAll(round);
            return;
        }

        foreach (var (node, desk) in asked)
        {
            _rounds.Add(++_asked, round);
            round.Waiting.Add(_asked, node);
            desk.Tell(new Desk.Ask(_asked, ask.Topic, ask.Body), Self);
        }

        Timers.StartSingleTimer(round, new RoundOver(round), AnswerWithin);
    }

    private void OnAnswer(Desk.Answer answer)
    {
        if (_rounds.Remove(answer.Number, out var round) && round.Waiting.Remove(answer.Number, out var node))
        {
            round.Answers.Add(new NodeAnswer(node, answer.Body, answer.Problem));
            TellIfAll(round);
        }
    }

    private void OnMeet(Desk.Meet meet)
    {
        _outOfReach.Remove(meet.Node);
        _others[meet.Node] = meet.Desk;
    }

    private void OnPart(Desk.Part part)
    {
        _others.Remove(part.Node);
        _ = part.StaysMember ? _outOfReach.Add(part.Node) : _outOfReach.Remove(part.Node);
        foreach (var (number, round) in _rounds.Where(row => row.Value.Waiting.GetValueOrDefault(row.Key) == part.Node).ToList())
        {
            _rounds.Remove(number);
            round.Waiting.Remove(number);
            round.Answers.Add(new NodeAnswer(part.Node, default, OutOfReach));
            TellIfAll(round);
        }
    }

    private void EndRound(Round round)
    {
        foreach (var (late, node) in round.Waiting)
        {
            _rounds.Remove(late);
            round.Answers.Add(new NodeAnswer(node, default, TooLate));
        }

        round.Waiting.Clear();
        TellIfAll(round);
    }

    private void TellIfAll(Round round)
    {
        if (round.Waiting.Count == 0)
        {
            Timers.Cancel(round);
            round.Asker.Tell(new Desk.Answers(round.Answers.ToImmutable()));
        }
    }

    private void OnTellOthers(Desk.TellOthers tell)
    {
        foreach (var (node, desk) in _others)
        {
            if (tell.OnlyNode is null || node == tell.OnlyNode)
            {
                desk.Tell(new Desk.Told(_node, tell.Topic, tell.Body), Self);
            }
        }
    }

    // ---- answering

    private void OnAsk(Desk.Ask ask)
    {
        if (_topics.AnswerOf(ask.Topic) is not { } answer)
        {
            Sender.Tell(new Desk.Answer(ask.Number, default, $"{_node} does not know '{ask.Topic}'"));
        }
        else if (_atWork >= MostAtWork)
        {
            Sender.Tell(new Desk.Answer(ask.Number, default, $"{_node} is asked too much"));
        }
        else
        {
            _atWork++;
            var (asker, number) = (Sender, ask.Number);
            WorkAsync(answer, ask.Body).PipeTo(
                Self, success: body => new Worked(asker, number, body, null), failure: problem => new Worked(asker, number, default, problem.GetBaseException().Message));
        }
    }

    // What throws before it waits is a failure like any other.
    private static async Task<ReadOnlyMemory<byte>> WorkAsync(Func<ReadOnlyMemory<byte>, Task<ReadOnlyMemory<byte>>> answer, ReadOnlyMemory<byte> body) =>
        await answer(body).ConfigureAwait(false);

    private void OnWorked(Worked worked)
    {
        _atWork--;
        var isTooLong = worked.Body.Length > WireProtocol.MostBytes - 1024;
        if (isTooLong || worked.Problem is not null)
        {
            _log.Warning("a question of another node has no answer: {0}", isTooLong ? "it is too long" : worked.Problem);
        }

        worked.Asker.Tell(isTooLong ? new Desk.Answer(worked.Number, default, "the answer is too long") : new Desk.Answer(worked.Number, worked.Body, worked.Problem));
    }

    private sealed class Round(IActorRef asker, int asked)
    {
        public IActorRef Asker => asker;

        public Dictionary<long, string> Waiting { get; } = new(asked);

        public ImmutableArray<NodeAnswer>.Builder Answers { get; } = ImmutableArray.CreateBuilder<NodeAnswer>(asked);
    }

    private sealed record RoundOver(Round Round) : INoSerializationVerificationNeeded;

    private sealed record Worked(IActorRef Asker, long Number, ReadOnlyMemory<byte> Body, string? Problem) : INoSerializationVerificationNeeded;
}

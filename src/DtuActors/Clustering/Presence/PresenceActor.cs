using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering.Desks;
using DtuActors.Directory;
using DtuActors.Recording;

namespace DtuActors.Clustering.Presence;

/// <summary>
/// Tells the other nodes which DTUs are here or were, twice a second what changed and a node that is met everything; and hears the same of them, for the FleetView. What is told is
/// numbered: where a number is missing that node is asked for everything anew.
/// </summary>
internal sealed class PresenceActor : ReceiveActor, IWithTimers
{
    private const string Topic = "presence";
    private const string WholeTopic = "presence-whole";
    private const int MostRows = 500;
    private const int MostRowsOfWhole = 5000;
    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(500);

    // That the last of it is missed shows by then.
    private const int QuietTurns = 10;
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FleetLimit = DeskActor.AnswerWithin;

    private readonly IActorRef _fleet;
    private readonly OtherNodes _others;
    private readonly long _life = Random.Shared.NextInt64();
    private readonly Dictionary<string, Node> _nodes = new(StringComparer.Ordinal);
    private readonly Told _told = new();
    private int _quiet;
    private long _rounds;

    public PresenceActor(IActorRef fleet, OtherNodes others, EventInlet events)
    {
        (_fleet, _others) = (fleet, others);
        Receive<Presence.Meet>(OnMeet);
        Receive<Presence.Part>(OnPart);
        Receive<TellDue>(_ => _fleet.Tell(new Presence.TakeChanges(MostRows)));
        Receive<Presence.Changes>(OnChanges);
        Receive<Words>(OnWords);
        Receive<WholePart>(OnWholePart);
        Receive<NoPart>(OnNoPart);
        Receive<AskAgain>(again => Ask(again.Node));
        Receive<Fleet.TellAgain>(_ => AskAll());
        Receive<Presence.SayLost>(_fleet.Tell);
        Receive<Presence.Losses>(losses =>
        {
            foreach (var lost in losses.Dtus)
            {
                events.Offer(lost);
            }
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="fleet">Who knows this node's DTUs, and hears of the others'.</param>
    /// <param name="others">The other nodes.</param>
    /// <param name="events">Takes the ends of sessions whose nodes can't tell them.</param>
    public static Props Props(IActorRef fleet, OtherNodes others, EventInlet events) =>
        Maker.Of((fleet, others, events), static from => new PresenceActor(from.fleet, from.others, from.events));

    protected override void PreStart()
    {
        var (self, fleet, life, told) = (Self, _fleet, _life, _told);
        _others.Listen<Words>(Topic, (node, words) => self.Tell(words with { Node = node }));
        _others.Answer<WholeAsked, WholeSaid>(WholeTopic, async asked =>
        {
            // Read first: what changes behind it has a higher number.
            var number = told.Number;
            var whole = await fleet.Ask<Presence.Whole>(new Presence.GetWhole(asked.After, MostRowsOfWhole), FleetLimit).ConfigureAwait(false);
            return new WholeSaid(life, number, whole.Rows, whole.Next);
        });
        Timers.StartPeriodicTimer(TellDue.Instance, TellDue.Instance, TellEvery);
        Context.Parent.Tell(Presence.WhoIsThere.Instance);
    }

    // ---- telling

    private void OnChanges(Presence.Changes changes)
    {
        if (changes.Rows.IsEmpty && ++_quiet < QuietTurns)
        {
            return;
        }

        _quiet = 0;
        var number = changes.Rows.IsEmpty ? _told.Number : _told.Next();
        _ = _others.TellAsync(Topic, new Words("", _life, number, changes.Rows));
        if (changes.AreMore)
        {
            _fleet.Tell(new Presence.TakeChanges(MostRows));
        }
    }

    // ---- hearing

    private void OnMeet(Presence.Meet meet)
    {
        _nodes[meet.Node] = new Node();
        Ask(meet.Node);
    }

    private void OnPart(Presence.Part part)
    {
        _nodes.Remove(part.Node);
        _fleet.Tell(part);
    }

    private void OnWords(Words words)
    {
        // Who is out of reach is asked for everything once it is back.
        if (!_nodes.TryGetValue(words.Node, out var node))
        {
            return;
        }

        _fleet.Tell(new Presence.Heard(words.Node, words.Rows));
        var isNext = words.Life == node.Life && words.Number <= node.Heard + 1;
        if (node.IsAsking)
        {
            (node.Life, node.Heard) = (words.Life, words.Life == node.Life ? Math.Max(words.Number, node.Heard) : words.Number);
        }
        else if (isNext)
        {
            node.Heard = Math.Max(words.Number, node.Heard);
        }
        else
        {
            _fleet.Tell(new Presence.Anew(words.Node));
            Ask(words.Node);
        }
    }

    private void AskAll()
    {
        foreach (var name in _nodes.Keys)
        {
            Ask(name);
        }
    }

    private void Ask(string name)
    {
        if (_nodes.TryGetValue(name, out var node))
        {
            (node.IsAsking, node.Round) = (true, ++_rounds);
            AskFor(name, null, node.Round);
        }
    }

    private void AskFor(string name, string? after, long round) => AskAsync(name, after, round).PipeTo(Self, failure: _ => new NoPart(name, round));

    private async Task<object> AskAsync(string name, string? after, long round) =>
        (await _others.AskAsync<WholeAsked, WholeSaid>(WholeTopic, new WholeAsked(after), CancellationToken.None, name).ConfigureAwait(false)) is [{ Problem: null, Answer: { } said }]
            ? new WholePart(name, round, said, IsFirst: after is null)
            : new NoPart(name, round);

    private void OnWholePart(WholePart part)
    {
        if (!_nodes.TryGetValue(part.Node, out var node) || node.Round != part.Round)
        {
            return;
        }

        var said = part.Said;
        _fleet.Tell(new Presence.Heard(part.Node, said.Rows));
        if (part.IsFirst)
        {
            (node.Life, node.Heard) = (said.Life, node.Life == said.Life ? Math.Max(node.Heard, said.Number) : said.Number);
        }

        if (said.Next is { } next)
        {
            AskFor(part.Node, next, part.Round);
        }
        else
        {
            node.IsAsking = false;
        }
    }

    private void OnNoPart(NoPart no)
    {
        if (_nodes.TryGetValue(no.Node, out var node) && node.Round == no.Round)
        {
            Timers.StartSingleTimer(no.Node, new AskAgain(no.Node), AskAgainAfter);
        }
    }

    private sealed class Node
    {
        public long Life { get; set; }

        public long Heard { get; set; }

        public long Round { get; set; }

        public bool IsAsking { get; set; }
    }

    // Read where others' questions are answered, on any thread.
    private sealed class Told
    {
        private long _number;

        public long Number => Interlocked.Read(ref _number);

        public long Next() => Interlocked.Increment(ref _number);
    }

    private sealed record WholeAsked(string? After);

    private sealed record WholeSaid(long Life, long Number, ImmutableArray<PresenceRow> Rows, string? Next);

    private sealed record Words(string Node, long Life, long Number, ImmutableArray<PresenceRow> Rows) : INoSerializationVerificationNeeded;

    private sealed record WholePart(string Node, long Round, WholeSaid Said, bool IsFirst) : INoSerializationVerificationNeeded;

    private sealed record NoPart(string Node, long Round) : INoSerializationVerificationNeeded;

    private sealed record AskAgain(string Node) : INoSerializationVerificationNeeded;

    private sealed record TellDue : INoSerializationVerificationNeeded
    {
        public static readonly TellDue Instance = new();
    }
}

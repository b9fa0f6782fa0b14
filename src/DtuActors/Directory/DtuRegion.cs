using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Event;
using DtuActors.Commanding;
using DtuActors.Protocol;

namespace DtuActors.Directory;

/// <summary>
/// The directory of a cluster, in the place of <see cref="DtuDirectory"/> and with its messages: each DTU's actor lives in a shard, and each shard on one node. It says that it is
/// <see cref="Ready"/> once every shard has a home: a claim that comes later is not kept waiting for one.
/// </summary>
public sealed class DtuRegion : ReceiveActor, IWithTimers
{
    /// <summary>The region → its parent, once.</summary>
    public sealed record Ready : INoSerializationVerificationNeeded
    {
        public static readonly Ready Instance = new();
    }

    /// <summary>The name of the entities.</summary>
    public const string TypeName = "dtu";

    /// <summary>
    /// Three to each of twenty nodes: an uneven share is no burden, for sessions are elsewhere, and each that moves takes its turn with the coordinator, some 20 ms. Another number would be
    /// another cluster, so it never changes.
    /// </summary>
    public const int Shards = 60;

    // Each look asks for the shards that have not answered; a coordinator that is new finds homes in seconds.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly IActorRef _region;
    private readonly Dictionary<string, DtuId> _unanswered;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public DtuRegion(CommandStorage? commands)
    {
        var home = new ShardHome(commands);
        _region = ClusterSharding.Get(Context.System).Start(
            TypeName,
            id => DtuActor.Props(DtuId.Parse(id), 0, home),
            ClusterShardingSettings.Create(Context.System),
            Extractor.Instance,
            new ShardBalance(ShardAllocationStrategy.LeastShardAllocationStrategy(absoluteLimit: Shards, relativeLimit: 1)),
            Holding.Leave.Instance);
        _unanswered = OneOfEach();
        Receive<Look>(_ => AskTheRest());
        Receive<Holding.Found>(OnFound);
        Receive<IForDtu>(message => _region.Forward(message));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="commands">What the queues of commands need; null: none is stored.</param>
    public static Props Props(CommandStorage? commands) => Maker.Of(commands, static from => new DtuRegion(from));

    /// <summary>The shards, once one of these has started.</summary>
    public static IActorRef Of(ActorSystem system) => ClusterSharding.Get(system).ShardRegion(TypeName);

    protected override void PreStart() => AskTheRest();

    // Ids of no DTU: what these are asked for makes an actor that is let go again within a minute.
    private static Dictionary<string, DtuId> OneOfEach()
    {
        var found = new Dictionary<string, DtuId>(Shards);
        for (var i = 0; found.Count < Shards; i++)
        {
            var id = $"\u00a0{i}";
            found.TryAdd(Extractor.Instance.ShardId(id), DtuId.Parse(id));
        }

        return found;
    }

    private void AskTheRest()
    {
        foreach (var id in _unanswered.Values)
        {
            _region.Tell(new Holding.Find(id));
        }

        Timers.StartSingleTimer(Look.Instance, Look.Instance, LookEvery);
    }

    private void OnFound(Holding.Found found)
    {
        if (_unanswered.Remove(Extractor.Instance.ShardId(found.Dtu.Value)) && _unanswered.Count == 0)
        {
            Timers.Cancel(Look.Instance);
            _log.Debug("every shard has its node");
            Context.Parent.Tell(Ready.Instance);
        }
    }

    /// <summary>A DTU's id is its entity's; the shard follows from it, on every node alike.</summary>
    private sealed class Extractor() : HashCodeMessageExtractor(Shards)
    {
        public static readonly Extractor Instance = new();

        public override string? EntityId(object message) => (message as IForDtu)?.Dtu.Value;
    }

    private sealed record Look : INoSerializationVerificationNeeded
    {
        public static readonly Look Instance = new();
    }
}

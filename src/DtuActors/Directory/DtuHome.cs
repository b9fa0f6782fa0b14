using Akka.Actor;
using Akka.Cluster.Sharding;
using DtuActors.Commanding;
using DtuActors.Protocol;

namespace DtuActors.Directory;

/// <summary>Where DTUs' actors live, and what one of them needs of it: alone below the <see cref="DtuDirectory"/>, or in a cluster in a shard (<see cref="DtuRegion"/>).</summary>
/// <param name="commands">What the queues of commands need; null: none is stored.</param>
public abstract class DtuHome(CommandStorage? commands)
{
    public CommandStorage? Commands => commands;

    /// <summary>Whether what a session said may come after its end, and so behind what a newer one says: where messages wait for a home that is yet to be found.</summary>
    public abstract bool ComesLate { get; }

    /// <summary>A DTU's actor is not needed: end it, and lose nothing that comes for it meanwhile.</summary>
    public abstract void LetGo(IActorContext dtu, Holding.Passivate passivate);

    /// <summary>A DTU's actor ends with commands open: the next one has to see to them.</summary>
    public abstract void Wake(IActorContext dtu, DtuId id);
}

/// <summary>One node: the directory is the parent.</summary>
public sealed class AloneHome(CommandStorage? commands) : DtuHome(commands)
{
    public override bool ComesLate => false;

    public override void LetGo(IActorContext dtu, Holding.Passivate passivate) => dtu.Parent.Tell(passivate, dtu.Self);

    public override void Wake(IActorContext dtu, DtuId id) => dtu.Parent.Tell(new Queueing.Wake(id), dtu.Self);
}

/// <summary>Many nodes: a shard is the parent, and the region finds whatever node has it next.</summary>
public sealed class ShardHome(CommandStorage? commands) : DtuHome(commands)
{
    public override bool ComesLate => true;

    public override void LetGo(IActorContext dtu, Holding.Passivate passivate) => dtu.Parent.Tell(new Passivate(PoisonPill.Instance), dtu.Self);

    public override void Wake(IActorContext dtu, DtuId id) => DtuRegion.Of(dtu.System).Tell(new Queueing.Wake(id), ActorRefs.NoSender);
}

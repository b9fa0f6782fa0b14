using System.Diagnostics.CodeAnalysis;
using Akka.Actor;

namespace DtuActors.Dispatching;

/// <summary>Keys of the data path's tables: an actor's own hash walks its path to the root, this one asks for the number that each actor is given at random.</summary>
internal sealed class ByUid : IEqualityComparer<IActorRef>
{
    public static readonly ByUid Comparer = new();

    public bool Equals(IActorRef? x, IActorRef? y) => ReferenceEquals(x, y) || (x is not null && x.Equals(y));

    // One that is no actor of this system's making (a probe's stand-in, a connection) may have none.
    public int GetHashCode([DisallowNull] IActorRef obj) => obj.Path is { Uid: not ActorCell.UndefinedUid } path ? path.Uid.GetHashCode() : obj.GetHashCode();
}

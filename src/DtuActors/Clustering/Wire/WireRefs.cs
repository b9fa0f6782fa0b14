using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Serialization;

namespace DtuActors.Clustering.Wire;

/// <summary>
/// References as text: the path with its node's address and its incarnation, empty for nobody. What was written last is remembered, since building a path is a quarter of what a
/// frame's form costs; the way back is Akka.Remote's, which remembers too.
/// </summary>
internal sealed class WireRefs(ExtendedActorSystem system)
{
    // Sources that speak at the same time. A reference that is gone stays until another takes its place.
    private const int Slots = 1024;

    // Two threads may write one slot: each sees one whole entry, and at worst builds a path again.
    private readonly Written?[] _written = new Written?[Slots];

    public string Text(IActorRef? reference)
    {
        if (reference.IsNobody())
        {
            return "";
        }

        ref var slot = ref _written[RuntimeHelpers.GetHashCode(reference) & (Slots - 1)];
        if (slot is { } known && ReferenceEquals(known.Reference, reference))
        {
            return known.Path;
        }

        var path = Serialization.SerializedActorPath(reference);
        if (IsLasting(reference!))
        {
            slot = new Written(reference!, path);
        }

        return path;
    }

    public IActorRef Ref(string text) => text.Length == 0 ? ActorRefs.Nobody : system.Provider.ResolveActorRef(text);

    // The path of one that is neither an actor nor elsewhere (an Ask's) has its node's address only while Akka.Remote is writing; and it is written once.
    private static bool IsLasting(IActorRef reference) => reference is ActorRefWithCell || reference.Path.Address.HasGlobalScope;

    private sealed record Written(IActorRef Reference, string Path);
}

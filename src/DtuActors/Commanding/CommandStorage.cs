using Akka.Actor;
using DtuActors.Recording;
using DtuActors.Storage;

namespace DtuActors.Commanding;

/// <summary>What a CommandQueueActor needs of the gateway.</summary>
public sealed record CommandStorage
{
    public required EventInlet Events { get; init; }
    public required IActorRef Fleet { get; init; }
    public required StorageHealth Health { get; init; }
}

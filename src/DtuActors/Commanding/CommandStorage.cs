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

    /// <summary>The plug-ins of Akka.Persistence, by the paths of their configuration.</summary>
    public string JournalPlugin { get; init; } = CommandJournal.JournalPlugin;

    public string SnapshotPlugin { get; init; } = CommandJournal.SnapshotPlugin;
}

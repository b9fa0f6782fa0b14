using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Storage;

namespace DtuActors.Commanding;

/// <summary>
/// Opens the journal of commands at the start, and says whose commands may be open: <see cref="Opened"/> or <see cref="OpenFailed"/> to the parent. Tries again until it is open.
/// On a thread of its own, for the database's calls block.
/// </summary>
public sealed class CommandJournalActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(5);

    private readonly Database _database;

    public CommandJournalActor(Database database)
    {
        _database = database;
        Receive<Again>(_ => Open());
    }

    /// <summary>The tables are there; commands of these DTUs may be open.</summary>
    public sealed record Opened(ImmutableArray<DtuId> Open) : INoSerializationVerificationNeeded;

    /// <summary>The database can't be opened or read, or is a newer release's.</summary>
    public sealed record OpenFailed(string KeyPath, string Place, string Problem) : INoSerializationVerificationNeeded;

    /// <summary>Look again: a node is gone, and with it its queues. Or for itself: it could not be opened.</summary>
    public sealed record Again : INoSerializationVerificationNeeded
    {
        public static readonly Again Instance = new();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Database database) => Akka.Actor.Props.Create<CommandJournalActor>(database).WithDispatcher(EndpointDispatchers.Port);

    protected override void PreStart() => Open();

    protected override void PostStop() => (_database as SqliteDatabase)?.ClosePool();

    private void Open()
    {
        try
        {
            var open = CommandJournal.Open(_database)
                .Select(id => id.StartsWith(CommandQueueActor.IdPrefix, StringComparison.Ordinal) && DtuId.TryParse(id[CommandQueueActor.IdPrefix.Length..], out var dtu) ? dtu : default)
                .Where(dtu => dtu != default);
            Context.Parent.Tell(new Opened([.. open]));
        }
        catch (StorageException failure)
        {
            Context.Parent.Tell(new OpenFailed(_database.KeyPath, _database.Place, failure.Message));
            Timers.StartSingleTimer(Again.Instance, Again.Instance, AgainAfter);
        }
    }
}

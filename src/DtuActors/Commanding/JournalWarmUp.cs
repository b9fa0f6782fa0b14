using Akka.Actor;
using Akka.Event;
using Akka.Persistence;

namespace DtuActors.Commanding;

/// <summary>
/// Writes and reads the journal once, soon after the start, and ends: the first command of a day does not wait the second or two in which the plug-in and its database code are made
/// ready. Where it fails, the first command tells of it.
/// </summary>
public sealed class JournalWarmUp : UntypedPersistentActor
{
    // No queue's: those begin with another word.
    private const string Id = "warm-up";

    public override string PersistenceId => Id;

    public JournalWarmUp()
    {
        JournalPluginId = CommandJournal.JournalPlugin;
        SnapshotPluginId = CommandJournal.SnapshotPlugin;
    }

    public static Props Props() => Akka.Actor.Props.Create<JournalWarmUp>();

    protected override void OnCommand(object message)
    {
        if (message is DeleteMessagesSuccess or DeleteMessagesFailure)
        {
            Context.Stop(Self);
        }
    }

    protected override void OnRecover(object message)
    {
        if (message is RecoveryCompleted)
        {
            Persist(new CommandReturned(Id, Context.System.Scheduler.Now), _ => DeleteMessages(LastSequenceNr));
        }
    }

    // Queues say how storing goes.
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => Log.Debug("warm-up: {0}", cause.Message);

    protected override void OnRecoveryFailure(Exception reason, object? message = null) => Log.Debug("warm-up: {0}", reason.Message);
}

using Akka.Actor;
using Akka.Event;
using Akka.Persistence;

namespace DtuActors.Commanding;

/// <summary>How the journal stays small: a snapshot now and then takes the place of the events before it; an idle queue leaves nothing else behind, and goes.</summary>
public sealed partial class CommandQueueActor
{
    private static readonly TimeSpan SaveAgainAfter = TimeSpan.FromSeconds(10);

    private bool _saving;

    private bool OnSnapshots(object message)
    {
        switch (message)
        {
            case SaveSnapshotSuccess saved:
                TellWorks();
                DeleteMessages(saved.Metadata.SequenceNr);
                DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1));
                return true;
            case DeleteMessagesSuccess:
                _saving = false;
                ArmIdle();
                return true;
            case SaveSnapshotFailure failed:
                OnSnapshotFailed(failed.Cause);
                return true;
            case DeleteMessagesFailure failed:
                OnSnapshotFailed(failed.Cause);
                return true;
            case DeleteSnapshotsSuccess:
                return true;
            case DeleteSnapshotsFailure:
                // The next snapshot's deletion takes it along.
                return true;
            case IdleDue:
                OnIdleDue();
                return true;
            case SaveDue:
                Save();
                return true;
            default:
                return false;
        }
    }

    private void SnapshotIfDue()
    {
        if (_sinceSnapshot >= SnapshotEvery)
        {
            Save();
        }
    }

    private void Save()
    {
        if (!_saving)
        {
            (_saving, _sinceSnapshot) = (true, 0);
            SaveSnapshot(_queue.Copy());
        }
    }

    // Events stay; it is tried until it works, and by that readiness hears that it does.
    private void OnSnapshotFailed(Exception cause)
    {
        _saving = false;
        _setup.Health.Failed(HealthPart, cause.GetBaseException().Message);
        _log.Warning("commands of DTU {0}: the journal can't be made smaller: {1}", _dtu, cause.GetBaseException().Message);
        Timers.StartSingleTimer(TimerKey.Save, SaveDue.Instance, SaveAgainAfter);
    }

    private void ArmIdle()
    {
        if (_queue.Open.Count == 0 && !_saving)
        {
            Timers.StartSingleTimer(TimerKey.Idle, IdleDue.Instance, IdleAfter);
        }
        else
        {
            Timers.Cancel(TimerKey.Idle);
        }
    }

    private void OnIdleDue()
    {
        if (_sinceSnapshot > 0)
        {
            Save();
        }
        else
        {
            Context.Parent.Tell(Queueing.Idle.Instance);

            // Where something came meanwhile it is asked again.
            ArmIdle();
        }
    }

    private sealed record SaveDue : INoSerializationVerificationNeeded
    {
        public static readonly SaveDue Instance = new();
    }

    private sealed record IdleDue : INoSerializationVerificationNeeded
    {
        public static readonly IdleDue Instance = new();
    }
}

using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;
using DtuActors.Storage;

namespace DtuActors.Registering;

/// <summary>The register's conversation: it is asked, and answers once; what it answers as done is on disk.</summary>
public static class Editing
{
    /// <summary>Tell <paramref name="Who"/> the rows, now and whenever they change: <see cref="Rows"/> each time, until it ends. Once more for each start of the register.</summary>
    public sealed record Follow(IActorRef Who) : INoSerializationVerificationNeeded;

    /// <summary>To whoever follows: the whole register as it is on disk.</summary>
    public sealed record Rows(Register Register) : INoSerializationVerificationNeeded;

    /// <summary>Other <c>dtus</c> are to be configured: <see cref="Reconfigured"/>, and admission decides by them, or <see cref="Collides"/>, and nothing changed.</summary>
    public sealed record Reconfigure(GatewayOptions Options) : INoSerializationVerificationNeeded;

    public sealed record Reconfigured(GatewayOptions Options) : INoSerializationVerificationNeeded;

    /// <param name="Options">Those that were to be.</param>
    /// <param name="Names">Ids and aliases that are newly configured, and rows of the register have already.</param>
    public sealed record Collides(GatewayOptions Options, ImmutableArray<string> Names) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Standing"/>.</summary>
    public sealed record GetStanding : INoSerializationVerificationNeeded;

    /// <param name="Problem">Why the database could not be opened, or last not be written; null: all is well, or nothing is stored.</param>
    public sealed record Standing(string? Problem) : INoSerializationVerificationNeeded;

    /// <summary>What became of a question.</summary>
    public abstract record Answer : INoSerializationVerificationNeeded;

    /// <summary>Add and edit rows, all or none: one <see cref="Applied"/>, <see cref="Faulty"/> or <see cref="Refused"/>. With <paramref name="DryRun"/> nothing changes.</summary>
    public sealed record Apply(ImmutableArray<DtuEdit> Edits, bool DryRun) : INoSerializationVerificationNeeded;

    /// <summary>Take a row out: one <see cref="Removed"/> or <see cref="Refused"/>.</summary>
    public sealed record Remove(DtuId Id) : INoSerializationVerificationNeeded;

    /// <summary>One <see cref="Listed"/> or <see cref="Refused"/>.</summary>
    public sealed record List : INoSerializationVerificationNeeded;

    /// <summary>Rows that were, or in a dry run would be, added, changed, and left as they were.</summary>
    public sealed record Applied(int Added, int Changed, int Unchanged) : Answer;

    public sealed record Faulty(RowFaults Faults) : Answer;

    /// <param name="WasThere">False where no row had that id.</param>
    public sealed record Removed(bool WasThere) : Answer;

    public sealed record Listed(Register Register) : Answer;

    /// <summary>Nothing was read or changed.</summary>
    /// <param name="Problem">The system's reason; null where configuration has no storage.</param>
    public sealed record Refused(string? Problem) : Answer;

    /// <summary>To the parent, at each start: the rows are read and admission knows them.</summary>
    public sealed record Opened : INoSerializationVerificationNeeded
    {
        public static readonly Opened Instance = new();
    }

    /// <summary>To the parent: the database can't be opened or read. At start-up this ends the run; later it is tried again.</summary>
    public sealed record OpenFailed(string Path, string Problem) : INoSerializationVerificationNeeded;
}

/// <summary>
/// Owns the register of DTUs and its table: the one writer. What changes goes to disk, then to admission, which sessions read as they register, then to the
/// FleetView and, for its groups, to the router; sessions that are open are not touched. It lives on a thread of its own, for the database's calls block.
/// </summary>
/// <remarks>A restarted one reads its rows again; admission keeps the last ones meanwhile.</remarks>
public sealed class RegisterActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan OpenAgainAfter = TimeSpan.FromSeconds(5);

    private readonly string? _path;
    private readonly Admission _admission;
    private readonly IActorRef _fleet;
    private readonly IActorRef _router;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<IActorRef> _followers = [];
    private RegisterStore? _store;
    private Register _register = Register.Empty;
    private string? _problem;
    private string? _writeProblem;

    public RegisterActor(GatewayOptions options, Admission admission, IActorRef fleet, IActorRef router)
    {
        _path = options.Storage.Path;
        _admission = admission;
        _fleet = fleet;
        _router = router;

        Receive<Editing.Apply>(OnApply);
        Receive<Editing.Remove>(OnRemove);
        Receive<Editing.List>(_ => Sender.Tell(_problem is null ? new Editing.Listed(_register) : new Editing.Refused(_problem)));
        Receive<Editing.GetStanding>(_ => Sender.Tell(new Editing.Standing(_problem ?? _writeProblem)));
        Receive<Editing.Reconfigure>(OnReconfigure);
        Receive<Fleet.TellAgain>(_ => TellFleet([.. _register.Rows], []));
        Receive<Editing.Follow>(OnFollow);
        Receive<Terminated>(ended => _followers.Remove(ended.ActorRef));
        Receive<OpenAgain>(_ => Open());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(GatewayOptions options, Admission admission, IActorRef fleet, IActorRef router) =>
        Akka.Actor.Props.Create<RegisterActor>(options, admission, fleet, router).WithDispatcher(EndpointDispatchers.Port);

    protected override void PreStart() => Open();

    protected override void PostStop() => _store?.Dispose();

    private void Open()
    {
        try
        {
            if (_path is not null)
            {
                _store = RegisterStore.Open(_path);
                Use(Register.Of(_store.Read()));
                TellOdd();
            }

            _problem = null;
            Tell([.. _register.Rows], []);
            Context.Parent.Tell(Editing.Opened.Instance);
        }
        catch (StorageException failure)
        {
            _store?.Dispose();
            _store = null;
            _problem = failure.Message;
            Context.Parent.Tell(new Editing.OpenFailed(_path!, failure.Message));
            Timers.StartSingleTimer(OpenAgain.Instance, OpenAgain.Instance, OpenAgainAfter);
        }
    }

    private void OnApply(Editing.Apply apply)
    {
        if (_store is null)
        {
            Sender.Tell(new Editing.Refused(_problem));
            return;
        }

        var faults = new RowFaults();
        if (_register.Apply(apply.Edits, _admission.Rules, faults) is not { } change)
        {
            Sender.Tell(new Editing.Faulty(faults));
            return;
        }

        if (!apply.DryRun && !change.Written.IsEmpty)
        {
            if (!TryStore(store => store.Write(change.Written)))
            {
                return;
            }

            Use(change.Register);
            Tell(change.Written, []);
            _log.Info("register: {0} added, {1} changed, {2} in all", change.Added, change.Changed, change.Register.Count);
        }

        Sender.Tell(new Editing.Applied(change.Added, change.Changed, change.Unchanged));
    }

    private void OnRemove(Editing.Remove remove)
    {
        if (_store is null)
        {
            Sender.Tell(new Editing.Refused(_problem));
            return;
        }

        var isThere = _register.Find(remove.Id) is not null;
        if (isThere)
        {
            if (!TryStore(store => store.Delete(remove.Id)))
            {
                return;
            }

            Use(_register.Without(remove.Id));
            Tell([], [remove.Id]);
            _log.Info("register: DTU {0} removed, {1} in all", remove.Id, _register.Count);
        }

        Sender.Tell(new Editing.Removed(isThere));
    }

    private void OnFollow(Editing.Follow follow)
    {
        _followers.Add(Context.Watch(follow.Who));
        if (_problem is null)
        {
            follow.Who.Tell(new Editing.Rows(InForce()));
        }
    }

    // Only what is newly configured counts: a file that collided at the start was taken, and must not stand in every later reload's way.
    private void OnReconfigure(Editing.Reconfigure reconfigure)
    {
        var known = _admission.Rules;
        ImmutableArray<string> taken =
        [
            .. new RegisterRules(reconfigure.Options).ConfiguredNames
                .Where(name => !known.IsConfigured(name) && _register.FindByName(name) is not null).Order(StringComparer.Ordinal),
        ];
        if (taken.IsEmpty)
        {
            _admission.Use(reconfigure.Options);
            TellFollowers();
            Sender.Tell(new Editing.Reconfigured(reconfigure.Options));
        }
        else
        {
            Sender.Tell(new Editing.Collides(reconfigure.Options, taken));
        }
    }

    // A disk that is full is the asker's answer: the rows are as they were, and the next try may find room.
    private bool TryStore(Action<RegisterStore> write)
    {
        try
        {
            write(_store!);
            _writeProblem = null;
            return true;
        }
        catch (StorageException failure)
        {
            _log.Error("dtu.storage.path: {0}: {1}", _path, failure.Message);
            _writeProblem = failure.Message;
            Sender.Tell(new Editing.Refused(failure.Message));
            return false;
        }
    }

    private void Use(Register register)
    {
        _register = register;
        _admission.Use(register);
    }

    private void Tell(ImmutableArray<RegisteredDtu> rows, ImmutableArray<DtuId> removed)
    {
        TellFleet(rows, removed);
        TellFollowers();
        _router.Tell(new Registry.MembershipsChanged([.. rows.Select(dtu => dtu.Id), .. removed]));
    }

    private void TellFleet(ImmutableArray<RegisteredDtu> rows, ImmutableArray<DtuId> removed) => _fleet.Tell(new Fleet.RegisterSeen(rows, removed));

    // Where the configuration names a DTU, its row says nothing.
    private Register InForce() => _admission.Rules.ConfiguredNames.Aggregate(
        _register, (rows, name) => DtuId.TryParse(name, out var id) ? rows.Without(id) : rows);

    private void TellFollowers()
    {
        if (_followers.Count == 0)
        {
            return;
        }

        var rows = new Editing.Rows(InForce());
        foreach (var follower in _followers)
        {
            follower.Tell(rows);
        }
    }

    // The configuration may have changed since a row was written; it wins, and whoever runs it hears of it.
    private void TellOdd()
    {
        var faults = new RowFaults();
        var rules = _admission.Rules;
        foreach (var dtu in _register.Rows)
        {
            rules.Check(new DtuEdit { Id = dtu.Id, Profile = dtu.Profile }, dtu, faults);
        }

        if (faults.Count > 0)
        {
            _log.Warning("register: {0} rows do not fit the configuration, which wins; the first: {1} {2}", faults.Count, faults.Told[0].Column, faults.Told[0].Detail);
        }
    }

    private sealed record OpenAgain : INoSerializationVerificationNeeded
    {
        public static readonly OpenAgain Instance = new();
    }
}

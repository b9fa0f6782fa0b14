using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using DtuActors.Clustering.Desks;
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

    /// <summary>Whether <see cref="Reconfigure"/> would be: one <see cref="Collides"/>, its names empty where nothing stands in the way. Nothing changes.</summary>
    public sealed record WouldCollide(GatewayOptions Options) : INoSerializationVerificationNeeded;

    /// <summary>Another node may have changed the register: its rows are read where they are newer.</summary>
    public sealed record Changed : INoSerializationVerificationNeeded
    {
        public static readonly Changed Instance = new();
    }

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

    /// <summary>To the parent: the database can't be opened or read, and its rows are not known. At start-up this ends the run; later it is tried again.</summary>
    public sealed record OpenFailed(string KeyPath, string Place, string Problem) : INoSerializationVerificationNeeded;
}

/// <summary>
/// Owns the register of DTUs and, on its node, the table, which the nodes of a cluster share. What changes goes to disk, then to admission, which sessions read as they register, then to the
/// FleetView and, for its groups, to the router; sessions that are open are not touched. It lives on a thread of its own, for the database's calls block.
/// </summary>
/// <remarks>
/// A restarted one reads its rows again; admission keeps the last ones meanwhile. A database that fails later is looked after until it is back; what was read holds
/// as long, and only writes are refused. An edit is checked against the rows of one revision, and written only while that is the register's: where another node was first,
/// its rows are read, and the edit is checked again. Whoever edits tells the other nodes; who was not told finds out by <see cref="LookEvery"/>.
/// </remarks>
public sealed class RegisterActor : ReceiveActor, IWithTimers
{
    /// <summary>What nodes tell each other after an edit.</summary>
    public const string ChangedTopic = "register-changed";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    // Each time another node's edit was written meanwhile.
    private const int MostTries = 10;
    private const string Contended = "other nodes change the register all the time; try again";

    private readonly Database? _database;
    private readonly StorageHealth _health;
    private readonly Admission _admission;
    private readonly IActorRef _fleet;
    private readonly IActorRef _router;
    private readonly IActorRef _desk;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<IActorRef> _followers = [];
    private RegisterStore? _store;
    private Register _register = Register.Empty;
    private long _revision;
    private bool _isRead;
    private string? _problem;

    public RegisterActor(GatewayOptions options, StorageHealth health, Admission admission, IActorRef fleet, IActorRef router, IActorRef desk)
    {
        _database = Database.Of(options.Storage);
        _health = health;
        _admission = admission;
        _fleet = fleet;
        _router = router;
        _desk = desk;

        Receive<Editing.Apply>(OnApply);
        Receive<Editing.Remove>(OnRemove);
        Receive<Editing.List>(_ => Sender.Tell(_isRead ? new Editing.Listed(_register) : new Editing.Refused(_problem)));
        Receive<Editing.Reconfigure>(OnReconfigure);
        Receive<Editing.WouldCollide>(would => Sender.Tell(new Editing.Collides(would.Options, Taken(would.Options))));
        Receive<Editing.Changed>(_ => OnLookNow(), _ => _database is not null);
        Receive<Editing.Changed>(_ => { });
        Receive<Fleet.TellAgain>(_ => TellFleet([.. _register.Rows], []));
        Receive<Editing.Follow>(OnFollow);
        Receive<Terminated>(ended => _followers.Remove(ended.ActorRef));
        Receive<LookNow>(_ => OnLookNow());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="options">What is in force at the start.</param>
    /// <param name="health">Hears how storing goes.</param>
    /// <param name="admission">Decides by the rows.</param>
    /// <param name="fleet">Hears of rows.</param>
    /// <param name="router">Hears whose groups may be others.</param>
    /// <param name="desk">Tells other nodes; null: there are none.</param>
    public static Props Props(GatewayOptions options, StorageHealth health, Admission admission, IActorRef fleet, IActorRef router, IActorRef? desk = null) =>
        Akka.Actor.Props.Create<RegisterActor>(options, health, admission, fleet, router, desk ?? ActorRefs.Nobody).WithDispatcher(EndpointDispatchers.Port);

    protected override void PreStart()
    {
        Open();
        if (_database is not null)
        {
            Timers.StartPeriodicTimer(LookNow.Instance, LookNow.Instance, LookEvery);
        }
    }

    protected override void PostStop() => _store?.Dispose();

    // At the start, and after each failure: what a lost connection left unanswered may have been written all the same.
    private void Open()
    {
        try
        {
            var rows = _database is null ? [] : Read(_database);

            // Before anybody hears that it is open.
            Works();
            Use(rows);
        }
        catch (StorageException failure)
        {
            Failed(failure.Message);
        }
    }

    private IReadOnlyList<RegisteredDtu> Read(Database database)
    {
        _store?.Dispose();
        _store = null;
        _store = RegisterStore.Open(database);
        if (_isRead)
        {
            // A disk that is full can be read.
            _store.Touch();
        }

        return _store.Read(out _revision);
    }

    private void Use(IReadOnlyList<RegisteredDtu> rows)
    {
        var (before, register) = (_register, Register.Of(rows));
        if (_isRead && register.Rows.SequenceEqual(before.Rows))
        {
            return;
        }

        if (_database is not null)
        {
            Use(register);
            TellOdd();
        }

        // At the first start all of them; later what other nodes changed.
        Tell(
            [.. register.Rows.Where(dtu => !_isRead || !dtu.Equals(before.Find(dtu.Id)))],
            [.. before.Rows.Select(dtu => dtu.Id).Where(id => register.Find(id) is null)]);
        if (!_isRead)
        {
            _isRead = true;
            Context.Parent.Tell(Editing.Opened.Instance);
        }
    }

    private void OnLookNow()
    {
        try
        {
            if (_problem is null && _store is { IsLost: false } store)
            {
                Refresh(store);
                return;
            }
        }
        catch (StorageException)
        {
            // Another connection may do, and is tried at once.
        }

        Open();
    }

    private void OnApply(Editing.Apply apply) => Sender.Tell(Stored(store =>
    {
        Refresh(store);
        for (var tries = 0; tries < MostTries; tries++)
        {
            var faults = new RowFaults();
            if (_register.Apply(apply.Edits, _admission.Rules, faults) is not { } change)
            {
                return new Editing.Faulty(faults);
            }

            var answer = new Editing.Applied(change.Added, change.Changed, change.Unchanged);
            if (apply.DryRun || change.Written.IsEmpty)
            {
                return answer;
            }

            if (store.TryWrite(change.Written, _revision))
            {
                Edited(change.Register, change.Written, []);
                _log.Info("register: {0} added, {1} changed, {2} in all", change.Added, change.Changed, change.Register.Count);
                return answer;
            }

            Refresh(store);
        }

        return new Editing.Refused(Contended);
    }));

    private void OnRemove(Editing.Remove remove) => Sender.Tell(Stored(store =>
    {
        Refresh(store);
        for (var tries = 0; tries < MostTries; tries++)
        {
            if (_register.Find(remove.Id) is null)
            {
                return new Editing.Removed(WasThere: false);
            }

            if (store.TryDelete(remove.Id, _revision))
            {
                Edited(_register.Without(remove.Id), [], [remove.Id]);
                _log.Info("register: DTU {0} removed, {1} in all", remove.Id, _register.Count);
                return new Editing.Removed(WasThere: true);
            }

            Refresh(store);
        }

        return new Editing.Refused(Contended);
    }));

    // What another node has written since is what an edit is upon.
    private void Refresh(RegisterStore store)
    {
        if (store.Revision() != _revision)
        {
            Use(store.Read(out _revision));
        }
    }

    private void Edited(Register register, ImmutableArray<RegisteredDtu> written, ImmutableArray<DtuId> removed)
    {
        _revision++;
        Works();
        Use(register);
        Tell(written, removed);
        if (!_desk.IsNobody())
        {
            _desk.Tell(new Desk.TellOthers(ChangedTopic, default));
        }
    }

    // A disk that is full is the asker's answer: the rows are as they were, and the next try may find room. A server that was started again since is not: a new
    // connection is tried at once.
    private Editing.Answer Stored(Func<RegisterStore, Editing.Answer> work)
    {
        for (var isFirst = true; _store is not null; isFirst = false)
        {
            try
            {
                return work(_store);
            }
            catch (StorageException) when (isFirst && _store.IsLost)
            {
                Open();
            }
            catch (StorageException failure)
            {
                Failed(failure.Message);
                break;
            }
        }

        return new Editing.Refused(_problem);
    }

    private void Works()
    {
        if (_problem is not null)
        {
            _problem = null;
            _log.Info("{0}: {1}: the register is read and written again", _database!.KeyPath, _database.Place);
        }

        _health.Works(RegisterStore.Part);
    }

    private void Failed(string problem)
    {
        if (_problem != problem)
        {
            _problem = problem;
            _log.Error("{0}: {1}: {2}", _database!.KeyPath, _database.Place, problem);
            if (!_isRead)
            {
                Context.Parent.Tell(new Editing.OpenFailed(_database.KeyPath, _database.Place, problem));
            }
        }

        _health.Failed(RegisterStore.Part, problem);
    }

    private void OnFollow(Editing.Follow follow)
    {
        _followers.Add(Context.Watch(follow.Who));
        if (_isRead)
        {
            follow.Who.Tell(new Editing.Rows(InForce()));
        }
    }

    private void OnReconfigure(Editing.Reconfigure reconfigure)
    {
        var taken = Taken(reconfigure.Options);
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

    // Only what is newly configured counts: a file that collided at the start was taken, and must not stand in every later reload's way.
    private ImmutableArray<string> Taken(GatewayOptions options)
    {
        var known = _admission.Rules;
        return
        [
            .. new RegisterRules(options).ConfiguredNames
                .Where(name => !known.IsConfigured(name) && _register.FindByName(name) is not null).Order(StringComparer.Ordinal),
        ];
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

    private sealed record LookNow : INoSerializationVerificationNeeded
    {
        public static readonly LookNow Instance = new();
    }
}

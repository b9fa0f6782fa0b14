using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Dispatching;
using DtuActors.Endpoints;
using DtuActors.Storage;

namespace DtuActors.Recording;

/// <summary>
/// Owns the stored history: writes what waits in the buffer, several times a second and in one transaction each; trims; answers what it holds. It lives on a thread
/// of its own, for the database's calls block; nobody on the data path waits for it. While the database fails, what comes waits, and what does not fit is counted.
/// </summary>
/// <remarks>What is shown is written: a page is read behind all that came before it was asked for.</remarks>
public sealed class HistoryActor : ReceiveActor, IWithTimers
{
    /// <summary>What is written of a second at most, so that a flood costs a share of a core; the rest is lost when the buffer is full.</summary>
    public const int MostPerSecond = 20_000;

    /// <summary>How long a frame waits before it is written.</summary>
    public static readonly TimeSpan WriteEvery = TimeSpan.FromMilliseconds(200);

    private const string Part = "history";
    private const int MostSessions = 20;
    private const int MostAtOnce = MostPerSecond / 5;
    private const long MostBytesAtOnce = 8 * 1024 * 1024;
    private static readonly TimeSpan TellLostEvery = TimeSpan.FromMinutes(1);

    private readonly Database _database;
    private readonly StorageOptions _limits;
    private readonly HistoryBuffer _buffer;
    private readonly StorageHealth _health;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Backoff _backoff = new(new ReopenOptions { Min = TimeSpan.FromSeconds(1), Max = TimeSpan.FromSeconds(30) });
    private HistoryStore? _store;
    private string? _problem;
    private DateTimeOffset _lostTold;
    private int _credit = MostAtOnce;
    private IActorRef? _fleet;

    // What the last row's number is, if a write of which the end is not known was one: a connection may break behind the commit.
    private long? _inDoubt;

    internal HistoryActor(Database database, StorageOptions limits, HistoryBuffer buffer, StorageHealth health)
    {
        _database = database;
        _limits = limits;
        _buffer = buffer;
        _health = health;

        Receive<Due>(_ => OnDue());
        Receive<Records.GetFrames>(get => Answer(store => store.Page(get)));
        Receive<Records.GetSessions>(get => Answer(store => new Records.Sessions(store.Sessions(get.Dtu, MostSessions))));
        Receive<Records.TellKnown>(OnTellKnown);
        Receive<ShutDown.Drain>(_ => Context.Stop(Self));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    internal static Props Props(Database database, StorageOptions limits, HistoryBuffer buffer, StorageHealth health) =>
        Maker.Of((database, limits, buffer, health), static from => new HistoryActor(from.database, from.limits, from.buffer, from.health))
            .WithDispatcher(EndpointDispatchers.Port);

    protected override void PreStart() => OnDue();

    protected override void PostStop()
    {
        if (_problem is null)
        {
            TryWrite(int.MaxValue);
        }

        _store?.Dispose();
        _buffer.TellWaiting();
    }

    // One at a time: a disk that is slow is not asked more often.
    private void OnDue()
    {
        _credit = Math.Min(_credit + MostAtOnce, MostAtOnce);
        if (_credit <= 0 || TryWrite(_credit))
        {
            Timers.StartSingleTimer(Due.Instance, Due.Instance, WriteEvery);
        }

        _buffer.TellWaiting();
        TellLost();
    }

    private void Answer(Func<HistoryStore, object> read)
    {
        if (_problem is null && TryWrite(int.MaxValue))
        {
            try
            {
                Sender.Tell(read(_store!));
                return;
            }
            catch (StorageException failure)
            {
                Fail(failure);
            }
        }

        Sender.Tell(new Records.NotRead(_problem!));
    }

    /// <summary>Writes what waits, at most so many; false where the database fails.</summary>
    private bool TryWrite(int most)
    {
        try
        {
            Open();
            for (var left = Math.Min(most, _buffer.Waiting); left > 0;)
            {
                var batch = _buffer.Take(Math.Min(left, MostAtOnce), MostBytesAtOnce);
                left -= batch.Count;
                _credit -= batch.Count;
                Write(batch);
            }

            WriteKnown();
            _store!.Trim(Context.System.Scheduler.Now);
            Works();
            TellKnown();
            return true;
        }
        catch (StorageException failure)
        {
            Fail(failure);
            return false;
        }
    }

    private void Open()
    {
        if (_store is null)
        {
            _store = HistoryStore.Open(_database, _limits);
            if (_inDoubt is { } last && _store.LastSequence >= last)
            {
                _buffer.Done(isKept: true);
            }

            _inDoubt = null;
        }
    }

    private void Write(IReadOnlyList<HistoryEntry> batch)
    {
        try
        {
            _inDoubt = _store!.LastSequence + batch.Count;
            _store.Write(batch);
            _buffer.Done(isKept: true);
        }
        catch (Exception failure) when (failure is not StorageException)
        {
            // Another try would end the same way, and all that waits would wait for ever.
            _log.Error(failure, "{0} frames and sessions can't be written to the history", batch.Count);
            _buffer.Done(isKept: false);
        }

        _inDoubt = null;
    }

    private void WriteKnown()
    {
        var known = _buffer.TakeKnown(MostAtOnce);
        try
        {
            _store!.Write(known);
        }
        catch (StorageException)
        {
            _buffer.PutBack(known);
            throw;
        }
    }

    // Once it can be read: until then the FleetView knows nobody. The start waits for this; for what follows nobody does.
    private void OnTellKnown(Records.TellKnown tell)
    {
        _fleet = tell.Fleet;
        try
        {
            if (_problem is null)
            {
                TryWrite(0);
            }
        }
        finally
        {
            // A row that breaks this actor must not keep the gateway from starting.
            Context.Parent.Tell(Records.KnownTold.Instance);
            CallingThread.GiveWay();
        }
    }

    private void TellKnown()
    {
        if (_fleet is { } fleet)
        {
            fleet.Tell(new Fleet.Recalled([.. _store!.Known(_limits.MaxKnown)]));
            _fleet = null;
        }
    }

    private void Works()
    {
        if (_problem is not null)
        {
            _log.Info("history is stored again; {0} frames and sessions were lost", _buffer.TakeLost());
            _problem = null;
            _buffer.IsFailing = false;
            _backoff.Reset();
        }

        _health.Works(Part);
    }

    private void Fail(StorageException failure)
    {
        _store?.Dispose();
        _store = null;
        if (_problem != failure.Message)
        {
            _log.Error("{0}: {1}: history can't be read or written: {2}", _database.KeyPath, _database.Place, failure.Message);
        }

        _problem = failure.Message;
        _buffer.IsFailing = true;
        _health.Failed(Part, failure.Message);
        Timers.StartSingleTimer(Due.Instance, Due.Instance, _backoff.Next());
    }

    private void TellLost()
    {
        var now = SteadyTime.Now(Context.System.Scheduler);
        if (_problem is null && now - _lostTold >= TellLostEvery && _buffer.TakeLost() is > 0 and var lost)
        {
            _lostTold = now;
            _log.Warning("{0} frames and sessions came faster than {1} a second, and are not in the history", lost, MostPerSecond);
        }
    }

    private sealed record Due : INoSerializationVerificationNeeded
    {
        public static readonly Due Instance = new();
    }
}

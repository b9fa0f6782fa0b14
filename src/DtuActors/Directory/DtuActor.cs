using Akka.Actor;
using Akka.Event;
using DtuActors.Clustering;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Dispatching;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Directory;

/// <summary>What is for one DTU's actor, wherever that lives.</summary>
public interface IForDtu : INoSerializationVerificationNeeded, IWire
{
    DtuId Dtu { get; }
}

/// <summary>The conversation about who holds a DTU's session, and under which epoch.</summary>
public static class Holding
{
    /// <summary>
    /// A session claims its DTU: with no epoch, a new one; with an epoch, one that was granted before and whose DtuActor is gone, or whose DTU moved to another address.
    /// Repeated until <see cref="Granted"/>, <see cref="Superseded"/> or <see cref="Refused"/>.
    /// </summary>
    /// <param name="Dtu">The DTU.</param>
    /// <param name="Epoch">Null for a new session.</param>
    /// <param name="Connection">The session.</param>
    /// <param name="Remote">Where its socket comes from, for people to read.</param>
    /// <param name="Duplicates">How its profile treats several devices with one id.</param>
    /// <param name="IsProof">Whether it answers <see cref="Prove"/>.</param>
    public sealed record Announce(DtuId Dtu, Epoch? Epoch, IActorRef Connection, string Remote, DuplicatesOptions Duplicates, bool IsProof = false) : IForDtu
    {
        /// <summary>When its socket came, by its own node's monotonic clock: to be compared with those of that node only. 0: not told.</summary>
        public long Came { get; init; }
    }

    /// <summary>DtuActor → session, where a claim may come after its session's end (<see cref="DtuHome.ComesLate"/>) and somebody else would lose the DTU by it: if you are there, say it again.</summary>
    public sealed record Prove : INoSerializationVerificationNeeded, IWire
    {
        public static readonly Prove Instance = new();
    }

    /// <summary>The session holds its DTU under this epoch for as long as the <paramref name="Owner"/>, which it watches, lives.</summary>
    public sealed record Granted(Epoch Epoch, IActorRef Owner) : INoSerializationVerificationNeeded, IWire;

    /// <summary>A newer session, from the address <paramref name="By"/>, holds the DTU. A session that held it answers with <see cref="Released"/> at once.</summary>
    public sealed record Superseded(string By) : INoSerializationVerificationNeeded, IWire;

    /// <summary>DtuActor → session: the claim is heard, and waits for its turn; repeating it changes nothing.</summary>
    public sealed record Waiting : INoSerializationVerificationNeeded, IWire
    {
        public static readonly Waiting Instance = new();
    }

    /// <summary>The claim is refused: the DTU is in conflict, and the session from the address <paramref name="Holder"/> keeps it.</summary>
    public sealed record Refused(string Holder) : INoSerializationVerificationNeeded, IWire;

    /// <summary>To the holder: the DTU is in conflict with a device at the address <paramref name="With"/>; null: it is no more.</summary>
    public sealed record Contested(string? With) : INoSerializationVerificationNeeded, IWire;

    /// <summary>The session of that epoch ended, or makes room.</summary>
    public sealed record Released(DtuId Dtu, Epoch Epoch) : IForDtu;

    /// <summary>A session was superseded, or its DTU spoke from another address, and whoever is at <paramref name="Remote"/> turned out to be alive.</summary>
    public sealed record StillAlive(DtuId Dtu, Epoch Epoch, string Remote) : IForDtu;

    /// <summary>Who holds it? One <see cref="Found"/> to the sender.</summary>
    public sealed record Find(DtuId Dtu) : IForDtu;

    public sealed record Found(DtuId Dtu, SessionRef? Session) : INoSerializationVerificationNeeded, IWire;

    /// <summary>A DtuActor without a session asks its parent to be let go. <paramref name="Last"/>: the highest epoch's number that it granted or heard of.</summary>
    public sealed record Passivate(DtuId Dtu, long Last) : INoSerializationVerificationNeeded;

    /// <summary>To a DtuActor: another node is to have it. What its queue has under way ends first; then it stops.</summary>
    public sealed record Leave : INoSerializationVerificationNeeded
    {
        public static readonly Leave Instance = new();
    }
}

/// <summary>
/// Who holds one DTU's session. Plain, so that registering costs no storage: what it forgets when it dies, the living session tells the next one.
/// A new claim wins; the holder is told and makes room, and its end, which names its own epoch, never takes the new one down. Where live devices keep taking the DTU from
/// each other it is in conflict, and claims wait or are refused.
/// </summary>
/// <remarks>
/// <code>
/// free ──claim: granted──▶ held ──claim: holder superseded──▶ handing over ──released, or 1 s──▶ held
///   ▲                      │  ▲                                    ▲
///   └──────released────────┘  └──in conflict──claim──▶ waiting ────┘ 10 s
/// </code>
/// </remarks>
public sealed partial class DtuActor : ActorBase, IWithTimers
{
    // A DTU that reconnects finds its actor still there; one that stays away costs nothing.
    private static readonly TimeSpan PassivateAfter = TimeSpan.FromSeconds(60);

    // A holder answers at once, unless its node is gone.
    private static readonly TimeSpan HandoverLimit = TimeSpan.FromSeconds(1);

    // What a gateway that stood still, or starts, finds at once of a DTU that dialled again and again meanwhile, it reads in any order.
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(5);

    // What a conflict is, says DESIGN: takeovers slowed to one in ten seconds, until nobody claims the DTU for five minutes.
    internal static readonly TimeSpan ContestedWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(5);

    private static readonly object PassivateKey = new();
    private static readonly object TakeoverKey = new();
    private static readonly object QuietKey = new();

    private readonly DtuId _id;
    private readonly DtuHome _home;
    private SessionRef? _session;
    private Holding.Announce? _holder;
    private Holding.Announce? _claimant;
    private bool _handingOver;
    private DateTimeOffset _heldSince;
    private bool _isProven;
    private long _lastNumber;

    private LiveTakeovers _takeovers;
    private bool _contested;
    private string? _rival;

    public DtuActor(DtuId id, long last, DtuHome home)
    {
        _id = id;
        _lastNumber = last;
        _home = home;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="id">The DTU.</param>
    /// <param name="last">A number that no epoch of the DTU was above before.</param>
    /// <param name="home">Where it lives.</param>
    public static Props Props(DtuId id, long last, DtuHome home) =>
        Maker.Of((id, last, home), static from => new DtuActor(from.id, from.last, from.home));

    protected override void PostStop()
    {
        SetContested(false);
        WakeQueueAgain();
    }

    // A switch costs nothing per DTU, where ReceiveActor builds a table for each.
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Holding.Announce announce:
                OnAnnounce(announce);
                return true;
            case Holding.Released released:
                Release(_session?.Epoch == released.Epoch);
                return true;
            case Holding.StillAlive alive:
                OnStillAlive(alive);
                return true;
            case Terminated terminated when terminated.ActorRef.Equals(_queue):
                OnQueueEnded();
                return true;
            case Terminated terminated:
                OnTerminated(terminated);
                return true;
            case Holding.Find:
                OnFind();
                return true;
            case WaitOver:
                HandOver();
                return true;
            case HandoverOverdue:
                Release(isHolder: true);
                return true;
            case QuietOver:
                EndConflict();
                return true;
            case Holding.Passivate passivate:
                OnPassivate(passivate);
                return true;
            case Holding.Leave or LeaveOverdue:
                OnLeave(isOverdue: message is LeaveOverdue);
                return true;
            default:
                return OnQueueing(message);
        }
    }

    // Whoever asks for a DTU that nobody holds may have made this actor.
    private void OnFind()
    {
        Sender.Tell(new Holding.Found(_id, _session));
        if (_session is null)
        {
            PassivateSoon();
        }
    }

    // ---- who holds it

    private void OnAnnounce(Holding.Announce announce)
    {
        var connection = announce.Connection;

        // One that gave itself its epoch took it from its own node's clock, which may be ahead: whoever is granted one later is newer all the same.
        _lastNumber = Math.Max(_lastNumber, announce.Epoch?.Number ?? 0);
        if (connection.Equals(_holder?.Connection))
        {
            // One that could not wait for its grant has given itself an epoch, under which others know it.
            _session = _session! with { Epoch = announce.Epoch ?? _session.Epoch };
            _holder = announce;
            _isProven |= announce.IsProof;
            connection.Tell(new Holding.Granted(_session.Epoch, Self));
        }
        else if (connection.Equals(_claimant?.Connection))
        {
            connection.Tell(Holding.Waiting.Instance);
        }
        else if (_session is null)
        {
            Hold(announce);
        }
        else if (IsOlder(announce) || CameEarlier(announce))
        {
            OnOlder(connection);
        }
        else if (_home.ComesLate && !announce.IsProof)
        {
            connection.Tell(Holding.Prove.Instance);
        }
        else if (_contested && announce.Epoch is null)
        {
            ClaimContested(announce);
        }
        else
        {
            Replace(announce);
            HandOver();
        }
    }

    // Two that were granted before, by an actor that is gone: the higher one is the newer. One that claims for the first time is newer than both.
    private bool IsOlder(Holding.Announce announce) =>
        announce.Epoch is { } known && (_claimant is { Epoch: null } || known < (_claimant?.Epoch ?? _session!.Epoch));

    // Of two that claim for the first time within a moment the newer one is whose socket came later, whichever was read first.
    private bool CameEarlier(Holding.Announce announce)
    {
        var before = _claimant ?? _holder!;
        return announce.Epoch is null && announce.Came != 0 && announce.Came < before.Came
            && announce.Connection.Path.Address.Equals(before.Connection.Path.Address)
            && (_claimant is not null || Steady - _heldSince < AtOnce);
    }

    // Until its holder has shown that it is there, the older one says it again: where the holder is gone, that is heard soon.
    private void OnOlder(IActorRef connection)
    {
        if (_claimant is null && !_isProven)
        {
            _holder!.Connection.Tell(Holding.Prove.Instance);
        }
        else
        {
            connection.Tell(new Holding.Superseded((_claimant ?? _holder)!.Remote));
        }
    }

    private void Replace(Holding.Announce newer)
    {
        if (_claimant is { } earlier)
        {
            Context.Unwatch(earlier.Connection);
            earlier.Connection.Tell(new Holding.Superseded(newer.Remote));
        }

        _claimant = newer;
        Context.Watch(newer.Connection);
    }

    private void HandOver()
    {
        if (_handingOver || _claimant is null)
        {
            return;
        }

        _handingOver = true;
        _holder!.Connection.Tell(new Holding.Superseded(_claimant.Remote));
        Timers.StartSingleTimer(TakeoverKey, HandoverOverdue.Instance, HandoverLimit);
    }

    private void Hold(Holding.Announce announce)
    {
        _holder = announce;
        _heldSince = Steady;
        _isProven = announce.IsProof || !_home.ComesLate;
        _session = new SessionRef(_id, announce.Epoch ?? NewEpoch(), announce.Connection);
        _lastNumber = Math.Max(_lastNumber, _session.Epoch.Number);
        Timers.Cancel(PassivateKey);
        Context.Watch(announce.Connection);
        announce.Connection.Tell(new Holding.Granted(_session.Epoch, Self));
        TellQueue();

        // One that was granted before may still believe in a conflict that died with another of these.
        if (_contested || announce.Epoch is not null)
        {
            announce.Connection.Tell(new Holding.Contested(_contested ? _rival : null));
        }
    }

    private DateTimeOffset Steady => SteadyTime.Now(Context.System.Scheduler);

    private Epoch NewEpoch() => Epoch.After(_lastNumber, Context.System.Scheduler.Now);

    private void OnTerminated(Terminated terminated)
    {
        if (terminated.ActorRef.Equals(_claimant?.Connection))
        {
            _claimant = null;
        }
        else
        {
            Release(terminated.ActorRef.Equals(_holder?.Connection));
        }
    }

    private void Release(bool isHolder)
    {
        if (!isHolder)
        {
            return;
        }

        Context.Unwatch(_holder!.Connection);
        Timers.Cancel(TakeoverKey);
        var (left, next) = (_holder, _claimant);
        (_holder, _session, _claimant, _handingOver) = (null, null, null, false);
        if (next is null)
        {
            TellQueue();
            PassivateSoon();
            return;
        }

        _rival = left.Remote;
        Hold(next);
    }

    // ---- conflict

    private void OnStillAlive(Holding.StillAlive alive)
    {
        if (_holder is null)
        {
            return;
        }

        var isConflict = _takeovers.Add(Steady, _holder.Duplicates);
        if (isConflict && !_contested)
        {
            SetContested(true);
            Context.GetLogger().Warning("DTU {0} is in conflict: devices at {1} and {2} keep taking it from each other", _id, _holder.Remote, alive.Remote);
            StayContested(alive.Remote);
        }
        else if (_contested && alive.Epoch == _session!.Epoch)
        {
            // Devices that take turns within one session never claim it: these turns are what the conflict lasts by.
            StayContested(alive.Remote);
        }
    }

    private void ClaimContested(Holding.Announce announce)
    {
        StayContested(announce.Remote);
        if (announce.Duplicates.Policy is DuplicatesPolicy.HoldFirst)
        {
            announce.Connection.Tell(new Holding.Refused(_holder!.Remote));
            return;
        }

        // Whoever takes the waiting one's place takes over its time: else a claim a second would wait for ever.
        Replace(announce);
        if (!Timers.IsTimerActive(TakeoverKey))
        {
            Timers.StartSingleTimer(TakeoverKey, WaitOver.Instance, ContestedWait);
        }
    }

    private void StayContested(string? rival)
    {
        _rival = rival;
        _holder?.Connection.Tell(new Holding.Contested(rival));
        Timers.StartSingleTimer(QuietKey, QuietOver.Instance, Quiet);
    }

    private void EndConflict()
    {
        SetContested(false);
        _takeovers = default;
        if (_holder is { } holder)
        {
            holder.Connection.Tell(new Holding.Contested(null));
        }
        else
        {
            PassivateSoon();
        }
    }

    private void SetContested(bool contested)
    {
        if (_contested != contested)
        {
            _contested = contested;
            GatewayMetrics.Conflicts.Add(contested ? 1 : -1);
        }
    }

    // ---- its end

    private void PassivateSoon() => Timers.StartSingleTimer(PassivateKey, new Holding.Passivate(_id, _lastNumber), PassivateAfter);

    // A conflict is not forgotten before it ends; commands that are open keep their DTU, and whoever lets them go comes here again.
    private void OnPassivate(Holding.Passivate passivate)
    {
        if (!_contested && !HasQueue)
        {
            _home.LetGo(Context, passivate);
        }
    }

    private sealed record WaitOver : INoSerializationVerificationNeeded
    {
        public static readonly WaitOver Instance = new();
    }

    private sealed record HandoverOverdue : INoSerializationVerificationNeeded
    {
        public static readonly HandoverOverdue Instance = new();
    }

    private sealed record QuietOver : INoSerializationVerificationNeeded
    {
        public static readonly QuietOver Instance = new();
    }
}

using System.Security.Cryptography;
using Akka.Actor;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Directory;

/// <summary>The conversation about who holds a DTU's session, and under which epoch.</summary>
public static class Holding
{
    /// <summary>
    /// A session claims its DTU: with no epoch, a new one, which is believed at once; with an epoch, one that was granted before and whose DtuActor is
    /// gone. Repeated each second until <see cref="Granted"/> or <see cref="Superseded"/>.
    /// </summary>
    public sealed record Announce(DtuId Dtu, Epoch? Epoch, IActorRef Connection) : INoSerializationVerificationNeeded;

    /// <summary>The session holds its DTU under this epoch for as long as the <paramref name="Owner"/>, which it watches, lives.</summary>
    public sealed record Granted(Epoch Epoch, IActorRef Owner) : INoSerializationVerificationNeeded;

    /// <summary>A newer session holds the DTU.</summary>
    public sealed record Superseded(Epoch By) : INoSerializationVerificationNeeded;

    /// <summary>The session of that epoch ended.</summary>
    public sealed record Released(DtuId Dtu, Epoch Epoch) : INoSerializationVerificationNeeded;

    /// <summary>Who holds it? One <see cref="Found"/> to the sender.</summary>
    public sealed record Find(DtuId Dtu) : INoSerializationVerificationNeeded;

    public sealed record Found(DtuId Dtu, SessionRef? Session) : INoSerializationVerificationNeeded;

    /// <summary>Every DTU that has a session tells <paramref name="ReplyTo"/> a <see cref="Found"/>: a restarted router asks so.</summary>
    public sealed record Recite(IActorRef ReplyTo) : INoSerializationVerificationNeeded;

    /// <summary>A DtuActor without a session asks its parent to be let go.</summary>
    public sealed record Passivate(DtuId Dtu) : INoSerializationVerificationNeeded;
}

/// <summary>
/// Who holds one DTU's session. Plain, so that registering costs no storage: what it forgets when it dies, the living session tells the next one.
/// A new claim wins at once; the displaced session is told, and its end, which names its own epoch, never takes the new one down.
/// </summary>
public sealed class DtuActor : ActorBase, IWithTimers
{
    // A DTU that reconnects finds its actor still there; one that stays away costs nothing.
    private static readonly TimeSpan PassivateAfter = TimeSpan.FromSeconds(60);
    private static readonly object PassivateKey = new();

    private readonly DtuId _id;
    private SessionRef? _session;
    private long _lastNumber;

    public DtuActor(DtuId id) => _id = id;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(DtuId id) => Akka.Actor.Props.Create<DtuActor>(id);

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
            case Terminated terminated:
                Release(_session?.Connection.Equals(terminated.ActorRef) is true);
                return true;
            case Holding.Find:
                OnFind();
                return true;
            case Holding.Recite recite:
                OnRecite(recite);
                return true;
            case Holding.Passivate passivate:
                Context.Parent.Tell(passivate);
                return true;
            default:
                return false;
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

    private void OnAnnounce(Holding.Announce announce)
    {
        if (_session is { } held && held.Connection.Equals(announce.Connection))
        {
            announce.Connection.Tell(new Holding.Granted(held.Epoch, Self));
            return;
        }

        if (announce.Epoch is { } known && _session is { } current && known < current.Epoch)
        {
            announce.Connection.Tell(new Holding.Superseded(current.Epoch));
            return;
        }

        Hold(new SessionRef(_id, announce.Epoch ?? NewEpoch(), announce.Connection));
    }

    private void Hold(SessionRef session)
    {
        if (_session is { } displaced)
        {
            Context.Unwatch(displaced.Connection);
            displaced.Connection.Tell(new Holding.Superseded(session.Epoch));
        }

        _session = session;
        _lastNumber = Math.Max(_lastNumber, session.Epoch.Number);
        Timers.Cancel(PassivateKey);
        Context.Watch(session.Connection);
        session.Connection.Tell(new Holding.Granted(session.Epoch, Self));
    }

    private Epoch NewEpoch()
    {
        Span<byte> salt = stackalloc byte[8];
        RandomNumberGenerator.Fill(salt);
        return new Epoch(Math.Max(_lastNumber + 1, Context.System.Scheduler.Now.ToUnixTimeMilliseconds()), BitConverter.ToInt64(salt));
    }

    private void Release(bool isHolder)
    {
        if (!isHolder)
        {
            return;
        }

        Context.Unwatch(_session!.Connection);
        _session = null;
        PassivateSoon();
    }

    private void OnRecite(Holding.Recite recite)
    {
        if (_session is not null)
        {
            recite.ReplyTo.Tell(new Holding.Found(_id, _session));
        }
    }

    private void PassivateSoon() => Timers.StartSingleTimer(PassivateKey, new Holding.Passivate(_id), PassivateAfter);
}

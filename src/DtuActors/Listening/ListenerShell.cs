using System.Net;
using Akka.Actor;
using Akka.Event;
using DtuActors.Directory;
using DtuActors.Dispatching;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Listening;

/// <summary>
/// The shell of whoever owns one bound address, whatever it carries: binds anew with back-off, and tells how it stands at each change of state and at most once a second when
/// counters moved.
/// </summary>
public abstract class ListenerShell : ReceiveActor, IWithTimers
{
    private static readonly object RebindKey = new();
    private static readonly object PublishKey = new();
    private static readonly TimeSpan PublishEvery = TimeSpan.FromSeconds(1);

    private readonly Backoff _backoff;
    private string _state = "connecting";

    protected ListenerShell(ListenerSetup setup)
    {
        Setup = setup;
        Address = setup.Address;
        _backoff = new Backoff(setup.Rebind);

        Receive<Rebind>(_ => Bind());
        Receive<Publish>(_ => Observe());
        Receive<Fleet.TellAgain>(OnTellAgain);
        Receive<Polling.Changed>(TellSessions);
        Receive<Registry.AnnounceYourself>(TellSessions);
        Receive<ShutDown.Drain>(_ => OnDrain());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected static DateTimeOffset Now => SteadyTime.Now(Context.System.Scheduler);

    protected static DateTimeOffset At => Context.System.Scheduler.Now;

    protected ListenerSetup Setup { get; }

    /// <summary>What is to be bound, or is: a port that was chosen by the system stays the same when it has to be bound again.</summary>
    protected EndPoint Address { get; private set; }

    protected ILoggingAdapter Log { get; } = Context.GetLogger();

    protected string? LastError { get; set; }

    protected long Accepted { get; set; }

    protected long Refused { get; set; }

    protected bool Draining { get; set; }

    protected override void PreStart() => Bind();

    protected abstract void Bind();

    protected abstract void OnDrain();

    /// <summary>Tells every session or client here.</summary>
    protected abstract void TellSessions(object message);

    /// <summary>Adds to the status what only this kind of listener counts.</summary>
    protected abstract ListenerStatus Counted(ListenerStatus status);

    protected void IsBound(EndPoint address)
    {
        Address = address;
        _backoff.Reset();
        LastError = null;
        Context.Parent.Tell(new Binding.SocketBound(Setup.Name, Setup.Transport, address.ToString()!));
        Become("up");
    }

    protected void TellBindFailed(EndPoint address, string problem, bool isInUse)
    {
        LastError = problem;
        Context.Parent.Tell(new Binding.BindFailed(Setup.Name, Setup.KeyPath, address.ToString()!, problem, isInUse));
    }

    /// <summary>What was bound is gone.</summary>
    protected void IsLost(string problem)
    {
        LastError = problem;
        Log.Warning("{0}: {1}", Setup.KeyPath, problem);
        BindLater();
    }

    protected void BindLater()
    {
        Become("down");
        Timers.StartSingleTimer(RebindKey, Rebind.Instance, _backoff.Next());
    }

    protected void PublishSoon()
    {
        if (!Timers.IsTimerActive(PublishKey))
        {
            Timers.StartSingleTimer(PublishKey, Publish.Instance, PublishEvery);
        }
    }

    private void OnTellAgain(Fleet.TellAgain again)
    {
        Observe();
        TellSessions(again);
    }

    private void Become(string state)
    {
        _state = state;
        Observe();
    }

    private void Observe()
    {
        Timers.Cancel(PublishKey);
        Setup.Observer.Tell(new Fleet.ListenerSeen(Counted(new ListenerStatus
        {
            Name = Setup.Name,
            Kind = Setup.Transport,
            State = _state,
            LastError = LastError,
            Address = Address.ToString(),
            Profile = Setup.Profile,
            Accepted = Accepted,
            Refused = Refused,
        })));
    }

    private sealed record Rebind : INoSerializationVerificationNeeded
    {
        public static readonly Rebind Instance = new();
    }

    private sealed record Publish : INoSerializationVerificationNeeded
    {
        public static readonly Publish Instance = new();
    }
}

using System.Net;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using DtuActors.Dispatching;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Listening;

/// <summary>What a <see cref="DialerActor"/> dials, and what it makes of the connection.</summary>
public sealed record DialerSetup
{
    public required DialerOptions Options { get; init; }

    /// <summary>Makes the session's actor: it gets the connection, which speaks Akka.IO's words, and who is at its other end.</summary>
    public required Func<IActorRef, Peer, Props> Handler { get; init; }

    public IEnumerable<Inet.SocketOption> SocketOptions { get; init; } = [];

    public required IActorRef Fleet { get; init; }

    /// <summary>A <see cref="DialTurnsActor"/> whose turn each attempt waits for; null: none does.</summary>
    public IActorRef? Turns { get; init; }

    /// <summary>Finds a host's addresses.</summary>
    public Func<string, Task<IPAddress[]>> Resolve { get; init; } = System.Net.Dns.GetHostAddressesAsync;
}

/// <summary>
/// One outgoing connection to a DTU that is a TCP server: dials, hands the socket to a session, and dials again when that ends, for ever, with back-off and jitter.
/// The host's name is resolved anew at each attempt; where it has several addresses, the next is tried as soon as one fails.
/// </summary>
/// <remarks><code>dialling ──connected──▶ connected ──session ended──▶ waiting ──back-off──▶ dialling</code></remarks>
public sealed class DialerActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    // A peer that accepts and hangs up at once is not "up": the back-off begins anew only after a connection that lasted.
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);
    // A name with more is a mistake, and each may take the whole limit.
    private const int MostAddresses = 8;
    private static readonly object RedialKey = new();

    private readonly DialerSetup _setup;
    private readonly Backoff _backoff;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Queue<IPAddress> _untried = new();
    private IActorRef _session = ActorRefs.Nobody;
    private DateTimeOffset _since;
    private string _state = "connecting";
    private string? _lastError;
    private long _accepted;
    private bool _draining;

    public DialerActor(DialerSetup setup)
    {
        _setup = setup;
        _backoff = new Backoff(setup.Options.Reopen);

        Receive<Redial>(_ => Dial());
        Receive<DialTurns.Granted>(_ => Resolve());
        Receive<Resolved>(OnResolved);
        Receive<Tcp.Connected>(OnConnected);
        Receive<Tcp.CommandFailed>(OnConnectFailed);
        Receive<Terminated>(_ => OnSessionEnded());
        Receive<Fleet.TellAgain>(OnTellAgain);
        Receive<Polling.Changed>(changed => _session.Tell(changed));
        Receive<Registry.AnnounceYourself>(again => _session.Tell(again));
        Receive<ShutDown.Drain>(_ => OnDrain());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private string Where => $"{_setup.Options.Host}:{_setup.Options.Port}";

    public static Props Props(DialerSetup setup) => Akka.Actor.Props.Create<DialerActor>(setup);

    protected override void PreStart() => Dial();

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        _log.Error(failure, "the session of {0} failed and is closed", _setup.Options.Name);
        return Directive.Stop;
    }, loggingEnabled: false);

    private void Dial()
    {
        Become("connecting", _lastError);
        if (_setup.Turns is { } turns)
        {
            turns.Tell(DialTurns.Take.Instance);
        }
        else
        {
            Resolve();
        }
    }

    private void Resolve()
    {
        if (IPAddress.TryParse(_setup.Options.Host, out var address))
        {
            OnResolved(new Resolved([address], null));
            return;
        }

        _setup.Resolve(_setup.Options.Host).PipeTo(
            Self, success: addresses => new Resolved(addresses, null), failure: error => new Resolved([], error.Message));
    }

    private void OnResolved(Resolved resolved)
    {
        _untried = new Queue<IPAddress>(resolved.Addresses.Take(MostAddresses));
        if (_untried.TryDequeue(out var address))
        {
            Connect(address);
        }
        else
        {
            Failed($"{_setup.Options.Host} can't be resolved: {resolved.Problem ?? "no address"}");
        }
    }

    private void OnConnectFailed(Tcp.CommandFailed failed)
    {
        if (!_draining && _untried.TryDequeue(out var next))
        {
            Connect(next);
        }
        else
        {
            Failed(SocketFailure.Words(failed, "nobody accepts connections there: refused, or no answer"));
        }
    }

    private void Connect(IPAddress address) => Context.System.Tcp().Tell(
        new Tcp.Connect(new IPEndPoint(address, _setup.Options.Port), options: _setup.SocketOptions, timeout: ConnectLimit, pullMode: true));

    private void OnConnected(Tcp.Connected connected)
    {
        if (_draining || !_session.IsNobody())
        {
            Sender.Tell(Tcp.Abort.Instance);
            return;
        }

        _setup.Turns?.Tell(DialTurns.Done.Instance);
        _accepted++;
        _since = SteadyTime.Now(Context.System.Scheduler);
        _session = Context.Watch(Context.ActorOf(_setup.Handler(Sender, Peer.Of(connected.RemoteAddress)).OnDataPath(Context.System)));
        Become("up", null);
    }

    private void OnSessionEnded()
    {
        _session = ActorRefs.Nobody;
        if (_draining)
        {
            Context.Stop(Self);
            return;
        }

        if (SteadyTime.Now(Context.System.Scheduler) - _since >= Lasting)
        {
            _backoff.Reset();
        }

        Failed("the connection ended");
    }

    private void Failed(string problem)
    {
        if (_draining)
        {
            Context.Stop(Self);
            return;
        }

        _setup.Turns?.Tell(DialTurns.Done.Instance);
        Become("down", problem);
        Timers.StartSingleTimer(RedialKey, Redial.Instance, _backoff.Next());
    }

    private void OnDrain()
    {
        _draining = true;
        Timers.Cancel(RedialKey);
        if (_session.IsNobody())
        {
            Context.Stop(Self);
        }
        else
        {
            _session.Tell(ShutDown.Drain.Instance);
        }
    }

    private void OnTellAgain(Fleet.TellAgain again)
    {
        Become(_state, _lastError);
        _session.Tell(again);
    }

    private void Become(string state, string? lastError)
    {
        _state = state;
        _lastError = lastError;
        _setup.Fleet.Tell(new Fleet.ListenerSeen(new ListenerStatus
        {
            Name = _setup.Options.Name,
            Kind = "dialer",
            State = state,
            LastError = lastError,
            Address = Where,
            Profile = _setup.Options.Profile,
            Connections = _session.IsNobody() ? 0 : 1,
            Accepted = _accepted,
        }));
    }

    private sealed record Redial : INoSerializationVerificationNeeded
    {
        public static readonly Redial Instance = new();
    }

    private sealed record Resolved(IPAddress[] Addresses, string? Problem) : INoSerializationVerificationNeeded;
}

using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>
/// Another centre that sees each DTU itself (<c>replay-registration = on</c>): one <see cref="CentreBranchActor"/>, which is one connection, for each DTU that is online and
/// whose route leads here. A branch lasts until its DTU is gone and its last words are written, and may outlive several sessions.
/// </summary>
public sealed class CentreFanActor : FanActor
{
    // A centre that comes back meets so many at a time.
    private const int MostDialling = 64;

    // The router says that a session is gone; one that was restarted meanwhile never knew of it.
    private static readonly TimeSpan GoneLimit = TimeSpan.FromSeconds(5);

    private readonly CentreEndpointOptions _options;
    private readonly Dictionary<DtuId, Registry.SessionSeen> _sessions = [];
    private readonly IActorRef _turns;

    public CentreFanActor(CentreEndpointOptions options, EndpointSurroundings surroundings)
        : base(options, surroundings, exclusive: true, wantsSessions: true, mirrorsUp: true)
    {
        _options = options;
        _turns = Context.ActorOf(DialTurnsActor.Props(MostDialling));
        Receive<Registry.SessionSeen>(OnSessionSeen);
        Receive<Registry.SessionGone>(gone => OnSessionGone(gone.Session.Id, gone.Session.Connection));
        Receive<CentreBranchActor.Idle>(OnIdle);
        Receive<Terminated>(OnSessionEnded);
        Receive<Overdue>(overdue => OnSessionGone(overdue.Dtu, overdue.Session));
    }

    protected override string StateWithoutBranches => EndpointStates.Up;

    protected override string? Where => $"{_options.Host}:{_options.Port}";

    public static Props Props(CentreEndpointOptions options, EndpointSurroundings surroundings) =>
        Akka.Actor.Props.Create<CentreFanActor>(options, surroundings);

    // A branch that failed: its DTU is still there.
    protected override void OnBranchEnded(DtuId dtu)
    {
        if (_sessions.TryGetValue(dtu, out var seen))
        {
            Start(seen with { Registration = null });
        }
    }

    private void OnSessionSeen(Registry.SessionSeen seen)
    {
        var dtu = seen.Session.Id;
        _sessions[dtu] = seen;
        Context.Watch(seen.Session.Connection);
        if (BranchOf(dtu) is { } branch)
        {
            branch.Tell(seen);
        }
        else if (!Draining)
        {
            Start(seen);
        }
    }

    private void Start(Registry.SessionSeen seen) => StartBranch(
        seen.Session.Id, surroundings => CentreBranchActor.Props(_options, surroundings, _turns)).Tell(seen);

    private void OnSessionGone(DtuId dtu, IActorRef session)
    {
        if (_sessions.TryGetValue(dtu, out var seen) && seen.Session.Connection.Equals(session))
        {
            _sessions.Remove(dtu);
            Context.Unwatch(session);
            BranchOf(dtu)?.Tell(new Registry.SessionGone(seen.Session));
        }
    }

    private void OnSessionEnded(Terminated ended)
    {
        foreach (var seen in _sessions.Values)
        {
            if (seen.Session.Connection.Equals(ended.ActorRef))
            {
                Timers.StartSingleTimer(ended.ActorRef, new Overdue(seen.Session.Id, ended.ActorRef), GoneLimit);
                return;
            }
        }
    }

    // Its DTU may have come back meanwhile, and it has been told.
    private void OnIdle(CentreBranchActor.Idle idle)
    {
        if (Sender.Equals(BranchOf(idle.Dtu)) && !_sessions.ContainsKey(idle.Dtu))
        {
            StopBranch(idle.Dtu);
        }
    }

    private sealed record Overdue(DtuId Dtu, IActorRef Session) : INoSerializationVerificationNeeded;
}

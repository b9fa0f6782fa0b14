using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Simulation;

/// <summary>
/// One run: the gateway's own router, directory and sessions between DTUs that come and go over a network that cuts, glues, delays, loses and brings back, an endpoint and somebody who
/// asks. What happens next is drawn from the seed, time passes only where the run says so, and so the same seed is the same run.
/// </summary>
internal sealed class World
{
    private const int Dtus = 3;
    private const int Steps = 300;
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system;
    private readonly IActorRef _stage;
    private readonly SeededTurns _turns;
    private readonly Plant _plant;
    private readonly List<SimulatedLink> _links = [];
    private readonly List<IActorRef> _connections = [];
    private readonly SimulatedDtu[] _dtus;
    private readonly SessionSetup _setup;
    private readonly IActorRef _router;
    private readonly IActorRef _directory;
    private readonly FarEnd _endpoint;
    private readonly Sink _asker;
    private readonly Action<string>? _tell;
    private int _linked;

    /// <param name="system">One that has <see cref="SeededTurns.Hocon"/>; runs follow each other there.</param>
    /// <param name="stage">Its <see cref="Stage"/>.</param>
    /// <param name="turns">Its turns.</param>
    /// <param name="seed">All that is drawn.</param>
    /// <param name="plant">What is wrong on purpose.</param>
    /// <param name="tell">Hears each thing that happens.</param>
    public World(ActorSystem system, IActorRef stage, SeededTurns turns, int seed, Plant plant = Plant.None, Action<string>? tell = null)
    {
        (_system, _stage, _turns, _plant, _tell) = (system, stage, turns, plant, tell);
        turns.Begin(seed);
        Chance = new Random(seed);
        IsRequestResponse = Chance.Next(2) == 0;
        History = new History(AnswerTime, Silence);
        stage.Tell(new Stage.Tell(History.Fail));
        var profile = new ProfileOptions
        {
            Name = "default",
            // Whole ids only: what is cut by a silence is another id, where the pattern takes it for one.
            Registration = new RegistrationOptions { Form = new PatternForm { Pattern = new Regex(@"\A(?<id>dtu-[0-9])\z", RegexOptions.NonBacktracking) }, Timeout = Silence },
            Framing = new FramingOptions { Codec = "modbus-rtu" },
            Bus = new BusOptions
            {
                Mode = IsRequestResponse ? BusMode.RequestResponse : BusMode.Transparent,
                ResponseTimeout = AnswerTime,
                Queue = Chance.Next(1, 8),
                QueueWait = TimeSpan.FromSeconds(4),
                LateWindow = TimeSpan.FromSeconds(1),
                RequestGap = TimeSpan.FromMilliseconds(Chance.Next(2) * 50),
            },
            Heartbeat = new HeartbeatOptions { Match = ["ping"u8.ToArray()], Timeout = plant is Plant.NoTimeout ? null : Silence },
        };
        var options = Options.Gateway(profile);
        _asker = new Sink(At("asker"), OnAnswer);
        _endpoint = new FarEnd(At("endpoint"), OnDelivered);
        var fleet = new Sink(At("fleet"), OnFleet);
        var events = new EventInlet();
        events.Attach(new Sink(At("recorder"), happened => OnEvent(events, happened)));
        _directory = plant is Plant.GenerousDirectory ? new Sink(At("directory"), Grant) : Make(DtuDirectory.Props());
        var admission = new Admission(options);
        _router = Make(RouterActor.Props(admission, _directory, fleet));
        _endpoint.Router = _router;
        _setup = new SessionSetup
        {
            Listener = "main",
            Candidates = [profile],
            Profiles = options.Profiles,
            Admission = admission,
            Chance = Chance.NextDouble,
            Router = _router,
            Directory = _directory,
            Fleet = fleet,
            Recorder = new Sink(At("refused"), static _ => { }),
            Events = events,
        };
        _dtus = [.. Enumerable.Range(1, Dtus).Select(number => new SimulatedDtu(number, History) { AnswersAll = IsRequestResponse })];
        _router.Tell(new RouterActor.Reroute([.. _dtus.Select(dtu => Options.Route(dtu.Id, FarEnd.Name))], [(FarEnd.Name, _endpoint)]), _asker);
        _endpoint.Announce();
        turns.Run();
    }

    public Random Chance { get; }

    public History History { get; }

    /// <summary>All that goes down is a request.</summary>
    public bool IsRequestResponse { get; }

    public DateTimeOffset Now => _system.Scheduler.Now;

    public bool Plants(Plant plant) => _plant == plant;

    public History Run()
    {
        for (var step = 0; step < Steps; step++)
        {
            Happen();
            _turns.Run(Chance.Next(4) == 0 ? Chance.Next(6) : int.MaxValue);
        }

        Quieten();
        return History;
    }

    private void Happen()
    {
        var dtu = _dtus[Chance.Next(Dtus)];
        switch (Chance.Next(100))
        {
            case < 12 when dtu.Link is null || Chance.Next(20) == 0:
                Dial(dtu);
                break;
            case < 22:
                dtu.Say();
                break;
            case < 24:
                dtu.Beat();
                break;
            case < 35 when dtu.HasToAnswer:
                dtu.Answer();
                break;
            case < 36:
                dtu.Lose();
                break;
            case 36:
                Note($"{dtu.Id} hangs up");
                dtu.HangUp();
                break;
            case 37:
                Note($"{dtu.Id} loses its power");
                dtu.LosePower();
                break;
            case 38 when _links.Count > 0:
                var link = _links[Chance.Next(_links.Count)];
                Note($"reset of a link of {link.Dtu.Id}");
                link.Reset();
                break;
            case < 46:
                _endpoint.Emit(DtuId.Parse(dtu.Id), History.Say(Kind.Down, dtu.Number).ToBytes(), Now);
                break;
            case < 54:
                Ask(dtu);
                break;
            case 54:
                Note($"{dtu.Id} is kicked");
                _router.Tell(new Asking.Kick(DtuId.Parse(dtu.Id), 0, new Sink(At("operator"), static _ => { })));
                break;
            case < 60:
                Pass(Chance.Next(10) == 0);
                break;
            default:
                Carry();
                break;
        }
    }

    // No turn waits for longer than 0.3 s: a holder that takes a second to answer counts as gone, and then two may be online for a moment, of which the epoch tells the newer.
    private void Pass(bool isLong)
    {
        if (isLong)
        {
            _turns.Run();
        }

        Advance(TimeSpan.FromMilliseconds(isLong ? Chance.Next(9000) : Chance.Next(300)));
        _turns.Run();
    }

    private void Dial(SimulatedDtu dtu)
    {
        dtu.LosePower();
        var link = new SimulatedLink(At("links"), ++_linked, dtu, this);
        _links.Add(link);
        Note($"{dtu.Id} dials, link {_linked}");
        _stage.Tell(new Stage.Make(ConnectionActor.Props(_setup, link, new Peer($"10.0.0.{dtu.Number}:{_linked}", null)), _connections.Add));
        dtu.Dial(link);
    }

    private void Ask(SimulatedDtu dtu)
    {
        // The number of what it writes is the number that its asker knows it by, told apart by the DTU.
        var asked = History.Say(Kind.Ask, dtu.Number);
        var correlation = (dtu.Number * 0x10000L) + asked.Number;
        History.Ask(dtu.Number, correlation);
        Note($"request {correlation} is asked");
        _router.Tell(new Asking.Request(DtuId.Parse(dtu.Id), asked.ToBytes(), null, AnswerRule.Modbus, correlation, "api", _asker));
    }

    private void Carry()
    {
        _links.RemoveAll(static link => link.IsOver);
        if (_links.Count == 0)
        {
            return;
        }

        var link = _links[Chance.Next(_links.Count)];
        if (Plants(Plant.CrossedPiece) && Chance.Next(10) == 0 && _dtus.FirstOrDefault(other => other != link.Dtu) is { } other)
        {
            link.Arrive(History.Say(Kind.Up, other.Number).ToBytes());
            return;
        }

        link.Step(Chance);
    }

    // Everybody stops, and nobody says so: what is accepted ends all the same, and nothing is left.
    private void Quieten()
    {
        foreach (var dtu in _dtus)
        {
            dtu.LosePower();
        }

        for (var second = 0; second < 60; second++)
        {
            for (var i = 0; i < 4; i++)
            {
                Carry();
                _turns.Run();
            }

            Advance(TimeSpan.FromSeconds(1));
            _turns.Run();
            foreach (var link in _links.Where(static link => !link.IsOver))
            {
                History.Stand(link.Dtu.Number, link.LastHeard, Now);
            }
        }

        History.Finish(_links.Count(static link => !link.IsOver));
        foreach (var actor in _connections.Append(_router).Append(_directory))
        {
            actor.Tell(PoisonPill.Instance);
        }

        _turns.Run();
        Advance(TimeSpan.FromSeconds(120));
        _turns.Run();
    }

    private IActorRef Make(Props props)
    {
        IActorRef? made = null;
        _stage.Tell(new Stage.Make(props, actor => made = actor));
        _turns.Run();
        return made!;
    }

    private void Advance(TimeSpan time) => ((TestScheduler)_system.Scheduler).Advance(time);

    private LocalPlace At(string name) => new(((ExtendedActorSystem)_system).Provider.RootPath / "simulation" / name);

    private void Note(string what) => _tell?.Invoke($"{Now:HH:mm:ss.fff} {what}");

    // ---- what those outside hear

    private void OnAnswer(object message)
    {
        switch (message)
        {
            case Asking.Answered answered:
                var meant = Plants(Plant.CrossedAnswer) && (answered.Correlation & 0xFFFF) > 1 ? answered.Correlation - 1 : answered.Correlation;
                Note($"request {answered.Correlation} is answered");
                Told(() => History.Answer(meant, Numbered.Of(answered.Frame.Payload.Span)));
                break;
            case Asking.Refused refused:
                Note($"request {refused.Correlation} is refused: {refused.Reason}");
                Told(() => History.Refuse(refused.Correlation, refused.Reason.ToString()));
                break;
        }
    }

    private void Told(Action end)
    {
        if (!Plants(Plant.LostEnd) || Chance.Next(5) > 0)
        {
            end();
        }

        if (Plants(Plant.DoubledEnd) && Chance.Next(5) == 0)
        {
            end();
        }
    }

    private void OnDelivered(Relay.Deliver said)
    {
        var dtu = NumberOf(said.Dtu);
        History.Hear(dtu, said.Epoch);
        History.Arrive(dtu, Numbered.Of(said.Frame!.Payload.Span), History.Endpoint);
        Note($"endpoint hears {said.Dtu}: {Convert.ToHexString(said.Frame.Payload.Span)}");
    }

    private void OnFleet(object message)
    {
        if (message is Fleet.SessionEnded ended)
        {
            History.End(ended.Report);
        }
    }

    private void OnEvent(EventInlet events, object message)
    {
        events.Read((FieldEvent)message);
        switch (message)
        {
            case DtuOnline online:
                Note($"{online.Dtu} is online from {online.Remote}");
                History.Online(NumberOf(online.Dtu));
                break;
            case DtuOffline offline:
                Note($"{offline.Dtu} is offline from {offline.Remote}: {offline.Reason}");
                History.Offline(NumberOf(offline.Dtu));
                break;
        }
    }

    private void Grant(object message)
    {
        if (message is Holding.Announce announce)
        {
            announce.Connection.Tell(new Holding.Granted(announce.Epoch ?? Epoch.After(0, Now), _asker));
        }
    }

    private static int NumberOf(DtuId id) => int.Parse(id.Value.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture);
}

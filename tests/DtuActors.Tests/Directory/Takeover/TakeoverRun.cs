using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Sessions;
using DtuActors.Tests.Simulation;

namespace DtuActors.Tests.Directory.Takeover;

/// <summary>
/// One run: a DTU's actor below the directory, or in what stands for a shard, and sessions that say what a <see cref="Step"/> makes them say; the model hears the same. All turns are run
/// behind each step, and each step takes a millisecond, where all else that takes time takes whole seconds: no two times are over at once.
/// </summary>
internal sealed class TakeoverRun
{
    private static readonly DtuId Id = DtuId.Parse("dtu-1");
    private static readonly TimeSpan ClockIsAhead = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system;
    private readonly IActorRef _stage;
    private readonly SeededTurns _turns;
    private readonly TakeoverPlant _plant;
    private readonly DuplicatesOptions _rule;
    private readonly TakeoverModel _model;
    private readonly IActorRef _directory;
    private readonly Sink _asker;
    private readonly List<Peer> _peers = [];
    private readonly Dictionary<Peer, IActorRef> _refs = [];
    private readonly List<(Peer Peer, string Word)> _told = [];
    private readonly Dictionary<Epoch, Peer> _grantedTo = [];
    private IActorRef _actor = ActorRefs.Nobody;
    private SessionRef? _found;
    private Epoch _highest;
    private Epoch? _first;
    private string? _broken;

    public TakeoverRun(ActorSystem system, IActorRef stage, SeededTurns turns, bool holdFirst, bool comesLate, TakeoverPlant plant)
    {
        (_system, _stage, _turns, _plant) = (system, stage, turns, plant);
        turns.Begin(1);
        _rule = new DuplicatesOptions { Policy = holdFirst ? DuplicatesPolicy.HoldFirst : DuplicatesPolicy.Newest };
        _model = new TakeoverModel(comesLate, _rule);
        _asker = new Sink(new LocalPlace(((ExtendedActorSystem)system).Provider.RootPath / "takeover" / "asker"), found => _found = ((Holding.Found)found).Session);
        _directory = Make(comesLate ? Props.Create<Shard>() : DtuDirectory.Props());
    }

    /// <summary>What of the rules it came by, for those who count.</summary>
    public HashSet<string> Seen { get; } = [];

    private DateTimeOffset Now => _system.Scheduler.Now;

    /// <summary>What was broken first, and behind which step; null: nothing.</summary>
    public string? Run(IEnumerable<Step> steps)
    {
        var number = 0;
        foreach (var step in steps)
        {
            Happen(step);
            Pass(TimeSpan.FromMilliseconds(1));
            if (_broken is not null)
            {
                break;
            }

            number++;
        }

        foreach (var actor in _refs.Values.Append(_directory))
        {
            _system.Stop(actor);
        }

        _turns.Run();
        return _broken is null ? null : string.Create(CultureInfo.InvariantCulture, $"{_broken}, behind step {number}");
    }

    private void Happen(Step step)
    {
        switch (step.What)
        {
            case What.Claim:
                Say(Come());
                break;
            case What.ClaimAfterGoingAhead:
                var ahead = Come();
                GoAhead(ahead, step.Who);
                Say(ahead);
                break;
            case What.GoAhead when Some(step.Who, static peer => peer is { IsDead: false, Epoch: null }) is { } waits:
                GoAhead(waits, step.Who);
                break;
            case What.SayAgain when Some(step.Who, static peer => !peer.IsDead) is { } again:
                Say(again);
                break;
            case What.TheNextSaysAgain when _model.Next is { IsDead: false } next:
                Say(next);
                break;
            case What.ProveIt:
                Prove();
                break;
            case What.MakeRoom or What.MakeRoomAlive:
                MakeRoom(isAlive: step.What is What.MakeRoomAlive);
                break;
            case What.TakeOverAlive:
                TakeOver();
                break;
            case What.Fight:
                for (var i = 0; i < _rule.ConflictAfter; i++)
                {
                    TakeOver();
                }

                break;
            case What.TakeTurns when _model is { Holder.IsDead: false, Epoch: { } epoch }:
                Alive(epoch, "10.1.1.1:1");
                break;
            case What.Close when Some(step.Who, static peer => peer is { IsDead: false, Epoch: not null }) is { } closes:
                End(closes);
                Die(closes);
                break;
            case What.DieWithoutAWord when Some(step.Who, static peer => !peer.IsDead) is { } dies:
                Die(dies);
                break;
            case What.LateEnd when Some(step.Who, static peer => peer is { Epoch: not null }) is { } ended:
                End(ended);
                break;
            case What.LateLife when Some(step.Who, static peer => peer is { Epoch: not null }) is { } lives:
                Alive(lives.Epoch!.Value, lives.Remote);
                break;
            case What.ActorDies or What.ActorDiesAndAllSayAgain:
                KillActor();
                foreach (var peer in step.What is What.ActorDies ? [] : InOrderOf(step.Who))
                {
                    Say(peer);
                }

                break;
            case What.ASecond or What.TenSeconds or What.AMinute or What.FiveMinutes:
                Pass(TimeSpan.FromSeconds(step.What switch { What.ASecond => 1, What.TenSeconds => 10, What.AMinute => 60, _ => 300 }));
                break;
        }
    }

    // ---- what sessions do

    private Peer Come()
    {
        var peer = new Peer(_peers.Count + 1);
        _peers.Add(peer);
        _refs[peer] = Make(Props.Create(() => new Ear(message => Hear(peer, message))));
        return peer;
    }

    private Peer? Some(byte who, Func<Peer, bool> where)
    {
        var some = _peers.FindAll(peer => where(peer));
        return some.Count == 0 ? null : some[some.Count - 1 - (who % Math.Min(some.Count, 4))];
    }

    private IEnumerable<Peer> InOrderOf(byte who) =>
        _peers.FindAll(static peer => peer is { IsDead: false, HasToLeave: false }).OrderBy(peer => (_peers.IndexOf(peer) * (who | 1)) % 7);

    // By the clock of its node, which may be ahead.
    private void GoAhead(Peer peer, byte who) => peer.Epoch = Epoch.After(0, who % 2 == 0 ? Now : Now + ClockIsAhead);

    private void Say(Peer peer, bool isProof = false)
    {
        peer.Superseded = 0;
        var said = peer.Epoch;
        Epoch? evades = _plant is TakeoverPlant.NobodyWaits && _model.InConflict ? new Epoch(_highest.Number + 1, 0) : null;
        Tell(new Holding.Announce(Id, said ?? evades, _refs[peer], peer.Remote, _rule, isProof));
        if (_plant is TakeoverPlant.Generous && _found is { } found && found.Connection != _refs[peer])
        {
            Hear(peer, new Holding.Granted(found.Epoch, _actor));
        }

        _highest = said > _highest ? said.Value : _highest;
        _model.Claim(peer, said, isProof, Now);
        Compare();
    }

    private void Prove()
    {
        foreach (var peer in _peers.FindAll(static peer => peer is { HasToProve: true, IsDead: false }))
        {
            peer.HasToProve = false;
            Say(peer, isProof: true);
        }
    }

    private void MakeRoom(bool isAlive)
    {
        foreach (var peer in _peers.FindAll(static peer => peer is { HasToLeave: true, IsDead: false, Epoch: not null }))
        {
            peer.HasToLeave = false;
            End(peer);
            if (isAlive)
            {
                Alive(peer.Epoch!.Value, peer.Remote);
            }
        }
    }

    private void TakeOver()
    {
        Say(Come());
        Prove();
        MakeRoom(isAlive: true);
        Pass(TimeSpan.FromMilliseconds(1));
    }

    private void End(Peer peer)
    {
        var epoch = peer.Epoch!.Value;
        Tell(new Holding.Released(Id, _plant is TakeoverPlant.AnyEndIsTheHolders ? _found?.Epoch ?? epoch : epoch));
        _model.End(epoch);
        Compare();
    }

    private void Alive(Epoch epoch, string remote)
    {
        if (_plant is not TakeoverPlant.NobodyCounts)
        {
            Tell(new Holding.StillAlive(Id, epoch, remote));
        }

        _model.StillAlive(epoch, remote, Now);
        Compare();
    }

    private void Die(Peer peer)
    {
        peer.IsDead = true;
        if (_plant is not TakeoverPlant.NobodyWatches)
        {
            _system.Stop(_refs[peer]);
        }

        _model.Die(peer);
        Compare();
    }

    private void KillActor()
    {
        _actor.Tell(Kill.Instance);
        _highest = default;
        _model.Forget();
        Compare();
    }

    private void Pass(TimeSpan time)
    {
        var until = Now + time;
        while (_model.Due is { } due && due <= until)
        {
            Advance(due - Now);
            _model.Pass(Now);
            Compare();
        }

        Advance(until - Now);
        Compare();
    }

    // ---- both sides

    private void Hear(Peer peer, object message)
    {
        if (peer.IsDead)
        {
            return;
        }

        switch (message)
        {
            case Holding.Granted(var epoch, var owner):
                _actor = owner;
                OnGranted(peer, _plant is TakeoverPlant.EpochStands ? _first ??= epoch : epoch);
                Told(peer, "granted");
                break;
            case Holding.Superseded superseded:
                peer.HasToLeave = true;
                peer.Superseded += _plant is TakeoverPlant.ToldTwice ? 2 : 1;
                Require(peer.Superseded == 1, $"{peer.Remote} is told twice that it is superseded");
                Told(peer, $"superseded by {superseded.By}");
                break;
            case Holding.Refused refused:
                Told(peer, $"refused for {refused.Holder}");
                break;
            case Holding.Contested contested:
                Told(peer, contested.With is { } with ? $"conflict with {with}" : "no conflict");
                break;
            case Holding.Prove:
                peer.HasToProve = true;
                Told(peer, "prove it");
                break;
            case Holding.Waiting:
                Told(peer, "waits");
                break;
        }
    }

    private void OnGranted(Peer peer, Epoch epoch)
    {
        Require(_grantedTo.GetValueOrDefault(epoch, peer) == peer, $"one epoch is granted to two, {_grantedTo.GetValueOrDefault(epoch)?.Remote} and {peer.Remote}");
        var isNew = _grantedTo.TryAdd(epoch, peer) && epoch != peer.Epoch;
        Require(!isNew || epoch.Number > _highest.Number, $"{peer.Remote} is granted an epoch that is no higher than one before");
        (peer.Granted, peer.Epoch) = (epoch, peer.Epoch ?? epoch);
        _highest = epoch > _highest ? epoch : _highest;
    }

    private void Told(Peer peer, string word) => _told.Add((peer, word));

    private void Tell(object message)
    {
        _directory.Tell(message, ActorRefs.NoSender);
        _turns.Run();
    }

    private void Advance(TimeSpan time)
    {
        ((TestScheduler)_system.Scheduler).Advance(time);
        _turns.Run();
    }

    private void Compare()
    {
        _turns.Run();
        Find();
        foreach (var word in _model.Told)
        {
            Seen.Add(word.Word.Split([" with ", " by ", " for "], StringSplitOptions.None)[0]);
        }

        Require(_found?.Connection == (_model.Holder is { } holder ? _refs[holder] : null), $"the holder is not {_model.Holder?.Remote ?? "nobody"}");
        Require(_found?.Epoch == _model.Epoch, "the holder's epoch is another one");
        foreach (var peer in _peers)
        {
            var (was, ought) = (Words(_told, peer), Words(_model.Told, peer));
            Require(was == ought, $"{peer.Remote} hears '{was}', and ought to hear '{ought}'");
        }

        _told.Clear();
        _model.Told.Clear();
    }

    private static string Words(List<(Peer Peer, string Word)> told, Peer peer) => string.Join(", ", told.Where(word => word.Peer == peer).Select(static word => word.Word));

    // Whoever asks for a DTU that nobody holds makes nothing in the directory, and an actor in a shard.
    private void Find()
    {
        _directory.Tell(new Holding.Find(Id), _asker);
        _turns.Run();
    }

    private void Require(bool holds, string what) => _broken ??= holds ? null : what;

    private IActorRef Make(Props props)
    {
        IActorRef? made = null;
        _stage.Tell(new Stage.Make(props, actor => made = actor));
        _turns.Run();
        return made!;
    }

    /// <summary>A session: what it says, the run says for it.</summary>
    private sealed class Ear : ReceiveActor
    {
        public Ear(Action<object> hear) => ReceiveAny(hear);
    }

    /// <summary>Stands for a shard, with an entity that is there as soon as somebody speaks to it.</summary>
    private sealed class Shard : ReceiveActor
    {
        private readonly ShardHome _home = new(null);
        private IActorRef? _entity;

        public Shard()
        {
            Receive<Passivate>(passivate => Sender.Tell(passivate.StopMessage));
            Receive<Terminated>(_ => _entity = null);
            ReceiveAny(message =>
            {
                _entity ??= Context.Watch(Context.ActorOf(DtuActor.Props(Id, 0, _home)));
                _entity.Forward(message);
            });
        }

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop, loggingEnabled: false);
    }
}

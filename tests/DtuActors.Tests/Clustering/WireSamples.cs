using Akka.Actor;
using Akka.TestKit.TestActors;
using DtuActors.Clustering.Desks;
using DtuActors.Commanding;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Clustering;

/// <summary>Each message that crosses nodes, with all that it can carry, and with as little as it can.</summary>
internal sealed class WireSamples
{
    public WireSamples(ActorSystem here, ActorSystem there)
    {
        var near = here.ActorOf(BlackHoleActor.Props, "near");
        var far = ((ExtendedActorSystem)here).Provider.ResolveActorRef(
            there.ActorOf(BlackHoleActor.Props, "far").Path.ToSerializationFormatWithAddress(((ExtendedActorSystem)there).Provider.DefaultAddress));
        var now = here.Scheduler.Now;
        var dtu = DtuId.Parse("泵站-0007");
        var epoch = new Epoch(1_790_000_000_123, long.MinValue);
        var session = new SessionRef(dtu, epoch, near);
        var elsewhere = new SessionRef(DtuId.Parse("2"), new Epoch(0, -1), far);
        var frame = new Frame(new byte[] { 0, 1, 255 }, FrameDirection.Up, "modbus-rtu", now - TimeSpan.FromMilliseconds(5));
        var deliver = new Relay.Deliver(
            near, "dtu:1", dtu, epoch, frame, long.MaxValue, AckWanted: true, IsAnswer: true, new LineSettings(115_200, 7, LineParity.Space, LineStopBits.OnePointFive),
            new Replaying.Heartbeat(new byte[] { 1 }, new byte[] { 2 }, IsUnit: true));
        var probe = new Relay.Deliver(ActorRefs.Nobody, "scada", dtu, default, null, 0, AckWanted: false);
        var command = new CommandStatus("c1", CommandStates.Failed, now - TimeSpan.FromDays(2), "boss", "api", new byte[256], 300, "no-answer", new byte[] { 9 }, now - TimeSpan.FromTicks(1))
        {
            Until = now + TimeSpan.FromHours(3),
            Key = "setpoint",
        };
        var bare = new CommandStatus("c2", CommandStates.Queued, now, null, "broker", default, 0, null, null, now);
        var endpoint = new Peering.EndpointThere("scada", new Destination(near, 7), Exclusive: true, DownlinkSelect.UnitMap, MirrorsUp: true, WantsSessions: true);
        All =
        [
            new Holding.Announce(dtu, epoch, near, "10.0.0.7:4001", new DuplicatesOptions { Policy = DuplicatesPolicy.HoldFirst, ConflictAfter = 5, Within = TimeSpan.FromSeconds(90) }),
            new Holding.Announce(dtu, null, far, "", new DuplicatesOptions()) { Came = 1_500_000 },
            new Holding.Granted(epoch, near),
            new Holding.Superseded("10.0.0.8:4002"),
            Holding.Waiting.Instance,
            Holding.Prove.Instance,
            new Holding.Refused("10.0.0.8:4002"),
            new Holding.Contested("10.0.0.8:4002"),
            new Holding.Contested(null),
            new Holding.Released(dtu, epoch),
            new Holding.StillAlive(dtu, epoch, "10.0.0.8:4002"),
            new Holding.Find(dtu),
            new Holding.Found(dtu, session),
            new Holding.Found(dtu, null),

            new Asking.Request(dtu, new byte[] { 1, 3 }, TimeSpan.FromSeconds(5), AnswerRule.Modbus, 7, "scada", near, "turn", Follows: true),
            new Asking.Request(dtu, default, null, AnswerRule.ByMode, 0, "", ActorRefs.Nobody),
            new Asking.Answered(7, frame, TimeSpan.FromTicks(12_345)),
            new Asking.Answered(0, new Frame(default, FrameDirection.Down, "", now + TimeSpan.FromSeconds(1)), TimeSpan.Zero),
            new Asking.Refused(7, RefusalReason.Expired),
            new Asking.Refused(7, RefusalReason.NoAnswer, WasBegun: true),
            new Asking.Send(dtu, new byte[] { 1 }, -1, "api", far, "turn", AnswerUp: true, Follows: true, TimeSpan.FromMinutes(1)),
            new Asking.Send(dtu, default, 0, "", near),
            new Asking.Begun(7),
            new Asking.Sent(7, AwaitsAnswer: true),
            new Asking.Sent(0),
            new Asking.Withdraw(dtu, 7, near, far),
            new Asking.WithdrawEnded(WasWaiting: true, far, 12),
            new Asking.WithdrawEnded(WasWaiting: false, ActorRefs.Nobody, 0),
            new Asking.AreHeld([7, 8, 1_000_000], near),
            new Asking.AreHeld([], far),
            new Asking.NotHeld(7, WasHeard: true),
            new Asking.NotHeld(0, WasHeard: false),
            new Asking.Kick(dtu, 7, near),

            new Leasing.Take(dtu, 7, "files", near),
            new Leasing.Taken(7),
            new Leasing.Write(new byte[] { 1, 0 }),
            Leasing.Written.Instance,
            new Leasing.Heard(new byte[] { 6 }, 9),
            new Leasing.Read(long.MaxValue),
            Leasing.GiveBack.Instance,
            new Leasing.Lost("the DTU's session ended: closed"),

            new Queueing.Take(dtu, "c1", "boss", "api", new byte[] { 5 }, TimeSpan.FromHours(1), Retry: true, "setpoint", AnswerUp: true, TimeSpan.FromSeconds(2), 7, FollowsEnd: true),
            new Queueing.Take(dtu, "c2", null, "api", default, null),
            new Queueing.Taken(7, command, RefusalReason.QueueFull),
            new Queueing.Taken(0, bare, null),
            new Queueing.Ended(7, command, RefusalReason.NoAnswer),
            new Queueing.Ended(0, bare, null),
            new Queueing.Refused(7, RefusalReason.StorageFailed),
            new Queueing.Withdraw(dtu, "c1"),
            new Queueing.List(dtu),
            new Queueing.Wake(dtu),
            new Commands.Listed([command, bare]),
            new Commands.Listed([]),
            new Commands.WithdrawEnded(WithdrawOutcome.NotWaiting),

            deliver,
            probe,
            deliver with { Source = far, Frame = frame with { Direction = FrameDirection.Down, Payload = new byte[64 * 1024] } },
            new Relay.StaleSession(session, deliver),
            new Relay.StaleSession(elsewhere, probe),
            new Flow.PathAdded(new Destination(far, long.MinValue), dtu),
            new Flow.PathAdded(new Destination(near, 0)),
            new Flow.PathRemoved(new Destination(far, 3), dtu),
            new Flow.PathRemoved(new Destination(near, 0)),
            Flow.PathsForgotten.Instance,
            new Flow.Taken(new Destination(far, 3), 1_000_000),
            new Replaying.Follow("centre"),
            new Replaying.Unfollow("centre"),
            new Replaying.Registration(session, new byte[] { 1, 13, 10 }, new byte[] { 2 }, EveryPacket: true, TimeSpan.FromMilliseconds(200), "ddp"),
            new Replaying.Registration(elsewhere, default, default, EveryPacket: false, TimeSpan.Zero, null),

            new Peering.Hello("node-1", 42, 1, Tells: true),
            new Peering.Whole("node-1", 42, [endpoint, endpoint with { Name = "mqtt", Exclusive = false, Select = DownlinkSelect.Broadcast, MirrorsUp = false }], [session, elsewhere]),
            new Peering.Whole("node-1", 42, [], []),
            new Peering.Pack("node-1", 8, 3, [new("scada", null, deliver), new(null, far, deliver)]),
            new Peering.Pack("node-1", 0, 8, []),
            new Peering.Whose(dtu),

            new Desk.Ask(7, "dtus", new byte[] { 123, 125 }),
            new Desk.Answer(7, new byte[] { 123, 125 }, null),
            new Desk.Answer(7, default, "it does not know"),
            new Desk.Told("north", "events", new byte[] { 123, 125 }),
            new Peering.Changed("node-1", 42, 1, [endpoint with { Select = DownlinkSelect.LastSpeaker }], ["mqtt"], [session], [elsewhere]),
            new Peering.Changed("node-1", 42, 2, [], [], [], []),
        ];
    }

    public IReadOnlyList<object> All { get; }
}

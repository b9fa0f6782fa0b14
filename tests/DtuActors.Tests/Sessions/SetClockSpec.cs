using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Recording;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>Somebody sets the clock by ten hours: what is due stays due, and dates are the clock's.</summary>
public sealed class SetClockSpec : SessionSpec
{
    private static readonly byte[] Ask = Items.Read(1, 0);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public SetClockSpec()
        : base(SetClock.Hocon)
    {
    }

    private new SetClock Clock => (SetClock)Sys.Scheduler;

    private void SetBy(int hours) => Clock.IsOffBy += TimeSpan.FromHours(hours);

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public void A_lost_answer_frees_the_bus_in_its_time(int hours)
    {
        var session = OnBus();
        session.Tell(Request(1));
        session.Tell(Request(2));
        Written(session);
        SetBy(hours);
        Advance(new BusOptions().ResponseTimeout - Second);
        Settle(session);
        ExpectNoMsg(TimeSpan.Zero);
        Advance(2 * Second);
        Assert.Equal(new Asking.Refused(1, RefusalReason.NoAnswer), ExpectMsg<Asking.Refused>());
        Settle(session);
        Advance(new BusOptions().LateWindow);
        Written(session);
        Receive(session, Items.Value(1, 7));
        Assert.InRange(ExpectMsg<Asking.Answered>().Elapsed, TimeSpan.Zero, Second);
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public void A_silent_dtu_is_noticed_in_its_time(int hours)
    {
        var session = Online(profile: Options.Profile(heartbeat: new HeartbeatOptions { Timeout = 30 * Second }));
        Advance(20 * Second, Second);
        SetBy(hours);
        Advance(9 * Second, Second);
        Settle(session);
        Assert.DoesNotContain(Drained(), message => message is Tcp.Abort);
        Advance(2 * Second, Second);
        Socket.FishForMessage(message => message is Tcp.Abort);
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public void Polls_keep_their_period(int hours)
    {
        var profile = Options.Profile(framing: new() { Codec = "modbus-rtu" }, bus: new BusOptions { Mode = BusMode.RequestResponse });
        var poll = new PollOptions { Name = "p1", Dtu = "*", Payload = Ask, Every = 10 * Second };
        var session = Online("dtu-1", profile, Options.Gateway(profile) with { Polls = [poll] });
        SetBy(hours);
        Pass(session, 6);
        Assert.Equal(Ask, Written(session));
        Receive(session, Items.Value(1, 7));
        Pass(session, 8);
        Assert.DoesNotContain(Drained(), message => message is Tcp.Write);
        Pass(session, 3);
        Assert.Equal(Ask, Written(session));
        Assert.InRange(Report(session).Polls[0].LastAt!.Value, WallClock - (15 * Second), WallClock);
    }

    [Fact]
    public void Dates_are_the_clocks_and_ages_are_not()
    {
        var session = OnBus(new SuspendOptions { After = 1, For = 60 * Second });
        session.Tell(Request(1));
        Written(session);
        SetBy(-10);
        Advance(new BusOptions().ResponseTimeout + Second);
        ExpectMsg<Asking.Refused>();
        Receive(session, Items.Value(2, 7));
        var frame = Uplink().Frame!;
        Assert.Equal((WallClock, Clock.Now), (frame.At, frame.Since));
        Assert.Equal(WallClock, PassedUp().At);

        var report = Report(session);
        Assert.Equal((WallClock, Clock.Now), (report.LastSeenAt, report.LastSeen));
        Assert.InRange(report.SuspendedSlaves[0].Until, WallClock + (50 * Second), WallClock + (60 * Second));

        session.Tell(Tcp.PeerClosed.Instance);
        Assert.Equal(WallClock, Event<DtuOffline>().At);
        var ended = ((DtuActors.Directory.Fleet.SessionEnded)Fleet.FishForMessage(message => message is DtuActors.Directory.Fleet.SessionEnded)).Report;
        Assert.Equal((WallClock, Clock.Now), (ended.EndedAt!.Value, ended.Ended!.Value));
    }

    private DateTimeOffset WallClock => Sys.Scheduler.Now;

    private IActorRef OnBus(SuspendOptions? suspend = null) => Online(profile: Options.Profile(
        framing: new() { Codec = "modbus-rtu" }, bus: new BusOptions { Mode = BusMode.RequestResponse, SuspendSlave = suspend }));

    private Asking.Request Request(long number) => new(Protocol.DtuId.Parse("dtu-1"), Items.Read(1, (ushort)number), null, AnswerRule.Modbus, number, "modbus", TestActor);

    private FramePassed PassedUp() => (FramePassed)Recorder.FishForMessage(message => message is FramePassed { Direction: Protocol.FrameDirection.Up });

    private void Pass(IActorRef session, int seconds)
    {
        for (var passed = 0; passed < seconds; passed++)
        {
            Clock.Advance(Second);
            Settle(session);
        }
    }

    private List<object> Drained()
    {
        var messages = new List<object>();
        while (Socket.HasMessages)
        {
            messages.Add(Socket.ReceiveOne(TimeSpan.Zero));
        }

        return messages;
    }
}

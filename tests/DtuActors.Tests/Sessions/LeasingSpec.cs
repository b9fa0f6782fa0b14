using Akka.Actor;
using Akka.IO;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Directory;
using DtuActors.Protocol.Framing;
using DtuActors.Recording;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

/// <summary>A line that one holder has for himself: the bus is his, what it says is his, and whatever happens to either the line is free again.</summary>
public sealed class LeasingSpec : SessionSpec
{
    private static readonly byte[] Ask = Items.Read(1, 0);

    private readonly TestProbe _holder;

    public LeasingSpec() => _holder = CreateTestProbe("holder");

    [Theory]
    [InlineData(BusMode.RequestResponse)]
    [InlineData(BusMode.Transparent)]
    public void The_holder_hears_all_and_writes_and_nobody_else_does(BusMode mode)
    {
        var session = OnBus(mode);
        Take(session);
        Write(session, [1, 2, 3]);
        Assert.Equal(new byte[] { 1, 2, 3 }, Written(session));
        _holder.ExpectMsg<Leasing.Written>();

        // Not a frame of its codec, and no answer to anybody.
        Receive(session, [6]);
        Receive(session, Items.Value(1, 7));
        Assert.Equal(new byte[] { 6 }, _holder.ExpectMsg<Leasing.Heard>().Bytes.ToArray());
        Assert.Equal(1 + Items.Value(1, 7).Length, _holder.ExpectMsg<Leasing.Heard>().Through);
        Router.ExpectNoMsg(TimeSpan.Zero);

        session.Tell(Request(1));
        session.Tell(Delivery(TestActor, [9]));
        Settle(session);
        Assert.DoesNotContain(Drained(), message => message is Tcp.Write);

        session.Tell(Leasing.GiveBack.Instance, _holder);
        Settle(session);
        Assert.DoesNotContain(Drained(), message => message is Tcp.Write);
        Advance(new BusOptions().LateWindow + TimeSpan.FromSeconds(0.1));
        Assert.Equal(Ask, Written(session));
        Receive(session, Items.Value(1, 7));
        ExpectMsg<Asking.Answered>();
        Assert.Equal(new byte[] { 9 }, Written(session));
    }

    [Fact]
    public void It_waits_for_its_turn_and_is_refused_when_that_does_not_come()
    {
        var session = OnBus();
        session.Tell(Request(1));
        Written(session);
        Want(session);
        Settle(session);
        _holder.ExpectNoMsg(TimeSpan.Zero);
        Receive(session, Items.Value(1, 7));
        _holder.ExpectMsg<Leasing.Taken>();

        var late = CreateTestProbe();
        session.Tell(new Leasing.Take(Protocol.DtuId.Parse("dtu-1"), 8, "files", late));
        Settle(session);
        Advance(new BusOptions().QueueWait + TimeSpan.FromSeconds(0.1));
        Assert.Equal(new Asking.Refused(8, RefusalReason.BusBusy), late.ExpectMsg<Asking.Refused>());
    }

    [Fact]
    public void It_has_no_end_by_time()
    {
        var session = OnBus();
        Take(session);
        Advance(TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(10));
        Receive(session, [6]);
        _holder.ExpectMsg<Leasing.Heard>();
    }

    [Fact]
    public void A_heartbeat_is_no_word_of_the_instruments()
    {
        var session = Online(profile: Options.Profile(
            framing: new FramingOptions { Codec = "modbus-rtu" }, heartbeat: new HeartbeatOptions { Match = ["ping"u8.ToArray()], Reply = "pong"u8.ToArray() }));
        Take(session);
        Receive(session, "ping");
        Assert.Equal("pong"u8.ToArray(), Written(session));
        Receive(session, "CC");
        Assert.Equal("CC"u8.ToArray(), _holder.ExpectMsg<Leasing.Heard>().Bytes.ToArray());
    }

    [Fact]
    public void A_holder_that_ends_gives_the_line_back()
    {
        var session = OnBus();
        Take(session);
        Sys.Stop(_holder);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Settle(session);
        session.Tell(Request(1));
        Settle(session);
        Advance(new BusOptions().LateWindow + TimeSpan.FromSeconds(0.1));
        Assert.Equal(Ask, Written(session));
    }

    [Fact]
    public void Nobody_but_the_holder_writes_or_gives_back()
    {
        var session = OnBus();
        Take(session);
        var stranger = CreateTestProbe();
        session.Tell(new Leasing.Write(new byte[1]), stranger);
        stranger.ExpectMsg<Leasing.Lost>();
        session.Tell(Leasing.GiveBack.Instance, stranger);
        Settle(session);
        Receive(session, [6]);
        _holder.ExpectMsg<Leasing.Heard>();
        Assert.DoesNotContain(Drained(), message => message is Tcp.Write);
    }

    [Fact]
    public void A_session_that_ends_tells_the_holder_why()
    {
        RouterForgets = false;
        var session = OnBus();
        Take(session);
        session.Tell(Tcp.PeerClosed.Instance);
        Assert.Equal("the DTU's session ended: closed", _holder.ExpectMsg<Leasing.Lost>().Reason);

        var waits = CreateTestProbe();
        session.Tell(new Leasing.Take(Protocol.DtuId.Parse("dtu-1"), 8, "files", waits));
        Assert.Equal(RefusalReason.SessionEnded, waits.ExpectMsg<Asking.Refused>().Reason);
    }

    [Fact]
    public void What_a_holder_does_not_read_is_dropped_and_counted()
    {
        var session = OnBus();
        Take(session);
        for (var sent = 0; sent <= Leasing.MostUnread; sent += 1024)
        {
            Receive(session, new byte[1024]);
        }

        Settle(session);
        Assert.Equal(1, Report(session).DroppedUp[RelayDrops.DestinationSlow]);
        var heard = Enumerable.Range(0, Leasing.MostUnread / 1024).Select(_ => _holder.ExpectMsg<Leasing.Heard>()).ToList();
        Assert.Equal(Leasing.MostUnread, heard[^1].Through);
        session.Tell(new Leasing.Read(heard[^1].Through), _holder);
        Receive(session, [6]);
        Assert.Equal(new byte[] { 6 }, _holder.ExpectMsg<Leasing.Heard>().Bytes.ToArray());
    }

    [Fact]
    public void Its_bytes_are_in_the_books_and_seen()
    {
        var session = OnBus();
        Take(session);
        Write(session, [1, 2, 3]);
        Written(session);
        Receive(session, [6]);
        var report = Report(session);
        Assert.Equal((1, 3), (report.Down.Written, report.Down.WrittenBytes));
        Assert.Equal((1, 1), (report.FramesUp, report.FramesDown));
        Assert.Equal("files", Event<FramePassed>().Source);
    }

    private void Want(IActorRef session) => session.Tell(new Leasing.Take(Protocol.DtuId.Parse("dtu-1"), 7, "files", _holder));

    private void Take(IActorRef session)
    {
        Want(session);
        Assert.Equal(7, _holder.ExpectMsg<Leasing.Taken>().Correlation);
    }

    private void Write(IActorRef session, byte[] bytes) => session.Tell(new Leasing.Write(bytes), _holder);

    private Asking.Request Request(long number) => new(Protocol.DtuId.Parse("dtu-1"), Ask, null, AnswerRule.Modbus, number, "modbus", TestActor);

    private IActorRef OnBus(BusMode mode = BusMode.RequestResponse) =>
        Online(profile: Options.Profile(framing: new FramingOptions { Codec = "modbus-rtu" }, bus: new BusOptions { Mode = mode }, heartbeat: new HeartbeatOptions { Timeout = null }));

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

using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Protocol.Modbus;
using DtuActors.Registering;
using DtuActors.Routing;
using DtuActors.Sessions;
using DtuActors.Tests.Registering;
using DtuActors.Tests.Sockets;
using Xunit;

namespace DtuActors.Tests.Endpoints;

/// <summary>One port per DTU: real sockets, the test is the register, the router and the sessions.</summary>
public sealed class PortRangeTests : EndpointSpec
{
    private const int Ports = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(10);

    private readonly int _first = FreePorts.Row(Ports);
    private readonly Dictionary<string, long> _sent = [];

    private TcpEndpointOptions Options => new()
    {
        Name = "masters", KeyPath = "dtu.endpoints.masters", Port = 0, Ports = new PortRange(_first, _first + Ports - 1),
    };

    private IActorRef StartRange(EndpointOptions options, params (string Dtu, int At)[] rows)
    {
        var range = Start(EndpointTable.Props(options, Surroundings));
        Router.ExpectMsg<Registry.EndpointStarted>();
        Tell(range, rows);
        return range;
    }

    private IActorRef StartBound(params (string Dtu, int At)[] rows)
    {
        var range = StartRange(Options, rows);
        var bound = rows.Select(_ => Above.ExpectMsg<Binding.PortBound>().Address).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(rows.Select(row => $"127.0.0.1:{_first + row.At}").Order(StringComparer.Ordinal), bound);
        Above.ExpectMsg<Binding.RangeBound>();
        AwaitState(range, EndpointStates.Up);
        return range;
    }

    // The register after a change: all rows, and one that has a port elsewhere.
    private void Tell(IActorRef range, params (string Dtu, int At)[] rows) => range.Tell(new Editing.Rows(
        Register.Of([.. rows.Select(row => Rows.Dtu(row.Dtu, _first + row.At)), Rows.Dtu("elsewhere", 1), Rows.Dtu("none")])));

    // Branches tell the range of their counters once a second.
    private EndpointStatus Seen(IActorRef range)
    {
        Advance(TimeSpan.FromSeconds(1));
        return StatusOf(range);
    }

    private void AwaitBranches(IActorRef range, params string[] shown) => AwaitAssert(
        () => Assert.Equal(shown, Seen(range).Branches.Select(branch => $"{branch.Dtu} {branch.State} {IPEndPoint.Parse(branch.Where!).Port - _first}")), Patience, Often);

    private async Task<TcpClient> Client(int at)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, _first + at);
        return client;
    }

    private async Task<TcpClient> Joined(IActorRef range, string dtu, int at)
    {
        var client = await Client(at);
        AwaitAssert(() => Assert.Equal(1, Seen(range).Branches.Single(branch => branch.Dtu == dtu).Clients), Patience, Often);
        return client;
    }

    private static async Task<string> Read(TcpClient client, int count)
    {
        using var limit = new CancellationTokenSource(Patience);
        var bytes = new byte[count];
        await client.GetStream().ReadExactlyAsync(bytes, limit.Token);
        return Encoding.ASCII.GetString(bytes);
    }

    private static async Task ExpectClosed(TcpClient client)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], limit.Token));
        }
        catch (IOException)
        {
            // Reset: closed as well.
        }
    }

    private void Uplink(IActorRef range, IActorRef session, string dtu, string text, bool ackWanted = true)
    {
        var through = _sent[dtu] = _sent.GetValueOrDefault(dtu) + text.Length;
        range.Tell(new Relay.Deliver(
            session, dtu, DtuId.Parse(dtu), new Epoch(1, 1), new Frame(Bytes(text), FrameDirection.Up, "raw", Sys.Scheduler.Now), through, ackWanted));
    }

    private Relay.Downlink NextDownlink() => Router.FishForMessage<Relay.Downlink>(downlink => downlink.Frame is not null);

    [Fact]
    public void Without_the_register_it_is_connecting_and_with_no_row_of_its_own_it_is_up()
    {
        var range = Start(EndpointTable.Props(Options, Surroundings));
        Assert.Equal((EndpointStates.Connecting, $"127.0.0.1:{_first}-{_first + Ports - 1}"), (StatusOf(range).State, StatusOf(range).Where));

        Tell(range);

        Above.ExpectMsg<Binding.RangeBound>();
        Assert.Equal((EndpointStates.Up, 0), (StatusOf(range).State, StatusOf(range).Branches.Length));
    }

    [Fact]
    public async Task Each_DTU_speaks_on_its_own_port_and_hears_what_is_said_there()
    {
        var range = StartBound(("a", 0), ("b", 3));
        using var toA = await Joined(range, "a", 0);
        using var toB = await Joined(range, "b", 3);

        Uplink(range, Session, "b", "from b");
        Uplink(range, Session, "a", "from a");
        Assert.Equal(("from a", "from b"), (await Read(toA, 6), await Read(toB, 6)));
        await toB.GetStream().WriteAsync(Bytes("to b"));
        var downlink = NextDownlink();

        Assert.Equal(("masters", DtuId.Parse("b"), "to b"), (downlink.Endpoint, downlink.To, Text(downlink.Frame!.Payload)));
        AwaitAssert(
            () =>
            {
                var status = Seen(range);
                Assert.Equal((2, 2L, 2L, 1L, 1L), (status.Clients, status.Up.Accepted, status.Up.Written, status.Down.Accepted, status.Down.Written));
            },
            Patience,
            Often);
    }

    [Fact]
    public async Task Each_acknowledges_its_own_session_in_the_name_of_the_range_and_in_order()
    {
        var range = StartRange(Options, ("a", 0), ("b", 1));
        Above.FishForMessage<Binding.RangeBound>(_ => true);
        var (sessionA, sessionB) = (CreateTestProbe(), CreateTestProbe());
        using var toA = await Joined(range, "a", 0);
        using var toB = await Joined(range, "b", 1);
        for (var i = 0; i < 500; i++)
        {
            Uplink(range, sessionA, "a", $"{i:d4}", ackWanted: i % 100 == 99);
            Uplink(range, sessionB, "b", $"{i:d4}", ackWanted: i % 100 == 99);
        }

        var all = string.Concat(Enumerable.Range(0, 500).Select(i => $"{i:d4}"));
        Assert.Equal((all, all), (await Read(toA, all.Length), await Read(toB, all.Length)));
        foreach (var session in (TestProbe[])[sessionA, sessionB])
        {
            for (var through = 400; through <= 2000; through += 400)
            {
                var taken = session.ExpectMsg<Flow.Taken>();
                Assert.Equal((range, through), (taken.Destination.Ref, taken.Through));
            }
        }
    }

    [Fact]
    public async Task A_slow_session_slows_its_own_port_and_no_other()
    {
        var range = StartBound(("a", 0), ("b", 1));
        var slow = new Flow.PathAdded(new Destination(CreateTestProbe(), 0), DtuId.Parse("a"));
        range.Tell(slow);
        range.Tell(new Flow.PathAdded(new Destination(CreateTestProbe(), 0), DtuId.Parse("b")));
        using var toA = await Joined(range, "a", 0);
        using var toB = await Joined(range, "b", 1);
        var chunk = new byte[4096];
        using var writer = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            while (true)
            {
                await toA.GetStream().WriteAsync(chunk, writer.Token);
            }
        });

        // A whole window is on its way, and the port asks how far it came.
        var probe = Router.FishForMessage<Relay.Downlink>(downlink => downlink.Frame is null);
        Assert.Equal(DtuId.Parse("a"), probe.To);
        await toB.GetStream().WriteAsync(Bytes("b goes on"));
        Assert.Equal("b goes on", Text(Router.FishForMessage<Relay.Downlink>(downlink => downlink.Frame is not null && downlink.To == DtuId.Parse("b")).Frame!.Payload));

        // It is the branch that the session tells.
        probe.Source.Tell(new Flow.Taken(slow.Destination, probe.Through));
        Router.FishForMessage<Relay.Downlink>(downlink => downlink.Frame is not null && downlink.To == DtuId.Parse("a"));
        await writer.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
    }

    [Fact]
    public async Task A_branch_that_begins_anew_knows_the_path_of_its_DTU()
    {
        var range = StartBound(("a", 0));
        range.Tell(new Flow.PathAdded(new Destination(CreateTestProbe(), 0), DtuId.Parse("a")));
        using var client = await Joined(range, "a", 0);
        await client.GetStream().WriteAsync(Bytes("x"));
        var branch = NextDownlink().Source;

        EventFilter.Exception<Exception>().ExpectOne(() => Break(branch));
        AwaitAssert(() => Assert.Equal(1, Seen(range).Clients), Patience, Often);

        using var writer = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            while (true)
            {
                await client.GetStream().WriteAsync(new byte[4096], writer.Token);
            }
        });
        Router.FishForMessage<Relay.Downlink>(downlink => downlink.Frame is null);
        await writer.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
    }

    [Fact]
    public async Task Rows_come_and_go_and_the_others_keep_their_clients()
    {
        var range = StartBound(("a", 0), ("b", 1));
        using var toA = await Joined(range, "a", 0);
        using var toB = await Joined(range, "b", 1);
        Uplink(range, Session, "b", "b1");
        Assert.Equal("b1", await Read(toB, 2));

        Tell(range, ("a", 0), ("c", 2));

        await ExpectClosed(toB);
        AwaitBranches(range, "a up 0", "c up 2");
        AwaitAssert(() => Assert.True(FreePorts.IsFree(_first + 1)), Patience, Often);
        using var toC = await Joined(range, "c", 2);
        Uplink(range, Session, "a", "a1");
        Uplink(range, Session, "c", "c1");
        Uplink(range, Session, "b", "b2");
        Assert.Equal(("a1", "c1"), (await Read(toA, 2), await Read(toC, 2)));

        // What ended counts on; what came for a DTU without a port had no reader.
        AwaitAssert(() => Assert.Equal((4L, 3L, 1L), Counted(Seen(range).Up)), Patience, Often);
        AddsUp(StatusOf(range).Up);

        static (long, long, long) Counted(TrafficCounters up) => (up.Accepted, up.Written, up.Dropped.GetValueOrDefault(RelayDrops.NoReader));
    }

    [Fact]
    public async Task What_waited_for_a_client_that_hangs_is_dropped_when_its_row_goes_and_the_books_add_up()
    {
        var range = StartBound(("a", 0), ("b", 1));
        using var hangs = await Joined(range, "a", 0);
        using var reads = await Joined(range, "b", 1);
        var frame = new string('x', 60_000);
        var (frames, taken) = (0, 0L);

        // Until neither the kernel nor the port takes any more.
        while (taken >= 0)
        {
            Uplink(range, Session, "a", frame);
            frames++;
            while (taken >= 0 && _sent["a"] - taken >= OutboundWindows.DefaultWindow)
            {
                taken = (Session.ReceiveOne(TimeSpan.FromSeconds(3)) as Flow.Taken)?.Through ?? -1;
            }
        }

        Uplink(range, Session, "b", "b", ackWanted: false);
        Assert.Equal("b", await Read(reads, 1));

        Tell(range, ("b", 1));

        AwaitAssert(() => Assert.Single(Seen(range).Branches), Patience, Often);
        var up = StatusOf(range).Up;
        Assert.Equal((frames + 1L, 0L), (up.Accepted, up.Waiting));
        Assert.True(up.Dropped[RelayDrops.DestinationLost] > 0);
        AddsUp(up);
    }

    [Fact]
    public async Task A_port_that_moves_closes_and_opens_and_two_may_change_places()
    {
        var range = StartBound(("a", 0), ("b", 1), ("c", 2));
        using var toC = await Joined(range, "c", 2);
        using var toA = await Joined(range, "a", 0);

        Tell(range, ("a", 1), ("b", 0), ("c", 2));
        await ExpectClosed(toA);
        AwaitBranches(range, "a up 1", "b up 0", "c up 2");
        Tell(range, ("a", 5), ("b", 0), ("c", 2));
        AwaitBranches(range, "a up 5", "b up 0", "c up 2");
        Assert.True(FreePorts.IsFree(_first + 1));

        using var again = await Joined(range, "a", 5);
        Uplink(range, Session, "a", "moved");
        Uplink(range, Session, "c", "stays");
        Assert.Equal(("moved", "stays"), (await Read(again, 5), await Read(toC, 5)));
    }

    [Fact]
    public void A_row_that_goes_and_comes_back_at_once_has_its_port_again()
    {
        var range = StartBound(("a", 0));
        Tell(range);
        Tell(range, ("a", 0));
        AwaitAssert(() =>
        {
            Advance(TimeSpan.FromMilliseconds(500));
            Assert.Equal(["a up"], StatusOf(range).Branches.Select(branch => $"{branch.Dtu} {branch.State}"));
            Above.ExpectMsg<Binding.PortBound>(Often);
        }, Patience, Often);
    }

    [Fact]
    public async Task At_the_end_every_port_writes_what_waits_and_closes()
    {
        var range = StartBound(("a", 0), ("b", 1), ("c", 2));
        using var toA = await Joined(range, "a", 0);
        using var toB = await Joined(range, "b", 1);
        var watch = CreateTestProbe();
        watch.Watch(range);
        Uplink(range, Session, "a", "last words");

        range.Tell(ShutDown.Drain.Instance);
        Uplink(range, Session, "a", "too late");
        Tell(range, ("a", 0), ("d", 4));

        Assert.Equal("last words", await Read(toA, 10));
        await ExpectClosed(toA);
        await ExpectClosed(toB);
        Assert.Equal([10L, 18L], new[] { ExpectTaken().Through, ExpectTaken().Through }.Order());
        watch.ExpectTerminated(range);
        Assert.All(Enumerable.Range(_first, Ports), port => Assert.True(FreePorts.IsFree(port)));
    }

    [Fact]
    public async Task A_thousand_rows_are_a_thousand_ports_and_one_row_more_is_one_more()
    {
        const int Many = 1000;
        var first = FreePorts.Row(Many);
        var range = StartRange(Options with { Ports = new PortRange(first, first + Many - 1) });
        Above.ExpectMsg<Binding.RangeBound>();
        var rows = Enumerable.Range(0, Many).Select(i => Rows.Dtu($"dtu-{i:d4}", first + i)).ToList();

        range.Tell(new Editing.Rows(Register.Of(rows.Take(Many - 1))));
        AwaitAssert(() => Assert.Equal((EndpointStates.Up, Many - 1), (StatusOf(range).State, StatusOf(range).Branches.Length)), TimeSpan.FromSeconds(60), Often);
        range.Tell(new Editing.Rows(Register.Of(rows)));
        AwaitAssert(() => Assert.Equal(Many, StatusOf(range).Branches.Count(branch => branch.State == EndpointStates.Up)), Patience, Often);

        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, first + Many - 1);
        await client.GetStream().WriteAsync(Bytes("x"));
        Assert.Equal(DtuId.Parse($"dtu-{Many - 1:d4}"), NextDownlink().To);
    }

    [Fact]
    public async Task Modbus_units_are_the_slaves_of_their_number_behind_the_ports_DTU()
    {
        var range = StartRange(
            new ModbusTcpEndpointOptions { Name = "mb", KeyPath = "dtu.endpoints.mb", Port = 0, Ports = new PortRange(_first, _first + 1) }, ("a", 0), ("b", 1));
        Assert.Equal("modbus-tcp", Above.ExpectMsg<Binding.PortBound>().Transport);
        Above.FishForMessage<Binding.RangeBound>(_ => true);
        byte[] read = [0x03, 0x00, 0x00, 0x00, 0x02];
        using var toB = await Client(1);

        foreach (byte unit in (byte[])[1, 247, 255])
        {
            await toB.GetStream().WriteAsync(Mbap.Build(unit, unit, read));
            var request = Router.ExpectMsg<Asking.Request>();
            Assert.Equal(DtuId.Parse("b"), request.Dtu);
            Assert.Equal(ModbusRtu.Build(unit, read), request.Payload.ToArray());
        }

        // Unit 0 is a broadcast, as everywhere.
        await toB.GetStream().WriteAsync(Mbap.Build(9, 0, [0x06, 0x00, 0x01, 0x00, 0x02]));
        Assert.Equal(ModbusRtu.Build(0, [0x06, 0x00, 0x01, 0x00, 0x02]), Router.ExpectMsg<Asking.Request>().Payload.ToArray());
        AwaitAssert(() => Assert.Equal(1, Seen(range).Branches.Single(branch => branch.Dtu == "b").Clients), Patience, Often);
    }
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Protocol.Modbus;
using DtuActors.Routing;
using DtuActors.Sessions;
using Xunit;

namespace DtuActors.Tests.Endpoints;

/// <summary>Masters on real sockets; the test answers as the router.</summary>
public sealed class ModbusTcpTests : EndpointSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly byte[] ReadTwo = [0x03, 0x00, 0x00, 0x00, 0x02];

    private readonly IActorRef _endpoint;
    private readonly IPEndPoint _address;

    public ModbusTcpTests()
    {
        _endpoint = Start(ModbusTcpActor.Props(
            new ModbusTcpEndpointOptions
            {
                Name = "modbus",
                KeyPath = "dtu.endpoints.modbus",
                Port = 0,
                Units = ImmutableDictionary<byte, ModbusUnitOptions>.Empty
                    .Add(1, new ModbusUnitOptions(Dtu, 17))
                    .Add(200, new ModbusUnitOptions(Dtu, 0)),
            },
            Surroundings));
        var bound = Above.ExpectMsg<Binding.SocketBound>();
        Assert.Equal("modbus-tcp", bound.Transport);
        _address = IPEndPoint.Parse(bound.Address);
        Assert.False(Router.ExpectMsg<Registry.EndpointStarted>().Exclusive);
    }

    private async Task<TcpClient> Master()
    {
        var master = new TcpClient { NoDelay = true };
        await master.ConnectAsync(_address);
        return master;
    }

    private static ValueTask Ask(TcpClient master, ushort transaction, byte unit, byte[] pdu) =>
        master.GetStream().WriteAsync(Mbap.Build(transaction, unit, pdu));

    private static Task<byte[]> Answer(TcpClient master) => Answer(master.GetStream());

    private static async Task<byte[]> Answer(NetworkStream stream)
    {
        using var limit = new CancellationTokenSource(Patience);
        var head = new byte[Mbap.HeaderLength];
        await stream.ReadExactlyAsync(head, limit.Token);
        var rest = new byte[Mbap.FrameLength(head) - head.Length];
        await stream.ReadExactlyAsync(rest, limit.Token);
        return [.. head, .. rest];
    }

    private void Reply(Asking.Request request, byte[] pdu)
    {
        var frame = new Frame(ModbusRtu.Build(17, pdu), FrameDirection.Up, "modbus-rtu", Sys.Scheduler.Now);
        request.ReplyTo.Tell(new Asking.Answered(request.Correlation, frame, TimeSpan.FromMilliseconds(5)));
    }

    [Fact]
    public async Task A_request_goes_as_RTU_to_the_units_slave_and_the_answer_back_under_the_masters_own_numbers()
    {
        using var master = await Master();
        await Ask(master, 0x1234, 1, ReadTwo);

        var request = Router.ExpectMsg<Asking.Request>();
        Assert.Equal(ModbusRtu.Build(17, ReadTwo), request.Payload.ToArray());
        Assert.Equal((Dtu, AnswerRule.Modbus, "modbus", (TimeSpan?)null), (request.Dtu, request.Rule, request.Asker, request.Timeout));
        byte[] registers = [0x03, 0x04, 0x00, 0x2A, 0x00, 0x2B];
        Reply(request, registers);

        Assert.Equal(Mbap.Build(0x1234, 1, registers), await Answer(master));
        AwaitAssert(() => Assert.Equal((1, 1), (StatusOf(_endpoint).Up.Written, StatusOf(_endpoint).Down.Written)));
        Assert.Equal(1, StatusOf(_endpoint).Clients);
    }

    [Fact]
    public async Task A_unit_that_is_nobodys_gets_exception_0A()
    {
        using var master = await Master();
        await Ask(master, 7, 99, ReadTwo);

        Assert.Equal(Mbap.Build(7, 99, [0x83, 0x0A]), await Answer(master));
        AwaitAssert(() => Assert.Equal(1, StatusOf(_endpoint).Down.Dropped.GetValueOrDefault(RelayDrops.NoRoute)));
    }

    [Fact]
    public async Task A_request_whose_end_is_lost_is_given_up_and_its_place_is_free_again()
    {
        using var master = await Master();
        for (ushort transaction = 1; transaction <= 17; transaction++)
        {
            await Ask(master, transaction, 1, ReadTwo);
        }

        for (var asked = 1; asked <= 16; asked++)
        {
            Router.ExpectMsg<Asking.Request>();
        }

        Router.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Advance(TimeSpan.FromMinutes(11), TimeSpan.FromMinutes(1));
        Assert.Equal(Mbap.Build(1, 1, [0x83, 0x0B]), await Answer(master));
        Router.ExpectMsg<Asking.Request>();
        AwaitAssert(() => AddsUp(StatusOf(_endpoint).Down));
    }

    [Theory]
    [InlineData(RefusalReason.Offline, 0x0B)]
    [InlineData(RefusalReason.NoAnswer, 0x0B)]
    [InlineData(RefusalReason.SessionEnded, 0x0B)]
    [InlineData(RefusalReason.SlaveSuspended, 0x0B)]
    [InlineData(RefusalReason.BusBusy, 0x06)]
    [InlineData(RefusalReason.QueueFull, 0x06)]
    public async Task A_refusal_becomes_the_exception_that_says_so(RefusalReason reason, byte code)
    {
        using var master = await Master();
        await Ask(master, 8, 1, ReadTwo);
        var request = Router.ExpectMsg<Asking.Request>();

        request.ReplyTo.Tell(new Asking.Refused(request.Correlation, reason));

        Assert.Equal(Mbap.Build(8, 1, [0x83, code]), await Answer(master));
        AwaitAssert(() => Assert.Equal(0, StatusOf(_endpoint).Down.Waiting));
        AddsUp(StatusOf(_endpoint).Down);
    }

    [Fact]
    public async Task Any_function_code_is_carried()
    {
        using var master = await Master();
        await Ask(master, 9, 1, [0x2B, 0x0E, 0x01, 0x00]);

        Assert.Equal(ModbusRtu.Build(17, [0x2B, 0x0E, 0x01, 0x00]), Router.ExpectMsg<Asking.Request>().Payload.ToArray());
    }

    [Fact]
    public async Task Answers_go_out_as_they_come()
    {
        using var master = await Master();
        await Ask(master, 1, 1, ReadTwo);
        await Ask(master, 2, 1, ReadTwo);
        var first = Router.ExpectMsg<Asking.Request>();
        var second = Router.ExpectMsg<Asking.Request>();

        Reply(second, [0x03, 0x02, 0x00, 0x02]);
        Assert.Equal(Mbap.Build(2, 1, [0x03, 0x02, 0x00, 0x02]), await Answer(master));
        Reply(first, [0x03, 0x02, 0x00, 0x01]);
        Assert.Equal(Mbap.Build(1, 1, [0x03, 0x02, 0x00, 0x01]), await Answer(master));
    }

    [Fact]
    public async Task A_request_cut_into_bytes_is_one_request()
    {
        using var master = await Master();
        foreach (var part in Mbap.Build(3, 1, ReadTwo))
        {
            await master.GetStream().WriteAsync(new[] { part });
        }

        Assert.Equal(ModbusRtu.Build(17, ReadTwo), Router.ExpectMsg<Asking.Request>().Payload.ToArray());
    }

    [Fact]
    public async Task Sixteen_requests_are_in_flight_and_the_next_ones_wait_for_an_answer()
    {
        using var master = await Master();
        var burst = Enumerable.Range(0, 20).SelectMany(number => Mbap.Build((ushort)number, 1, ReadTwo)).ToArray();
        await master.GetStream().WriteAsync(burst);
        var asked = Enumerable.Range(0, ModbusMasterActor.MostInFlight).Select(_ => Router.ExpectMsg<Asking.Request>()).ToArray();
        Router.ExpectNoMsg(TimeSpan.FromMilliseconds(100));

        Reply(asked[0], [0x03, 0x02, 0x00, 0x01]);

        await Answer(master);
        Router.ExpectMsg<Asking.Request>();
        Router.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task A_header_that_is_none_closes_the_connection_and_is_counted()
    {
        using var master = await Master();
        await master.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());

        using var limit = new CancellationTokenSource(Patience);
        try
        {
            Assert.Equal(0, await master.GetStream().ReadAsync(new byte[1], limit.Token));
        }
        catch (IOException)
        {
            // Reset: closed as well.
        }

        AwaitAssert(() => Assert.Equal(1, StatusOf(_endpoint).Down.Dropped.GetValueOrDefault(DropReasons.Garbage)));
    }

    [Fact]
    public async Task A_broadcast_is_written_and_gets_no_answer()
    {
        using var master = await Master();
        await Ask(master, 4, 200, [0x06, 0x00, 0x01, 0x00, 0x01]);

        var broadcast = Router.ExpectMsg<Asking.Request>();
        Assert.Equal(ModbusRtu.Build(0, [0x06, 0x00, 0x01, 0x00, 0x01]), broadcast.Payload.ToArray());
        broadcast.ReplyTo.Tell(new Asking.Sent(broadcast.Correlation));
        await Ask(master, 5, 99, ReadTwo);

        Assert.Equal(5, (await Answer(master))[1]);
        AwaitAssert(() => Assert.Equal((1, 0), (StatusOf(_endpoint).Down.Written, StatusOf(_endpoint).Down.Waiting)));
    }

    [Fact]
    public async Task A_master_that_leaves_with_a_request_in_flight_harms_nobody()
    {
        using var stays = await Master();
        var leaves = await Master();
        await Ask(leaves, 1, 1, ReadTwo);
        var orphan = Router.ExpectMsg<Asking.Request>();
        leaves.Client.LingerState = new LingerOption(true, 0);
        leaves.Client.Dispose();
        AwaitAssert(() => Assert.Equal(1, StatusOf(_endpoint).Clients), Patience, TimeSpan.FromMilliseconds(10));
        Reply(orphan, [0x03, 0x02, 0x00, 0x01]);

        await Ask(stays, 2, 1, ReadTwo);
        Reply(Router.ExpectMsg<Asking.Request>(), [0x03, 0x02, 0x00, 0x02]);

        Assert.Equal(Mbap.Build(2, 1, [0x03, 0x02, 0x00, 0x02]), await Answer(stays));
        AwaitAssert(() => Assert.Equal(0, StatusOf(_endpoint).Down.Waiting));
        AddsUp(StatusOf(_endpoint).Down);
    }

    [Fact]
    public async Task A_master_that_half_closes_gets_its_answers_first()
    {
        using var master = await Master();
        await Ask(master, 6, 1, ReadTwo);
        var stream = master.GetStream();
        master.Client.Shutdown(SocketShutdown.Send);
        Reply(Router.ExpectMsg<Asking.Request>(), [0x03, 0x02, 0x00, 0x06]);

        Assert.Equal(6, (await Answer(stream))[1]);
        AwaitAssert(() => Assert.Equal(0, StatusOf(_endpoint).Clients), Patience, TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public async Task An_endpoint_that_throws_keeps_its_masters_and_their_requests()
    {
        using var master = await Master();
        await Ask(master, 1, 1, ReadTwo);
        var request = Router.ExpectMsg<Asking.Request>();

        Break(_endpoint);
        Router.ExpectMsg<Registry.EndpointStarted>();
        Reply(request, [0x03, 0x02, 0x00, 0x01]);

        Assert.Equal(Mbap.Build(1, 1, [0x03, 0x02, 0x00, 0x01]), await Answer(master));
        AwaitAssert(() => Assert.Equal((1, 1L), (StatusOf(_endpoint).Clients, StatusOf(_endpoint).Up.Written)), Patience, TimeSpan.FromMilliseconds(20));
    }
}

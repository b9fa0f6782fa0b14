using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;
using Xunit;

namespace DtuActors.Tests.Endpoints;

/// <summary>What an RFC 2217 port does with its clients' wishes.</summary>
public sealed class VirtualComPortTests : TcpEndpointSpec
{
    private const string Begin = "FFFB00FFFD00FFFB03FFFD03FFFD2C";
    private const string AskModem = "FFFA2C07FFF0";
    private const string ModemIs = "FFFA2C6BB0FFF0";

    private static Task Say(TcpClient client, string hex) => client.GetStream().WriteAsync(Convert.FromHexString(hex)).AsTask();

    private static async Task Expect(TcpClient client, string hex)
    {
        using var limit = new CancellationTokenSource(Patience);
        var bytes = new byte[hex.Length / 2];
        await client.GetStream().ReadExactlyAsync(bytes, limit.Token);
        Assert.Equal(hex, Convert.ToHexString(bytes));
    }

    private async Task<TcpClient> Open(IActorRef endpoint, int clients)
    {
        var client = await Connect(endpoint, clients);
        await Expect(client, Begin);

        // It is told of the lines once it speaks of them.
        await Say(client, "FFFB2C");
        await Expect(client, "FFFA2C6BBBFFF0");
        return client;
    }

    private LineSettings ExpectLine() => Router.FishForMessage<Relay.Downlink>(downlink => downlink.Line is not null).Line!.Value;

    [Fact]
    public async Task Every_byte_goes_both_ways()
    {
        var endpoint = StartBound(TcpClients.Exclusive, TcpProtocol.Rfc2217);
        using var client = await Open(endpoint, 1);
        Deliver(endpoint, "up");
        await Expect(client, "7570");
        await Say(client, "00FFFF0DFFFFFFFF");
        Assert.Equal("00FF0DFFFF", Convert.ToHexString(ExpectDownlink().Payload.Span));
    }

    [Fact]
    public async Task Settings_that_come_together_are_told_to_the_dtus_once_and_behind_what_was_written_before()
    {
        var endpoint = StartBound(TcpClients.Exclusive, TcpProtocol.Rfc2217);
        using var client = await Open(endpoint, 1);
        Router.ExpectMsg<Registry.EndpointStarted>();
        await Say(client, "41FFFA2C0100004B00FFF0FFFA2C0303FFF042FFFA2C0303FFF043");
        await Expect(client, "FFFA2C6500004B00FFF0FFFA2C6703FFF0FFFA2C6703FFF0");

        Assert.Equal("A", Text(Router.ExpectMsg<Relay.Downlink>().Frame!.Payload));
        Assert.Equal(new LineSettings(19200, 8, LineParity.Even, LineStopBits.One), Router.ExpectMsg<Relay.Downlink>().Line);
        Assert.Equal("B", Text(Router.ExpectMsg<Relay.Downlink>().Frame!.Payload));
        Assert.Equal("C", Text(Router.ExpectMsg<Relay.Downlink>().Frame!.Payload));
    }

    [Fact]
    public async Task The_first_settings_are_told_though_they_are_the_usual_ones_for_nobody_knows_the_dtus()
    {
        var endpoint = StartBound(TcpClients.Exclusive, TcpProtocol.Rfc2217);
        using var client = await Open(endpoint, 1);
        await Say(client, "FFFA2C0100002580FFF0");
        Assert.Equal(LineSettings.Usual, ExpectLine());
    }

    [Fact]
    public async Task A_dtu_that_comes_back_is_told_again_once_a_client_has_set_the_line()
    {
        var endpoint = StartBound(TcpClients.Exclusive, TcpProtocol.Rfc2217);
        using var client = await Open(endpoint, 1);
        Router.ExpectMsg<Registry.EndpointStarted>();
        endpoint.Tell(new Flow.PathAdded(new Destination(Session, 0), Dtu));
        Settle(endpoint);
        Router.ExpectNoMsg(TimeSpan.Zero);
        await Say(client, "FFFA2C0207FFF0");
        Assert.Null(Router.ExpectMsg<Relay.Downlink>().To);

        endpoint.Tell(new Flow.PathAdded(new Destination(CreateTestProbe(), 0), Dtu));

        var again = Router.ExpectMsg<Relay.Downlink>();
        Assert.Equal((Dtu, 7), (again.To, again.Line?.DataBits));
    }

    [Fact]
    public async Task Of_a_shared_port_s_clients_the_writer_sets_the_line_and_the_others_hear_what_is_in_force()
    {
        var endpoint = StartBound(TcpClients.Shared, TcpProtocol.Rfc2217);
        using var first = await Open(endpoint, 1);
        using var second = await Open(endpoint, 2);
        await Say(first, "FFFA2C0100004B00FFF0");
        await Expect(first, "FFFA2C6500004B00FFF0");
        Assert.Equal(19200, ExpectLine().Baud);

        await Say(second, "FFFA2C01000012C0FFF0FFFA2C0100000000FFF0FFFA2C0100004B00FFF0");
        await Expect(second, "FFFA2C6500004B00FFF0FFFA2C6500004B00FFF0FFFA2C6500004B00FFF0");

        // Asking made nobody the writer, and time goes on.
        Advance(TcpEndpointActor.WriterSilence, TimeSpan.FromSeconds(1));
        await Say(second, "FFFA2C01000012C0FFF0");
        await Expect(second, "FFFA2C65000012C0FFF0");
        Assert.Equal(4800, ExpectLine().Baud);
    }

    [Fact]
    public async Task A_client_that_suspends_gets_answers_and_no_data_until_it_resumes()
    {
        var endpoint = StartBound(TcpClients.Exclusive, TcpProtocol.Rfc2217);
        using var client = await Open(endpoint, 1);
        await Say(client, "FFFA2C08FFF0" + AskModem);
        await Expect(client, ModemIs);
        Deliver(endpoint, "held");
        Settle(endpoint);
        await Say(client, AskModem);
        await Expect(client, ModemIs);
        Assert.Equal(1, StatusOf(endpoint).Up.Waiting);

        await Say(client, "FFFA2C09FFF0");
        Assert.Equal("held", await Read(client, 4));
        Assert.Equal(4, ExpectTaken().Through);
    }

    [Fact]
    public async Task Purging_drops_what_waits_for_the_client_and_says_so()
    {
        var endpoint = StartBound(TcpClients.Exclusive, TcpProtocol.Rfc2217);
        using var client = await Open(endpoint, 1);
        await Say(client, "FFFA2C08FFF0" + AskModem);
        await Expect(client, ModemIs);
        Deliver(endpoint, "old");
        Settle(endpoint);
        await Say(client, "FFFA2C0C02FFF0FFFA2C0C01FFF0FFFA2C09FFF0");
        await Expect(client, "FFFA2C7002FFF0FFFA2C7001FFF0");
        Assert.Equal(3, ExpectTaken().Through);
        Deliver(endpoint, "new");
        Assert.Equal("new", await Read(client, 3));

        var up = StatusOf(endpoint).Up;
        Assert.Equal(1, up.Dropped[RelayDrops.Purged]);
        AddsUp(up);
    }

    [Fact]
    public async Task Purging_drops_what_waits_for_the_dtu_but_not_the_settings_of_its_line()
    {
        var endpoint = StartBound(TcpClients.Exclusive, TcpProtocol.Rfc2217);
        using var client = await Open(endpoint, 1);
        Router.ExpectMsg<Registry.EndpointStarted>();
        endpoint.Tell(new Flow.PathAdded(new Destination(Session, 0)));

        // In one piece, so that it is read at once: the window closes over its first part.
        var filled = OutboundWindows.DefaultWindow;
        await Say(client, Convert.ToHexString(new byte[filled - 1]));
        for (var through = 0L; through < filled - 1;)
        {
            through = Router.ExpectMsg<Relay.Downlink>().Through;
        }

        await Say(client, "4141FFFA2C0207FFF04242FFFA2C0C02FFF0");
        await Expect(client, "FFFA2C6607FFF0FFFA2C7002FFF0");
        Assert.Equal("AA", Text(Router.ExpectMsg<Relay.Downlink>().Frame!.Payload));
        endpoint.Tell(new Flow.PathRemoved(new Destination(Session, 0)));

        Assert.Equal(7, Router.FishForMessage<Relay.Downlink>(downlink => downlink.Frame is not null || downlink.Line is not null).Line?.DataBits);
        var down = StatusOf(endpoint).Down;
        Assert.Equal(1, down.Dropped[RelayDrops.Purged]);
        AddsUp(down);
    }

    [Fact]
    public async Task A_client_that_asks_and_does_not_read_is_read_no_more_and_gets_every_answer_in_the_end()
    {
        var endpoint = StartBound(TcpClients.Exclusive, TcpProtocol.Rfc2217);
        using var client = await Open(endpoint, 1);
        const int Questions = 200_000;
        var asked = new StringBuilder().Insert(0, AskModem, Questions).ToString();
        var say = Say(client, asked);
        await Expect(client, new StringBuilder().Insert(0, ModemIs, Questions).ToString());
        await say;
    }
}

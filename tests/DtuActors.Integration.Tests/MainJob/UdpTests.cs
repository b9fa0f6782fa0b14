using System.Net;
using System.Net.Sockets;
using System.Text;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Recording;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>DTUs that send datagrams, with real sockets, into a gateway in this process.</summary>
public sealed class UdpTests : IDisposable
{
    private const string Hocon = """
        dtu {
          listeners {
            ddp { transport = udp, port = 0, profile = hongdian }
            text { transport = udp, port = 0, profile = text }
            bare { transport = udp, port = 0, dtu = pump-7 }
            behind { transport = udp, port = 0, profile = of-address, proxy-protocol = v2 }
          }
          profiles {
            hongdian { preset = hongdian, duplicates { within = 1h } }
            of-address { registration { kind = address, pattern = "10\\.8\\.0\\.(?<id>[0-9]+)" } }
            text { framing { codec = modbus-rtu, role = responses }, bus { mode = request-response } }
          }
        }
        """;

    private static readonly DtuId Phone = DtuId.Parse("13912345678");
    private static readonly DtuId Wtp = DtuId.Parse("wtp-07");
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-udp-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_DDP_DTU_registers_speaks_is_spoken_to_and_keeps_its_session_when_its_address_changes()
    {
        await using var gateway = await RunningGateway.StartAsync(Hocon, _folder);
        using var events = await gateway.Gateway.ObserveAsync([Phone]);
        using var first = new Dtu(gateway.Port("ddp"));
        await first.SendAsync(DdpDatagram.Build(DdpType.Register, Phone.Value, []));
        Assert.Equal("7B81001031333931323334353637387B", Convert.ToHexString(await first.HearAsync()));
        await EventAsync<DtuOnline>(events);
        await first.SendAsync(DdpDatagram.Build(DdpType.Data, Phone.Value, "up"u8));
        Assert.Equal("up"u8.ToArray(), (await EventAsync<FramePassed>(events)).Payload.ToArray());
        Assert.Null((await gateway.Gateway.SendAsync(Phone, "123"u8.ToArray(), default)).Refusal);
        Assert.Equal(DdpDatagram.Build(DdpType.CentreData, Phone.Value, "123"u8), await first.HearAsync());
        await EventAsync<FramePassed>(events);

        using var second = new Dtu(gateway.Port("ddp"));
        await second.SendAsync(DdpDatagram.Build(DdpType.Data, Phone.Value, "moved"u8));
        Assert.Equal("moved"u8.ToArray(), (await EventAsync<FramePassed>(events)).Payload.ToArray());
        Assert.Null((await gateway.Gateway.SendAsync(Phone, "456"u8.ToArray(), default)).Refusal);
        Assert.Equal(DdpDatagram.Build(DdpType.CentreData, Phone.Value, "456"u8), await second.HearAsync());
        await RunningGateway.UntilAsync(async () => (await gateway.Gateway.FindDtuAsync(Phone, default))!.Remote == second.Address);
        var status = (await gateway.Gateway.FindDtuAsync(Phone, default))!;
        Assert.Equal((DtuState.Online, 0L, 2L), (status.State, status.Reconnects, status.FramesUp));

        // Between the two frames nothing else happened: the session is the first one.
        await EventAsync<FramePassed>(events);
    }

    [Fact]
    public async Task Where_the_id_is_said_once_data_from_another_address_are_unregistered_and_a_new_registration_is_a_new_session()
    {
        await using var gateway = await RunningGateway.StartAsync(Hocon, _folder);
        using var events = await gateway.Gateway.ObserveAsync([Wtp]);
        using var first = new Dtu(gateway.Port("text"));
        await first.SendAsync("wtp-07"u8.ToArray());
        await EventAsync<DtuOnline>(events);
        using var second = new Dtu(gateway.Port("text"));
        await second.SendAsync([1, 3, 2, 0, 7, 0xF9, 0x86]);
        await RunningGateway.UntilAsync(async () => await UnregisteredAsync(gateway) == 1);
        var unknown = Assert.Single(await gateway.Gateway.UnknownAsync(default));
        Assert.Equal(("unregistered", "text", second.Address), (unknown.Reason, unknown.Listener, unknown.Remote));

        // The ghost's end, whenever it comes, takes nothing down.
        await second.SendAsync("wtp-07"u8.ToArray());
        FieldEvent[] both = [await EventAsync<FieldEvent>(events), await EventAsync<FieldEvent>(events)];
        var (online, offline) = (both.OfType<DtuOnline>().Single(), both.OfType<DtuOffline>().Single());
        Assert.Equal((second.Address, "replaced", first.Address), (online.Remote, offline.Reason, offline.Remote));
        await RunningGateway.UntilAsync(async () => (await ListenerAsync(gateway)).Connections == 1);
        var asked = gateway.Gateway.RequestAsync(Wtp, new byte[] { 1, 3, 0, 0, 0, 1, 0x84, 0x0A }, null, default);
        Assert.Equal([1, 3, 0, 0, 0, 1, 0x84, 0x0A], await second.HearAsync());
        await second.SendAsync([1, 3, 2, 0, 7, 0xF9, 0x86]);
        Assert.Equal([1, 3, 2, 0, 7, 0xF9, 0x86], (await asked).Answer!.Payload.ToArray());
        var status = (await gateway.Gateway.FindDtuAsync(Wtp, default))!;
        Assert.Equal((DtuState.Online, 1L), (status.State, status.Reconnects));
    }

    [Fact]
    public async Task Where_the_port_is_the_DTU_whoever_speaks_is_spoken_to()
    {
        await using var gateway = await RunningGateway.StartAsync(Hocon, _folder);
        var pump = DtuId.Parse("pump-7");
        using var events = await gateway.Gateway.ObserveAsync([pump]);
        using var first = new Dtu(gateway.Port("bare"));
        using var second = new Dtu(gateway.Port("bare"));
        await first.SendAsync("hello"u8.ToArray());
        await EventAsync<DtuOnline>(events);
        await EventAsync<FramePassed>(events);
        foreach (var dtu in new[] { first, second })
        {
            await dtu.SendAsync(Encoding.ASCII.GetBytes("from " + dtu.Address));
            Assert.Equal("from " + dtu.Address, Encoding.ASCII.GetString((await EventAsync<FramePassed>(events)).Payload.Span));
            Assert.Null((await gateway.Gateway.SendAsync(pump, "down"u8.ToArray(), default)).Refusal);
            Assert.Equal("down"u8.ToArray(), await dtu.HearAsync());
            await EventAsync<FramePassed>(events);
        }
    }

    [Fact]
    public async Task Two_devices_with_one_id_that_take_turns_are_a_conflict_and_both_addresses_are_shown()
    {
        await using var gateway = await RunningGateway.StartAsync(Hocon, _folder);
        using var events = await gateway.Gateway.ObserveAsync([Phone]);
        using var first = new Dtu(gateway.Port("ddp"));
        using var second = new Dtu(gateway.Port("ddp"));
        await first.SendAsync(DdpDatagram.Build(DdpType.Register, Phone.Value, []));
        await EventAsync<DtuOnline>(events);
        foreach (var dtu in new[] { second, first, second, first })
        {
            await dtu.SendAsync(DdpDatagram.Build(DdpType.Data, Phone.Value, "turn"u8));
            await EventAsync<FramePassed>(events);
        }

        await UntilAsync(gateway, Phone, status => (status.State, status.Remote, status.ConflictWith) == (DtuState.Conflict, first.Address, second.Address));
        await second.SendAsync(DdpDatagram.Build(DdpType.Data, Phone.Value, "turn"u8));
        Assert.Equal("conflict", (await EventAsync<FramePassed>(events)).Verdict);
        await UntilAsync(gateway, Phone, status => (status.Remote, status.ConflictWith, status.DroppedUp.GetValueOrDefault("conflict")) == (first.Address, second.Address, 1));
    }

    [Fact]
    public async Task A_NAT_that_gives_ever_new_addresses_is_no_conflict()
    {
        await using var gateway = await RunningGateway.StartAsync(Hocon, _folder);
        using var events = await gateway.Gateway.ObserveAsync([Phone]);
        using var first = new Dtu(gateway.Port("ddp"));
        await first.SendAsync(DdpDatagram.Build(DdpType.Register, Phone.Value, []));
        await EventAsync<DtuOnline>(events);
        var addresses = Enumerable.Range(0, 12).Select(_ => new Dtu(gateway.Port("ddp"))).ToList();
        foreach (var address in addresses)
        {
            await address.SendAsync(DdpDatagram.Build(DdpType.Data, Phone.Value, "on the way"u8));
            await EventAsync<FramePassed>(events);
        }

        await UntilAsync(gateway, Phone, status => status.Remote == addresses[^1].Address && status.FramesUp == 12);
        var status = (await gateway.Gateway.FindDtuAsync(Phone, default))!;
        Assert.Equal((DtuState.Online, null, 0L), (status.State, status.ConflictWith, status.Reconnects));
        addresses.ForEach(address => address.Dispose());
    }

    [Fact]
    public async Task The_end_of_a_displaced_session_takes_nothing_down_and_its_address_may_register_again()
    {
        await using var gateway = await RunningGateway.StartAsync(Hocon, _folder);
        using var events = await gateway.Gateway.ObserveAsync([Wtp]);
        using var first = new Dtu(gateway.Port("text"));
        using var second = new Dtu(gateway.Port("text"));
        await first.SendAsync("wtp-07"u8.ToArray());
        await EventAsync<DtuOnline>(events);
        await second.SendAsync("wtp-07"u8.ToArray());
        Assert.Equal(("replaced", first.Address), await EventAsync<DtuOffline>(events) is var gone ? (gone.Reason, gone.Remote) : default);
        Assert.Equal(second.Address, (await EventAsync<DtuOnline>(events)).Remote);

        // Once it is aborted its address is nobody's, and the id is the newer session's.
        await RunningGateway.UntilAsync(async () => (await ListenerAsync(gateway)).Connections == 1);
        await first.SendAsync([1, 3, 2, 0, 7, 0xF9, 0x86]);
        await RunningGateway.UntilAsync(async () => await UnregisteredAsync(gateway) == 1);
        Assert.Null((await gateway.Gateway.SendAsync(Wtp, "x"u8.ToArray(), default)).Refusal);
        Assert.Equal("x"u8.ToArray(), await second.HearAsync());
        Assert.Equal(FrameDirection.Down, (await EventAsync<FramePassed>(events)).Direction);
        await first.SendAsync("wtp-07"u8.ToArray());
        Assert.Equal(second.Address, (await EventAsync<DtuOffline>(events)).Remote);
        Assert.Equal(first.Address, (await EventAsync<DtuOnline>(events)).Remote);
    }

    [Fact]
    public async Task Behind_a_balancer_a_DTU_is_known_by_the_address_that_the_balancer_says_and_is_answered_through_it()
    {
        await using var gateway = await RunningGateway.StartAsync(Hocon, _folder);
        var (seven, eight) = (DtuId.Parse("7"), DtuId.Parse("8"));
        using var events = await gateway.Gateway.ObserveAsync([seven, eight]);
        using var balancer = new Dtu(gateway.Port("behind"));
        await balancer.SendAsync(Proxied(7, "one"));
        Assert.Equal((seven, "10.8.0.7:40001"), await EventAsync<DtuOnline>(events) is var online ? (online.Dtu, online.Remote) : default);
        Assert.Equal("one"u8.ToArray(), (await EventAsync<FramePassed>(events)).Payload.ToArray());
        await balancer.SendAsync(Proxied(8, "two"));
        Assert.Equal("10.8.0.8:40001", (await EventAsync<DtuOnline>(events)).Remote);
        await EventAsync<FramePassed>(events);
        Assert.Null((await gateway.Gateway.SendAsync(seven, "down"u8.ToArray(), default)).Refusal);
        Assert.Equal("down"u8.ToArray(), await balancer.HearAsync());
        await UntilAsync(gateway, eight, status => status.Remote == "10.8.0.8:40001");

        await balancer.SendAsync(Proxied(9, "no header")[1..]);
        await RunningGateway.UntilAsync(async () => (await ListenerAsync(gateway, "behind")).Dropped.GetValueOrDefault("proxy-header") == 1);
        var unknown = Assert.Single(await gateway.Gateway.UnknownAsync(default));
        Assert.Equal(("proxy-header", "behind", balancer.Address), (unknown.Reason, unknown.Listener, unknown.Remote));
    }

    [Fact]
    public async Task A_gateway_that_stops_ends_the_sessions_of_datagrams_as_well()
    {
        var gateway = await RunningGateway.StartAsync(Hocon, _folder);
        using var events = await gateway.Gateway.ObserveAsync([Wtp]);
        using var dtu = new Dtu(gateway.Port("text"));
        await dtu.SendAsync("wtp-07"u8.ToArray());
        await EventAsync<DtuOnline>(events);
        await gateway.DisposeAsync();
        Assert.Equal("stopping", (await EventAsync<DtuOffline>(events)).Reason);
    }

    // What is sent is told as a command, too; that is another test's.
    private static async Task<T> EventAsync<T>(IEventSubscription events)
        where T : FieldEvent
    {
        FieldEvent happened;
        do
        {
            happened = await events.Events.ReadAsync().AsTask().WaitAsync(RunningGateway.Patience);
        }
        while (happened is CommandChanged);

        return Assert.IsAssignableFrom<T>(happened);
    }

    private static byte[] Proxied(byte host, string text) =>
        [.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x12, 0, 12, 10, 8, 0, host, 10, 0, 0, 1, 0x9C, 0x41, 0x23, 0x28, .. Encoding.ASCII.GetBytes(text)];

    private static Task UntilAsync(RunningGateway gateway, DtuId dtu, Predicate<DtuStatus> fits) =>
        RunningGateway.UntilAsync(async () => await gateway.Gateway.FindDtuAsync(dtu, default) is { } status && fits(status));

    private static async Task<ListenerStatus> ListenerAsync(RunningGateway gateway, string name = "text") =>
        (await gateway.Gateway.ListenersAsync(default)).Single(listener => listener.Name == name);

    private static async Task<long> UnregisteredAsync(RunningGateway gateway) => (await ListenerAsync(gateway)).Dropped.GetValueOrDefault("unregistered");

    /// <summary>One address that a DTU speaks from.</summary>
    private sealed class Dtu : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly byte[] _buffer = new byte[65536];

        public Dtu(IPEndPoint gateway) => _socket.Connect(gateway);

        public string Address => _socket.LocalEndPoint!.ToString()!;

        public async Task SendAsync(byte[] datagram) => await _socket.SendAsync(datagram.AsMemory());

        public async Task<byte[]> HearAsync() =>
            _buffer[..await _socket.ReceiveAsync(_buffer.AsMemory()).AsTask().WaitAsync(RunningGateway.Patience)];

        public void Dispose() => _socket.Dispose();
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.TestKit;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;
using DtuActors.Sessions;
using Xunit;

namespace DtuActors.Tests.Endpoints;

/// <summary>Another centre as a real socket on the loopback address, time in the test's hand; sessions and the router are probes.</summary>
public sealed class CentreTests : EndpointSpec
{
    private const string DdpId = "13800138000";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpListener _centre = new(IPAddress.Loopback, 0);
    private readonly int _port;
    private long _epoch;

    public CentreTests()
    {
        _centre.Start();
        _port = ((IPEndPoint)_centre.LocalEndpoint).Port;
    }

    protected override void Dispose(bool disposing)
    {
        _centre.Dispose();
        base.Dispose(disposing);
    }

    [Fact]
    public async Task The_centre_sees_the_registration_first_then_frames_and_heartbeats_in_their_order()
    {
        var fan = StartFan();
        See(fan, Session, "pump-7\r\n");
        Deliver(fan, "one");
        Deliver(fan, "two");
        using var upstream = await AcceptAsync();
        Assert.Equal("pump-7\r\nonetwo", await ReadAsync(upstream, 14));

        Deliver(fan, "three");
        Heartbeat(fan, "ping");
        Deliver(fan, "four");
        Assert.Equal("threepingfour", await ReadAsync(upstream, 13));
        await StatusAsync(fan, status => status.Up.Written == 4);
    }

    [Fact]
    public async Task A_registration_that_only_silence_ends_stands_alone_before_data_follow()
    {
        var fan = StartFan();
        See(fan, Session, "pump-7", silence: TimeSpan.FromSeconds(1));
        Deliver(fan, "one");
        using var upstream = await AcceptAsync();
        Assert.Equal("pump-7", await ReadAsync(upstream, 6));
        await UntilAsync(fan, () => upstream.Available > 0, TimeSpan.FromMilliseconds(250));
        Assert.Equal("one", await ReadAsync(upstream, 3));
    }

    [Fact]
    public async Task Where_each_packet_brings_the_registration_it_does_so_upstream()
    {
        var fan = StartFan();
        See(fan, Session, "AA", reply: "OK", everyPacket: true);
        Deliver(fan, "one");
        Deliver(fan, "two");
        using var upstream = await AcceptAsync();

        // Where the connection was faster than the packet, the registration went alone before it.
        var said = await ReadAsync(upstream, 10);
        said += said.StartsWith("AAAA", StringComparison.Ordinal) ? await ReadAsync(upstream, 2) : "";
        Assert.Contains(said, (string[])["AAoneAAtwo", "AAAAoneAAtwo"]);
        await SendAsync(upstream, said.Length == 10 ? "OKOKpoll" : "OKOKOKpoll");
        Assert.Equal("poll", Text(ExpectDownlink().Payload));
    }

    [Fact]
    public async Task A_registration_that_came_alone_goes_alone_though_each_packet_brings_it_too()
    {
        var fan = StartFan();
        See(fan, Session, "AA", reply: "OK", everyPacket: true);
        using var upstream = await AcceptAsync();
        Assert.Equal("AA", await ReadAsync(upstream, 2));
        Deliver(fan, "one");
        Assert.Equal("AAone", await ReadAsync(upstream, 5));
        await SendAsync(upstream, "OKOKpoll");
        Assert.Equal("poll", Text(ExpectDownlink().Payload));
    }

    [Fact]
    public async Task What_the_centre_sends_is_the_DTUs_downlink_but_for_the_answers_that_a_DTU_keeps_to_itself()
    {
        var fan = StartFan();
        See(fan, Session, "pump-7\n", reply: "OK");
        using var upstream = await AcceptAsync();
        await ReadAsync(upstream, 7);
        await SendAsync(upstream, "OKpoll");
        var downlink = Router.FishForMessage<Relay.Downlink>(message => message.Frame is not null, Patience);
        Assert.Equal(("poll", (DtuId?)Dtu), (Text(downlink.Frame!.Payload), downlink.To));

        Heartbeat(fan, "ping", reply: "pong");
        Assert.Equal("ping", await ReadAsync(upstream, 4));
        await SendAsync(upstream, "pong");
        await StatusAsync(fan, status => status.Down.Dropped.GetValueOrDefault(RelayDrops.AnsweredHere) == 2);
        await SendAsync(upstream, "OK");
        Assert.Equal("OK", Text(ExpectDownlink().Payload));
        AddsUp(StatusOf(fan).Down);
    }

    [Fact]
    public async Task A_broken_connection_comes_back_with_the_registration_and_with_what_waited_once()
    {
        var fan = StartFan();
        See(fan, Session, "pump-7\n");
        using (var first = await AcceptAsync())
        {
            await ReadAsync(first, 7);
            Deliver(fan, "one");
            Assert.Equal("one", await ReadAsync(first, 3));
        }

        await StatusAsync(fan, status => status.State == EndpointStates.Down, step: TimeSpan.Zero);
        Deliver(fan, "two");
        Deliver(fan, "three");
        ExpectTakenThrough(11);
        using var second = await AcceptAsync(fan);
        Assert.Equal("pump-7\ntwothree", await ReadAsync(second, 15));
        await StatusAsync(fan, status => status.Up.Written == 3);
    }

    [Fact]
    public async Task While_the_centre_is_away_the_oldest_beyond_the_buffer_go_and_all_is_acknowledged()
    {
        _centre.Stop();
        var fan = StartFan(options => options with { Buffer = 1024 });
        See(fan, Session, "pump-7\n");
        await StatusAsync(fan, status => status.State == EndpointStates.Down);
        Deliver(fan, new string('a', 600));
        Deliver(fan, new string('b', 600));
        ExpectTakenThrough(1200);
        await StatusAsync(fan, status => status.Up.Dropped.GetValueOrDefault(RelayDrops.BufferFull) == 1);
        await StatusAsync(fan, status => status.Up.Dropped.GetValueOrDefault(RelayDrops.TooOld) == 1, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task The_last_words_of_a_DTU_that_came_and_went_arrive_and_its_connection_is_closed()
    {
        var fan = StartFan();
        var seen = See(fan, Session, "pump-7\n");
        Deliver(fan, "bye");
        fan.Tell(new Registry.SessionGone(seen.Session));
        using var upstream = await AcceptAsync();
        Assert.Equal("pump-7\nbye", await ReadAsync(upstream, 10));
        Assert.Equal(0, await ReceiveAsync(upstream));
        var status = await StatusAsync(fan, status => status.Branches.IsEmpty);
        Assert.Equal((1L, 3L), (status.Up.Written, status.Up.WrittenBytes));
    }

    [Fact]
    public async Task A_DTU_that_comes_back_has_a_new_connection_with_its_new_registration_and_loses_nothing()
    {
        var fan = StartFan();
        var old = See(fan, Session, "pump-7,20\n");
        using var first = await AcceptAsync();
        Assert.Equal("pump-7,20\n", await ReadAsync(first, 10));
        Deliver(fan, "one");
        Assert.Equal("one", await ReadAsync(first, 3));
        fan.Tell(new Registry.SessionGone(old.Session));
        See(fan, Session, "pump-7,31\n");
        Deliver(fan, "two");
        Assert.Equal(0, await ReceiveAsync(first));
        using var second = await AcceptAsync();
        Assert.Equal("pump-7,31\ntwo", await ReadAsync(second, 13));
    }

    [Fact]
    public async Task A_DTU_in_an_envelope_is_replayed_in_the_same_one()
    {
        var registration = Ddp.Build(DdpType.Register, DdpId, [10, 27, 190, 45, 0x0F, 0xA0]);
        var fan = StartFan();
        See(fan, Session, registration, envelope: "ddp");
        using var upstream = await AcceptAsync();
        Assert.Equal(registration, await ReadBytesAsync(upstream, registration.Length));

        // A heartbeat is of the moment: it goes where there is a connection.
        Deliver(fan, "one");
        Heartbeat(fan, registration);
        Deliver(fan, "two");
        byte[] up = [.. Ddp.Build(DdpType.Data, DdpId, "one"u8), .. registration, .. Ddp.Build(DdpType.Data, DdpId, "two"u8)];
        Assert.Equal(up, await ReadBytesAsync(upstream, up.Length));

        // Answers and commands are the DTU's own; data are the instrument's, and confirmed.
        var registered = Ddp.Build(DdpType.Registered, DdpId, []);
        var poll = Ddp.Build(DdpType.CentreData, DdpId, "poll"u8);
        byte[] down = [.. registered, .. registered, .. Ddp.Build(DdpType.SetParameters, DdpId, "set"u8), .. poll];
        await upstream.SendAsync(down.AsMemory(..^4)).AsTask().WaitAsync(Patience);
        byte[] answers = [.. Ddp.Build(DdpType.Invalid, DdpId, []), .. Ddp.Build(DdpType.CentreDataTaken, DdpId, [])];
        Assert.Equal(answers[..16], await ReadBytesAsync(upstream, 16));
        await upstream.SendAsync(down.AsMemory(^4..)).AsTask().WaitAsync(Patience);
        Assert.Equal(answers[16..], await ReadBytesAsync(upstream, 16));
        var downlink = Router.FishForMessage<Relay.Downlink>(message => message.Frame is not null, Patience);
        Assert.Equal(("poll", (DtuId?)Dtu), (Text(downlink.Frame!.Payload), downlink.To));

        var status = await StatusAsync(fan, status => status.Up.Written == 2 && status.Down.Dropped.Count == 2);
        Assert.Equal((2L, 1L), (status.Down.Dropped[RelayDrops.AnsweredHere], status.Down.Dropped[RelayDrops.NotCarried]));
        Assert.Equal(6, status.Up.WrittenBytes);
    }

    [Fact]
    public async Task A_heartbeat_inside_an_envelope_goes_up_inside_one()
    {
        var registration = Ddp.Build(DdpType.Register, DdpId, []);
        var fan = StartFan();
        See(fan, Session, registration, envelope: "ddp");
        using var upstream = await AcceptAsync();
        await ReadBytesAsync(upstream, registration.Length);
        Heartbeat(fan, "ping", reply: "pong");
        var ping = Ddp.Build(DdpType.Data, DdpId, "ping"u8);
        Assert.Equal(ping, await ReadBytesAsync(upstream, ping.Length));
        await upstream.SendAsync(Ddp.Build(DdpType.CentreData, DdpId, "pong"u8)).WaitAsync(Patience);
        await StatusAsync(fan, status => status.Down.Dropped.GetValueOrDefault(RelayDrops.AnsweredHere) == 1);
    }

    [Fact]
    public async Task A_mirror_of_a_DTU_in_an_envelope_confirms_nothing()
    {
        var registration = Ddp.Build(DdpType.Register, DdpId, []);
        var fan = StartFan();
        See(fan, Session, registration, envelope: "ddp", down: false);
        using var upstream = await AcceptAsync();
        await ReadBytesAsync(upstream, registration.Length);
        await upstream.SendAsync((byte[])[.. Ddp.Build(DdpType.CentreData, DdpId, "poll"u8), .. Ddp.Build(DdpType.RegisterAgain, DdpId, [])]).WaitAsync(Patience);
        Assert.Equal(registration, await ReadBytesAsync(upstream, registration.Length));
        await StatusAsync(fan, status => status.Down.Dropped.GetValueOrDefault(RelayDrops.NoRoute) == 1);
    }

    [Fact]
    public async Task A_half_unit_of_the_centre_does_not_swallow_what_it_says_after_a_silence()
    {
        var fan = StartFan();
        See(fan, Session, Ddp.Build(DdpType.Register, DdpId, []), envelope: "ddp");
        using var upstream = await AcceptAsync();
        await ReadBytesAsync(upstream, 16);
        await upstream.SendAsync(Ddp.Build(DdpType.CentreData, DdpId, new byte[500]).AsMemory(..100)).AsTask().WaitAsync(Patience);
        await StatusAsync(fan, status => status.Down.Dropped.GetValueOrDefault("truncated") > 0, TimeSpan.FromSeconds(1));
        await upstream.SendAsync(Ddp.Build(DdpType.CentreData, DdpId, "poll"u8)).WaitAsync(Patience);
        Assert.Equal("poll", Text(ExpectDownlink().Payload));
    }

    [Fact]
    public async Task A_DTU_whose_envelope_needs_a_name_that_it_never_said_is_not_replayed_and_the_state_says_so()
    {
        var fan = StartFan();
        See(fan, Session, "", envelope: "ddp");
        Deliver(fan, "one");
        ExpectTakenThrough(3);
        var status = await StatusAsync(fan, status => status.Up.Dropped.GetValueOrDefault(RelayDrops.NotCarried) == 1);
        Assert.Equal(EndpointStates.Down, status.State);
        Assert.Contains("envelope ddp", status.LastError, StringComparison.Ordinal);
        Assert.False(_centre.Pending());
    }

    [Fact]
    public async Task A_mirror_that_does_not_read_loses_what_is_beyond_its_buffer_and_sends_nothing_back()
    {
        var fan = StartFan(options => options with { Buffer = 64 * 1024 });
        See(fan, Session, "pump-7\n", down: false);
        using var upstream = await AcceptAsync();
        await ReadAsync(upstream, 7);
        DeliverMuch(fan);
        var status = await StatusAsync(fan, status => status.Up.Dropped.GetValueOrDefault(RelayDrops.DestinationSlow) > 10);
        Assert.InRange(status.Up.WaitingBytes, 0, 3 * 64 * 1024);
        await SendAsync(upstream, "back");
        await StatusAsync(fan, status => status.Down.Dropped.GetValueOrDefault(RelayDrops.NoRoute) == 1);
    }

    [Fact]
    public async Task Without_replaying_one_connection_carries_all_and_what_comes_back_is_for_whom_select_means()
    {
        var centre = Start(CentreActor.Props(Options() with { ReplayRegistration = false }, Surroundings));
        var started = Router.FishForMessage<Registry.EndpointStarted>(_ => true);
        Assert.Equal((true, true, true), (started.Exclusive, started.WantsSessions, started.MirrorsUp));
        using var upstream = await AcceptAsync();
        Deliver(centre, "one");
        var other = CreateTestProbe("other");
        centre.Tell(new Relay.Deliver(other, "pump-8", DtuId.Parse("pump-8"), new Epoch(1, 1), new Frame(Bytes("two"), FrameDirection.Up, "raw", Sys.Scheduler.Now), 3, true));
        Assert.Equal("onetwo", await ReadAsync(upstream, 6));
        Assert.Equal(3, other.ExpectMsg<Flow.Taken>(Patience).Through);
        await SendAsync(upstream, "poll");
        var downlink = Router.FishForMessage<Relay.Downlink>(message => message.Frame is not null, Patience);
        Assert.Equal(("poll", (DtuId?)null), (Text(downlink.Frame!.Payload), downlink.To));
        Watch(centre);
        centre.Tell(ShutDown.Drain.Instance);
        Assert.Equal(0, await ReceiveAsync(upstream));
        ExpectTerminated(centre, Patience);
    }

    [Fact]
    public async Task A_centre_that_takes_no_byte_for_the_write_limit_is_hung_up_on()
    {
        var fan = StartFan();
        See(fan, Session, "pump-7\n", down: false);
        using var hung = await AcceptAsync();
        await ReadAsync(hung, 7);
        var written = -1L;
        await StatusAsync(
            fan,
            status =>
            {
                var stands = status.Up.Waiting > 0 && status.Up.Written == written;
                written = status.Up.Written;
                DeliverMuch(fan);
                return stands;
            },
            TimeSpan.FromSeconds(1));
        Advance(UpstreamActor.WriteLimit + TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        using var again = await AcceptAsync(fan);
        Assert.Equal("pump-7\n", await ReadAsync(again, 7));
    }

    private CentreEndpointOptions Options() => new()
    {
        Name = "centre",
        KeyPath = "dtu.endpoints.centre",
        Host = "127.0.0.1",
        Port = _port,
    };

    private IActorRef StartFan(Func<CentreEndpointOptions, CentreEndpointOptions>? with = null) =>
        Start(CentreActor.Props((with ?? (options => options))(Options()), Surroundings));

    private Registry.SessionSeen See(
        IActorRef fan, TestProbe session, string registration, string reply = "", bool everyPacket = false, TimeSpan silence = default, string? envelope = null, bool down = true) =>
        See(fan, session, Bytes(registration), reply, everyPacket, silence, envelope, down);

    private Registry.SessionSeen See(
        IActorRef fan, TestProbe session, byte[] registration, string reply = "", bool everyPacket = false, TimeSpan silence = default, string? envelope = null, bool down = true)
    {
        var open = new SessionRef(Dtu, new Epoch(++_epoch, 1), session);
        var seen = new Registry.SessionSeen(open, Up: true, down, new Replaying.Registration(open, registration, Bytes(reply), everyPacket, silence, envelope));
        fan.Tell(seen);
        session.FishForMessage<Replaying.Follow>(_ => true);
        return seen;
    }

    private void Heartbeat(IActorRef fan, string text, string reply = "") => fan.Tell(
        new Relay.Deliver(Session, Dtu.Value, Dtu, new Epoch(1, 1), null, 0, false, Heartbeat: new Replaying.Heartbeat(Bytes(text), Bytes(reply))));

    private void Heartbeat(IActorRef fan, byte[] unit) => fan.Tell(
        new Relay.Deliver(Session, Dtu.Value, Dtu, new Epoch(1, 1), null, 0, false, Heartbeat: new Replaying.Heartbeat(unit, default, IsUnit: true)));

    private void ExpectTakenThrough(long through) => Session.FishForMessage<Flow.Taken>(taken => taken.Through == through, Patience);

    // Back-off goes by the test's clock.
    private async Task<Socket> AcceptAsync(IActorRef? fan = null)
    {
        if (fan is not null)
        {
            await UntilAsync(fan, _centre.Pending, TimeSpan.FromMilliseconds(200));
        }

        return await _centre.AcceptSocketAsync().WaitAsync(Patience);
    }

    private async Task UntilAsync(IActorRef fan, Func<bool> condition, TimeSpan step)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Settle(fan);
            Clock.Advance(step);
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    // A branch says within a second of the test's clock how its counters stand.
    private async Task<EndpointStatus> StatusAsync(IActorRef fan, Func<EndpointStatus, bool> condition, TimeSpan? step = null)
    {
        var status = StatusOf(fan);
        await UntilAsync(
            fan,
            () =>
            {
                status = StatusOf(fan);
                AddsUp(status.Up);
                AddsUp(status.Down);
                return condition(status);
            },
            step ?? TimeSpan.FromMilliseconds(100));
        return status;
    }

    // Far more than all the kernel's buffers hold.
    private void DeliverMuch(IActorRef fan)
    {
        var piece = new string('m', 32 * 1024);
        for (var i = 0; i < 600; i++)
        {
            Deliver(fan, piece, ackWanted: false);
        }
    }

    private static async Task<string> ReadAsync(Socket socket, int count) => Encoding.ASCII.GetString(await ReadBytesAsync(socket, count));

    private static async Task<byte[]> ReadBytesAsync(Socket socket, int count)
    {
        using var stream = new NetworkStream(socket);
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes).AsTask().WaitAsync(Patience);
        return bytes;
    }

    private static Task<int> ReceiveAsync(Socket socket) => socket.ReceiveAsync(new byte[1]).WaitAsync(Patience);

    private static Task<int> SendAsync(Socket socket, string text) => socket.SendAsync(Bytes(text)).WaitAsync(Patience);
}

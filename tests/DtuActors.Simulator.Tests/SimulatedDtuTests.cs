using System.Net;
using System.Net.Sockets;

namespace DtuActors.Simulator.Tests;

public sealed class SimulatedDtuTests : IAsyncLifetime, IDisposable
{
    private const string Read = "010300040001C5CB";
    private const string Answered = "01030200017984";

    private readonly Centre _centre = new();
    private readonly CancellationTokenSource _stop = new();
    private SimulatedDtu? _dtu;
    private Task _run = Task.CompletedTask;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_dtu is not null)
        {
            await _dtu.DisposeAsync();
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _centre.Dispose();
    }

    [Fact]
    public async Task It_registers_first_with_its_bytes_as_they_are()
    {
        Start(_centre.Dtu() with { Registration = "pump-7\r\n"u8.ToArray() });
        using var link = await _centre.AcceptAsync();
        Assert.Equal("pump-7\r\n", await link.ReadTextAsync(8));
    }

    [Fact]
    public async Task The_usr_preset_sends_its_bare_id_and_no_terminator()
    {
        Start(SimulatorPreset.Usr.Apply(_centre.Dtu()));
        using var link = await _centre.AcceptAsync();
        Assert.Equal("pump-7", await link.ReadTextAsync(6));
        await _stop.CancelAsync();
        Assert.Empty(await link.ReadToEndAsync());
    }

    [Fact]
    public async Task A_modbus_read_through_it_is_answered()
    {
        var dtu = Start(_centre.Dtu());
        using var link = await _centre.AcceptAsync();
        for (var i = 1; i <= 100; i++)
        {
            await link.SendHexAsync(Read);
            Assert.Equal(Answered, await link.ReadHexAsync(7));
        }

        // The last answer may be here before it is counted there.
        await dtu.WaitForAsync(s => s is { Answered: 100, BytesDown: 800, BytesUp: 700 }).WaitAsync(Centre.Limit);
    }

    [Fact]
    public async Task A_write_outlives_the_link_it_came_over()
    {
        Start(_centre.Dtu());
        using (var link = await _centre.AcceptAsync())
        {
            await link.SendHexAsync(ModbusInstrumentTests.WithCrc("01060010BEEF"));
            Assert.Equal(ModbusInstrumentTests.WithCrc("01060010BEEF"), await link.ReadHexAsync(8));
        }

        using var next = await _centre.AcceptAsync();
        await next.SendHexAsync(ModbusInstrumentTests.WithCrc("010300100001"));
        Assert.Equal(ModbusInstrumentTests.WithCrc("010302BEEF"), await next.ReadHexAsync(7));
    }

    [Fact]
    public async Task The_hongdian_preset_registers_with_its_own_address_and_port()
    {
        Start(SimulatorPreset.Hongdian.Apply(_centre.Dtu("13900000001")));
        using var link = await _centre.AcceptAsync();
        Assert.Equal($"7B010016{Ascii("13900000001")}7F000001{link.Remote.Port:X4}7B", await link.ReadHexAsync(22));
    }

    [Fact]
    public async Task DDP_opens_downlinks_wraps_answers_and_counts_acknowledgements()
    {
        var dtu = Start(SimulatorPreset.Hongdian.Apply(_centre.Dtu("13900000001")) with { AcknowledgeDownlinks = true });
        using var link = await _centre.AcceptAsync();
        await link.ReadAsync(22);
        var id = Ascii("13900000001");

        // Acknowledged, noise, then the request, cut in its middle.
        await link.SendHexAsync($"7B810010{id}7B 7B7C00 7B890018{id}01030004");
        await link.SendHexAsync("0001C5CB7B");
        Assert.Equal($"7B050010{id}7B", await link.ReadHexAsync(16));
        Assert.Equal($"7B090017{id}{Answered}7B", await link.ReadHexAsync(23));
        await dtu.WaitForAsync(s => s is { Acknowledged: 1, Discarded: 3 }).WaitAsync(Centre.Limit);
    }

    [Fact]
    public async Task DDP_registers_again_refuses_queries_and_restarts_when_it_is_told_to()
    {
        Start(SimulatorPreset.Hongdian.Apply(_centre.Dtu("13900000001")));
        using var link = await _centre.AcceptAsync();
        var registration = await link.ReadHexAsync(22);
        var id = Ascii("13900000001");
        await link.SendHexAsync($"7B830010{id}7B");
        Assert.Equal(registration, await link.ReadHexAsync(22));
        await link.SendHexAsync($"7B8B0010{id}7B");
        Assert.Equal($"7B040010{id}7B", await link.ReadHexAsync(16));
        await link.SendHexAsync($"7B820010{id}7B");
        Assert.Empty(await link.ReadToEndAsync());
        using var next = await _centre.AcceptAsync();
        Assert.StartsWith("7B010016", await next.ReadHexAsync(22), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_a_unit_holds_goes_up_in_several_units()
    {
        var report = new byte[1500];
        new Random(1).NextBytes(report);
        Start(_centre.Dtu("7") with
        {
            Envelope = SimulatedEnvelope.Ddp,
            Registration = ReadOnlyMemory<byte>.Empty,
            Reports = new ReportOptions(TimeSpan.FromMilliseconds(1), _ => report),
        });
        using var link = await _centre.AcceptAsync();
        var first = await link.ReadAsync(1040);
        var second = await link.ReadAsync(16 + 476);
        Assert.Equal("7B090410", Convert.ToHexString(first.AsSpan(0, 4)));
        Assert.Equal("7B0901EC", Convert.ToHexString(second.AsSpan(0, 4)));
        Assert.Equal(report, first[15..^1].Concat(second[15..^1]));
    }

    [Fact]
    public async Task It_heartbeats_unasked()
    {
        var dtu = Start(_centre.Dtu() with { Heartbeat = "h"u8.ToArray(), HeartbeatInterval = TimeSpan.FromMilliseconds(5) });
        using var link = await _centre.AcceptAsync();
        Assert.Equal("hhh", await link.ReadTextAsync(3));
        await dtu.WaitForAsync(s => s.Heartbeats >= 3).WaitAsync(Centre.Limit);
    }

    [Fact]
    public async Task Reports_count_on_over_all_links()
    {
        Start(_centre.Dtu() with
        {
            Reports = new ReportOptions(TimeSpan.FromMilliseconds(5), n => new byte[] { (byte)n }),
        });
        using (var link = await _centre.AcceptAsync())
        {
            Assert.Equal("0102", await link.ReadHexAsync(2));
        }

        using var next = await _centre.AcceptAsync();
        Assert.True((await next.ReadAsync(1))[0] > 2);
    }

    [Fact]
    public async Task It_dials_again_after_the_centre_closed_and_says_so()
    {
        var dtu = Start(_centre.Dtu() with { Registration = "again"u8.ToArray() });
        for (var i = 0; i < 3; i++)
        {
            using var link = await _centre.AcceptAsync();
            Assert.Equal("again", await link.ReadTextAsync(5));
        }

        await dtu.WaitForAsync(s => s.Connects > 3 || s.ConnectFailures > 0 || s.LastError is not null).WaitAsync(Centre.Limit);
        Assert.Contains("clos", dtu.Status.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_an_error_to_show_not_to_throw()
    {
        using var placeholder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        placeholder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var dtu = Start(_centre.Dtu() with { Port = ((IPEndPoint)placeholder.LocalEndPoint!).Port });
        await dtu.WaitForAsync(s => s.ConnectFailures >= 3).WaitAsync(Centre.Limit);
        Assert.Contains($":{dtu.Options.Port}: ", dtu.Status.LastError, StringComparison.Ordinal);
        Assert.False(_run.IsCompleted);
    }

    [Fact]
    public async Task A_host_that_does_not_exist_is_an_error_to_show_not_to_throw()
    {
        var dtu = Start(_centre.Dtu() with { Host = "no such host" });
        await dtu.WaitForAsync(s => s.ConnectFailures >= 2).WaitAsync(Centre.Limit);
        Assert.StartsWith("no such host:", dtu.Status.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_half_open_link_stays_silent_and_unclosed()
    {
        var dtu = Start(_centre.Dtu() with { HalfOpenAfter = TimeSpan.Zero, Heartbeat = "h"u8.ToArray(), HeartbeatInterval = TimeSpan.FromMilliseconds(1) });
        using var link = await _centre.AcceptAsync();
        await dtu.WaitForAsync(s => s.State == SimulatedDtuState.HalfOpen).WaitAsync(Centre.Limit);
        var before = dtu.Status;
        await link.SendHexAsync(Read);

        // Whatever was on its way is here once the DTU is stopped and its socket closes; no answer is among it.
        await _stop.CancelAsync();
        await _run.WaitAsync(Centre.Limit);
        var came = await ReadUntilResetAsync(link);
        Assert.DoesNotContain(came, b => b != (byte)'h');
        Assert.Equal(before.BytesUp, dtu.Status.BytesUp);
        Assert.Equal(0, dtu.Status.BytesDown);
    }

    [Fact]
    public async Task A_half_open_link_is_left_unclosed_when_the_DTU_dials_again()
    {
        var halfOpen = TimeSpan.FromMilliseconds(1);
        _dtu = new SimulatedDtu(_centre.Dtu() with { HalfOpenAfter = halfOpen, HalfOpenFor = halfOpen }, new SilentInstrument());
        var accepting = _centre.AcceptAsync();

        // The centre goes away on the DTU's own task, before it can dial again: a second link would push the first one out.
        _dtu.StateChanged += (_, status) =>
        {
            if (status.State == SimulatedDtuState.HalfOpen)
            {
                accepting.Wait(Centre.Limit);
                _centre.Dispose();
            }
        };
        _run = _dtu.RunAsync(_stop.Token);
        using var link = await accepting;
        await _dtu.WaitForAsync(s => s.ConnectFailures >= 1).WaitAsync(Centre.Limit);
        Assert.False(link.IsClosed);
        await _dtu.DisposeAsync();
        Assert.True(link.IsClosed);
    }

    [Fact]
    public async Task Its_own_lifetime_ends_a_link_and_it_comes_back()
    {
        Start(_centre.Dtu() with { Lifetime = TimeSpan.FromMilliseconds(20), Registration = "x"u8.ToArray() });
        using var link = await _centre.AcceptAsync();
        await link.ReadToEndAsync();
        using var next = await _centre.AcceptAsync();
        Assert.Equal("x", await next.ReadTextAsync(1));
    }

    [Fact]
    public async Task A_dropped_answer_is_counted_and_nothing_goes_up()
    {
        var dtu = Start(_centre.Dtu() with { Link = new LinkOptions { DropProbability = 1 } });
        using var link = await _centre.AcceptAsync();
        await link.SendHexAsync(Read);
        await dtu.WaitForAsync(s => s.Dropped == 1).WaitAsync(Centre.Limit);
        Assert.Equal((0, 0), (dtu.Status.Answered, dtu.Status.BytesUp));
    }

    [Fact]
    public async Task Latency_cuts_and_glue_change_neither_bytes_nor_order()
    {
        Start(
            _centre.Dtu() with
            {
                Seed = 3,
                Link = new LinkOptions
                {
                    UplinkLatency = TimeSpan.FromMilliseconds(1),
                    DownlinkLatency = TimeSpan.FromMilliseconds(1),
                    Jitter = TimeSpan.FromMilliseconds(3),
                    CutProbability = 0.7,
                    CutGap = TimeSpan.FromMilliseconds(1),
                    GlueProbability = 0.5,
                    GlueWindow = TimeSpan.FromMilliseconds(2),
                },
            },
            new EchoInstrument());
        using var link = await _centre.AcceptAsync();
        var sent = new byte[5000];
        new Random(5).NextBytes(sent);
        var received = link.ReadAsync(sent.Length);
        for (var at = 0; at < sent.Length; at += 50)
        {
            await link.SendAsync(sent[at..(at + 50)]);
        }

        Assert.Equal(sent, await received);
    }

    [Fact]
    public async Task Noise_stands_in_front_of_an_answer_that_stays_whole()
    {
        Start(_centre.Dtu() with { Link = new LinkOptions { GarbageProbability = 1 } });
        using var link = await _centre.AcceptAsync();
        await link.SendHexAsync(Read);
        var came = "";
        while (!came.EndsWith(Answered, StringComparison.Ordinal))
        {
            came += await link.ReadHexAsync(1);
            Assert.InRange(came.Length / 2, 1, 23);
        }

        Assert.InRange(came.Length / 2, 8, 23);
    }

    [Fact]
    public async Task Stopping_ends_it_at_once_although_it_waits_for_an_hour()
    {
        var dtu = Start(_centre.Dtu() with { Reconnect = new ReconnectOptions { Delay = TimeSpan.FromHours(1), Longest = TimeSpan.FromHours(1) } });
        (await _centre.AcceptAsync()).Dispose();
        await dtu.WaitForAsync(s => s.State == SimulatedDtuState.Waiting).WaitAsync(Centre.Limit);
        await _stop.CancelAsync();
        await _run.WaitAsync(Centre.Limit);
        Assert.Equal(SimulatedDtuState.Stopped, dtu.Status.State);
    }

    [Fact]
    public async Task Stopping_closes_an_online_link()
    {
        var dtu = Start(_centre.Dtu());
        using var link = await _centre.AcceptAsync();
        await dtu.WaitForAsync(s => s.State == SimulatedDtuState.Online).WaitAsync(Centre.Limit);
        await dtu.DisposeAsync().AsTask().WaitAsync(Centre.Limit);
        Assert.Empty(await link.ReadToEndAsync());
        Assert.True(_run.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task It_does_not_run_twice_at_a_time()
    {
        var dtu = Start(_centre.Dtu());
        await Assert.ThrowsAsync<InvalidOperationException>(() => dtu.RunAsync(default));
    }

    [Fact]
    public async Task An_instrument_that_fails_costs_its_DTU_the_link_and_no_more()
    {
        var dtu = Start(_centre.Dtu(), new FailingInstrument());
        using var link = await _centre.AcceptAsync();
        await link.SendHexAsync(Read);
        using var next = await _centre.AcceptAsync();
        Assert.Contains("burnt out", dtu.Status.LastError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("139000000012", "Id 139000000012: expected 1 to 11")]
    [InlineData("", "Id : expected an id")]
    public void An_option_out_of_range_is_refused_by_name_and_value(string id, string message) =>
        Assert.StartsWith(
            message,
            Assert.Throws<ArgumentException>(() => new SimulatedDtu(SimulatorPreset.Hongdian.Apply(_centre.Dtu(id)), new SilentInstrument())).Message,
            StringComparison.Ordinal);

    private static string Ascii(string text) => Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(text));

    // A socket that closes with unread bytes resets: what came before it counts, not how it ended.
    private static async Task<byte[]> ReadUntilResetAsync(Link link)
    {
        try
        {
            return await link.ReadToEndAsync();
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private SimulatedDtu Start(SimulatedDtuOptions options, IInstrument? instrument = null)
    {
        _dtu = new SimulatedDtu(options, instrument ?? new ModbusInstrument());
        _run = _dtu.RunAsync(_stop.Token);
        return _dtu;
    }

    private sealed class FailingInstrument : IInstrument
    {
        public ValueTask ReceiveAsync(ReadOnlyMemory<byte> bytes, IInstrumentLine line, CancellationToken cancellation) =>
            throw new NotSupportedException("burnt out");
    }
}

using System.Diagnostics;
using System.Text;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Host;

/// <summary><c>dtu capture</c> and its stream, read by the real tshark.</summary>
public sealed class CaptureTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private static readonly byte[] Read = Convert.FromHexString("010300000002C40B");
    private static readonly byte[] Answer = Convert.FromHexString("010304000A00011BF1");
    private static readonly byte[] WriteOne = Convert.FromHexString("010600010003980B");

    [SkippableFact]
    public async Task Tshark_names_function_unit_and_registers_of_requests_and_answers()
    {
        Tools.Need("tshark");
        await using var dtu = await gateway.OnlineAsync("cap-rtu", "polled");
        var file = Path.Combine(gateway.Host.Folder, "rtu.pcapng");
        await using var capture = await StartAsync(file, "cap-rtu", "--frames", "4");
        await AskAsync(dtu, "cap-rtu", Read, Answer);
        await AskAsync(dtu, "cap-rtu", WriteOne, WriteOne);
        Assert.Equal(0, await capture.EndAsync());
        Assert.Contains("4 frames written", capture.Errors, StringComparison.Ordinal);

        var fields = await TsharkAsync(
            "-r", file, "-T", "fields", "-E", "separator=|", "-e", "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "mbtcp.trans_id", "-e", "mbtcp.unit_id",
            "-e", "modbus.func_code", "-e", "modbus.reference_num", "-e", "modbus.word_cnt", "-e", "modbus.regval_uint16");
        Assert.Equal(
            ["cap-rtu|0x00000002|1|1|3|0|2|", "cap-rtu|0x00000001|1|1|3|||10,1", "cap-rtu|0x00000002|2|1|6|1||", "cap-rtu|0x00000001|2|1|6|1||"],
            fields.TrimEnd().Split('\n'));
        var lines = (await TsharkAsync("-r", file)).TrimEnd().Split('\n');
        Assert.Contains("Query: Trans:     1; Unit:   1, Func:   3: Read Holding Registers", lines[0], StringComparison.Ordinal);
        Assert.Contains("Response: Trans:     2; Unit:   1, Func:   6: Write Single Register", lines[3], StringComparison.Ordinal);
        Assert.Contains("source api, codec modbus-rtu", await TsharkAsync("-r", file, "-V"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Tshark_reads_DTUs_of_many_lines_through_a_pipe_as_they_pass_and_what_is_no_protocol_as_data()
    {
        Tools.Need("tshark");
        await using var dtu = await gateway.OnlineAsync("cap-a");
        await using var other = await gateway.OnlineAsync("cap-b");
        using var response = await gateway.Http.GetAsync("/api/v1/capture.pcapng?dtu=cap-a&dtu=cap-b", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("application/x-pcapng", response.Content.Headers.ContentType?.MediaType);
        await using var stream = await response.Content.ReadAsStreamAsync();
        using var tshark = Start("-l", "-n", "-r", "-", "-T", "fields", "-E", "separator=|", "-e", "frame.interface_name", "-e", "data.data", "-e", "modbus.func_code");
        var copying = stream.CopyToAsync(tshark.StandardInput.BaseStream);
        await dtu.SendAsync("hello"u8.ToArray());
        Assert.Equal("cap-a|68656c6c6f|", await LineAsync(tshark));
        await other.SendAsync(Answer);
        Assert.Equal("cap-b||3", await LineAsync(tshark));
        tshark.Kill();
        await stream.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => copying);
    }

    [Fact]
    public async Task An_unknown_DTU_can_not_be_captured_and_one_that_is_offline_can()
    {
        Assert.Equal((404, "no-such-dtu"), await StatusAsync("/api/v1/dtus/cap-nobody/capture.pcapng"));
        Assert.Equal((404, "no-such-dtu"), await StatusAsync("/api/v1/capture.pcapng?dtu=cap-nobody"));
        var file = Path.Combine(gateway.Host.Folder, "nobody.pcapng");
        Assert.Equal(1, (await HostProcess.CommandAsync(["capture", "cap-nobody", "-w", file, "--url", gateway.Host.Url])).ExitCode);
        Assert.False(File.Exists(file));

        var dtu = await gateway.OnlineAsync("cap-off");
        Assert.Equal(204, (await gateway.DeleteAsync("/api/v1/dtus/cap-off/connection")).Status);
        await dtu.DisposeAsync();
        using var response = await gateway.Http.GetAsync("/api/v1/dtus/cap-off/capture.pcapng", HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var head = new byte[4];
        await stream.ReadExactlyAsync(head);
        Assert.Equal("0A0D0D0A", Convert.ToHexString(head));
        await using var back = await gateway.OnlineAsync("cap-off");
        await back.SendAsync([0xC0, 0xFF, 0xEE]);
        Assert.True(await ContainsAsync(stream, [0xC0, 0xFF, 0xEE]));
    }

    [SkippableFact]
    public async Task Ctrl_C_ends_a_capture_well_and_says_how_much_it_wrote()
    {
        Skip.If(OperatingSystem.IsWindows(), "no SIGINT to a child process");
        await using var dtu = await gateway.OnlineAsync("cap-int");
        await using var capture = await StartAsync(Path.Combine(gateway.Host.Folder, "int.pcapng"), "cap-int");
        Assert.Equal(0, await capture.InterruptAsync());
        Assert.Contains("0 frames written", capture.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_but_its_owner_may_read_a_capture()
    {
        await using var dtu = await gateway.OnlineAsync("cap-own");
        var file = Path.Combine(gateway.Host.Folder, "own.pcapng");
        await using var capture = await StartAsync(file, "cap-own", "--for", "1s");
        Assert.Equal(0, await capture.EndAsync());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [SkippableFact]
    public async Task A_closed_pipe_ends_a_capture_well()
    {
        Tools.Need("bash");
        await using var dtu = await gateway.OnlineAsync("cap-pipe");
        var dll = Path.Combine(AppContext.BaseDirectory, "dtu.dll");
        using var bash = Tools.Start("bash", "-c", "dotnet \"$0\" capture cap-pipe -w - --url \"$1\" | head -c 4; echo \" ${PIPESTATUS[0]}\"", dll, gateway.Host.Url);
        var said = bash.StandardOutput.ReadToEndAsync();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!said.IsCompleted)
        {
            await dtu.SendAsync("W"u8.ToArray());
            await pace.WaitForNextTickAsync();
        }

        Assert.EndsWith(" 0\n", await said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_capture_that_nobody_reads_costs_the_relay_nothing()
    {
        await using var dtu = await gateway.OnlineAsync("cap-dead");
        using var response = await gateway.Http.GetAsync("/api/v1/dtus/cap-dead/capture.pcapng", HttpCompletionOption.ResponseHeadersRead);
        await using var unread = await response.Content.ReadAsStreamAsync();

        // More than every buffer between holds: an observer's 4 MB, and what two sockets take.
        var piece = new byte[4096];
        for (var sent = 0; sent < 64 * 1024 * 1024; sent += piece.Length)
        {
            await dtu.SendAsync(piece);
        }

        // The line is free: what is sent now arrives, behind all that.
        var sending = gateway.PostAsync("/api/v1/dtus/cap-dead/send", """{"hex":"0A0B"}""");
        Assert.Equal([0x0A, 0x0B], await dtu.ReadAsync(2));
        Assert.Equal(202, (await sending).Status);

        // Whoever reads again hears that something is missing; the frames from here on make sure that there is a packet to hear it with.
        using var over = new CancellationTokenSource();
        var more = SendOnAsync(dtu, over.Token);
        Assert.True(await ContainsAsync(unread, Encoding.UTF8.GetBytes("events lost before this")));
        await over.CancelAsync();
        await more;
    }

    private static async Task SendOnAsync(DtuClient dtu, CancellationToken over)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!over.IsCancellationRequested)
        {
            await dtu.SendAsync("W"u8.ToArray());
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task<(int, string?)> StatusAsync(string path)
    {
        var answer = await gateway.GetAsync(path);
        return (answer.Status, answer.Type);
    }

    // The file begins when the gateway listens: from then on nothing is missed.
    private async Task<HostProcess> StartAsync(string file, params string[] arguments)
    {
        var capture = HostProcess.Start(["capture", "-w", file, "--url", gateway.Host.Url, .. arguments]);
        await RunningGateway.UntilAsync(() => Task.FromResult(File.Exists(file) && new FileInfo(file).Length > 0));
        return capture;
    }

    private async Task AskAsync(DtuClient dtu, string id, byte[] request, byte[] answer)
    {
        var asking = gateway.PostAsync($"/api/v1/dtus/{id}/request", $$"""{"hex":"{{Convert.ToHexString(request)}}"}""");
        Assert.Equal(request, await dtu.ReadAsync(request.Length));
        await dtu.SendAsync(answer);
        Assert.Equal(200, (await asking).Status);
    }

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("tshark", arguments)
    {
        RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
    })!;

    private static async Task<string> TsharkAsync(params string[] arguments)
    {
        using var tshark = Start(["-n", .. arguments]);
        tshark.StandardInput.Close();
        var errors = tshark.StandardError.ReadToEndAsync();
        var output = await tshark.StandardOutput.ReadToEndAsync().WaitAsync(HostProcess.Patience);
        await tshark.WaitForExitAsync();
        Assert.True(tshark.ExitCode == 0, await errors);
        return output;
    }

    private static async Task<string?> LineAsync(Process tshark) => await tshark.StandardOutput.ReadLineAsync().WaitAsync(HostProcess.Patience);

    private static async Task<bool> ContainsAsync(Stream stream, byte[] wanted)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        var buffer = new byte[64 * 1024];
        for (var kept = 0; ;)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(kept), patience.Token);
            if (count == 0)
            {
                return false;
            }

            var read = buffer.AsMemory(0, kept + count);
            if (read.Span.IndexOf(wanted) >= 0)
            {
                return true;
            }

            // It may come in two pieces.
            kept = Math.Min(read.Length, wanted.Length - 1);
            read[^kept..].CopyTo(buffer);
        }
    }
}

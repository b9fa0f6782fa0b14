using System.Diagnostics;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class CommandTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task Ls_prints_tabs_where_nobody_looks_and_JSON_where_asked()
    {
        await using var dtu = await gateway.OnlineAsync("cli-ls");
        var plain = await HostProcess.CommandAsync(["ls", "--url", gateway.Host.Url]);
        Assert.Equal(0, plain.ExitCode);
        Assert.StartsWith("ID\tSTATE\tNAME", plain.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', plain.Output);
        var json = await HostProcess.CommandAsync(["ls", "--json", "--url", gateway.Host.Url]);
        Assert.Equal(JsonValueKind.Array, JsonDocument.Parse(json.Output).RootElement.GetProperty("items").ValueKind);
    }

    [Fact]
    public async Task Request_prints_the_answer_in_hex()
    {
        await using var dtu = await gateway.OnlineAsync("cli-ask");
        await using var command = HostProcess.Start(["request", "cli-ask", "--hex", "0a 0b", "--url", gateway.Host.Url]);
        Assert.Equal([0x0A, 0x0B], await dtu.ReadAsync(2));
        await dtu.SendAsync([0xC0, 0xFF]);
        Assert.Equal(0, await command.EndAsync());
        Assert.Equal("C0 FF", command.Output[0]);
    }

    [Fact]
    public async Task Request_says_that_nobody_answers_a_broadcast()
    {
        await using var dtu = await gateway.OnlineAsync("cli-all");
        var command = await HostProcess.CommandAsync(["request", "cli-all", "--hex", "00 06 00 01 00 02", "--crc", "modbus", "--url", gateway.Host.Url]);
        Assert.Equal((0, "a broadcast: written, nobody answers"), (command.ExitCode, command.Output.TrimEnd()));
    }

    [Fact]
    public async Task Send_takes_a_file_and_kick_closes()
    {
        await using var dtu = await gateway.OnlineAsync("cli-send");
        var folder = gateway.Host.Folder;
        await File.WriteAllBytesAsync(Path.Combine(folder, "payload.bin"), [1, 2, 3]);
        var sent = await HostProcess.CommandAsync(["send", "cli-send", "--file", "payload.bin", "--url", gateway.Host.Url], folder);
        Assert.Equal(0, sent.ExitCode);
        Assert.StartsWith("delivered ", sent.Output, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], await dtu.ReadAsync(3));
        Assert.Equal(0, (await HostProcess.CommandAsync(["kick", "cli-send", "--url", gateway.Host.Url])).ExitCode);
        await dtu.ClosedAsync();
        var offline = await HostProcess.CommandAsync(["send", "cli-send", "--hex", "01", "--json", "--url", gateway.Host.Url]);
        Assert.Equal(1, offline.ExitCode);
        Assert.Equal("offline", JsonDocument.Parse(offline.Output).RootElement.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Show_tells_one_DTU_and_refuses_one_that_nobody_knows()
    {
        var unknown = await HostProcess.CommandAsync(["show", "never-seen", "--url", gateway.Host.Url]);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("never-seen", unknown.Errors, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Watch_prints_one_line_an_event_and_ends_well_with_Ctrl_C()
    {
        Skip.If(OperatingSystem.IsWindows(), "no SIGINT to a child process");
        await using var dtu = await gateway.OnlineAsync("cli-watch");
        await using var watch = HostProcess.Start(["watch", "cli-watch", "--url", gateway.Host.Url]);

        // It can't be seen from outside when the stream stands: frames go on until one is told.
        var told = watch.LineAsync(line => line.Contains("cli-watch ↑ 57", StringComparison.Ordinal));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        do
        {
            await dtu.SendAsync("W"u8.ToArray());
            await pace.WaitForNextTickAsync();
        }
        while (!told.IsCompleted);
        await told;
        Assert.Equal(0, await watch.InterruptAsync());
    }

    [SkippableTheory]
    [InlineData("watch cli-pipe")]
    [InlineData("attach cli-pipe --settle 1h")]
    public async Task A_command_that_waits_ends_well_once_nobody_reads_its_pipe(string command)
    {
        Skip.If(OperatingSystem.IsWindows(), "no POSIX shell");
        await using var dtu = await gateway.OnlineAsync("cli-pipe");
        const string Line = "dotnet \"$0\" $1 --url \"$2\" | head -n 0; exit ${PIPESTATUS[0]}";
        var start = new ProcessStartInfo("bash", ["-c", Line, Path.Combine(AppContext.BaseDirectory, "dtu.dll"), command, gateway.Host.Url]) { RedirectStandardInput = true };
        using var shell = Process.Start(start)!;
        await shell.WaitForExitAsync().WaitAsync(HostProcess.Patience);
        Assert.Equal(0, shell.ExitCode);
    }

    [Fact]
    public async Task A_choice_that_is_none_is_told_in_one_line_with_those_that_are()
    {
        var refused = await HostProcess.CommandAsync(["ls", "--state", "asleep"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("'asleep'", refused.Errors.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("'sleeping'", refused.Errors.Split('\n')[0], StringComparison.Ordinal);
        Assert.DoesNotContain(refused.Errors, c => c is >= '\u2400' and <= '\u241f');
    }

    [Fact]
    public async Task Simulated_DTUs_come_online_under_their_prefix_and_answer_Modbus()
    {
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=field-0002");
        await using var simulate = HostProcess.Start(["simulate", "--connect", gateway.Host.AddressOf("main"), "--count", "2", "--id-prefix", "field-"]);
        await events.NextAsync("online");
        var answer = await gateway.PostAsync("/api/v1/dtus/field-0002/request", """{"hex":"010300040001","crc":"modbus"}""");
        Assert.Equal("0103020001", answer.Json.GetProperty("hex").GetString()![..10]);
    }
}

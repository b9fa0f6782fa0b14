using System.Diagnostics;
using System.Text;
using System.Text.Json;
using DtuActors.Host.Attaching;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Integration.Tests.Host;

/// <summary><c>attach</c>, <c>scan</c>, <c>history</c>, <c>ls --watch</c> and completion, as a person at a terminal has them.</summary>
public sealed class TerminalTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private const string Python = "/usr/bin/python3";

    private static string Dll => Path.Combine(AppContext.BaseDirectory, "dtu.dll");

    [SkippableFact]
    public async Task Attach_is_a_raw_terminal_that_Ctrl_bracket_leaves_as_it_was()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && File.Exists(Python), "python3 is not installed");
        await using var dtu = await gateway.OnlineAsync("att-raw");

        // Types once it is attached, leaves once the answer is there, and compares what the terminal was with what it is.
        const string Script = """
            import os, pty, sys, termios
            pid, fd = pty.fork()
            if pid == 0:
                os.execvp('dotnet', ['dotnet'] + sys.argv[1:])
            before, seen = termios.tcgetattr(fd), b''
            def until(mark):
                global seen
                while mark not in seen:
                    try: seen += os.read(fd, 4096)
                    except OSError: break
            until(b'leaves')
            os.write(fd, b'AB\r\x03')
            until(b'reply')
            os.write(fd, b'\x1d')
            status = os.waitpid(pid, 0)[1]
            same = termios.tcgetattr(fd) == before
            print(os.waitstatus_to_exitcode(status), 'restored' if same else 'changed', repr(seen))
            """;
        using var python = Process.Start(new ProcessStartInfo(Python, ["-c", Script, Dll, "attach", "att-raw", "--enter", "crlf", "--url", gateway.Host.Url])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        Assert.Equal("AB\r\n\u0003"u8.ToArray(), await dtu.ReadAsync(5));
        await dtu.SendAsync("\u001b[1mreply"u8.ToArray());
        var said = await python.StandardOutput.ReadToEndAsync().WaitAsync(HostProcess.Patience);
        Assert.StartsWith("0 restored", said, StringComparison.Ordinal);

        // As it came, and no key echoed.
        Assert.Contains("\\x1b[1mreply", said, StringComparison.Ordinal);
        Assert.DoesNotContain("AB", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attach_sends_what_is_piped_in_and_ends_when_the_answers_have_settled()
    {
        await using var dtu = await gateway.OnlineAsync("att-pipe");
        var attach = HostProcess.CommandAsync(["attach", "att-pipe", "--hex", "--settle", "3s", "--url", gateway.Host.Url], input: [0x41, 0x1D, 0x0D]);
        Assert.Equal([0x41, 0x1D, 0x0D], await dtu.ReadAsync(3));
        await dtu.SendAsync([0x4F, 0x4B]);
        var result = await attach;
        Assert.Equal((0, "4F 4B"), (result.ExitCode, result.Output.TrimEnd()));
    }

    [Fact]
    public async Task Attach_to_a_DTU_that_is_offline_says_that_nothing_was_sent()
    {
        await (await gateway.OnlineAsync("att-off")).DisposeAsync();
        await RunningGateway.UntilAsync(async () => (await gateway.GetAsync("/api/v1/dtus/att-off")).Json.GetProperty("state").GetString() == "offline");
        var result = await HostProcess.CommandAsync(["attach", "att-off", "--url", gateway.Host.Url], input: [0x41]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("not sent", result.Errors, StringComparison.Ordinal);
        Assert.Contains("offline", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\rb", "a\r\nb", false)]
    [InlineData("a\u0003\u001d after", "a\u0003", true)]
    public void Keys_become_bytes_until_the_one_that_leaves(string keys, string bytes, bool isOver)
    {
        var (read, over) = new Keyboard("\r\n"u8.ToArray()).Read(Encoding.ASCII.GetBytes(keys));
        Assert.Equal((bytes, isOver), (Encoding.ASCII.GetString(read), over));
    }

    [Fact]
    public async Task Scan_finds_slaves_that_answer_and_those_that_refuse()
    {
        await using var dtu = await gateway.OnlineAsync("scan-1", "polled");
        var answering = AnswerAsync(dtu, last: 4);
        var scan = await HostProcess.CommandAsync(["scan", "scan-1", "--slaves", "1-3,4", "--timeout", "300ms", "--address", "7", "--url", gateway.Host.Url]);
        await answering;
        Assert.Equal(0, scan.ExitCode);
        var rows = scan.Output.TrimEnd().Split('\n').Select(line => line.Split('\t')).ToArray();
        Assert.Equal(["SLAVE", "2", "3"], rows.Select(row => row[0]));
        Assert.Contains("1 register: 42", rows[1][3], StringComparison.Ordinal);
        Assert.Contains("exception 02", rows[2][3], StringComparison.Ordinal);
        Assert.Contains("2 of 4 slaves answered", scan.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scan_finds_none_with_1_and_stops_where_the_DTU_is_offline()
    {
        await using var dtu = await gateway.OnlineAsync("scan-2", "polled");
        var none = await HostProcess.CommandAsync(["scan", "scan-2", "--slaves", "9", "--timeout", "100ms", "--json", "--url", gateway.Host.Url]);
        Assert.Equal((1, 0), (none.ExitCode, JsonDocument.Parse(none.Output).RootElement.GetProperty("items").GetArrayLength()));
        Assert.Equal(204, (await gateway.DeleteAsync("/api/v1/dtus/scan-2/connection")).Status);
        var offline = await HostProcess.CommandAsync(["scan", "scan-2", "--slaves", "9,10", "--url", gateway.Host.Url]);
        Assert.Equal(1, offline.ExitCode);
        Assert.Contains("stopped at slave 9", offline.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await HostProcess.CommandAsync(["scan", "scan-2", "--slaves", "0-300"])).ExitCode);
    }

    [Fact]
    public async Task History_prints_the_latest_frames_as_watch_does()
    {
        await using var dtu = await gateway.OnlineAsync("hist-1");
        for (var i = 1; i <= 3; i++)
        {
            await dtu.SendAsync([(byte)i]);
            await RunningGateway.UntilAsync(async () => (await gateway.GetAsync("/api/v1/dtus/hist-1/frames")).Json.GetProperty("items").GetArrayLength() == i);
        }

        var plain = await HostProcess.CommandAsync(["history", "hist-1", "--since", "1h", "--limit", "2", "--url", gateway.Host.Url]);
        Assert.Equal(0, plain.ExitCode);
        Assert.Equal(["hist-1 ↑ 02", "hist-1 ↑ 03"], plain.Output.TrimEnd().Split('\n').Select(line => line.Split(' ', 2)[1]));
        Assert.Empty(plain.Errors);
        var all = await HostProcess.CommandAsync(["history", "hist-1", "--since", "1h", "--json", "--url", gateway.Host.Url]);
        Assert.Equal(["01", "02", "03"], JsonDocument.Parse(all.Output).RootElement.GetProperty("items").EnumerateArray().Select(frame => frame.GetProperty("hex").GetString()));
        var json = await HostProcess.CommandAsync(["history", "hist-1", "--json", "--url", gateway.Host.Url]);
        Assert.Equal(3, JsonDocument.Parse(json.Output).RootElement.GetProperty("items").GetArrayLength());
        Assert.Equal(2, (await HostProcess.CommandAsync(["history", "hist-1", "--since", "yesterday-ish"])).ExitCode);
    }

    [SkippableFact]
    public async Task Ls_watch_prints_a_line_a_change_where_nobody_looks()
    {
        Skip.If(OperatingSystem.IsWindows(), "no SIGINT to a child process");
        await using var watch = HostProcess.Start(["ls", "--watch", "--name", "LSW", "--url", gateway.Host.Url]);
        await using var other = await gateway.OnlineAsync("another");
        var dtu = await gateway.OnlineAsync("lsw-1");
        await watch.LineAsync(line => line.StartsWith("lsw-1\tonline\t", StringComparison.Ordinal));
        await dtu.DisposeAsync();
        await watch.LineAsync(line => line.StartsWith("lsw-1\toffline\t", StringComparison.Ordinal));
        Assert.Equal(0, await watch.InterruptAsync());
        Assert.DoesNotContain(watch.Output, line => line.StartsWith("another", StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData("dtu cap", "capture")]
    [InlineData("dtu ls --st", "--state")]
    [InlineData("dtu ls --state off", "offline")]
    [InlineData("dtu show comp:", "1 2")]
    [InlineData("dtu completion z", "zsh")]
    public async Task Bash_completes_commands_options_and_ids(string line, string words)
    {
        Tools.Need("bash");
        await using var first = await gateway.OnlineAsync("comp:1");
        await using var second = await gateway.OnlineAsync("comp:2");
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-completion-").FullName;
        try
        {
            var dtu = Path.Combine(folder, "dtu");
            await File.WriteAllTextAsync(dtu, $"#!/bin/sh\nexec dotnet '{Dll}' \"$@\"\n");
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(dtu, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            }

            const string Script = """
                PATH=$1:$PATH; export DTU_URL=$2; source <(dtu completion bash)
                COMP_LINE=$3; COMP_POINT=${#3}; _dtu_complete; echo "${COMPREPLY[@]}"
                """;
            using var bash = Tools.Start("bash", "-c", Script, "bash", folder, gateway.Host.Url, line);
            Assert.Equal(words, (await bash.StandardOutput.ReadToEndAsync().WaitAsync(HostProcess.Patience)).Trim());
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Completion_is_silent_where_no_gateway_answers()
    {
        var result = await HostProcess.CommandAsync(["[suggest:5]", "show "], environment: new Dictionary<string, string> { ["DTU_URL"] = "http://127.0.0.1:1" });
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
    }

    // Slave 2 answers, slave 3 refuses, the others are not there.
    private static async Task AnswerAsync(DtuClient dtu, byte last)
    {
        for (byte slave = 0; slave != last;)
        {
            var request = await dtu.ReadAsync(8);
            Assert.Equal([3, 0, 7, 0, 1], request[1..6]);
            slave = request[0];
            if (slave is 2 or 3)
            {
                await dtu.SendAsync(ModbusRtu.Build(slave, slave == 2 ? [3, 2, 0, 42] : [0x83, 2]));
            }
        }
    }
}

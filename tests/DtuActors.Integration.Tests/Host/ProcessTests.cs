using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class ProcessTests
{
    private const string Minimal = """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          http { address = "127.0.0.1", port = 0 }
        }
        """;

    [Fact]
    public async Task Run_prints_each_socket_then_ready_and_nothing_else_on_standard_output()
    {
        await using var host = await HostProcess.RunAsync(Minimal);
        Assert.Matches(@"^listening main tcp 127\.0\.0\.1:\d+$", host.Output[0]);
        Assert.Matches(@"^listening http http 127\.0\.0\.1:\d+$", host.Output[1]);
        Assert.Equal("ready", host.Output[2]);
        Assert.Equal(3, host.Output.Count);
    }

    [SkippableFact]
    public async Task SIGTERM_ends_an_open_event_stream_closes_sessions_and_the_process_with_0()
    {
        Skip.If(OperatingSystem.IsWindows(), "no SIGTERM on Windows");
        await using var host = await HostProcess.RunAsync(Minimal);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url) };
        await using var events = await EventReader.OpenAsync(http, "/api/v1/events");
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "t-1");
        await events.NextAsync("online");
        Assert.Equal(0, await host.StopAsync());
        await dtu.ClosedAsync();
    }

    [SkippableTheory]
    [InlineData("dtu { listeners { main { transport = tcp, address = \"127.0.0.1\", port = PORT } }, http { port = 0 } }", "dtu.listeners.main")]
    [InlineData("dtu { listeners { main { transport = tcp, address = \"127.0.0.1\", port = 0 } }, http { address = \"127.0.0.1\", port = PORT } }", "dtu.http")]
    public async Task A_port_in_use_names_key_address_and_holder_and_ends_with_1(string configuration, string key)
    {
        Skip.IfNot(OperatingSystem.IsLinux() || OperatingSystem.IsWindows(), "the system does not tell who holds a port");
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var folder = Temp();
        await File.WriteAllTextAsync(Path.Combine(folder, "dtu.conf"), configuration.Replace("PORT", $"{port}", StringComparison.Ordinal));
        var result = await HostProcess.CommandAsync(["run", "-c", "dtu.conf"], folder);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(key, result.Errors, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{port}", result.Errors, StringComparison.Ordinal);
        Assert.Contains($"process {Environment.ProcessId}", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("ready", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a folder", "it is a folder")]
    [InlineData("no database", "file is not a database")]
    [InlineData("a file in the way", "already exists")]
    public async Task A_database_that_can_t_be_opened_names_key_path_and_reason_and_ends_with_1(string kind, string reason)
    {
        var folder = Temp();
        var path = Path.Combine(folder, "data", "dtu.db");
        if (kind == "a file in the way")
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "data"), "");
        }
        else
        {
            System.IO.Directory.CreateDirectory(kind == "a folder" ? path : Path.GetDirectoryName(path)!);
        }

        if (kind == "no database")
        {
            await File.WriteAllTextAsync(path, new string('x', 10_000));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "dtu.conf"), Minimal);
        var result = await HostProcess.CommandAsync(["run", "-c", "dtu.conf"], folder);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"dtu: dtu.storage.path: can't open {path}: ", result.Errors, StringComparison.Ordinal);
        Assert.Contains(reason, result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("listening", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_makes_no_file()
    {
        var folder = Temp();
        await File.WriteAllTextAsync(Path.Combine(folder, "dtu.conf"), Minimal);
        Assert.Equal(0, (await HostProcess.CommandAsync(["check", "-c", "dtu.conf"], folder)).ExitCode);
        Assert.Equal(["dtu.conf"], System.IO.Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("run")]
    [InlineData("check")]
    public async Task Every_fault_of_a_configuration_is_told_with_its_place_and_ends_with_2(string command)
    {
        var folder = Temp();
        await File.WriteAllTextAsync(Path.Combine(folder, "bad.conf"), "dtu {\n  nonsense = 1\n  http { port = 70000 }\n}\n");
        var result = await HostProcess.CommandAsync([command, "-c", "bad.conf"], folder);
        var said = command == "run" ? result.Errors : result.Output;
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("bad.conf:2:3: dtu.nonsense:", said, StringComparison.Ordinal);
        Assert.Contains("bad.conf:3:", said, StringComparison.Ordinal);
        Assert.Contains("dtu.http.port", said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_in_JSON_gives_each_fault_as_an_object()
    {
        var folder = Temp();
        await File.WriteAllTextAsync(Path.Combine(folder, "bad.conf"), "dtu { nonsense = 1 }");
        var result = await HostProcess.CommandAsync(["check", "--json", "-c", "bad.conf"], folder);
        Assert.Equal(2, result.ExitCode);
        var fault = Assert.Single(JsonDocument.Parse(result.Output).RootElement.GetProperty("faults").EnumerateArray());
        Assert.Equal("dtu.nonsense", fault.GetProperty("keyPath").GetString());
        Assert.Equal(1, fault.GetProperty("line").GetInt32());
    }

    [Theory]
    [InlineData("run", "--no-such-option")]
    [InlineData("check")]
    [InlineData("send", "x")]
    [InlineData("send", "x", "--hex", "01", "--text", "a")]
    [InlineData("send", "x", "--hex", "0")]
    [InlineData("request", "x")]
    [InlineData("request", "x", "--hex", "01", "--timeout", "soon")]
    [InlineData("request", "x", "--hex", "01", "--crc", "crc32")]
    [InlineData("ls", "--state", "asleep")]
    [InlineData("ls", "--url", "not a url")]
    [InlineData("simulate", "--connect", "nowhere")]
    [InlineData("simulate", "--connect", "127.0.0.1:1", "--count", "0")]
    [InlineData("simulate", "--connect", "127.0.0.1:1", "--count", "many")]
    [InlineData("simulate", "--connect", "127.0.0.1:1", "--drop", "2")]
    [InlineData("simulate", "--connect", "127.0.0.1:1", "--rate", "fast")]
    [InlineData("init", "--listen", "9000")]
    [InlineData("import")]
    [InlineData("import", "no-such-file.csv")]
    [InlineData("import", "dtus.csv", "--encoding", "ebcdic")]
    [InlineData("export", "--encoding", "big5")]
    [InlineData("no-such-command")]
    [InlineData]
    public async Task Wrong_usage_ends_with_2_and_says_what_would_be_right(params string[] arguments)
    {
        var result = await HostProcess.CommandAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("dtu: ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Presets_are_listed_and_shown_as_a_profile_would_write_them()
    {
        var list = await HostProcess.CommandAsync(["presets"]);
        Assert.Equal(0, list.ExitCode);
        Assert.StartsWith("preset\tdevices\n", list.Output, StringComparison.Ordinal);
        Assert.Contains("\nfour-faith-prot\tFour-Faith", list.Output, StringComparison.Ordinal);
        var one = await HostProcess.CommandAsync(["presets", "hongdian"]);
        Assert.Contains("envelope = ddp", one.Output, StringComparison.Ordinal);
        var json = JsonDocument.Parse((await HostProcess.CommandAsync(["presets", "--json"])).Output).RootElement.GetProperty("items");
        Assert.Contains(json.EnumerateArray(), preset => preset.GetProperty("name").GetString() == "hj212");
        Assert.Equal(2, (await HostProcess.CommandAsync(["presets", "hongdain"])).ExitCode);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("request")]
    [InlineData("simulate")]
    [InlineData("guess")]
    [InlineData("decode")]
    [InlineData("import")]
    [InlineData("export")]
    public async Task Help_shows_an_example(string command)
    {
        var result = await HostProcess.CommandAsync([command, "--help"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains($"  dtu {command} ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_writes_a_file_that_check_accepts_and_never_overwrites_one_unasked()
    {
        var folder = Temp();
        Assert.Equal(0, (await HostProcess.CommandAsync(["init", "--preset", "hongdian", "--listen", "127.0.0.1:9123"], folder)).ExitCode);
        Assert.Equal(0, (await HostProcess.CommandAsync(["check", "-c", "dtu.conf"], folder)).ExitCode);
        var before = await File.ReadAllTextAsync(Path.Combine(folder, "dtu.conf"));
        Assert.Contains("9123", before, StringComparison.Ordinal);
        var again = await HostProcess.CommandAsync(["init"], folder);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("--force", again.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(Path.Combine(folder, "dtu.conf")));
        Assert.Equal(0, (await HostProcess.CommandAsync(["init", "--force"], folder)).ExitCode);
    }

    [Fact]
    public async Task No_gateway_at_the_address_is_said_with_the_address()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var result = await HostProcess.CommandAsync(["ls", "--url", $"http://127.0.0.1:{port}"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"127.0.0.1:{port}", result.Errors, StringComparison.Ordinal);
    }

    private static string Temp() => System.IO.Directory.CreateTempSubdirectory("dtu-test-").FullName;
}

using System.Text;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

/// <summary>Routes by HTTP, in the file and in force.</summary>
public sealed class RouteEditTests
{
    private const string Text = "dtu {\r\n  listeners { main { port = 0 } }\r\n  http { port = 0 }\r\n  storage { provider = none }\r\n  endpoints { scada { kind = tcp, address = \"127.0.0.1\", port = 0 } }\r\n  routes = [ # the pumps\r\n  ]\r\n}\r\n";

    [Fact]
    public async Task Rows_are_checked_then_written_and_in_force()
    {
        await using var host = await HostProcess.RunAsync(Text);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        var dry = await PutAsync(http, """{"items":[{"dtu":"pump-*","to":"scada","direction":"up"}]}""", "?dryRun=true");
        Assert.Equal((200, true, true), (dry.Status, dry.Json.GetProperty("dryRun").GetBoolean(), dry.Json.GetProperty("changed").GetBoolean()));
        Assert.Equal("# the pumps", dry.Json.GetProperty("lost")[0].GetProperty("text").GetString());
        Assert.Equal(Text, await ReadAsync(host));

        var version = dry.Json.GetProperty("version").GetString();
        var body = $$"""{"items":[{"dtu":"pump-*","to":"scada","direction":"up"}],"version":"{{version}}"}""";
        var lossy = await PutAsync(http, body);
        Assert.Equal((409, "would-lose"), (lossy.Status, lossy.Type));
        Assert.Contains("# the pumps", lossy.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);

        var applied = await PutAsync(http, body, "?discard=true");
        Assert.Equal((200, "pump-* -> scada"), (applied.Status, applied.Json.GetProperty("routes").GetProperty("added")[0].GetString()));
        Assert.Equal(Text.Replace("[ # the pumps\r\n", "[\r\n    { dtu = \"pump-*\", to = \"scada\", direction = up }\r\n", StringComparison.Ordinal), await ReadAsync(host));
        Assert.Contains("pump-*", await http.GetStringAsync("/api/v1/routes"), StringComparison.Ordinal);

        var stale = await PutAsync(http, body, "?discard=true");
        Assert.Equal((409, "changed"), (stale.Status, stale.Type));
    }

    [Fact]
    public async Task Faults_are_told_by_row_and_nothing_is_written()
    {
        await using var host = await HostProcess.RunAsync(Text);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        var wrong = await PutAsync(http, """{"items":[{"dtu":"a","to":"scada"},{"to":"nowhere","whenOffline":"queue"}]}""", "?discard=true");
        Assert.Equal((422, "faults"), (wrong.Status, wrong.Type));
        Assert.Equal(
            ["dtu.routes[1].dtu", "dtu.routes[1].to", "dtu.routes[1].when-offline"],
            wrong.Json.GetProperty("faults").EnumerateArray().Select(fault => fault.GetProperty("keyPath").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal((400, "malformed-json"), await RefusalAsync(http, """{"items":[{"dtu":1}]}"""));
        Assert.Equal((400, "malformed-json"), await RefusalAsync(http, """{"items":[null]}"""));
        Assert.Equal((400, "malformed-json"), await RefusalAsync(http, """{"rows":[]}"""));
        Assert.Equal(Text, await ReadAsync(host));
    }

    [Fact]
    public async Task What_needs_a_restart_is_named_and_the_file_stays()
    {
        await using var host = await HostProcess.RunAsync(Text);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        var other = Text.Replace("main { port = 0 }", "main { port = 0, max-connections = 7 }", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(host.Folder, "dtu.conf"), other);
        Assert.Equal((422, "restart-needed"), await RefusalAsync(http, """{"items":[{"dtu":"a","to":"scada"}]}"""));
        Assert.Equal(other, await ReadAsync(host));
    }

    [SkippableFact]
    public async Task A_read_only_file_is_told_and_a_written_one_keeps_its_permissions()
    {
        Skip.If(OperatingSystem.IsWindows(), "no Unix permissions");
        await using var host = await HostProcess.RunAsync(Text);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        var path = Path.Combine(host.Folder, "dtu.conf");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead);
            Assert.Equal((409, "not-writable"), await RefusalAsync(http, """{"items":[{"dtu":"a","to":"scada"}]}"""));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            Assert.Equal(200, (await PutAsync(http, """{"items":[{"dtu":"a","to":"scada"}]}""", "?discard=true")).Status);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(path));
            Assert.Equal(["dtu.conf", "dtu.conf.bak"], System.IO.Directory.GetFiles(host.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Without_a_file_there_is_nowhere_to_keep_them()
    {
        await using var host = HostProcess.Start(["demo"]);
        await host.ReadyAsync();
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        Assert.Equal((409, "no-files"), await RefusalAsync(http, """{"items":[]}"""));
    }

    private static async Task<(int, string?)> RefusalAsync(HttpClient http, string body)
    {
        var answer = await PutAsync(http, body, "?discard=true");
        return (answer.Status, answer.Type);
    }

    private static async Task<Answer> PutAsync(HttpClient http, string body, string query = "")
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await Answer.OfAsync(await http.PutAsync("/api/v1/routes" + query, content));
    }

    private static Task<string> ReadAsync(HostProcess host) => File.ReadAllTextAsync(Path.Combine(host.Folder, "dtu.conf"));
}

using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class ListedGateway : GatewayFixture
{
    public const string Text = """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          profiles { default { registration { pattern = "(?<id>[0-9A-Za-z_.:-]{2,64})(,(?<secret>[^ ]+))?" } }, pumps { } }
          admission = listed
          dtus { "wtp-07" { ids = ["861234567890123"] } }
          http { address = "127.0.0.1", port = 0 }
        }
        """;

    protected override string Configuration => Text;
}

/// <summary>The register from outside: calls, files, commands, and what a restart keeps. Ids are each test's own; so are ports.</summary>
public sealed class RegisterTests(ListedGateway gateway) : IClassFixture<ListedGateway>
{
    private const string Header = "id,name,profile,groups,secret,port,aliases,note\r\n";

    [Fact]
    public async Task A_DTU_is_added_edited_and_removed_and_admitted_meanwhile()
    {
        await RefusedAsync("put-1", "not-listed");
        var added = await gateway.PutAsync("/api/v1/dtus/put-1", """{"name":"七号泵站","groups":["pumps","north"],"secret":"s3cret","port":30001,"aliases":["put-1-imei"],"profile":"pumps","note":"left"}""");
        Assert.Equal((201, "offline", "七号泵站", 30001, true), (added.Status, Word(added, "state"), Word(added, "name"), added.Json.GetProperty("port").GetInt32(), added.Json.GetProperty("registered").GetBoolean()));
        await RefusedAsync("put-1,wrong", "wrong-secret");
        await RefusedAsync("put-1-imei", "wrong-secret");

        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=put-1");
        await using var dtu = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), "put-1-imei,s3cret");
        await events.NextAsync("online");
        var item = (await gateway.GetAsync("/api/v1/dtus/put-1")).Json;
        Assert.Equal(("put-1-imei", "pumps", "left"), (item.GetProperty("presentedId").GetString(), item.GetProperty("profile").GetString(), item.GetProperty("note").GetString()));
        Assert.Equal(["pumps", "north"], item.GetProperty("groups").EnumerateArray().Select(group => group.GetString()));

        var edited = await gateway.PutAsync("/api/v1/dtus/put-1", """{"name":"八号泵站","port":null}""");
        Assert.Equal((200, "online", "八号泵站", "left"), (edited.Status, Word(edited, "state"), Word(edited, "name"), Word(edited, "note")));
        Assert.Equal(JsonValueKind.Null, edited.Json.GetProperty("port").ValueKind);

        Assert.Equal(204, (await gateway.DeleteAsync("/api/v1/dtus/put-1")).Status);
        Assert.Equal("delivered", Word(await gateway.PostAsync("/api/v1/dtus/put-1/send", """{"hex":"01"}"""), "state"));
        Assert.Equal([1], await dtu.ReadAsync(1));
        await RefusedAsync("put-1,s3cret", "not-listed");
        await gateway.DeleteAsync("/api/v1/dtus/put-1/connection");
        await events.NextAsync("offline");
        await UntilAsync(async () => (await gateway.DeleteAsync("/api/v1/dtus/put-1")).Status is 404);
        Assert.Equal(404, (await gateway.GetAsync("/api/v1/dtus/put-1")).Status);
    }

    [Theory]
    [InlineData("""{"id":"other"}""", 422, "id")]
    [InlineData("""{"nmae":"x"}""", 422, "nmae")]
    [InlineData("""{"port":70000}""", 422, "port")]
    [InlineData("""{"port":[1]}""", 422, "port")]
    [InlineData("""{"groups":[1]}""", 422, "groups")]
    [InlineData("""{"groups":["a;b"]}""", 422, "groups")]
    [InlineData("""{"aliases":["861234567890123"]}""", 422, "aliases")]
    [InlineData("""{"aliases":"1.38E+10"}""", 422, "aliases")]
    [InlineData("""{"profile":"pump"}""", 422, "profile")]
    [InlineData("""{"secret":"a b"}""", 422, "secret")]
    [InlineData("[]", 400, null)]
    [InlineData("{", 400, null)]
    public async Task A_body_that_is_not_right_is_refused_with_its_column(string json, int status, string? column)
    {
        var answer = await gateway.PutAsync("/api/v1/dtus/bad-body", json);
        Assert.Equal((status, "application/problem+json"), (answer.Status, answer.MediaType));
        if (column is not null)
        {
            Assert.Equal("faults", answer.Type);
            var fault = Assert.Single(answer.Json.GetProperty("errors").EnumerateArray());
            Assert.Equal(column, fault.GetProperty("column").GetString());
            Assert.DoesNotContain("a b", fault.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(404, (await gateway.GetAsync("/api/v1/dtus/bad-body")).Status);
    }

    [Fact]
    public async Task A_configured_DTU_is_not_the_register_s()
    {
        foreach (var answer in (Answer[])[await gateway.PutAsync("/api/v1/dtus/wtp-07", "{}"), await gateway.DeleteAsync("/api/v1/dtus/wtp-07")])
        {
            Assert.Equal((409, "configured"), (answer.Status, answer.Type));
            Assert.Contains("dtu.dtus.wtp-07", Word(answer, "detail"), StringComparison.Ordinal);
        }

        Assert.Equal((404, "no-such-dtu"), ((await gateway.DeleteAsync("/api/v1/dtus/nobody")).Status, (await gateway.DeleteAsync("/api/v1/dtus/nobody")).Type));
    }

    [Fact]
    public async Task An_import_with_a_fault_changes_nothing_and_tells_each_by_row()
    {
        var answer = await gateway.ImportAsync("id,name,port\nimp-1,a,\nimp-2,b,x\n1.38E+10,c,\nwtp-07,d,\n");
        Assert.Equal((422, "faults"), (answer.Status, answer.Type));
        Assert.Equal(
            ["3 port", "4 id"],
            answer.Json.GetProperty("errors").EnumerateArray().Select(fault => $"{fault.GetProperty("row")} {fault.GetProperty("column").GetString()}"));
        Assert.Equal(404, (await gateway.GetAsync("/api/v1/dtus/imp-1")).Status);
        var configured = await gateway.ImportAsync("id\nimp-1\nwtp-07\n");
        Assert.Contains("dtu.dtus.wtp-07", Assert.Single(configured.Json.GetProperty("errors").EnumerateArray()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_says_what_would_change_and_changes_nothing()
    {
        var dry = await gateway.ImportAsync("id,name\ndry-1,a\ndry-2,b\n", "?dryRun=true");
        Assert.Equal("""{"added":2,"changed":0,"unchanged":0,"rows":2,"dryRun":true}""", dry.Json.GetRawText());
        Assert.Equal(404, (await gateway.GetAsync("/api/v1/dtus/dry-1")).Status);
        Assert.Equal("""{"added":2,"changed":0,"unchanged":0,"rows":2,"dryRun":false}""", (await gateway.ImportAsync("id,name\ndry-1,a\ndry-2,b\n")).Json.GetRawText());
        Assert.Equal("""{"added":0,"changed":1,"unchanged":1,"rows":2,"dryRun":false}""", (await gateway.ImportAsync("id,name\ndry-1,a\ndry-2,c\n")).Json.GetRawText());
    }

    [Theory]
    [InlineData("?dryRun=maybe", "text/csv", 400, "dryRun")]
    [InlineData("?encoding=ebcdic", "text/csv", 400, "encoding")]
    [InlineData("", "application/json", 415, "content-type")]
    [InlineData("", "text/plain", 415, "content-type")]
    public async Task An_import_that_is_asked_for_wrongly_is_refused(string query, string type, int status, string word)
    {
        var answer = await gateway.ImportAsync("id\nwrong-1\n", query, type);
        Assert.Equal((status, word), (answer.Status, answer.Type));
    }

    [Fact]
    public async Task A_file_may_have_32_MB_and_any_other_body_64_kB()
    {
        var large = await gateway.ImportAsync("id,note\n" + string.Concat(Enumerable.Range(0, 2000).Select(i => $"large,{new string('x', 1000)}\n")));
        Assert.Equal((422, "faults"), (large.Status, large.Type));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/dtus/import")
        {
            Content = new ByteArrayContent(new byte[33 * 1024 * 1024]) { Headers = { ContentType = new("text/csv") } },
        };
        request.Headers.ExpectContinue = true;
        var tooLarge = await Answer.OfAsync(await gateway.Http.SendAsync(request));
        Assert.Equal((413, "a body may have 33554432 bytes"), (tooLarge.Status, Word(tooLarge, "detail")));
        Assert.Equal(413, (await gateway.PutAsync("/api/v1/dtus/large", $$"""{"note":"{{new string('x', 70_000)}}"}""")).Status);
    }

    [Fact]
    public async Task Files_whose_senders_stall_hold_up_nobody_and_more_than_four_at_once_are_refused()
    {
        var stalled = new List<TcpClient>();
        for (var i = 0; i < 3; i++)
        {
            stalled.Add(await StallAsync());
        }

        Assert.Equal(200, (await gateway.ImportAsync("id\nslow-1\n")).Status);
        stalled.Add(await StallAsync());
        await UntilAsync(async () =>
        {
            // Who looks takes a place too, and may have been the fourth.
            if (stalled[^1].Available > 0)
            {
                stalled[^1].Dispose();
                stalled[^1] = await StallAsync();
            }

            return (await gateway.ImportAsync("id\nslow-2\n")) is { Status: 503, Type: "busy" };
        });
        stalled.ForEach(client => client.Dispose());
        await UntilAsync(async () => (await gateway.ImportAsync("id\nslow-3\n")).Status is 200);
    }

    // The head of an import, and the first bytes of its file.
    private async Task<TcpClient> StallAsync()
    {
        var url = new Uri(gateway.Host.Url);
        var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/v1/dtus/import HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\nid\n"));
        return client;
    }

    [Fact]
    public async Task The_commands_say_what_changed_and_where_a_file_is_wrong()
    {
        var folder = gateway.Host.Folder;
        await File.WriteAllTextAsync(Path.Combine(folder, "good.csv"), "id,name\ncli-1,泵站\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "bad.csv"), "id,name,port\ncli-2,a,\ncli-3,b,http\n");
        var dry = await HostProcess.CommandAsync(["import", "good.csv", "--dry-run", "--url", gateway.Host.Url], folder);
        Assert.Equal((0, "would be added 1, changed 0, unchanged 0; 1 in the file"), (dry.ExitCode, dry.Output));
        var json = await HostProcess.CommandAsync(["import", "-", "--json", "--url", gateway.Host.Url], folder, input: Encoding.UTF8.GetBytes("id,name\ncli-1,泵站\n"));
        Assert.Equal(1, JsonDocument.Parse(json.Output).RootElement.GetProperty("added").GetInt32());
        var bad = await HostProcess.CommandAsync(["import", "bad.csv", "--url", gateway.Host.Url], folder);
        Assert.Equal(1, bad.ExitCode);
        Assert.StartsWith("bad.csv: row 3, port: 'http' is no port", bad.Errors, StringComparison.Ordinal);
        Assert.Contains("nothing was changed: 1 fault", bad.Errors, StringComparison.Ordinal);
        var export = await HostProcess.CommandAsync(["export", "--url", gateway.Host.Url], folder);
        Assert.Contains("cli-1,泵站,,,,,,", export.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("cli-2", export.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await HostProcess.CommandAsync(["export", "-o", "out.csv", "--encoding", "gb18030", "--url", gateway.Host.Url], folder)).ExitCode);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "out.csv")));
        }

        Assert.Contains("B1C3D5BE", Convert.ToHexString(await File.ReadAllBytesAsync(Path.Combine(folder, "out.csv"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_thousand_rows_in_GB_18030_come_in_in_one_go_touch_no_link_and_survive_a_restart()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-register-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "dtu.conf"), ListedGateway.Text);
        var rows = string.Concat(Enumerable.Range(0, 2000).Select(i => string.Create(
            CultureInfo.InvariantCulture, $"0138{i:d7},{i}号泵站,{(i % 2 == 0 ? "pumps" : "")},水务;north,s{i},{20001 + i},8600{i:d11};898600{i:d13}1,\"河边, {i} km\"\r\n")));
        await File.WriteAllBytesAsync(Path.Combine(folder, "fleet.csv"), CodePagesEncodingProvider.Instance.GetEncoding("gb18030")!.GetBytes(Header + rows));
        string[] run = ["run", "-c", "dtu.conf"];
        await using (var host = HostProcess.Start(run, folder))
        {
            await host.ReadyAsync();
            using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
            await http.PutAsync("/api/v1/dtus/01380000007", new StringContent("""{"name":"before"}""", Encoding.UTF8, "application/json"));
            await using var events = await EventReader.OpenAsync(http, "/api/v1/events");
            await using var link = await DtuClient.RegisterAsync(host.EndPointOf("main"), "01380000007");
            await events.NextAsync("online");
            var before = await ItemAsync(http);

            var import = await HostProcess.CommandAsync(["import", "fleet.csv", "--url", host.Url], folder);
            Assert.True(import.ExitCode == 0, import.Errors);
            Assert.Equal("added 1999, changed 1, unchanged 0; 2000 in the file", import.Output);
            var after = await ItemAsync(http);
            Assert.Equal("7号泵站", after.GetProperty("name").GetString());
            foreach (var kept in (string[])["state", "connectedAt", "remote", "reconnects", "profile"])
            {
                Assert.Equal(before.GetProperty(kept).ToString(), after.GetProperty(kept).ToString());
            }

            await http.PostAsync("/api/v1/dtus/01380000007/send", new StringContent("""{"hex":"AA"}""", Encoding.UTF8, "application/json"));
            Assert.Equal([0xAA], await link.ReadAsync(1));
            await host.StopAsync();
        }

        await RestartedAsync(run, folder, Header + rows);
        System.IO.Directory.Delete(folder, recursive: true);
    }

    private static async Task RestartedAsync(string[] run, string folder, string csv)
    {
        await using var again = HostProcess.Start(run, folder);
        await again.ReadyAsync();
        using var anew = new HttpClient { BaseAddress = new Uri(again.Url), Timeout = HostProcess.Patience };
        await using var online = await EventReader.OpenAsync(anew, "/api/v1/events?dtu=01380001999");
        await using var dtu = await DtuClient.RegisterAsync(again.EndPointOf("main"), "860000000001999,s1999");
        await online.NextAsync("online");
        Assert.Equal(csv, await anew.GetStringAsync("/api/v1/dtus.csv"));
        var export = await HostProcess.CommandAsync(["export", "-o", "again.csv", "--encoding", "gb18030", "--url", again.Url], folder);
        Assert.True(export.ExitCode == 0, export.Errors);
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(folder, "fleet.csv")), await File.ReadAllBytesAsync(Path.Combine(folder, "again.csv")));
    }

    [Fact]
    public async Task Without_storage_the_register_is_empty_and_writes_are_refused()
    {
        await using var host = await HostProcess.RunAsync("dtu { listeners { main { transport = tcp, address = \"127.0.0.1\", port = 0 } }, http { port = 0 }, storage { provider = none } }");
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        using var csv = new StringContent("id\n1\n", Encoding.UTF8, "text/csv");
        using var json = new StringContent("{}", Encoding.UTF8, "application/json");
        foreach (var response in (HttpResponseMessage[])[await http.PutAsync("/api/v1/dtus/1001", json), await http.PostAsync("/api/v1/dtus/import", csv), await http.DeleteAsync("/api/v1/dtus/1001")])
        {
            var answer = await Answer.OfAsync(response);
            Assert.Equal((409, "no-storage"), (answer.Status, answer.Type));
        }

        Assert.Equal(Header, await http.GetStringAsync("/api/v1/dtus.csv"));
        Assert.False(System.IO.Directory.Exists(Path.Combine(host.Folder, "data")));
    }

    private static string? Word(Answer answer, string member) => answer.Json.GetProperty(member).GetString();

    private static async Task<JsonElement> ItemAsync(HttpClient http) =>
        JsonDocument.Parse(await http.GetStringAsync("/api/v1/dtus/01380000007")).RootElement.Clone();

    /// <summary>A registration that is refused, and the reason that the inbox tells.</summary>
    private async Task RefusedAsync(string registration, string reason)
    {
        await using var dtu = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), registration);
        await dtu.ClosedAsync();
        var refused = (await gateway.GetAsync("/api/v1/unknown")).Json.GetProperty("items").EnumerateArray()
            .First(item => item.GetProperty("hex").GetString()!.StartsWith(Convert.ToHexString(Encoding.UTF8.GetBytes(registration + "\r\n")), StringComparison.Ordinal));
        Assert.Equal(reason, refused.GetProperty("reason").GetString());
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        while (!await condition())
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }
}

using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class ApiTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task A_send_reaches_the_socket_with_its_check_and_says_delivered()
    {
        await using var dtu = await gateway.OnlineAsync("send-1");
        var answer = await gateway.PostAsync("/api/v1/dtus/send-1/send", """{"hex":"01 03 00 00 00 02","crc":"modbus"}""");
        Assert.Equal(202, answer.Status);
        Assert.Equal("delivered", answer.Json.GetProperty("state").GetString());
        Assert.NotEmpty(answer.Json.GetProperty("commandId").GetString()!);
        Assert.Equal("010300000002C40B", Convert.ToHexString(await dtu.ReadAsync(8)));
    }

    [Fact]
    public async Task Text_goes_out_in_the_profiles_encoding_unless_the_call_names_one()
    {
        await using var dtu = await gateway.OnlineAsync("text-1");
        await gateway.PostAsync("/api/v1/dtus/text-1/send", """{"text":"水"}""");
        Assert.Equal("CBAE", Convert.ToHexString(await dtu.ReadAsync(2)));
        await gateway.PostAsync("/api/v1/dtus/text-1/send", """{"text":"水","encoding":"utf-8"}""");
        Assert.Equal("E6B0B4", Convert.ToHexString(await dtu.ReadAsync(3)));
        var unencodable = await gateway.PostAsync("/api/v1/dtus/text-1/send", """{"text":"a水","encoding":"ascii"}""");
        Assert.Equal((400, "text"), (unencodable.Status, unencodable.Type));
        Assert.Contains("position 2", unencodable.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_gives_the_answer_in_hex_and_the_frames_remember_both()
    {
        await using var dtu = await gateway.OnlineAsync("ask-1");
        var asked = gateway.PostAsync("/api/v1/dtus/ask-1/request", """{"hex":"AA"}""");
        Assert.Equal([0xAA], await dtu.ReadAsync(1));
        await dtu.SendAsync([0xBB, 0xCC]);
        var answer = await asked;
        Assert.Equal(200, answer.Status);
        Assert.Equal("BBCC", answer.Json.GetProperty("hex").GetString());
        Assert.True(answer.Json.GetProperty("elapsedMs").GetDouble() >= 0);

        var frames = (await gateway.GetAsync("/api/v1/dtus/ask-1/frames?limit=1")).Json;
        var down = Assert.Single(frames.GetProperty("items").EnumerateArray());
        Assert.Equal(("down", "AA"), (down.GetProperty("direction").GetString(), down.GetProperty("hex").GetString()));
        var next = (await gateway.GetAsync($"/api/v1/dtus/ask-1/frames?after={frames.GetProperty("next").GetString()}")).Json;
        var up = Assert.Single(next.GetProperty("items").EnumerateArray());
        Assert.Equal(("up", "BBCC"), (up.GetProperty("direction").GetString(), up.GetProperty("hex").GetString()));
        Assert.EndsWith("Z", up.GetProperty("at").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_nobody_answers_is_504()
    {
        await using var dtu = await gateway.OnlineAsync("mute-1");
        var answer = await gateway.PostAsync("/api/v1/dtus/mute-1/request", """{"hex":"AA","timeout":"100ms"}""");
        Assert.Equal((504, "no-answer", "application/problem+json"), (answer.Status, answer.Type, answer.MediaType));
    }

    [Theory]
    [InlineData("main", "all-1")]
    [InlineData("polled", "all-2")]
    public async Task A_request_to_a_broadcast_address_is_done_when_it_is_written_in_either_mode(string listener, string id)
    {
        await using var dtu = await gateway.OnlineAsync(id, listener);
        var answer = await gateway.PostAsync($"/api/v1/dtus/{id}/request", """{"hex":"000600010002","crc":"modbus"}""");
        Assert.Equal((200, "", 0), (answer.Status, answer.Json.GetProperty("hex").GetString(), answer.Json.GetProperty("elapsedMs").GetDouble()));
        Assert.Equal("a broadcast: written, nobody answers", answer.Json.GetProperty("decoded").GetString());
        Assert.Equal("000600010002", Convert.ToHexString((await dtu.ReadAsync(8))[..6]));
    }

    [Fact]
    public async Task A_kick_closes_the_socket_and_then_the_DTU_is_offline()
    {
        await using var dtu = await gateway.OnlineAsync("kick-1");
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=kick-1");
        var kicked = await Answer.OfAsync(await gateway.Http.DeleteAsync("/api/v1/dtus/kick-1/connection"));
        Assert.Equal(204, kicked.Status);
        await dtu.ClosedAsync();
        Assert.Equal("kicked", (await events.NextAsync("offline")).GetProperty("reason").GetString());
        var answer = await gateway.PostAsync("/api/v1/dtus/kick-1/send", """{"hex":"AA"}""");
        Assert.Equal((409, "offline"), (answer.Status, answer.Type));
    }

    [Theory]
    [InlineData("pump 7")]
    [InlineData("a/b")]
    [InlineData("100%2Fx")]
    [InlineData("..")]
    [InlineData("泵站?#")]
    public async Task Ids_with_odd_characters_work_in_every_path(string bare)
    {
        var id = $"tenant-a/{bare}";
        await using var dtu = await gateway.OnlineAsync(bare, "tenant", "tenant-a/");
        var path = $"/api/v1/dtus/{Uri.EscapeDataString(id)}";
        var asked = gateway.PostAsync($"{path}/request", """{"hex":"01"}""");
        await dtu.ReadAsync(1);
        await dtu.SendAsync([2]);
        Assert.Equal("02", (await asked).Json.GetProperty("hex").GetString());
        Assert.NotEmpty((await gateway.GetAsync($"{path}/frames")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal(204, (await Answer.OfAsync(await gateway.Http.DeleteAsync($"{path}/connection"))).Status);
    }

    [Fact]
    public async Task Events_tell_of_frames_of_the_DTUs_asked_for_only()
    {
        await using var one = await gateway.OnlineAsync("ev-1");
        await using var other = await gateway.OnlineAsync("ev-2");
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=ev-1&dtu=ev-3");
        await other.SendAsync("not this"u8.ToArray());
        await one.SendAsync("this"u8.ToArray());
        var frame = await events.NextAsync("frame");
        Assert.Equal(("ev-1", "up", Convert.ToHexString("this"u8)), (frame.GetProperty("dtu").GetString(), frame.GetProperty("direction").GetString(), frame.GetProperty("hex").GetString()));
    }

    [Fact]
    public async Task A_refused_connection_waits_in_unknown_with_its_first_bytes()
    {
        await using var stranger = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), "!!not an id!!");
        await stranger.ClosedAsync();
        var items = (await gateway.GetAsync("/api/v1/unknown")).Json.GetProperty("items").EnumerateArray().ToArray();
        Assert.Contains(items, item =>
            item.GetProperty("listener").GetString() == "main" &&
            item.GetProperty("hex").GetString()!.StartsWith(Convert.ToHexString("!!not an id!!"u8), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/api/v1/dtus/nobody/send", """{"hex":"01"}""", 404, "no-such-dtu")]
    [InlineData("/api/v1/dtus/nobody/request", """{"hex":"01"}""", 404, "no-such-dtu")]
    [InlineData("/api/v1/dtus/x/send", """{"hex":"01","text":"a"}""", 400, "payload")]
    [InlineData("/api/v1/dtus/x/send", "{}", 400, "payload")]
    [InlineData("/api/v1/dtus/x/send", """{"hex":"0"}""", 400, "hex")]
    [InlineData("/api/v1/dtus/x/send", """{"hex":"zz"}""", 400, "hex")]
    [InlineData("/api/v1/dtus/x/send", """{"hex":"01","crc":"crc32"}""", 400, "crc")]
    [InlineData("/api/v1/dtus/x/send", """{"text":"a","encoding":"ebcdic"}""", 400, "encoding")]
    [InlineData("/api/v1/dtus/x/send", """{"hexx":"01"}""", 400, "malformed-json")]
    [InlineData("/api/v1/dtus/x/send", """{"hex":""", 400, "malformed-json")]
    [InlineData("/api/v1/dtus/x/request", """{"hex":"01","timeout":"soon"}""", 400, "timeout")]
    [InlineData("/api/v1/groups/g/send", """{"hex":"01"}""", 404, "no-such-group")]
    [InlineData("/api/v1/listeners", "{}", 405, "method")]
    [InlineData("/api/v1/nothing", "{}", 404, "no-such-path")]
    public async Task A_wrong_write_gets_a_problem_with_a_type(string path, string body, int status, string type)
    {
        var answer = await gateway.PostAsync(path, body);
        Assert.Equal((status, type, "application/problem+json"), (answer.Status, answer.Type, answer.MediaType));
        Assert.Equal(status, answer.Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(answer.Json.GetProperty("detail").GetString()!);
    }

    [Theory]
    [InlineData("/api/v1/dtus?limit=0", "limit")]
    [InlineData("/api/v1/dtus?limit=1001", "limit")]
    [InlineData("/api/v1/dtus?state=asleep", "state")]
    [InlineData("/api/v1/dtus/x/frames?since=yesterday", "since")]
    [InlineData("/api/v1/dtus/x/frames?after=zzz", "after")]
    public async Task A_wrong_query_gets_a_problem_that_names_the_parameter(string path, string type)
    {
        var answer = await gateway.GetAsync(path);
        Assert.Equal((400, type), (answer.Status, answer.Type));
    }

    [Fact]
    public async Task A_body_that_is_not_JSON_by_its_type_is_415_and_one_too_long_413()
    {
        using var plain = new StringContent("""{"hex":"01"}""", Encoding.UTF8, "text/plain");
        var typed = await Answer.OfAsync(await gateway.Http.PostAsync("/api/v1/dtus/x/send", plain));
        Assert.Equal((415, "content-type"), (typed.Status, typed.Type));
        var huge = await gateway.PostAsync("/api/v1/dtus/x/send", $$"""{"hex":"{{new string('0', 70_000)}}"}""");
        Assert.Equal((413, "too-large"), (huge.Status, huge.Type));
        var payload = await gateway.PostAsync("/api/v1/dtus/x/send", $$"""{"hex":"{{new string('0', 40_000)}}"}""");
        Assert.Equal((413, "too-large"), (payload.Status, payload.Type));
    }

    [Fact]
    public async Task A_write_under_a_foreign_host_name_is_refused_and_a_read_is_not()
    {
        using var write = new HttpRequestMessage(HttpMethod.Post, "/api/v1/dtus/x/send") { Content = new StringContent("""{"hex":"01"}""", Encoding.UTF8, "application/json") };
        write.Headers.Host = "rebound.example";
        var refused = await Answer.OfAsync(await gateway.Http.SendAsync(write));
        Assert.Equal((403, "host"), (refused.Status, refused.Type));
        using var read = new HttpRequestMessage(HttpMethod.Get, "/api/v1/dtus");
        read.Headers.Host = "rebound.example";
        Assert.Equal(200, (await Answer.OfAsync(await gateway.Http.SendAsync(read))).Status);
    }

    [Theory]
    [InlineData("/api/v1/dtus", "no-store")]
    [InlineData("/api/v1/dtus/nobody", "no-store")]
    [InlineData("/nothing", null)]
    [InlineData("/metrics", null)]
    public async Task An_answer_is_what_its_type_says_and_the_API_s_is_not_kept(string path, string? cache)
    {
        using var answer = await gateway.Http.GetAsync(path);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        if (cache is not null)
        {
            Assert.Equal(cache, answer.Headers.CacheControl?.ToString());
        }
    }

    [Fact]
    public async Task Metrics_have_the_names_of_the_contract_and_no_DTUs_id()
    {
        await using var dtu = await gateway.OnlineAsync("metered-1");
        var text = await gateway.Http.GetStringAsync("/metrics");
        foreach (var name in (string[])["dtu_connections", "dtu_frames_total{direction=\"up\"}", "dtu_bytes_total{direction=\"down\"}", "dtu_registrations_total{result="])
        {
            Assert.Contains(text.Split('\n'), line => line.StartsWith(name, StringComparison.Ordinal));
        }

        Assert.DoesNotContain("metered-1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("otel_scope", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAPI_describes_every_call_with_its_problems()
    {
        var paths = (await gateway.GetAsync("/openapi/v1.json")).Json.GetProperty("paths");
        foreach (var (path, method) in ((string, string)[])
            [("/api/v1/dtus", "get"), ("/api/v1/fleet", "get"), ("/api/v1/nodes", "get"), ("/api/v1/dtus/{id}/sessions", "get"), ("/api/v1/dtus/{id}", "get"), ("/api/v1/dtus/{id}", "put"), ("/api/v1/dtus/{id}", "delete"), ("/api/v1/dtus/import", "post"), ("/api/v1/dtus.csv", "get"), ("/api/v1/dtus/{id}/send", "post"), ("/api/v1/dtus/{id}/request", "post"),
             ("/api/v1/dtus/{id}/commands", "get"), ("/api/v1/dtus/{id}/commands/{command}", "delete"), ("/api/v1/groups/{name}/send", "post"),
             ("/api/v1/dtus/{id}/connection", "delete"), ("/api/v1/dtus/{id}/frames", "get"), ("/api/v1/unknown", "get"), ("/api/v1/endpoints", "get"),
             ("/api/v1/routes", "get"), ("/api/v1/listeners", "get"), ("/api/v1/events", "get"), ("/healthz", "get"), ("/readyz", "get")])
        {
            Assert.NotEmpty(paths.GetProperty(path).GetProperty(method).GetProperty("summary").GetString()!);
        }

        var request = paths.GetProperty("/api/v1/dtus/{id}/request").GetProperty("post");
        Assert.True(request.GetProperty("responses").TryGetProperty("504", out _));
        Assert.True(request.TryGetProperty("requestBody", out _));
        Assert.Equal("id", request.GetProperty("parameters")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task Health_readiness_and_the_page_answer()
    {
        Assert.Equal("ok", (await gateway.GetAsync("/healthz")).Json.GetProperty("status").GetString());
        Assert.Equal("ok", (await gateway.GetAsync("/readyz")).Json.GetProperty("status").GetString());
        var page = await gateway.GetAsync("/");
        Assert.Equal((200, "text/html"), (page.Status, page.MediaType));
    }

    [Fact]
    public async Task Listeners_are_shown_with_the_address_that_start_up_printed()
    {
        var items = (await gateway.GetAsync("/api/v1/listeners")).Json.GetProperty("items").EnumerateArray();
        var main = items.Single(item => item.GetProperty("name").GetString() == "main");
        Assert.Equal((gateway.Host.AddressOf("main"), "up"), (main.GetProperty("address").GetString(), main.GetProperty("state").GetString()));
    }
}

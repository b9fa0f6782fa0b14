using System.Text;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class KeyedGateway : GatewayFixture
{
    protected override string Configuration => """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          profiles { default { bus { response-timeout = 30s, queue = 4, queue-wait = 5m } } }
          http {
            address = "127.0.0.1", port = 0
            api-keys = [{ name = "eye", key = "see-only-key-1", role = read }, { name = "hand", key = "operate-key-2", role = operate }, "admin-key-3"]
          }
        }
        """;
}

public sealed class KeysTests(KeyedGateway gateway) : IClassFixture<KeyedGateway>
{
    [Theory]
    [InlineData("GET", "/api/v1/dtus", null, 401)]
    [InlineData("GET", "/api/v1/dtus", "wrong", 401)]
    [InlineData("GET", "/api/v1/dtus", "see-only-key-1", 200)]
    [InlineData("GET", "/metrics", null, 401)]
    [InlineData("GET", "/metrics", "see-only-key-1", 200)]
    [InlineData("GET", "/openapi/v1.json", null, 401)]
    [InlineData("GET", "/api/v1/nothing", null, 401)]
    [InlineData("GET", "/", null, 200)]
    [InlineData("GET", "/healthz", null, 200)]
    [InlineData("GET", "/readyz", null, 200)]
    [InlineData("POST", "/api/v1/dtus/x/send", "see-only-key-1", 403)]
    [InlineData("POST", "/api/v1/dtus/x/send", "operate-key-2", 404)]
    [InlineData("DELETE", "/api/v1/dtus/x/connection", "see-only-key-1", 403)]
    [InlineData("DELETE", "/api/v1/dtus/x/connection", "operate-key-2", 404)]
    [InlineData("PUT", "/api/v1/dtus/x", "operate-key-2", 403)]
    [InlineData("PUT", "/api/v1/dtus/x", "admin-key-3", 415)]
    [InlineData("DELETE", "/api/v1/dtus/x", "operate-key-2", 403)]
    [InlineData("DELETE", "/api/v1/dtus/x", "admin-key-3", 404)]
    [InlineData("POST", "/api/v1/dtus/import", "operate-key-2", 403)]
    [InlineData("POST", "/api/v1/dtus/import", "admin-key-3", 422)]
    [InlineData("GET", "/api/v1/dtus.csv", null, 401)]
    [InlineData("GET", "/api/v1/dtus.csv", "see-only-key-1", 200)]
    [InlineData("POST", "/api/v1/config/reload", "operate-key-2", 403)]
    [InlineData("POST", "/api/v1/config/reload", "see-only-key-1", 403)]
    [InlineData("POST", "/api/v1/config/reload", "admin-key-3", 200)]
    public async Task A_call_needs_a_key_whose_role_is_enough(string method, string path, string? key, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
        {
            request.Content = new StringContent("""{"hex":"01"}""", Encoding.UTF8, path.EndsWith("import", StringComparison.Ordinal) ? "text/csv" : "application/json");
        }

        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        var answer = await Answer.OfAsync(await gateway.Http.SendAsync(request));
        Assert.Equal(status, answer.Status);
        if (status >= 400)
        {
            Assert.Equal("application/problem+json", answer.MediaType);
        }

        Assert.Equal(status == 401, answer.Headers.WwwAuthenticate.Count > 0);
    }

    [Fact]
    public async Task Only_an_admin_s_file_of_the_register_has_its_secrets()
    {
        using var put = new HttpRequestMessage(HttpMethod.Put, "/api/v1/dtus/secretive") { Content = new StringContent("""{"secret":"s3cret"}""", Encoding.UTF8, "application/json") };
        put.Headers.Authorization = new("Bearer", "admin-key-3");
        Assert.Equal(201, (await Answer.OfAsync(await gateway.Http.SendAsync(put))).Status);
        Assert.Equal("id,name,profile,groups,port,aliases,note\r\nsecretive,,,,,,\r\n", await CsvAsync("see-only-key-1"));
        Assert.Equal("id,name,profile,groups,port,aliases,note\r\nsecretive,,,,,,\r\n", await CsvAsync("operate-key-2"));
        Assert.Equal("id,name,profile,groups,secret,port,aliases,note\r\nsecretive,,,,s3cret,,,\r\n", await CsvAsync("admin-key-3"));
    }

    [Fact]
    public async Task A_key_with_many_requests_in_flight_does_not_lock_out_one_that_asks_one_at_a_time()
    {
        using var eye = new HttpClient { BaseAddress = gateway.Http.BaseAddress, Timeout = HostProcess.Patience };
        eye.DefaultRequestHeaders.Authorization = new("Bearer", "see-only-key-1");
        await using var events = await EventReader.OpenAsync(eye, "/api/v1/events?dtu=fair-1");
        await using var dtu = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), "fair-1");
        await events.NextAsync("online");
        var greedy = Enumerable.Range(0, 30).Select(_ => RequestAsync("admin-key-3", "AA")).ToList();

        // One is on the wire, four wait, the others were refused: the queue is full.
        for (var refused = 0; refused < 25; refused++)
        {
            var ended = await Task.WhenAny(greedy).WaitAsync(HostProcess.Patience);
            greedy.Remove(ended);
            Assert.Equal(429, (await ended).Status);
        }

        var modest = RequestAsync("operate-key-2", "BB");
        Assert.Equal(429, (await await Task.WhenAny([modest, .. greedy]).WaitAsync(HostProcess.Patience)).Status);
        Assert.False(modest.IsCompleted);
        Assert.Equal("AA", Convert.ToHexString(await dtu.ReadAsync(1)));
        for (var asked = "AA"; asked == "AA";)
        {
            await dtu.SendAsync([1]);
            asked = Convert.ToHexString(await dtu.ReadAsync(1));
        }

        await dtu.SendAsync([2]);
        var answer = await modest.WaitAsync(HostProcess.Patience);
        Assert.Equal((200, "02"), (answer.Status, answer.Json.GetProperty("hex").GetString()));
    }

    private async Task<Answer> RequestAsync(string key, string hex)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/dtus/fair-1/request")
        {
            Content = new StringContent($$"""{"hex":"{{hex}}"}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new("Bearer", key);
        return await Answer.OfAsync(await gateway.Http.SendAsync(request));
    }

    private async Task<string> CsvAsync(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/dtus.csv");
        request.Headers.Authorization = new("Bearer", key);
        using var response = await gateway.Http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    [Fact]
    public async Task The_commands_take_the_key_as_option_or_from_the_environment()
    {
        var without = await HostProcess.CommandAsync(["ls", "--url", gateway.Host.Url]);
        Assert.Equal(1, without.ExitCode);
        Assert.Contains("--api-key", without.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await HostProcess.CommandAsync(["ls", "--url", gateway.Host.Url, "--api-key", "see-only-key-1"])).ExitCode);
        var environment = new Dictionary<string, string> { ["DTU_URL"] = gateway.Host.Url, ["DTU_API_KEY"] = "see-only-key-1" };
        Assert.Equal(0, (await HostProcess.CommandAsync(["ls"], environment: environment)).ExitCode);
    }
}

using System.Text;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class KeyedGateway : GatewayFixture
{
    protected override string Configuration => """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
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
    [InlineData("POST", "/api/v1/config/reload", "admin-key-3", 501)]
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

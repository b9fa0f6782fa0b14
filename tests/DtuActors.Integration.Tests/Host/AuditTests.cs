using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class AuditTests
{
    private const string Keys = """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          http {
            address = "127.0.0.1", port = 0
            api-keys = [{ name = "eye", key = "see-only-key-1", role = read }, { name = "hand", key = "operate-key-2", role = operate }, { name = "boss", key = "admin-key-3", role = admin }]
          }
        }
        """;

    [Fact]
    public async Task Who_did_what_is_told_with_its_outcome_and_outlives_a_restart()
    {
        var home = System.IO.Directory.CreateTempSubdirectory("dtu-audit-").FullName;
        try
        {
            JsonElement[] before;
            await using (var host = await HostProcess.RunAsync(Keys, home))
            {
                using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
                await CallAsync(http, "PUT", "/api/v1/dtus/pump-1", "admin-key-3", """{"name":"Pump","secret":"s3cret"}""");
                await CallAsync(http, "POST", "/api/v1/dtus/pump-1/send", "operate-key-2", """{"hex":"01 02 ff"}""");
                await CallAsync(http, "POST", "/api/v1/dtus/pump-1/send", "see-only-key-1", """{"hex":"01"}""");
                await CallAsync(http, "DELETE", "/api/v1/dtus/pump-1/connection", null, null);
                await CallAsync(http, "POST", "/api/v1/dtus/import", "admin-key-3", "id,name\r\na1,A\r\na2,B\r\n", "text/csv");
                await CallAsync(http, "GET", "/api/v1/dtus", "see-only-key-1", null);
                Assert.Equal(403, (await CallAsync(http, "GET", "/api/v1/audit", "operate-key-2", null)).Status);
                before = await ItemsAsync(http, "/api/v1/audit");
                Assert.Equal(
                    [
                        "boss admin import - '2 rows: 2 added, 0 changed, 0 unchanged' 200",
                        "- none kick pump-1 '' 401 key",
                        "eye read send pump-1 '' 403 role",
                        "hand operate send pump-1 '0102FF' 409 offline",
                        "boss admin put-dtu pump-1 'name, secret' 201",
                    ],
                    before.Select(Line));
                Assert.All(before, entry => Assert.Equal("api", entry.GetProperty("via").GetString()));
                Assert.DoesNotContain(before, entry => entry.ToString().Contains("s3cret", StringComparison.Ordinal) || entry.ToString().Contains("-key-", StringComparison.Ordinal));
                Assert.Equal(0, await host.StopAsync());
            }

            await using var again = await HostProcess.RunAsync(Keys, home);
            using var later = new HttpClient { BaseAddress = new Uri(again.Url), Timeout = HostProcess.Patience };
            Assert.Equal(before.Select(entry => entry.ToString()), (await ItemsAsync(later, "/api/v1/audit")).Select(entry => entry.ToString()));
            await CallAsync(later, "POST", "/api/v1/config/reload", "admin-key-3", null);
            var newest = (await ItemsAsync(later, "/api/v1/audit?limit=1")).Single();
            Assert.Equal("boss admin reload - 'nothing changed' 200", Line(newest));
            var next = await ItemsAsync(later, $"/api/v1/audit?limit=2&before={newest.GetProperty("id").GetInt64()}");
            Assert.Equal(before.Take(2).Select(Line), next.Select(Line));
        }
        finally
        {
            System.IO.Directory.Delete(home, recursive: true);
        }
    }

    [Theory]
    [InlineData("guess")]
    [InlineData("see-only-key-1")]
    public async Task Calls_by_who_may_not_do_not_push_out_what_others_did(string key)
    {
        await using var host = await HostProcess.RunAsync(Keys);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        for (var i = 0; i < 100; i++)
        {
            await CallAsync(http, "POST", "/api/v1/dtus/x/send", key, """{"hex":"01"}""");
        }

        Assert.InRange((await ItemsAsync(http, "/api/v1/audit?limit=1000")).Length, 30, 99);
    }

    [Fact]
    public async Task Without_storage_the_trail_is_kept_in_memory()
    {
        await using var host = await HostProcess.RunAsync(Keys + "\ndtu.storage.provider = none");
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        await CallAsync(http, "DELETE", "/api/v1/dtus/x/connection", "operate-key-2", null);
        Assert.Equal("hand operate kick x '' 404 no-such-dtu", Line((await ItemsAsync(http, "/api/v1/audit")).Single()));
    }

    [Fact]
    public async Task A_database_that_can_not_be_written_fails_no_call_and_is_told_by_readyz()
    {
        await using var host = await HostProcess.RunAsync(Keys);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };

        // The trail opens its own connection with its first entry; what it finds there is no database any more.
        System.IO.Directory.Move(Path.Combine(host.Folder, "data"), Path.Combine(host.Folder, "gone"));
        Assert.Equal(404, (await CallAsync(http, "DELETE", "/api/v1/dtus/x/connection", "operate-key-2", null)).Status);
        Assert.Equal("hand operate kick x '' 404 no-such-dtu", Line((await ItemsAsync(http, "/api/v1/audit")).Single()));
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        JsonElement storage;
        do
        {
            using var response = await http.GetAsync("/readyz", patience.Token);
            Assert.Equal(200, (int)response.StatusCode);
            storage = JsonDocument.Parse(await response.Content.ReadAsStringAsync(patience.Token)).RootElement.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == "storage");
        }
        while (storage.GetProperty("status").GetString() != "degraded");
        Assert.Contains("audit (", storage.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static string Line(JsonElement entry)
    {
        string Of(string name) => entry.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "-";
        var detail = Of("detail");
        return $"{Of("by")} {Of("role")} {Of("action")} {Of("subject")} '{(detail == "-" ? "" : detail)}' {Of("outcome")}";
    }

    private static async Task<JsonElement[]> ItemsAsync(HttpClient http, string path) =>
        [.. (await CallAsync(http, "GET", path, "admin-key-3", null)).Json.GetProperty("items").EnumerateArray()];

    private static async Task<Answer> CallAsync(HttpClient http, string method, string path, string? key, string? body, string type = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, type);
        request.Headers.Authorization = key is null ? null : new("Bearer", key);
        return await Answer.OfAsync(await http.SendAsync(request));
    }
}

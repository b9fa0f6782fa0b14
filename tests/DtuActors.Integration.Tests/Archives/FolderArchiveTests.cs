using System.Globalization;
using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.Host;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Archives;

/// <summary>What DTUs sent is a file in a folder, whole, once somebody asks for the day.</summary>
public sealed class FolderArchiveTests : IDisposable
{
    private const string Text = """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          profiles { default { framing { codec = fixed, length = 2 }, registration { pattern = "(?<id>[0-9A-Za-z/-]{2,64})" } } }
          http { address = "127.0.0.1", port = 0 }
          archives {
            office { kind = folder, folder = "there", path = "{dtu}/{date}.csv" }
            pumps { kind = folder, folder = "there", dtu = "pump-*", format = pcapng }
          }
        }
        """;

    private readonly string _home = System.IO.Directory.CreateTempSubdirectory("dtu-archives-").FullName;

    // One that were made where a mount is missing would fill the disk below it: the gateway makes none.
    public FolderArchiveTests() => System.IO.Directory.CreateDirectory(Path.Combine(_home, "there"));

    public void Dispose() => System.IO.Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task Todays_frames_are_files_that_appear_whole()
    {
        await using var host = await HostProcess.RunAsync(Text, _home);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        await using var pump = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-1");
        await using var valve = await DtuClient.RegisterAsync(host.EndPointOf("main"), "valve/1");
        await pump.SendAsync([1, 2, 3, 4]);
        await valve.SendAsync([5, 6]);
        await RunningGateway.UntilAsync(async () => (await GetAsync(http, "/api/v1/fleet")).GetProperty("framesUp").GetInt64() == 3);

        // Midnight may pass between; then what was sent is yesterday's.
        var day = (await GetAsync(http, "/api/v1/dtus/pump-1/frames")).GetProperty("items")[0].GetProperty("at").GetString()![..10];
        foreach (var name in (string[])["office", "pumps"])
        {
            var begun = await Answer.OfAsync(await http.PostAsync($"/api/v1/archives/{name}/run", Json($$"""{"day":"{{day}}"}""")));
            Assert.Equal((202, day), (begun.Status, begun.Json.GetProperty("day").GetString()));
        }

        await RunningGateway.UntilAsync(async () =>
        {
            var items = (await GetAsync(http, "/api/v1/archives")).GetProperty("items").EnumerateArray().ToList();
            Assert.All(items, item => Assert.True(item.GetProperty("problem").ValueKind is JsonValueKind.Null, item.ToString()));
            return items.All(item => item.GetProperty("state").GetString() == "idle" && item.GetProperty("files").GetInt64() > 0);
        });

        var there = Path.Combine(_home, "there");
        Assert.Equal(
            [Path.Combine(day, "pump-1.pcapng"), Path.Combine("pump-1", $"{day}.csv"), Path.Combine("valve%2F1", $"{day}.csv")],
            System.IO.Directory.GetFiles(there, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(there, file)).Order(StringComparer.Ordinal));
        var rows = (await File.ReadAllTextAsync(Path.Combine(there, "pump-1", $"{day}.csv"))).Split("\r\n");
        Assert.Equal("at,direction,hex,codec,decoded,source,verdict", rows[0]);
        Assert.Equal(["up,0102,fixed", "up,0304,fixed"], rows[1..^1].Select(row => string.Join(',', row.Split(',')[1..4])));
        Assert.All(rows[1..^1], row => Assert.StartsWith(day, row, StringComparison.Ordinal));

        var listed = await HostProcess.CommandAsync(["archives", "--url", host.Url]);
        Assert.Equal((0, ""), (listed.ExitCode, listed.Errors));
        Assert.Contains("office\tidle\t", listed.Output, StringComparison.Ordinal);
        var again = await HostProcess.CommandAsync(["archives", "run", "office", "--day", day, "--json", "--url", host.Url]);
        Assert.Equal((0, day), (again.ExitCode, JsonDocument.Parse(again.Output).RootElement.GetProperty("day").GetString()));
        Assert.Contains("run-archive", (await GetAsync(http, "/api/v1/audit")).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_can_not_be_run_is_refused_with_the_reason()
    {
        await using var host = await HostProcess.RunAsync(Text, _home);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        Assert.Equal("404 no-such-archive", await RefusedAsync("/api/v1/archives/nothing/run", "{}"));
        Assert.Equal("400 day", await RefusedAsync("/api/v1/archives/office/run", """{"day":"yesterday"}"""));
        Assert.Equal("400 day", await RefusedAsync("/api/v1/archives/office/run", """{"day":"9999-12-30"}"""));
        Assert.Equal("400 malformed-json", await RefusedAsync("/api/v1/archives/office/run", """{"date":"2026-05-04"}"""));
        var wrong = await HostProcess.CommandAsync(["archives", "run", "office", "--day", "4.5.2026", "--url", host.Url]);
        Assert.Equal(2, wrong.ExitCode);

        async Task<string> RefusedAsync(string path, string body)
        {
            var answer = await Answer.OfAsync(await http.PostAsync(path, Json(body)));
            return string.Create(CultureInfo.InvariantCulture, $"{answer.Status} {answer.Json.GetProperty("type").GetString()}");
        }
    }

    [Fact]
    public async Task A_reload_takes_an_archive_in_and_out_again()
    {
        await using var host = await HostProcess.RunAsync(Text, _home);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        await File.WriteAllTextAsync(Path.Combine(_home, "dtu.conf"), Text.Replace("office {", "bureau {", StringComparison.Ordinal));
        var reloaded = await Answer.OfAsync(await http.PostAsync("/api/v1/config/reload", Json("{}")));
        Assert.Equal((200, "bureau", "office"), (reloaded.Status, Name(reloaded.Json, "added"), Name(reloaded.Json, "removed")));
        await RunningGateway.UntilAsync(async () => string.Join(' ', (await GetAsync(http, "/api/v1/archives")).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString())) == "bureau pumps");

        static string? Name(JsonElement answer, string kind) => answer.GetProperty("archives").GetProperty(kind)[0].GetString();
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static async Task<JsonElement> GetAsync(HttpClient http, string path) => (await Answer.OfAsync(await http.GetAsync(path))).Json;
}

using System.Diagnostics;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Host;

/// <summary>What is stored outlives the process, however it ends; where it can't be stored, relays go on.</summary>
public sealed class HistoryTests : IDisposable
{
    private const string Stored = """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          profiles { default { framing { codec = fixed, length = 1 } } }
          endpoints { scada { kind = tcp, address = "127.0.0.1", port = 0 } }
          routes = [{ dtu = "*", to = scada, direction = up }]
          http { address = "127.0.0.1", port = 0 }
        }
        """;

    private readonly string _home = System.IO.Directory.CreateTempSubdirectory("dtu-history-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_home, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Frames_and_sessions_outlive_a_stop_and_a_kill(bool isKilled)
    {
        string[] before;
        await using (var host = await HostProcess.RunAsync(Stored, _home))
        {
            using var http = Client(host);
            await using (var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-1"))
            {
                await dtu.SendAsync([1, 2, 3]);
                await FramesAsync(http, 3);
            }

            await RunningGateway.UntilAsync(async () => Ended(await GetAsync(http, "/api/v1/dtus/pump-1/sessions")) == 1);
            await using var again = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-1");
            await again.SendAsync([4]);
            before = await FramesAsync(http, 4);
            if (isKilled)
            {
                // What was read is stored; a session's begin takes another way than its frames.
                await RunningGateway.UntilAsync(async () => (await GetAsync(http, "/api/v1/dtus/pump-1/sessions")).GetProperty("items").GetArrayLength() == 2);
                await host.KillAsync();
            }
            else
            {
                // What nobody has read yet is written at the end.
                await again.SendAsync([5]);
                await RunningGateway.UntilAsync(async () => (await GetAsync(http, "/api/v1/dtus/pump-1")).GetProperty("framesUp").GetInt64() == 5);
                Assert.Equal(0, await host.StopAsync());
            }
        }

        await using var later = await HostProcess.RunAsync(Stored, _home);
        using var client = Client(later);
        var known = await GetAsync(client, "/api/v1/dtus/pump-1");
        Assert.Equal("offline", known.GetProperty("state").GetString());
        Assert.Equal((1, isKilled ? null : "stopping"), (known.GetProperty("reconnects").GetInt32(), known.GetProperty("endReason").GetString()));
        await using var third = await DtuClient.RegisterAsync(later.EndPointOf("main"), "pump-1");
        await third.SendAsync([6]);
        var after = await FramesAsync(client, isKilled ? 5 : 6);
        Assert.Equal(before, after.Take(4));
        var sessions = await GetAsync(client, "/api/v1/dtus/pump-1/sessions");
        Assert.Equal(isKilled ? 1 : 2, Ended(sessions));
        var first = sessions.GetProperty("items").EnumerateArray().Last();
        Assert.Equal("closed", first.GetProperty("reason").GetString());
        Assert.Equal("peer-closed", first.GetProperty("evidence").EnumerateArray().Last().GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Without_storage_memory_is_shown_and_history_says_so()
    {
        await using var host = await HostProcess.RunAsync(Stored.Replace("http {", "storage { provider = none }\n  http {", StringComparison.Ordinal), _home);
        using var http = Client(host);
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-1");
        await dtu.SendAsync([1, 2]);
        await FramesAsync(http, 2);
        Assert.False((await GetAsync(http, "/api/v1/dtus/pump-1/frames")).GetProperty("stored").GetBoolean());
        Assert.Contains("a restart forgets it", (await HostProcess.CommandAsync(["history", "pump-1", "--url", host.Url])).Errors, StringComparison.Ordinal);
        Assert.Empty(System.IO.Directory.GetFiles(_home, "*.db", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public async Task A_full_disk_stalls_no_relay_says_what_is_wrong_and_loses_nothing_that_fits()
    {
        var data = System.IO.Directory.CreateDirectory(Path.Combine(_home, "data")).FullName;
        await using var disk = await SmallDisk.MountAsync(data, "2m");
        await using var host = await HostProcess.RunAsync(Stored, _home);
        using var http = Client(host);
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-1");
        await using var scada = await DtuClient.ConnectAsync(host.EndPointOf("scada"));
        await dtu.SendAsync([1]);
        await FramesAsync(http, 1);
        await scada.ReadAsync(1);
        disk.Fill();

        var (failing, sent) = await UntilRefusedAsync(http, dtu, scada);
        sent += 1 + 20;
        Assert.Equal(("storage-failed", 503), (failing.Type, failing.Status));
        Assert.Contains("full", failing.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        for (var i = 0; i < 20; i++)
        {
            await dtu.SendAsync([(byte)i]);
            Assert.Equal([(byte)i], await scada.ReadAsync(1));
        }

        Assert.Contains("history can't be read or written", host.Errors, StringComparison.Ordinal);
        disk.Free();
        await RunningGateway.UntilAsync(async () => (await Answer.OfAsync(await http.GetAsync("/api/v1/dtus/pump-1/frames"))).Status == 200);
        await RunningGateway.UntilAsync(async () =>
            (await AllAsync(http)).Length == sent && (await GetAsync(http, "/api/v1/dtus/pump-1")).GetProperty("framesUp").GetInt64() == sent);
    }

    // Small commits find room in what the database has already: it takes a while until it needs more.
    private static async Task<(Answer Refusal, long Sent)> UntilRefusedAsync(HttpClient http, DtuClient dtu, DtuClient scada)
    {
        for (var sent = 500L; ; sent += 500)
        {
            await dtu.SendAsync(new byte[500]);
            await scada.ReadAsync(500);
            var answer = await Answer.OfAsync(await http.GetAsync("/api/v1/dtus/pump-1/frames?limit=1"));
            if (answer.Status != 200)
            {
                return (answer, sent);
            }
        }
    }

    private static HttpClient Client(HostProcess host) => new() { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };

    private static async Task<JsonElement> GetAsync(HttpClient http, string path) => (await Answer.OfAsync(await http.GetAsync(path))).Json;

    private static int Ended(JsonElement sessions) => sessions.GetProperty("items").EnumerateArray().Count(session => session.GetProperty("endedAt").ValueKind is not JsonValueKind.Null);

    private static async Task<string[]> FramesAsync(HttpClient http, int count)
    {
        var frames = Array.Empty<string>();
        await RunningGateway.UntilAsync(async () => (frames = await AllAsync(http)).Length == count);
        return frames;
    }

    private static async Task<string[]> AllAsync(HttpClient http)
    {
        var frames = new List<string>();
        for (string? next = ""; next is not null;)
        {
            var page = await Answer.OfAsync(await http.GetAsync($"/api/v1/dtus/pump-1/frames?limit=1000{(next.Length == 0 ? "" : "&after=" + next)}"));
            if (page.Status != 200)
            {
                return [];
            }

            frames.AddRange(page.Json.GetProperty("items").EnumerateArray().Select(frame => $"{frame.GetProperty("at")} {frame.GetProperty("direction")} {frame.GetProperty("hex")}"));
            next = page.Json.GetProperty("next").GetString();
        }

        return [.. frames];
    }
}

using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class NumbersTests
{
    private static readonly string[] Suffixes = ["_bucket", "_sum", "_count"];

    [Fact]
    public async Task An_endpoint_that_stays_down_reaches_the_webhook_the_api_and_readyz()
    {
        await using var hook = new PostCatcher(faults: 1);
        await using var host = await HostProcess.RunAsync(Text($$"""
            endpoints { com { kind = serial, device = "/dev/no-such-port-{{Guid.NewGuid():n}}" } }
            alarms { every = 1s, endpoint-down { after = 1s }, webhook { url = "{{hook.Url}}alarms", headers { Authorization = "Bearer t0ken" } } }
            """));
        using var http = Client(host);

        // The first call fails, and is made again.
        var first = await hook.NextAsync(_ => true);
        var again = await hook.NextAsync(_ => true);
        Assert.Equal(first.Body, again.Body);
        Assert.Equal(("/alarms", "Bearer t0ken"), (again.Path, again.Authorization));
        Assert.StartsWith("application/json", again.ContentType, StringComparison.Ordinal);
        var alarm = JsonDocument.Parse(again.Body).RootElement.GetProperty("alarms")[0];
        Assert.Equal(("endpoint-down", "com", "critical", "raised"), (Of(alarm, "kind"), Of(alarm, "subject"), Of(alarm, "severity"), Of(alarm, "state")));

        var listed = (await http.GetFromJsonAsync<JsonElement>("/api/v1/alarms")).GetProperty("items");
        Assert.Equal(Of(alarm, "id"), Of(Assert.Single(listed.EnumerateArray()), "id"));
        using var health = await http.GetAsync("/readyz");
        var ready = await health.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((200, "degraded"), ((int)health.StatusCode, Of(ready, "status")));
        Assert.Contains("1 critical", Check(ready, "alarms").GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("ok", Of(Check(ready, "listeners"), "status"));
        Assert.Contains("dtu_alarms{kind=\"endpoint-down\"} 1", await http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.DoesNotContain("t0ken", host.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_gets_the_metrics_and_the_spans_of_a_request()
    {
        await using var collector = new PostCatcher();
        await using var host = await HostProcess.RunAsync(Text($$"""
            telemetry { trace-ratio = 1, otlp { endpoint = "{{collector.Url}}", protocol = http, interval = 1s, headers { Authorization = "Bearer a%2=b==" } } }
            """));
        using var http = Client(host);
        await using var dtu = await OnlineAsync(http, host, "traced-1");
        var asking = http.PostAsJsonAsync("/api/v1/dtus/traced-1/request", new { hex = "0102" });
        await dtu.ReadAsync(2);
        await dtu.SendAsync([3, 4]);
        Assert.Equal(200, (int)(await asking).StatusCode);

        var numbers = await collector.NextAsync(post => post.Path == "/v1/metrics" && post.Holds("dtu.connections"));
        Assert.Equal("Bearer a%2=b==", numbers.Authorization);
        Assert.False(numbers.Holds("traced-1"));

        // The collector that follows sees what came meanwhile, in whatever batches.
        HashSet<string> missing = ["dtu.registration", "dtu.request", "dtu.bus.wait", "dtu.wire", "traced-1"];
        while (missing.Count > 0)
        {
            var spans = await collector.NextAsync(post => post.Path == "/v1/traces");
            missing.RemoveWhere(spans.Holds);
        }
    }

    [Fact]
    public async Task Metrics_are_well_formed_and_hold_all_that_dashboard_and_alerts_name()
    {
        await using var host = await HostProcess.RunAsync(Text("""
            archives { office { kind = folder, folder = "." } }
            endpoints { scada { kind = tcp, address = "127.0.0.1", port = 0 } }
            routes = [{ dtu = "*", to = scada, direction = up }]
            """));
        using var http = Client(host);
        using var reader = new System.Net.Sockets.TcpClient();
        await reader.ConnectAsync(host.EndPointOf("scada"));
        await using var dtu = await OnlineAsync(http, host, "metered-2");
        await dtu.SendAsync("hello"u8.ToArray());
        await reader.GetStream().ReadExactlyAsync(new byte[5]);
        var text = await UntilAsync(http, "/metrics", text => text.Contains("dtu_relay_seconds_bucket", StringComparison.Ordinal));
        var families = Families(text);
        Assert.DoesNotContain("metered-2", text, StringComparison.Ordinal);
        foreach (var file in (string[])["grafana-dashboard.json", "prometheus-alerts.yml"])
        {
            var named = Regex.Matches(await File.ReadAllTextAsync(Path.Combine(Docs, file)), @"\b(?:dtu|dotnet)_[a-z0-9_]+").Select(match => Family(match.Value, families)).Distinct().ToList();
            Assert.NotEmpty(named);
            Assert.All(named, name => Assert.True(families.ContainsKey(name), $"{file} names {name}, which /metrics has not"));
        }

        JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Docs, "grafana-dashboard.json"))).Dispose();
        Assert.Equal(
            ["counter", "counter", "counter", "counter", "gauge", "gauge", "gauge", "histogram"],
            ((string[])["dtu_frames_total", "dtu_bytes_total", "dtu_frames_dropped_total", "dtu_registrations_total", "dtu_connections", "dtu_endpoint_up", "dtu_alarms", "dtu_relay_seconds"])
                .Select(name => families[name]));
    }

    [Fact]
    public async Task An_endpoint_that_a_reload_removes_leaves_the_metrics()
    {
        await using var host = await HostProcess.RunAsync(Text("endpoints { one { kind = tcp, address = \"127.0.0.1\", port = 0 }, two { kind = tcp, address = \"127.0.0.1\", port = 0 } }"));
        using var http = Client(host);
        Assert.Contains("dtu_endpoint_up{endpoint=\"one\"} 1", await http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(host.Folder, "dtu.conf"), Text("endpoints { two { kind = tcp, address = \"127.0.0.1\", port = 0 } }"));
        using var reloaded = await http.PostAsync("/api/v1/config/reload", null);
        Assert.Equal(200, (int)reloaded.StatusCode);
        var text = await UntilAsync(http, "/metrics", text => !text.Contains("endpoint=\"one\"", StringComparison.Ordinal));
        Assert.Contains("dtu_endpoint_up{endpoint=\"two\"} 1", text, StringComparison.Ordinal);
    }

    /// <summary>Reads the text format as strictly as Prometheus does: each family is described once and stands in one piece; names, labels and values are well formed.</summary>
    private static Dictionary<string, string> Families(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        var helps = new HashSet<string>(StringComparer.Ordinal);
        var samples = new HashSet<string>(StringComparer.Ordinal);
        string? current = null;
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line != "# EOF"))
        {
            if (Regex.Match(line, "^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$") is { Success: true } about)
            {
                var name = about.Groups[2].Value;
                switch (about.Groups[1].Value)
                {
                    case "TYPE":
                        Assert.True(types.TryAdd(name, about.Groups[3].Value), $"{name} is described twice");
                        Assert.Contains(about.Groups[3].Value, (string[])["counter", "gauge", "histogram"]);
                        current = name;
                        break;
                    case "HELP":
                        Assert.True(helps.Add(name), $"{name} is explained twice");
                        break;
                }

                continue;
            }

            var sample = Regex.Match(line, """^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? ([0-9.eE+-]+|\+Inf|NaN)(?: \d+)?$""");
            Assert.True(sample.Success, $"not well formed: {line}");
            Assert.Equal(current, Family(sample.Groups[1].Value, types));
            Assert.True(samples.Add(sample.Groups[1].Value + sample.Groups[2].Value), $"stands there twice: {line}");
        }

        Assert.All(types.Keys.Where(name => name.StartsWith("dtu_", StringComparison.Ordinal)), name => Assert.Contains(name, helps));
        return types;
    }

    private static string Family(string name, Dictionary<string, string> types) =>
        types.ContainsKey(name) ? name : Suffixes.Where(suffix => name.EndsWith(suffix, StringComparison.Ordinal)).Select(suffix => name[..^suffix.Length]).FirstOrDefault() ?? name;

    private static string Docs
    {
        get
        {
            var at = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(at!.FullName, "DtuActors.sln")))
            {
                at = at.Parent;
            }

            return Path.Combine(at.FullName, "docs");
        }
    }

    private static string Text(string more) => $$"""
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          http { address = "127.0.0.1", port = 0 }
          {{more}}
        }
        """;

    private static HttpClient Client(HostProcess host) => new() { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };

    private static async Task<DtuClient> OnlineAsync(HttpClient http, HostProcess host, string id)
    {
        await using var events = await EventReader.OpenAsync(http, $"/api/v1/events?dtu={id}");
        var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), id);
        await events.NextAsync("online");
        return dtu;
    }

    private static async Task<string> UntilAsync(HttpClient http, string path, Predicate<string> fits)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        while (true)
        {
            var text = await http.GetStringAsync(path, patience.Token);
            if (fits(text))
            {
                return text;
            }
        }
    }

    private static string? Of(JsonElement item, string name) => item.GetProperty(name).GetString();

    private static JsonElement Check(JsonElement ready, string name) => ready.GetProperty("checks").EnumerateArray().Single(check => Of(check, "name") == name);
}

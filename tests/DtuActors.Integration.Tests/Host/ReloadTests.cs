using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

/// <summary>The real host reads its file again while it carries traffic.</summary>
public sealed class ReloadTests
{
    private const int Relays = 100;

    private static string Text(string endpoints = "", string routes = "", string rest = "", string listener = "") => $$"""
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0{{listener}} } }
          http { address = "127.0.0.1", port = 0 }
          endpoints {
            {{endpoints}}
          }
          routes = [{{routes}}]
          {{rest}}
        }
        """;

    [SkippableFact]
    public async Task A_hundred_relays_lose_no_byte_while_one_route_and_one_endpoint_change_five_times()
    {
        Skip.If(OperatingSystem.IsWindows(), "no SIGHUP on Windows");
        var endpoints = string.Join('\n', Enumerable.Range(0, Relays).Select(i => $"e{i} {{ kind = tcp, address = \"127.0.0.1\", port = 0 }}"));
        var routes = string.Join(", ", Enumerable.Range(0, Relays).Select(i => $"{{ dtu = relay-{i}, to = e{i} }}"));
        string Turn(int turn) => Text($"{endpoints}\nmoving {{ kind = tcp, address = \"127.0.0.{1 + (turn % 2)}\", port = 0 }}", $"{routes}, {{ dtu = other-{turn}, to = moving }}");

        await using var host = await HostProcess.RunAsync(Turn(0));
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        var relays = await Task.WhenAll(Enumerable.Range(0, Relays).Select(i => Relay.OpenAsync(host, i)));
        await UntilAsync(async () =>
        {
            var up = (await ItemsAsync(http, "endpoints")).Count(item => item.GetProperty("clients").GetInt32() == 1);
            var online = (await ItemsAsync(http, "routes")).Count(item => item.GetProperty("online").GetInt32() == 1);
            return (up, online) == (Relays, Relays);
        });

        using var over = new CancellationTokenSource();
        var running = relays.Select(relay => relay.RunAsync(over.Token)).ToArray();
        for (var turn = 1; turn <= 5; turn++)
        {
            var before = relays.Select(relay => relay.Rounds).ToArray();
            await File.WriteAllTextAsync(Path.Combine(host.Folder, "dtu.conf"), Turn(turn));
            if (turn % 2 == 0)
            {
                host.HangUp();
                await UntilAsync(() => Task.FromResult(Occurs(host.Errors, "configuration reloaded (SIGHUP)") == turn / 2));
            }
            else
            {
                var answer = await ReloadAsync(http);
                Assert.Equal(200, answer.Status);
                Assert.Equal(($"other-{turn} -> moving", $"other-{turn - 1} -> moving", Relays), (Names(answer, "routes", "added").Single(), Names(answer, "routes", "removed").Single(), Unchanged(answer, "routes")));
                Assert.Equal(["moving"], Names(answer, "endpoints", "changed"));
                Assert.Equal(Relays, Unchanged(answer, "endpoints"));
            }

            Assert.Contains((await ItemsAsync(http, "routes")).Select(item => item.GetProperty("name").GetString()), name => name == $"other-{turn} -> moving");
            await UntilAsync(() => Task.FromResult(relays.Zip(before, (relay, then) => relay.Rounds > then).All(isMore => isMore) || running.Any(run => run.IsFaulted)));
        }

        await over.CancelAsync();
        await Task.WhenAll(running);
        var rows = (await ItemsAsync(http, "endpoints")).ToDictionary(item => item.GetProperty("name").GetString()!);
        await UntilAsync(async () =>
        {
            rows = (await ItemsAsync(http, "endpoints")).ToDictionary(item => item.GetProperty("name").GetString()!);
            return relays.All(relay => Counter(rows[relay.Endpoint], "up", "writtenBytes") == relay.Rounds * Relay.Piece && Counter(rows[relay.Endpoint], "down", "writtenBytes") == relay.Rounds * Relay.Piece);
        });
        foreach (var relay in relays)
        {
            Assert.Equal(1, rows[relay.Endpoint].GetProperty("clients").GetInt32());
            Assert.Empty(rows[relay.Endpoint].GetProperty("up").GetProperty("dropped").EnumerateObject());
        }

        Assert.All(await ItemsAsync(http, "dtus?limit=1000"), dtu => Assert.Equal(0, dtu.GetProperty("reconnects").GetInt32()));
        Array.ForEach(relays, relay => relay.Dispose());
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task Endpoints_that_are_added_listen_and_those_that_are_removed_do_not()
    {
        await using var host = await HostProcess.RunAsync(Text("one { kind = tcp, address = \"127.0.0.1\", port = 0 }", "{ dtu = d1, to = one }"));
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        var one = host.EndPointOf("one");
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(one);
            await WriteAsync(host, Text("two { kind = tcp, address = \"127.0.0.1\", port = 0 }", "{ dtu = d1, to = two }"));
            Assert.Equal(200, (await ReloadAsync(http)).Status);
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1]));
        }

        using var late = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => late.ConnectAsync(one));
        await host.LineAsync(line => line.StartsWith("listening two tcp ", StringComparison.Ordinal));
        using var scada = new TcpClient();
        await scada.ConnectAsync(host.EndPointOf("two"));
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "d1");
        await UntilAsync(async () => (await ItemsAsync(http, "endpoints")).Single().GetProperty("clients").GetInt32() == 1);
        await UntilAsync(async () => (await ItemsAsync(http, "routes")).Single().GetProperty("online").GetInt32() == 1);
        await dtu.SendAsync("hello"u8.ToArray());
        var heard = new byte[5];
        await scada.GetStream().ReadExactlyAsync(heard);
        Assert.Equal("hello", Encoding.ASCII.GetString(heard));
    }

    [Fact]
    public async Task Faults_are_told_with_key_file_and_line_and_nothing_changes()
    {
        await using var host = await HostProcess.RunAsync(Text("one { kind = tcp, address = \"127.0.0.1\", port = 0 }"));
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        await WriteAsync(host, "dtu {\n  endpoints {\n    two { kind = tcp, prot = 1 }\n  }\n}\n");
        var answer = await ReloadAsync(http);
        Assert.Equal((422, "faults", "application/problem+json"), (answer.Status, answer.Type, answer.MediaType));
        var faults = answer.Json.GetProperty("faults").EnumerateArray().ToArray();
        Assert.Contains(faults, fault => (fault.GetProperty("keyPath").GetString(), fault.GetProperty("file").GetString(), fault.GetProperty("line").GetInt32()) == ("dtu.endpoints.two.prot", "dtu.conf", 3));
        Assert.Contains("dtu.conf:3:", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("one", (await ItemsAsync(http, "endpoints")).Single().GetProperty("name").GetString());

        if (!OperatingSystem.IsWindows())
        {
            host.HangUp();
            await UntilAsync(() => Task.FromResult(Occurs(host.Errors, "configuration not reloaded (SIGHUP)") == 1));
            await UntilAsync(() => Task.FromResult(Occurs(host.Errors, "dtu.endpoints.two.prot: unknown key") == 2));
        }

        File.Delete(Path.Combine(host.Folder, "dtu.conf"));
        answer = await ReloadAsync(http);
        Assert.Equal((422, "there is no such file"), (answer.Status, answer.Json.GetProperty("faults")[0].GetProperty("problem").GetString()));
        using var client = new TcpClient();
        await client.ConnectAsync(host.EndPointOf("one"));
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task A_listener_needs_a_restart_and_is_named()
    {
        await using var host = await HostProcess.RunAsync(Text());
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        await WriteAsync(host, Text("one { kind = tcp, address = \"127.0.0.1\", port = 0 }", rest: "profiles { default { heartbeat { timeout = 7s } } }", listener: ", max-connections = 5"));
        var answer = await ReloadAsync(http);
        Assert.Equal((422, "restart-needed", "application/problem+json"), (answer.Status, answer.Type, answer.MediaType));
        Assert.Equal(["dtu.listeners.main", "dtu.profiles.default"], answer.Json.GetProperty("keys").EnumerateArray().Select(key => key.GetString()));
        Assert.Empty(await ItemsAsync(http, "endpoints"));
    }

    [Fact]
    public async Task A_DTU_that_the_register_has_already_is_a_fault_of_the_file()
    {
        await using var host = await HostProcess.RunAsync(Text());
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        using var body = new StringContent("{}", Encoding.UTF8, "application/json");
        Assert.Equal(201, (int)(await http.PutAsync("/api/v1/dtus/d1", body)).StatusCode);
        await WriteAsync(host, Text(rest: "dtus {\n  d0 { ids = [d1] }\n}"));
        var answer = await ReloadAsync(http);
        Assert.Equal((422, "faults"), (answer.Status, answer.Type));
        var fault = answer.Json.GetProperty("faults")[0];
        Assert.Equal(("dtu.dtus.d0.ids[0]", "dtu.conf"), (fault.GetProperty("keyPath").GetString(), fault.GetProperty("file").GetString()));
        Assert.True(fault.GetProperty("line").GetInt32() > 1);
        Assert.Equal(404, (int)(await http.GetAsync("/api/v1/dtus/d0")).StatusCode);

        Assert.Equal(204, (int)(await http.DeleteAsync("/api/v1/dtus/d1")).StatusCode);
        Assert.Equal(["d0"], Names(await ReloadAsync(http), "dtus", "added"));
        Assert.Equal(200, (int)(await http.GetAsync("/api/v1/dtus/d0")).StatusCode);
        using var again = new StringContent("{}", Encoding.UTF8, "application/json");
        Assert.Equal(409, (int)(await http.PutAsync("/api/v1/dtus/d0", again)).StatusCode);
    }

    [Fact]
    public async Task Reloads_at_once_all_end_well_and_the_last_file_is_in_force()
    {
        await using var host = await HostProcess.RunAsync(Text());
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        for (var round = 0; round < 5; round++)
        {
            await WriteAsync(host, Text($"e{round} {{ kind = tcp, address = \"127.0.0.1\", port = 0 }}"));
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ReloadAsync(http)));
            Assert.All(answers, answer => Assert.Equal(200, answer.Status));
            Assert.Single(answers, answer => answer.Json.GetProperty("changed").GetBoolean());
        }

        Assert.Equal("e4", (await ItemsAsync(http, "endpoints")).Single().GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_page_elsewhere_may_not_ask_and_the_call_is_described()
    {
        await using var host = await HostProcess.RunAsync(Text());
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/api/v1/config/reload");
        foreign.Headers.Add("Origin", "http://elsewhere.example");
        Assert.Equal(403, (int)(await http.SendAsync(foreign)).StatusCode);
        Assert.Equal(200, (int)(await http.PostAsync("/api/v1/config/reload", null)).StatusCode);
        using var described = JsonDocument.Parse(await http.GetStringAsync("/openapi/v1.json"));
        Assert.True(described.RootElement.GetProperty("paths").GetProperty("/api/v1/config/reload").TryGetProperty("post", out _));
    }

    [Fact]
    public async Task Several_files_layer_again()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-reload-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "a.conf"), Text("one { kind = tcp, address = \"127.0.0.1\", port = 0 }"));
            await File.WriteAllTextAsync(Path.Combine(folder, "b.conf"), "dtu { endpoints { two { kind = tcp, address = \"127.0.0.1\", port = 0 } } }");
            await using var host = HostProcess.Start(["run", "-c", "a.conf", "-c", "b.conf"], folder);
            await host.ReadyAsync();
            using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
            await File.WriteAllTextAsync(Path.Combine(folder, "b.conf"), "dtu { endpoints { one { clients = shared } } }");
            var answer = await ReloadAsync(http);
            Assert.Equal(["one"], Names(answer, "endpoints", "changed"));
            Assert.Equal(["two"], Names(answer, "endpoints", "removed"));
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Without_a_file_there_is_nothing_to_reload()
    {
        await using var host = HostProcess.Start(["demo"]);
        await host.ReadyAsync();
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        var answer = await ReloadAsync(http);
        Assert.Equal((409, "no-files"), (answer.Status, answer.Type));
        Assert.Contains("without -c", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static async Task WriteAsync(HostProcess host, string text) => await File.WriteAllTextAsync(Path.Combine(host.Folder, "dtu.conf"), text);

    private static async Task<Answer> ReloadAsync(HttpClient http)
    {
        using var body = new StringContent("{}", Encoding.UTF8, "application/json");
        return await Answer.OfAsync(await http.PostAsync("/api/v1/config/reload", body));
    }

    private static async Task<JsonElement[]> ItemsAsync(HttpClient http, string what) =>
        [.. (await Answer.OfAsync(await http.GetAsync($"/api/v1/{what}"))).Json.GetProperty("items").EnumerateArray()];

    private static string[] Names(Answer answer, string kind, string what) => [.. answer.Json.GetProperty(kind).GetProperty(what).EnumerateArray().Select(name => name.GetString()!)];

    private static int Unchanged(Answer answer, string kind) => answer.Json.GetProperty(kind).GetProperty("unchanged").GetInt32();

    private static long Counter(JsonElement endpoint, string direction, string name) => endpoint.GetProperty(direction).GetProperty(name).GetInt64();

    private static int Occurs(string text, string what) => (text.Length - text.Replace(what, "", StringComparison.Ordinal).Length) / what.Length;

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (!await condition())
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>One DTU and its software: numbered pieces go up, are read, go down again, are read; one that is lost, doubled or another's fails.</summary>
    private sealed class Relay : IDisposable
    {
        public const int Piece = 16;

        private readonly int _number;
        private readonly TcpClient _dtu = new();
        private readonly TcpClient _software = new();
        private long _rounds;

        private Relay(int number) => _number = number;

        public string Endpoint => $"e{_number}";

        public long Rounds => Interlocked.Read(ref _rounds);

        public static async Task<Relay> OpenAsync(HostProcess host, int number)
        {
            var relay = new Relay(number);
            await relay._software.ConnectAsync(host.EndPointOf(relay.Endpoint));
            await relay._dtu.ConnectAsync(host.EndPointOf("main"));
            await relay._dtu.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"relay-{number}\r\n"));
            return relay;
        }

        public async Task RunAsync(CancellationToken over)
        {
            using var patience = new CancellationTokenSource(HostProcess.Patience);
            while (!over.IsCancellationRequested)
            {
                patience.CancelAfter(HostProcess.Patience);
                var piece = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_number:d4}{_rounds:d12}"));
                await PassAsync(piece, _dtu, _software, patience.Token);
                await PassAsync(piece, _software, _dtu, patience.Token);
                Interlocked.Increment(ref _rounds);
            }
        }

        public void Dispose()
        {
            _dtu.Dispose();
            _software.Dispose();
        }

        private static async Task PassAsync(byte[] piece, TcpClient from, TcpClient to, CancellationToken patience)
        {
            await from.GetStream().WriteAsync(piece, patience);
            var heard = new byte[piece.Length];
            await to.GetStream().ReadExactlyAsync(heard, patience);
            Assert.Equal(piece, heard);
        }
    }
}

using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Storage;

/// <summary>Commands that wait, through the real program and its database.</summary>
public abstract class StoredCommands : IAsyncLifetime, IDisposable
{
    private HostProcess? _host;
    private HttpClient? _http;

    private HttpClient Http => _http!;

    private HostProcess Host => _host!;

    /// <summary>The block <c>storage</c> of the configuration; skips where its server is not installed.</summary>
    protected abstract Task<string> StorageAsync();

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-commands-").FullName;
    private string? _storage;

    public Task InitializeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _http?.Dispose();
        GC.SuppressFinalize(this);
    }

    public async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        System.IO.Directory.Delete(_folder, recursive: true);
    }

    [SkippableFact]
    public async Task A_command_waits_through_a_restart_for_its_dtu_and_is_delivered_once()
    {
        await StartAsync();
        var refused = await SendAsync("pump-1", """{"hex":"01"}""");
        Assert.Equal((404, "no-such-dtu"), (refused.Status, refused.Type));
        var first = await SendAsync("pump-1", """{"hex":"0102","ttl":"1h"}""");
        Assert.Equal((202, "queued"), (first.Status, first.Json.GetProperty("state").GetString()));
        await SendAsync("pump-1", """{"hex":"0304","ttl":"1h"}""");
        Assert.Equal(409, (await SendAsync("pump-1", """{"hex":"01"}""")).Status);
        Assert.Equal(2, (await GetAsync("/api/v1/dtus/pump-1")).Json.GetProperty("queued").GetInt32());

        await KillAsync();
        await StartAsync();
        Assert.Equal(["queued", "queued"], (await CommandsAsync("pump-1")).Select(State));
        await using (var dtu = await DtuClient.RegisterAsync(Host.EndPointOf("main"), "pump-1"))
        {
            Assert.Equal([1, 2, 3, 4], await dtu.ReadAsync(4));
            await RunningGateway.UntilAsync(async () => (await CommandsAsync("pump-1")).All(command => State(command) == "delivered"));
        }

        await KillAsync();
        await StartAsync();
        Assert.Equal(["delivered", "delivered"], (await CommandsAsync("pump-1")).Select(State));
        await using var again = await DtuClient.RegisterAsync(Host.EndPointOf("main"), "pump-1");
        await OnlineAsync("pump-1");
        Assert.Equal(202, (await SendAsync("pump-1", """{"hex":"05"}""")).Status);
        Assert.Equal([5], await again.ReadAsync(1));
    }

    [SkippableFact]
    public async Task A_command_is_withdrawn_replaced_or_expires_and_none_of_them_is_written()
    {
        await StartAsync();
        var withdrawn = await SendAsync("pump-2", """{"hex":"01","ttl":"1h"}""");
        var path = $"/api/v1/dtus/pump-2/commands/{withdrawn.Json.GetProperty("commandId").GetString()}";
        using (var answer = await Http.DeleteAsync(path))
        {
            Assert.Equal(204, (int)answer.StatusCode);
        }

        using (var answer = await Http.DeleteAsync(path))
        {
            Assert.Equal(409, (int)answer.StatusCode);
        }

        await SendAsync("pump-2", """{"hex":"02","ttl":"1h","key":"setpoint"}""");
        await SendAsync("pump-2", """{"hex":"03","ttl":"1h","key":"setpoint"}""");
        await SendAsync("pump-2", """{"hex":"04","ttl":"100ms"}""");
        await RunningGateway.UntilAsync(async () => (await CommandsAsync("pump-2")).Any(command => State(command) == "expired"));
        await SendAsync("pump-2", """{"hex":"05","ttl":"1h"}""");
        await using var dtu = await DtuClient.RegisterAsync(Host.EndPointOf("main"), "pump-2");
        Assert.Equal([3, 5], await dtu.ReadAsync(2));
        await RunningGateway.UntilAsync(async () => (await CommandsAsync("pump-2")).Select(State).SequenceEqual(["delivered", "expired", "delivered", "withdrawn", "withdrawn"]));
    }

    [SkippableTheory]
    [InlineData("""{"hex":"01","ttl":"soon"}""", "ttl")]
    [InlineData("""{"hex":"01","ttl":"31d"}""", "ttl")]
    [InlineData("""{"hex":"01","retry":"always"}""", "retry")]
    [InlineData("""{"hex":"01","ttl":"1h","retry":"twice"}""", "retry")]
    [InlineData("""{"hex":"01","ttl":"1h","key":""}""", "key")]
    public async Task What_is_no_wish_is_refused(string body, string type)
    {
        await StartAsync();
        var answer = await SendAsync("pump-3", body);
        Assert.Equal((400, type), (answer.Status, answer.Type));
    }

    [SkippableFact]
    public async Task What_comes_over_a_route_for_an_offline_dtu_waits_in_order_where_the_route_says_so()
    {
        await StartAsync();
        await using var master = await DtuClient.ConnectAsync(Host.EndPointOf("scada"));
        for (byte i = 1; i <= 5; i++)
        {
            await master.SendAsync([i]);
            await RunningGateway.UntilAsync(async () => (await CommandsAsync("routed")).Count == i);
        }

        await KillAsync();
        await StartAsync();
        await using var dtu = await DtuClient.RegisterAsync(Host.EndPointOf("main"), "routed");
        Assert.Equal([1, 2, 3, 4, 5], await dtu.ReadAsync(5));
        var command = (await CommandsAsync("routed"))[0];
        Assert.Equal("scada", command.GetProperty("source").GetString());
    }

    [SkippableFact]
    public async Task A_group_is_sent_to_whether_its_members_are_there_or_not()
    {
        await StartAsync();
        await using var online = await DtuClient.RegisterAsync(Host.EndPointOf("main"), "member-1");
        await OnlineAsync("member-1");
        using var body = new StringContent("""{"hex":"AA","ttl":"1h"}""", System.Text.Encoding.UTF8, "application/json");
        var answer = await Answer.OfAsync(await Http.PostAsync("/api/v1/groups/all/send", body));
        Assert.Equal(202, answer.Status);

        // Its journal may take longer than the second that an answer waits for.
        string[] states = [.. answer.Json.GetProperty("items").EnumerateArray().Select(State)];
        Assert.Contains(states[0], (string[])["sent", "delivered"]);
        Assert.Equal("queued", states[1]);
        Assert.Equal([0xAA], await online.ReadAsync(1));
        await using var late = await DtuClient.RegisterAsync(Host.EndPointOf("main"), "member-2");
        Assert.Equal([0xAA], await late.ReadAsync(1));
        await RunningGateway.UntilAsync(async () => (await CommandsAsync("member-1")).Concat(await CommandsAsync("member-2")).Count(command => State(command) == "delivered") == 2);
    }

    private async Task StartAsync()
    {
        _storage ??= await StorageAsync();
        _host = await HostProcess.RunAsync(
            $$"""
            dtu {
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
              endpoints { scada { kind = tcp, address = "127.0.0.1", port = 0 } }
              routes = [{ dtu = routed, to = scada, when-offline = queue, ttl = 1h }]
              dtus { "member-1" { groups = ["all"] }, "member-2" { groups = ["all"] } }
              http { port = 0 }
              storage { {{_storage}} }
            }
            """,
            _folder);
        _http = new HttpClient { BaseAddress = new Uri(Host.Url), Timeout = HostProcess.Patience };
    }

    // As a power cut would: kill -9.
    private async Task KillAsync()
    {
        _http!.Dispose();
        await _host!.DisposeAsync();
    }

    private async Task<Answer> SendAsync(string dtu, string json)
    {
        using var body = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        return await Answer.OfAsync(await Http.PostAsync($"/api/v1/dtus/{dtu}/send", body));
    }

    private Task OnlineAsync(string dtu) =>
        RunningGateway.UntilAsync(async () => (await GetAsync($"/api/v1/dtus/{dtu}")).Json.TryGetProperty("state", out var state) && state.GetString() == "online");

    private async Task<Answer> GetAsync(string path) => await Answer.OfAsync(await Http.GetAsync(path));

    private async Task<IReadOnlyList<JsonElement>> CommandsAsync(string dtu) =>
        await GetAsync($"/api/v1/dtus/{dtu}/commands") is { Status: 200 } answer ? [.. answer.Json.GetProperty("items").EnumerateArray()] : [];

    private static string State(JsonElement command) => command.GetProperty("state").GetString()!;
}

public sealed class StoredCommandsInSqlite : StoredCommands
{
    protected override Task<string> StorageAsync() => Task.FromResult("path = \"data/dtu.db\"");
}

[Collection(OnPostgres.Name)]
public sealed class StoredCommandsInPostgres(PostgresServer server) : StoredCommands
{
    protected override async Task<string> StorageAsync() => $"provider = postgresql, connection = \"{await server.CreateDatabaseAsync()}\"";
}

/// <summary>A disk that is full takes no command, and says so; what it had taken goes on.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-full-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task A_full_disk_refuses_commands_degrades_readiness_raises_an_alarm_and_relays_go_on()
    {
        await using var disk = await SmallDisk.MountAsync(System.IO.Directory.CreateDirectory(Path.Combine(_folder, "data")).FullName, "2m");
        await using var host = await HostProcess.RunAsync(
            """
            dtu {
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
              endpoints { scada { kind = tcp, address = "127.0.0.1", port = 0 } }
              routes = [{ dtu = "relayed", to = scada }]
              http { port = 0 }
              storage { path = "data/dtu.db" }
            }
            """,
            _folder);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        await using var relayed = await DtuClient.RegisterAsync(host.EndPointOf("main"), "relayed");
        await using var scada = await DtuClient.ConnectAsync(host.EndPointOf("scada"));
        var kept = await SendAsync(new string('A', 2));
        Assert.Equal(202, kept.Status);
        disk.Fill();

        // Small commands find room in what the database has already.
        Answer refused;
        var accepted = 1;
        while ((refused = await SendAsync(new string('B', 4000))).Status == 202)
        {
            accepted++;
        }

        Assert.Equal((503, "storage-failed"), (refused.Status, refused.Type));
        await RunningGateway.UntilAsync(async () => (await http.GetStringAsync("/readyz")).Contains("commands", StringComparison.Ordinal));
        await RunningGateway.UntilAsync(async () => (await http.GetStringAsync("/api/v1/alarms")).Contains("\"storage-failed\"", StringComparison.Ordinal));
        await relayed.SendAsync([7]);
        Assert.Equal([7], await scada.ReadAsync(1));

        disk.Free();
        await RunningGateway.UntilAsync(async () => (await SendAsync("CC")).Status == 202);
        await RunningGateway.UntilAsync(async () => !(await http.GetStringAsync("/readyz")).Contains("commands", StringComparison.Ordinal));
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-1");
        var bytes = await dtu.ReadAsync(1 + ((accepted - 1) * 2000) + 1);
        Assert.Equal((0xAA, 0xCC), (bytes[0], bytes[^1]));

        async Task<Answer> SendAsync(string hex)
        {
            using var body = new StringContent($$"""{"hex":"{{hex}}","ttl":"1h"}""", System.Text.Encoding.UTF8, "application/json");
            return await Answer.OfAsync(await http.PostAsync("/api/v1/dtus/pump-1/send", body));
        }
    }
}

/// <summary>Without a database nothing waits, and says so.</summary>
public sealed class UnstoredCommandsTests
{
    [Fact]
    public async Task Without_storage_a_command_can_not_wait()
    {
        await using var host = await HostProcess.RunAsync(
            "dtu { listeners { main { transport = tcp, address = \"127.0.0.1\", port = 0 } }, http { port = 0 }, dtus { \"x-1\" { groups = [g] } }, storage { provider = none } }");
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        foreach (var (path, json) in (IEnumerable<(string, string)>)
        [
            ("dtus/x-1", """{"hex":"01","ttl":"1h"}"""), ("dtus/x-1", """{"hex":"01","ttl":"1h","retry":"always"}"""), ("dtus/x-1", """{"hex":"01","key":"k"}"""), ("groups/g", """{"hex":"01","ttl":"1h"}"""),
        ])
        {
            using var body = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
            var answer = await Answer.OfAsync(await http.PostAsync($"/api/v1/{path}/send", body));
            Assert.Equal((409, "no-storage"), (answer.Status, answer.Type));
        }

        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "x-1");
        await RunningGateway.UntilAsync(async () => (await Answer.OfAsync(await http.GetAsync("/api/v1/dtus/x-1"))).Json.GetProperty("state").GetString() == "online");
        using var online = new StringContent("""{"hex":"01"}""", System.Text.Encoding.UTF8, "application/json");
        Assert.Equal(202, (await Answer.OfAsync(await http.PostAsync("/api/v1/dtus/x-1/send", online))).Status);
        Assert.Equal([1], await dtu.ReadAsync(1));
    }
}

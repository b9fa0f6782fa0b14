using System.Globalization;
using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Brokers;

/// <summary>The published program and mosquitto, with mosquitto's own clients.</summary>
public sealed class MqttTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-mqtt-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    private static string Configuration(int port, string broker = "", string profile = "framing { codec = delimiter, include = on }", string storage = "provider = none", string route = "") => $$"""
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 }
                      loose { transport = tcp, address = "127.0.0.1", port = 0, id-prefix = "tenant-a/" } }
          profiles { default { {{profile}} } }
          endpoints { broker { kind = mqtt, host = "127.0.0.1", port = {{port}}, reopen { min = 100ms, max = 1s }, {{broker}} } }
          routes = [{ dtu = "*", to = broker {{route}} }]
          http { address = "127.0.0.1", port = 0 }
          storage { {{storage}} }
        }
        """;

    private static async Task<JsonElement> EndpointAsync(HostProcess host)
    {
        using var http = new HttpClient { BaseAddress = new Uri(host.Url) };
        return JsonDocument.Parse(await http.GetStringAsync("/api/v1/endpoints")).RootElement.GetProperty("items")[0].Clone();
    }

    private static Task StateAsync(HostProcess host, string state) => RunningGateway.UntilAsync(async () => (await EndpointAsync(host)).GetProperty("state").GetString() == state);

    private static byte[] Line(int number) => Encoding.ASCII.GetBytes(number.ToString("000000", CultureInfo.InvariantCulture) + "\n");

    private static string[] Lines(int first, int count) => [.. Enumerable.Range(first, count).Select(number => Encoding.ASCII.GetString(Line(number)))];

    private static async Task SendAsync(DtuClient dtu, int first, int count) => await dtu.SendAsync([.. Enumerable.Range(first, count).SelectMany(Line)]);

    [SkippableFact]
    public async Task Ten_thousand_uplinks_arrive_as_published_and_states_are_right()
    {
        await using var broker = await Mosquitto.StartAsync(_folder);
        await using var heard = await broker.SubscribeAsync("dtu/#");
        await using var host = await HostProcess.RunAsync(Configuration(broker.Port));
        await heard.LastAsync("dtu/gateway/gateway/state", "online");
        await using (var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-7"))
        {
            await heard.LastAsync("dtu/pump-7/state", "online");
            for (var i = 0; i < 10_000; i += 500)
            {
                await SendAsync(dtu, i, 500);
            }

            await heard.UntilAsync(() => heard.Heard.Count(message => message.Topic == "dtu/pump-7/up") >= 10_000);
        }

        Assert.Equal(Lines(0, 10_000), heard.Of("dtu/pump-7/up"));
        await heard.LastAsync("dtu/pump-7/state", "offline");
        await using var again = await DtuClient.RegisterAsync(host.EndPointOf("loose"), "pump-7");
        await heard.LastAsync("dtu/tenant-a%2Fpump-7/state", "online");
        Assert.Equal(0, await host.StopAsync());
        await heard.LastAsync("dtu/tenant-a%2Fpump-7/state", "offline");
        await heard.LastAsync("dtu/gateway/gateway/state", "offline");
        var topics = heard.Heard.Select(message => message.Topic).ToList();
        Assert.Equal("dtu/gateway/gateway/state", topics[^1]);
    }

    [SkippableTheory]
    [InlineData("provider = none")]
    [InlineData("path = \"data/dtu.db\"")]
    public async Task A_downlink_reaches_the_DTU_and_its_result_comes(string storage)
    {
        await using var broker = await Mosquitto.StartAsync(_folder);
        await using var heard = await broker.SubscribeAsync("dtu/+/down/result", "dtu/+/state", "answers");
        await broker.PublishAsync("dtu/pump-7/down", "{\"hex\":\"FF\"}", "-r");
        await using var host = await HostProcess.RunAsync(Configuration(broker.Port, "payload = json", storage: storage));
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-7");
        await heard.LastAsync("dtu/pump-7/state", "online");

        await broker.PublishAsync("dtu/pump-7/down", "{\"hex\":\"01 03 00 00 00 02\",\"crc\":\"modbus\",\"id\":\"a1\"}", "-D", "publish", "response-topic", "answers", "-D", "publish", "correlation-data", "xyz");
        Assert.Equal("010300000002C40B", Convert.ToHexString(await dtu.ReadAsync(8)));
        await heard.UntilAsync(() => heard.Of("dtu/pump-7/down/result").Length == 1 && heard.Of("answers").Length == 1);
        var result = JsonDocument.Parse(heard.Of("dtu/pump-7/down/result")[0]).RootElement;
        Assert.Equal(("delivered", "a1", 8), (result.GetProperty("state").GetString(), result.GetProperty("id").GetString(), result.GetProperty("bytes").GetInt32()));
        Assert.Equal(heard.Of("dtu/pump-7/down/result")[0], heard.Of("answers")[0]);

        await broker.PublishAsync("dtu/nobody/down", "{\"hex\":\"01\"}");
        await heard.UntilAsync(() => heard.Of("dtu/nobody/down/result") is [var offline] && offline.Contains("\"dtu-offline\"", StringComparison.Ordinal));
        await broker.PublishAsync("dtu/pump-7/down", "{\"hex\":\"0\"}");
        await heard.UntilAsync(() => heard.Of("dtu/pump-7/down/result") is [_, var bad] && bad.Contains("\"bad-payload\"", StringComparison.Ordinal));
        await RunningGateway.UntilAsync(async () =>
        {
            var down = (await EndpointAsync(host)).GetProperty("down");
            return down.GetProperty("dropped").TryGetProperty("retained", out var retained) && retained.GetInt32() == 1
                && (down.GetProperty("accepted").GetInt32(), down.GetProperty("written").GetInt32(), down.GetProperty("waiting").GetInt32()) == (4, 1, 0);
        });
    }

    [SkippableFact]
    public async Task A_downlink_waits_for_its_DTU_by_its_own_wish_or_its_routes_through_a_kill()
    {
        await using var broker = await Mosquitto.StartAsync(_folder);
        await using var heard = await broker.SubscribeAsync("dtu/+/down/result", "dtu/+/state", "dtu/gateway/+/state");
        var configuration = Configuration(broker.Port, "payload = json", storage: "path = \"data/dtu.db\"", route: ", when-offline = queue, ttl = 1h");
        await using (var host = await HostProcess.RunAsync(configuration, _folder))
        {
            await heard.LastAsync("dtu/gateway/gateway/state", "online");
            await broker.PublishAsync("dtu/pump-8/down", "{\"hex\":\"01\"}", "-q", "1");
            await broker.PublishAsync("dtu/pump-8/down", "{\"hex\":\"02\",\"ttl\":\"10m\"}", "-q", "1");
            using var http = new HttpClient { BaseAddress = new Uri(host.Url) };
            await RunningGateway.UntilAsync(async () =>
                await Answer.OfAsync(await http.GetAsync("/api/v1/dtus/pump-8/commands")) is { Status: 200 } answer && answer.Json.GetProperty("items").GetArrayLength() == 2);
        }

        await using var again = await HostProcess.RunAsync(configuration, _folder);
        await using var dtu = await DtuClient.RegisterAsync(again.EndPointOf("main"), "pump-8");
        Assert.Equal([1, 2], await dtu.ReadAsync(2));
        await heard.LastAsync("dtu/pump-8/state", "online");
        await broker.PublishAsync("dtu/pump-8/down", "{\"hex\":\"03\",\"id\":\"a3\"}", "-q", "1");
        Assert.Equal([3], await dtu.ReadAsync(1));
        await heard.UntilAsync(() => heard.Of("dtu/pump-8/down/result") is [.., var last] && last.Contains("\"a3\"", StringComparison.Ordinal) && last.Contains("delivered", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task The_answer_to_a_published_request_comes_up_on_a_bus_with_one_request_at_a_time()
    {
        await using var broker = await Mosquitto.StartAsync(_folder);
        await using var heard = await broker.SubscribeAsync("dtu/#");
        await using var host = await HostProcess.RunAsync(Configuration(broker.Port, "payload = hex", "framing { codec = modbus-rtu }, bus { mode = request-response }"));
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-7");
        await heard.LastAsync("dtu/pump-7/state", "online");
        await broker.PublishAsync("dtu/pump-7/down", "01 03 00 00 00 01 84 0A");
        Assert.Equal("010300000001840A", Convert.ToHexString(await dtu.ReadAsync(8)));
        await dtu.SendAsync(Convert.FromHexString("010302007BF867"));
        await heard.LastAsync("dtu/pump-7/up", "010302007BF867");
    }

    [SkippableFact]
    public async Task A_broker_that_is_killed_for_ten_seconds_loses_nothing_that_fits_the_buffer()
    {
        // It keeps the subscription, so that nothing passes while mosquitto_sub has not come back yet.
        await using var broker = await Mosquitto.StartAsync(
            _folder, $"allow_anonymous true\nuser root\npersistence true\npersistence_location {_folder}/\nautosave_on_changes true\nautosave_interval 1");
        await using var heard = await broker.SubscribeWithAsync(["-c", "-i", "listener", "-x", "3600"], "dtu/pump-7/up", "dtu/+/state");
        await using var host = await HostProcess.RunAsync(Configuration(broker.Port));
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-7");
        await heard.LastAsync("dtu/pump-7/state", "online");
        await SendAsync(dtu, 0, 10);
        await heard.UntilAsync(() => heard.Of("dtu/pump-7/up").Length == 10);

        await broker.KillAsync();
        await StateAsync(host, "down");
        await SendAsync(dtu, 10, 3000);
        await Task.Delay(TimeSpan.FromSeconds(10));
        await SendAsync(dtu, 3010, 10);
        await broker.StartAsync();
        await heard.UntilAsync(() => heard.Of("dtu/pump-7/up").Contains("003019\n"));
        Assert.Equal(Lines(0, 3020), heard.Of("dtu/pump-7/up").Distinct());
        await RunningGateway.UntilAsync(async () => (await EndpointAsync(host)).GetProperty("up").GetProperty("written").GetInt32() == 3020);
        var books = (await EndpointAsync(host)).GetProperty("up");
        Assert.Equal((3020, 0), (books.GetProperty("accepted").GetInt32(), books.GetProperty("waiting").GetInt32()));
        Assert.Empty(books.GetProperty("dropped").EnumerateObject());
    }

    [SkippableFact]
    public async Task A_broker_that_forgot_everything_hears_all_states_again_with_what_changed_meanwhile()
    {
        await using var broker = await Mosquitto.StartAsync(_folder);
        await using var host = await HostProcess.RunAsync(Configuration(broker.Port));
        await using var stays = await DtuClient.RegisterAsync(host.EndPointOf("main"), "stays");
        await using (var leaves = await DtuClient.RegisterAsync(host.EndPointOf("main"), "leaves"))
        {
            await using var before = await broker.SubscribeAsync("dtu/+/state");
            await before.LastAsync("dtu/stays/state", "online");
            await before.LastAsync("dtu/leaves/state", "online");
            await broker.KillAsync();
            await StateAsync(host, "down");
        }

        await using var comes = await DtuClient.RegisterAsync(host.EndPointOf("main"), "comes");
        await broker.StartAsync();
        await using var after = await broker.SubscribeAsync("dtu/+/state", "dtu/gateway/+/state");
        await after.LastAsync("dtu/stays/state", "online");
        await after.LastAsync("dtu/leaves/state", "offline");
        await after.LastAsync("dtu/comes/state", "online");
        await after.LastAsync("dtu/gateway/gateway/state", "online");
    }

    [SkippableFact]
    public async Task A_broker_that_hangs_is_noticed_and_what_it_did_not_acknowledge_comes_in_order()
    {
        await using var broker = await Mosquitto.StartAsync(_folder);
        await using var heard = await broker.SubscribeAsync("dtu/#");
        await using var host = await HostProcess.RunAsync(Configuration(broker.Port));
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "pump-7");
        await heard.LastAsync("dtu/pump-7/state", "online");
        broker.Freeze();
        try
        {
            await SendAsync(dtu, 0, 200);
            await StateAsync(host, "down");
            Assert.Contains("acknowledged nothing", (await EndpointAsync(host)).GetProperty("lastError").GetString(), StringComparison.Ordinal);
        }
        finally
        {
            broker.Thaw();
        }

        await StateAsync(host, "up");
        await heard.UntilAsync(() => heard.Of("dtu/pump-7/up").Contains("000199\n"));

        // At least once: what was on its way came twice, in order both times.
        var lines = heard.Of("dtu/pump-7/up");
        Assert.Equal(Lines(0, 200), lines.Distinct());
        var again = Array.LastIndexOf(lines, "000000\n");
        Assert.Equal(Lines(0, 200), lines[again..]);
    }

    [SkippableFact]
    public async Task A_gateway_that_is_killed_is_offline_by_its_will_and_the_next_run_corrects_what_it_left()
    {
        await using var broker = await Mosquitto.StartAsync(_folder);
        await using var heard = await broker.SubscribeAsync("dtu/+/state", "dtu/gateway/+/state");
        var configuration = Configuration(broker.Port);
        await broker.PublishAsync("dtu/others/state", "online", "-r", "-D", "publish", "user-property", "node", "gw-2");
        var killed = await HostProcess.RunAsync(configuration);
        await using var dtu = await DtuClient.RegisterAsync(killed.EndPointOf("main"), "pump-7");
        await heard.LastAsync("dtu/pump-7/state", "online");
        await killed.DisposeAsync();
        await heard.LastAsync("dtu/gateway/gateway/state", "offline");
        Assert.Equal(["online"], heard.Of("dtu/pump-7/state"));
        await using var next = await HostProcess.RunAsync(configuration);
        await heard.LastAsync("dtu/gateway/gateway/state", "online");
        await heard.LastAsync("dtu/pump-7/state", "offline");
        Assert.Equal(["online"], heard.Of("dtu/others/state"));
    }

    [SkippableFact]
    public async Task Tls_with_an_own_root_and_a_password_and_the_words_where_they_are_wrong()
    {
        Tools.Need("openssl", "mosquitto_passwd");
        await OpenSslAsync("req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=root -keyout root.key -out root.pem");
        await OpenSslAsync("req -newkey rsa:2048 -nodes -subj /CN=broker -keyout broker.key -out broker.csr");
        await File.WriteAllTextAsync(Path.Combine(_folder, "san"), "subjectAltName=DNS:localhost");
        await OpenSslAsync("x509 -req -in broker.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile san -out broker.pem");
        await RunAsync("mosquitto_passwd", "-b", "-c", "passwords", "gw", "s3cret");
        await RunAsync("chmod", "644", "broker.key", "passwords");
        await using var broker = await Mosquitto.StartAsync(
            _folder, $"cafile {_folder}/root.pem\ncertfile {_folder}/broker.pem\nkeyfile {_folder}/broker.key\nallow_anonymous false\npassword_file {_folder}/passwords\nuser root");
        var tls = $"tls = on, ca-path = \"{_folder}/root.pem\", username = gw, password = ";

        await using (var right = await HostProcess.RunAsync(Configuration(broker.Port, tls + "s3cret").Replace("host = \"127.0.0.1\"", "host = localhost", StringComparison.Ordinal)))
        {
            await StateAsync(right, "up");
        }

        await using (var password = await HostProcess.RunAsync(Configuration(broker.Port, tls + "wrong").Replace("host = \"127.0.0.1\"", "host = localhost", StringComparison.Ordinal)))
        {
            await StateAsync(password, "down");
            Assert.Matches("refused: (not authorized|bad user name or password)", (await EndpointAsync(password)).GetProperty("lastError").GetString());
        }

        await using var name = await HostProcess.RunAsync(Configuration(broker.Port, tls + "s3cret"));
        await StateAsync(name, "down");
        Assert.Contains("for another name than 127.0.0.1", (await EndpointAsync(name)).GetProperty("lastError").GetString(), StringComparison.Ordinal);
    }

    private Task OpenSslAsync(string arguments) => RunAsync("openssl", arguments.Split(' '));

    private async Task RunAsync(string tool, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(tool, arguments) { WorkingDirectory = _folder, RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said);
    }
}

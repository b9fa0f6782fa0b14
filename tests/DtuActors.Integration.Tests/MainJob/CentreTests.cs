using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Routing;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>Two gateways, each a process of its own: the second is the centre that the first forwards its DTUs to.</summary>
public sealed class CentreTests : IAsyncLifetime
{
    private const string Profiles = """
        profiles {
          default { heartbeat { match = ["ping"], reply = "pong" }, registration { reply = "OK" }, bus { response-timeout = 30s } }
          bytes { registration { kind = hex, length = 6, pattern = "AA(?<id>[0-9A-F]{10})", reply = "" } }
          fields { registration { kind = template, pattern = "{imei},{csq}", reply = "" } }
          packets { registration { pattern = "(?<id>[a-z]{2}-[0-9]{2})", length = 5, every-packet = on, reply = "" } }
        }
        """;

    private readonly List<IAsyncDisposable> _owned = [];
    private HostProcess _centre = null!;
    private HostProcess _gateway = null!;

    public async Task InitializeAsync()
    {
        _centre = await CentreAsync(new Ports(0, 0, 0, 0));
        _gateway = await HostProcess.RunAsync($$"""
            dtu {
              listeners { {{Listeners(new Ports(0, 0, 0, 0))}} }
              {{Profiles}}
              endpoints {
                text { kind = tcp-client, host = localhost, port = {{_centre.EndPointOf("main").Port}}, reopen { min = 100ms, max = 1s } }
                bytes { kind = tcp-client, host = "127.0.0.1", port = {{_centre.EndPointOf("inbytes").Port}} }
                fields { kind = tcp-client, host = "127.0.0.1", port = {{_centre.EndPointOf("infields").Port}} }
                packets { kind = tcp-client, host = "127.0.0.1", port = {{_centre.EndPointOf("inpackets").Port}} }
              }
              routes = [{ dtu = "text-*", to = text }, { dtu = "0102030405", to = bytes }, { dtu = "861234567890123", to = fields }, { dtu = "ab-??", to = packets }]
              http { address = "127.0.0.1", port = 0 }
            }
            """);
    }

    public async Task DisposeAsync()
    {
        foreach (var owned in _owned)
        {
            await owned.DisposeAsync();
        }

        await _gateway.DisposeAsync();
        await _centre.DisposeAsync();
    }

    [Theory]
    [InlineData("main", "text-1", "text-1\r\n", "OK", "")]
    [InlineData("main", "text-2", "text-2", "OK", "")]
    [InlineData("inbytes", "0102030405", "\u00AA\u0001\u0002\u0003\u0004\u0005", "", "")]
    [InlineData("infields", "861234567890123", "861234567890123,20\r\n", "", "")]
    [InlineData("inpackets", "ab-07", "ab-07", "", "ab-07")]
    public async Task The_centre_sees_the_DTU_itself_and_its_request_reaches_the_instrument_and_comes_back(
        string listener, string id, string registration, string reply, string prefix)
    {
        await using var dtu = await DtuClient.ConnectAsync(_gateway.EndPointOf(listener));
        await dtu.SendAsync(Latin(registration));
        Assert.Equal(reply, Text(await dtu.ReadAsync(reply.Length)));
        await OnlineAsync(id);

        using var http = Client(_centre);
        for (var i = 0; i < 3; i++)
        {
            var asked = RequestAsync(http, id, $"01030000000{i}");
            Assert.Equal(Convert.FromHexString($"01030000000{i}"), await dtu.ReadAsync(6));
            await dtu.SendAsync([.. Latin(prefix), 1, 3, 2, 0, (byte)i]);
            Assert.Equal($"01030200{i:X2}", await asked);
        }
    }

    [Fact]
    public async Task Heartbeats_are_replayed_and_answered_once_and_a_DTU_that_leaves_is_offline_at_the_centre()
    {
        await using (var dtu = await DtuClient.RegisterAsync(_gateway.EndPointOf("main"), "text-3"))
        {
            Assert.Equal("OK", Text(await dtu.ReadAsync(2)));
            await OnlineAsync("text-3");
            for (var i = 0; i < 3; i++)
            {
                var before = (await DtuAsync("text-3")).GetProperty("heartbeats").GetInt64();
                await dtu.SendAsync(Latin("ping"));
                Assert.Equal("pong", Text(await dtu.ReadAsync(4)));
                await RunningGateway.UntilAsync(async () => (await DtuAsync("text-3")).GetProperty("heartbeats").GetInt64() > before);
            }

            // What the centre answered to registration and heartbeats is not the instrument's.
            using var http = Client(_centre);
            var asked = RequestAsync(http, "text-3", "55");
            Assert.Equal([0x55], await dtu.ReadAsync(1));
            await dtu.SendAsync([0x66]);
            Assert.Equal("66", await asked);
        }

        await RunningGateway.UntilAsync(async () => (await DtuAsync("text-3")).GetProperty("state").GetString() == "offline");
        Assert.Equal("closed", (await DtuAsync("text-3")).GetProperty("endReason").GetString());
    }

    [Fact]
    public async Task A_centre_that_was_killed_has_all_DTUs_back_when_it_is_started_again()
    {
        var ports = new Ports(_centre.EndPointOf("main").Port, _centre.EndPointOf("inbytes").Port, _centre.EndPointOf("infields").Port, _centre.EndPointOf("inpackets").Port);
        var dtus = new List<DtuClient>();
        for (var i = 10; i < 20; i++)
        {
            var dtu = await DtuClient.RegisterAsync(_gateway.EndPointOf("main"), $"text-{i}");
            _owned.Add(dtu);
            dtus.Add(dtu);
            Assert.Equal("OK", Text(await dtu.ReadAsync(2)));
            await OnlineAsync($"text-{i}");
        }

        await _centre.DisposeAsync();
        using var local = Client(_gateway);
        await RunningGateway.UntilAsync(async () => (await JsonAsync(local, "/api/v1/endpoints")).GetProperty("items").EnumerateArray()
            .Any(item => item.GetProperty("name").GetString() == "text" && item.GetProperty("state").GetString() == "down"));
        await dtus[0].SendAsync(Latin("kept"));

        _centre = await CentreAsync(ports);
        using var http = Client(_centre);
        for (var i = 10; i < 20; i++)
        {
            await OnlineAsync($"text-{i}");
            var asked = RequestAsync(http, $"text-{i}", $"{i}");
            Assert.Equal(Convert.FromHexString($"{i}"), await dtus[i - 10].ReadAsync(1));
            await dtus[i - 10].SendAsync([0x77]);
            await asked;
        }

        var frames = (await JsonAsync(http, "/api/v1/dtus/text-10/frames?limit=10")).GetProperty("items").EnumerateArray()
            .Where(item => item.GetProperty("direction").GetString() == "up").Select(item => item.GetProperty("hex").GetString()).ToList();
        Assert.Equal(["6B657074", "77"], frames);
    }

    private static Task<HostProcess> CentreAsync(Ports ports) => HostProcess.RunAsync($$"""
        dtu {
          listeners { {{Listeners(ports)}} }
          {{Profiles}}
          http { address = "127.0.0.1", port = 0 }
        }
        """);

    // Akka.IO's own listener now and then never reads a connection that stood in the backlog when it began to accept, and dialers stand there when it is started again.
    private static string Listeners(Ports ports) => $$"""
        main { port = {{ports.Main}}, engine = sockets }, inbytes { port = {{ports.Bytes}}, profile = bytes }, infields { port = {{ports.Fields}}, profile = fields }
        inpackets { port = {{ports.Packets}}, profile = packets }
        """;

    private async Task OnlineAsync(string id) => await RunningGateway.UntilAsync(async () =>
        (await DtuAsync(id)) is { ValueKind: JsonValueKind.Object } dtu && dtu.GetProperty("state").GetString() == "online");

    private async Task<JsonElement> DtuAsync(string id)
    {
        using var http = Client(_centre);
        var answer = await Answer.OfAsync(await http.GetAsync($"/api/v1/dtus/{id}"));
        return answer.Status == 200 ? answer.Json : default;
    }

    private static async Task<string?> RequestAsync(HttpClient http, string id, string hex)
    {
        using var body = new StringContent($$"""{"hex":"{{hex}}"}""", Encoding.UTF8, "application/json");
        var answer = await Answer.OfAsync(await http.PostAsync($"/api/v1/dtus/{id}/request", body));
        Assert.Equal(200, answer.Status);
        return answer.Json.GetProperty("hex").GetString();
    }

    private static async Task<JsonElement> JsonAsync(HttpClient http, string path) => (await Answer.OfAsync(await http.GetAsync(path))).Json;

    private static HttpClient Client(HostProcess host) => new() { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };

    private static byte[] Latin(string text) => Encoding.Latin1.GetBytes(text);

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private sealed record Ports(int Main, int Bytes, int Fields, int Packets);
}

/// <summary>A mirror that accepts and never reads, beside the software that the DTU works with.</summary>
public sealed class MirrorTests : IDisposable
{
    private const int FrameLength = 16 * 1024;
    private const int Rounds = 1000;

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-mirror-").FullName;
    private readonly TcpListener _mirror = new(IPAddress.Loopback, 0);

    public void Dispose()
    {
        _mirror.Dispose();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_mirror_that_hangs_changes_neither_the_originals_latency_nor_its_memory()
    {
        _mirror.Start();
        await using var gateway = await RunningGateway.StartAsync($$"""
            dtu {
              listeners { main { port = 0 } }
              profiles { default { framing { codec = length-field, offset = 0, size = 2, max-frame = 32768 } } }
              endpoints {
                scada { kind = tcp, port = 0, framing { codec = raw } }
                plain { kind = tcp, port = 0, framing { codec = raw } }
                mirror { kind = tcp-client, host = "127.0.0.1", port = {{((IPEndPoint)_mirror.LocalEndpoint).Port}} }
              }
              routes = [{ dtu = mirrored, to = scada }, { dtu = mirrored, to = mirror, direction = up }, { dtu = bare, to = plain }]
            }
            """, _folder);
        using var mirrored = await OnlineAsync(gateway, "mirrored");
        using var bare = await OnlineAsync(gateway, "bare");
        using var hung = await _mirror.AcceptSocketAsync().WaitAsync(RunningGateway.Patience);
        using var scada = await ClientAsync(gateway, "scada");
        using var plain = await ClientAsync(gateway, "plain");
        var (with, without) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var round = 0; round < Rounds; round++)
        {
            with.Add(await RoundTripAsync(scada, mirrored));
            without.Add(await RoundTripAsync(plain, bare));
        }

        // How it stands is said within a second.
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("scada")).Up.Written == Rounds);
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("mirror")).Up.Accepted == Rounds);
        Assert.Empty((await gateway.EndpointAsync("scada")).Up.Dropped);
        var mirror = await gateway.EndpointAsync("mirror");
        Assert.Equal([RelayDrops.DestinationSlow], mirror.Up.Dropped.Keys);
        Assert.InRange(mirror.Up.WaitingBytes, 0, 3 * 64 * 1024);
        Assert.Equal(mirror.Up.Accepted, mirror.Up.Written + mirror.Up.Dropped.Values.Sum() + mirror.Up.Waiting);
        Assert.True(Median(with) < (3 * Median(without)) + TimeSpan.FromMilliseconds(20), $"{Median(with)} beside a mirror that hangs, {Median(without)} without one");
    }

    private static async Task<TimeSpan> RoundTripAsync(NetworkStream software, Socket dtu)
    {
        var answer = new byte[FrameLength];
        (answer[0], answer[1]) = ((FrameLength - 2) >> 8, (FrameLength - 2) & 0xFF);
        var started = Stopwatch.GetTimestamp();
        await software.WriteAsync(new byte[] { 1 });
        Assert.Equal(1, await dtu.ReceiveAsync(new byte[16]).WaitAsync(RunningGateway.Patience));
        await dtu.SendAsync(answer);
        await software.ReadExactlyAsync(answer).AsTask().WaitAsync(RunningGateway.Patience);
        return Stopwatch.GetElapsedTime(started);
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);

    private static async Task<NetworkStream> ClientAsync(RunningGateway gateway, string name)
    {
        var stream = new NetworkStream(await gateway.ConnectAsync(name), ownsSocket: true);
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync(name)).Clients == 1);
        return stream;
    }

    private static async Task<Socket> OnlineAsync(RunningGateway gateway, string id)
    {
        var dtu = await gateway.ConnectAsync("main");
        await dtu.SendAsync(Encoding.ASCII.GetBytes(id + "\r\n"));
        await RunningGateway.UntilAsync(async () => (await gateway.Gateway.ListDtusAsync(DtuState.Online, 10, null, default)).Items.Any(item => item.Id.Value == id));
        return dtu;
    }
}

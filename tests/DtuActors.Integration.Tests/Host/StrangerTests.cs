using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using DtuActors.Host.Commands;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Host;

public sealed class ExposedGateway : GatewayFixture
{
    protected override string Configuration => """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0, profile = loose }, few { transport = tcp, address = "127.0.0.1", port = 0, max-connections = 50, max-per-address = 3 } }
          profiles { loose { registration { pattern = "(?<id>.+)" } } }
          dtus { guarded { secret = "open-sesame-0" } }
          http { address = "127.0.0.1", port = 0 }
        }
        """;
}

/// <summary>Strangers at the DTU port and at the HTTP port: what they call themselves, and how much they take.</summary>
public sealed partial class StrangerTests(ExposedGateway gateway) : IClassFixture<ExposedGateway>
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);

    [Theory]
    [InlineData("../../../../tmp/dtu-escaped")]
    [InlineData("/etc/passwd")]
    [InlineData("a%00b%0d%0aX: y")]
    [InlineData("+/#")]
    [InlineData("$SYS/broker")]
    [InlineData("'; DROP TABLE frames; --")]
    [InlineData("\"}],\"x\":[{\"")]
    [InlineData("\\\"x\\n${jndi:ldap://x}")]
    [InlineData("\u202egnp.exe\u2066\u200f")]
    [InlineData("\u2028line\u2029end")]
    [InlineData("{0} {Id} %s")]
    public async Task An_id_is_only_ever_a_name(string id)
    {
        await using var dtu = await gateway.OnlineAsync(id);
        await dtu.SendAsync("said"u8.ToArray());
        var path = "/api/v1/dtus/" + Uri.EscapeDataString(id);
        await RunningGateway.UntilAsync(async () => (await gateway.GetAsync(path + "/frames")).Json.GetProperty("items").GetArrayLength() > 0);
        Assert.Equal(id, (await gateway.GetAsync(path)).Json.GetProperty("id").GetString());
        Assert.Contains(id, (await gateway.GetAsync("/api/v1/dtus?limit=1000")).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()));
        using (var capture = await gateway.Http.GetAsync(path + "/capture.pcapng", HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal((HttpStatusCode.OK, "capture.pcapng"), (capture.StatusCode, capture.Content.Headers.ContentDisposition?.FileName));
        }

        // Its session is one line of the log, in which nothing turns it around, and no label; and nothing was written but what always is.
        await RunningGateway.UntilAsync(() => Task.FromResult(gateway.Host.Errors.Contains($"DTU {Terminal.Safe(id)} online from ", StringComparison.Ordinal)));
        Assert.All(gateway.Host.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches(LogLine(), line));
        Assert.DoesNotContain(id, (await gateway.Http.GetStringAsync("/metrics")).Split('\n').SelectMany(line => Label().Matches(line).Select(label => label.Groups[1].Value)));
        Assert.False(File.Exists("/tmp/dtu-escaped"));
        Assert.All(Files(), file => Assert.Matches(OwnFile(), file));
    }

    [Theory]
    [InlineData("\u001b[2J\u001b]0;owned\u0007")]
    [InlineData("a\0b")]
    [InlineData("a\tb")]
    [InlineData("a\u0085b")]
    [InlineData("a\u009b31mb")]
    [InlineData("\u007f")]
    public async Task What_steers_a_terminal_is_no_id_and_is_written_to_no_log(string id)
    {
        await using var dtu = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), id);
        await dtu.ClosedAsync();
        Assert.DoesNotContain(gateway.Host.Errors, static character => char.IsControl(character) && character is not ('\n' or '\r'));
        Assert.All(gateway.Host.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches(LogLine(), line));
    }

    [Theory]
    [InlineData(129)]
    [InlineData(1000)]
    [InlineData(5000)]
    public async Task An_id_that_is_too_long_and_a_registration_beyond_any_are_refused_and_shown_as_64_bytes(int length)
    {
        await using var dtu = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), new string('z', length));
        await dtu.ClosedAsync();
        var hex = Convert.ToHexString(Encoding.ASCII.GetBytes(new string('z', 64)));
        await RunningGateway.UntilAsync(async () => (await gateway.GetAsync("/api/v1/unknown")).Json.GetProperty("items").EnumerateArray().Any(item => item.GetProperty("hex").GetString() == hex));
        Assert.Equal(400, (await gateway.GetAsync("/api/v1/dtus/" + new string('z', length))).Status);
    }

    [Fact]
    public async Task A_known_id_without_its_secret_is_refused_and_the_secret_is_shown_nowhere()
    {
        await using var dtu = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), "guarded");
        await dtu.ClosedAsync();
        var shown = new StringBuilder(gateway.Host.Errors);
        foreach (var path in (string[])["/api/v1/dtus/guarded", "/api/v1/dtus", "/api/v1/unknown", "/api/v1/audit", "/api/v1/listeners", "/metrics", "/readyz"])
        {
            shown.Append(await gateway.Http.GetStringAsync(path));
        }

        Assert.Contains("guarded", shown.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("open-sesame-0", shown.ToString(), StringComparison.Ordinal);
        Assert.Equal("offline", (await gateway.GetAsync("/api/v1/dtus/guarded")).Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task An_address_has_no_more_connections_than_its_most_and_the_next_is_closed_at_once()
    {
        var held = new List<DtuClient>();
        for (var i = 0; i < 3; i++)
        {
            held.Add(await gateway.OnlineAsync($"few-{i}", "few"));
        }

        try
        {
            await using var beyond = await DtuClient.ConnectAsync(gateway.Host.EndPointOf("few"));
            await beyond.ClosedAsync();
        }
        catch (SocketException reset) when (reset.SocketErrorCode is SocketError.ConnectionReset)
        {
            // Closed before it was known to be open.
        }

        foreach (var dtu in held)
        {
            await dtu.DisposeAsync();
        }

        // Until the gateway has seen one of them end, whoever comes is closed too.
        await RunningGateway.UntilAsync(async () =>
        {
            try
            {
                await using var back = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("few"), "few-back");
                return (await gateway.GetAsync("/api/v1/dtus/few-back")).Status == 200;
            }
            catch (Exception closed) when (closed is IOException or SocketException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task A_request_line_and_headers_beyond_their_bounds_are_refused()
    {
        Assert.Equal(414, await RawAsync($"GET /{new string('a', 9000)} HTTP/1.1\r\nHost: x\r\n\r\n"));
        Assert.Equal(431, await RawAsync($"GET / HTTP/1.1\r\nHost: x\r\nX: {new string('a', 40_000)}\r\n\r\n"));
        Assert.Equal(431, await RawAsync($"GET / HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: y\r\n"))}\r\n"));
    }

    [Fact]
    public async Task More_HTTP_connections_than_there_may_be_are_closed_and_DTUs_come_in_all_the_while()
    {
        var held = new List<Socket>();
        try
        {
            var address = IPEndPoint.Parse(gateway.Host.AddressOf("http"));
            for (var closed = false; !closed && held.Count < 2000;)
            {
                for (var i = 0; i < 100; i++)
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    held.Add(socket);
                    await socket.ConnectAsync(address);
                }

                closed = await IsClosedAsync(held[^1]);
            }

            Assert.InRange(held.Count, 100, 1900);
            await using var dtu = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), "while-full");
            await RunningGateway.UntilAsync(() => Task.FromResult(gateway.Host.Errors.Contains("DTU while-full online", StringComparison.Ordinal)));
        }
        finally
        {
            held.ForEach(static socket => socket.Dispose());
        }

        await RunningGateway.UntilAsync(async () =>
        {
            try
            {
                return (await gateway.GetAsync("/healthz")).Status == 200;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        using var soon = new CancellationTokenSource(Soon);
        try
        {
            return await socket.ReceiveAsync(new byte[1], soon.Token) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<int> RawAsync(string request)
    {
        using var client = new TcpClient();
        var address = IPEndPoint.Parse(gateway.Host.AddressOf("http"));
        await client.ConnectAsync(address);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        }
        catch (IOException)
        {
            // It has answered, and reads no more.
        }

        var line = new byte[12];
        await stream.ReadExactlyAsync(line);
        return int.Parse(Encoding.ASCII.GetString(line)[9..], System.Globalization.CultureInfo.InvariantCulture);
    }

    private IEnumerable<string> Files() =>
        System.IO.Directory.EnumerateFiles(gateway.Host.Folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(gateway.Host.Folder, file).Replace('\\', '/'));

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT[\d:.]+Z \w{4}: ")]
    private static partial Regex LogLine();

    [GeneratedRegex("=\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Label();

    [GeneratedRegex(@"^(dtu\.conf|data/dtu[a-z-]*\.db(-wal|-shm|-journal)?|[A-Za-z0-9._-]+\.(log|lock))$")]
    private static partial Regex OwnFile();
}

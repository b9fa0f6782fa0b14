using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class HostileGateway : GatewayFixture
{
    protected override string Configuration => """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          http { address = "127.0.0.1", port = 0 }
          endpoints { scada { kind = tcp, address = "127.0.0.1", port = 0 } }
          routes = [ { dtu = "pump-*", to = scada, direction = up } ]
          dtus { "in-file" { groups = ["east"] } }
        }
        """;
}

/// <summary>
/// Calls that nobody meant: bodies, paths and queries of every call, changed anywhere. Each is answered, none with a failure of the gateway's own, and each refusal says what
/// would be right in the form that all of them have.
/// </summary>
public sealed class HostileCallTests(HostileGateway gateway) : IClassFixture<HostileGateway>
{
    private const int Calls = 600;
    private const int AtOnce = 4;
    private const int MostTold = 10;

    // What decides in JSON, in CSV and in paths.
    private static readonly string[] Likely =
    [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "-1", "1e999", "\\ud800", "\\u0000", "\"\"", "99999999999999999999", "\n", "\r\n", ";", "'", "=", "\t", "%", "%00", "%ff", "%2f", "&", "?",
        "#", "..", "\uFFFD", "泵", "\u202e", "0", "T", "+", "//",
    ];

    // Query and body are changed; what stands in braces is an id, changed as well.
    private static readonly (string Method, string Path, string Type, string Body)[] Meant =
    [
        ("PUT", "/api/v1/dtus/{h-1}", "application/json", """{"id":"h-1","name":"n","groups":["a","b"],"secret":"s3cret","port":30001,"aliases":["x"],"profile":"default","note":"a\nb"}"""),
        ("PUT", "/api/v1/dtus/{h-2}", "application/json", """{"groups":"a;b","note":null}"""),
        ("DELETE", "/api/v1/dtus/{h-1}", "", ""),
        ("DELETE", "/api/v1/dtus/{h-1}/connection", "", ""),
        ("DELETE", "/api/v1/dtus/{h-1}/commands/01", "", ""),
        ("POST", "/api/v1/dtus/import?dryRun=true&encoding=auto", "text/csv", "id,name,groups,secret,port,aliases,note\r\nh-3,\"a\"\"b\",x;y,s3cret,30002,h-4,=1\r\n"),
        ("POST", "/api/v1/dtus/import", "text/csv; charset=utf-8", "id;note\nh-5;'-\n"),
        ("POST", "/api/v1/dtus/{in-file}/send", "application/json", """{"hex":"01 03 00 00 00 02","crc":"modbus","ttl":"1s","retry":"never","key":"k"}"""),
        ("POST", "/api/v1/dtus/{in-file}/send", "application/json", """{"text":"\u6c34","encoding":"gb18030"}"""),
        ("POST", "/api/v1/dtus/{in-file}/request", "application/json", """{"hex":"010300000002","crc":"modbus","timeout":"10ms"}"""),
        ("POST", "/api/v1/groups/{east}/send", "application/json", """{"hex":"00","ttl":"1s"}"""),
        ("PUT", "/api/v1/routes?dryRun=true&discard=true", "application/json", """{"items":[{"dtu":"pump-*","to":"scada","direction":"up","whenOffline":"drop","ttl":"1d"}],"version":"00"}"""),
        ("PUT", "/api/v1/routes?dryRun=true", "application/json", """{"items":[{"dtu":"C:\\\"x","to":"group:east"}]}"""),
        ("POST", "/api/v1/config/reload", "application/json", "{}"),
        ("POST", "/login", "application/json", """{"key":"a"}"""),
        ("POST", "/logout", "", ""),
        ("GET", "/api/v1/dtus?limit=10&after=h-1&state=offline&group=east&q=h&fleet=a", "", ""),
        ("GET", "/api/v1/dtus/{in-file}", "", ""),
        ("GET", "/api/v1/dtus/{in-file}/frames?limit=10&after=1&before=2&from=2026-05-04T10:00:00Z&to=2026-05-04T10:00:00%2B08:00&direction=up&hex=01", "", ""),
        ("GET", "/api/v1/dtus/{in-file}/commands?limit=10&after=1&state=expired", "", ""),
        ("GET", "/api/v1/dtus/{in-file}/sessions?limit=1&after=0", "", ""),
        ("GET", "/api/v1/dtus/{in-file}/capture.pcapng?from=2026-05-04T10:00:00Z&to=2026-05-04T11:00:00Z&follow=false", "", ""),
        ("GET", "/api/v1/capture.pcapng?dtu=a*&for=1s&limit=1", "", ""),
        ("GET", "/api/v1/events?dtu=a&after=1&types=frame", "", ""),
        ("GET", "/api/v1/audit?limit=10&after=5&from=2026-05-04T10:00:00Z&actor=a&q=x", "", ""),
        ("GET", "/api/v1/fleet?group=a", "", ""),
        ("GET", "/api/v1/unknown?limit=5&after=1", "", ""),
        ("GET", "/api/v1/alarms?active=true&limit=5", "", ""),
        ("GET", "/api/v1/dtus.csv", "", ""),
    ];

    [Fact]
    public async Task Every_call_that_nobody_meant_is_answered_and_every_refusal_says_why()
    {
        using var process = Process.GetProcessById(gateway.Host.Id);
        var first = int.TryParse(Environment.GetEnvironmentVariable("DTU_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 1;
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = gateway.Http.BaseAddress, Timeout = HostProcess.Patience };
        foreach (var call in Meant)
        {
            var fault = await FaultAsync(http, call.Method, call.Path.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal), call.Type, Encoding.UTF8.GetBytes(call.Body));
            Assert.True(fault is null, fault);
        }

        process.Refresh();
        var before = process.WorkingSet64;
        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(Enumerable.Range(first, Calls), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (seed, _) =>
        {
            var random = new Random(seed);
            var (method, path, type, body) = Meant[random.Next(Meant.Length)];
            if (await FaultAsync(http, method, PathOf(path, random), TypeOf(type, random), BodyOf(body, random)) is { } fault)
            {
                wrong.Enqueue($"DTU_SEED={seed}: {fault}");
            }
        });
        Assert.True(wrong.IsEmpty, $"{wrong.Count} calls, of which the first are\n{string.Join('\n', wrong.Take(MostTold))}");
        Assert.Equal(200, (await gateway.GetAsync("/healthz")).Status);
        Assert.Equal("east", (await gateway.GetAsync("/api/v1/dtus/in-file")).Json.GetProperty("groups")[0].GetString());
        process.Refresh();
        Assert.True(process.WorkingSet64 < before + (200L * 1024 * 1024), $"{process.WorkingSet64 / 1024 / 1024} MB after {before / 1024 / 1024}");
    }

    [Theory]
    [InlineData("""{"name":"\ud800"}""")]
    [InlineData("""{"\udc00":"a"}""")]
    [InlineData("""{"aliases":["a","\ud800"]}""")]
    public async Task Half_a_character_is_refused(string body)
    {
        var answer = await gateway.PutAsync("/api/v1/dtus/half", body);
        Assert.Equal((400, "malformed-json"), (answer.Status, answer.Type));
    }

    [Theory]
    [InlineData("/login", "text/plain", 415)]
    [InlineData("/login", "", 415)]
    [InlineData("/", "application/json", 405)]
    [InlineData("/dtus", "application/x-www-form-urlencoded", 405)]
    public async Task What_is_posted_to_a_page_is_refused_as_any_other_call_is(string path, string type, int status)
    {
        using var body = new ByteArrayContent("a=b"u8.ToArray());
        if (type.Length > 0)
        {
            body.Headers.Add("Content-Type", type);
        }

        var answer = await Answer.OfAsync(await gateway.Http.PostAsync(path, body));
        Assert.Equal((status, "application/problem+json"), (answer.Status, answer.MediaType));
    }

    [Theory]
    [InlineData("a\u202eb\u200d", "a\ufffdb\ufffd")]
    [InlineData("x\u2028", "x\ufffd")]
    [InlineData("\U000e0041", "\ufffd")]
    [InlineData("\u001b[2J\u007f\u0085", "\u241b[2J\u2421\ufffd")]
    [InlineData("泵站 𠮷 é 1", "泵站 𠮷 é 1")]
    public void Nothing_unseen_reaches_a_terminal(string text, string shown) => Assert.Equal(shown, DtuActors.Host.Commands.Terminal.Safe(text));

    // A test's name can't have half a character in it.
    [Fact]
    public void Half_a_character_reaches_no_terminal_either() => Assert.Equal("a\ufffd", DtuActors.Host.Commands.Terminal.Safe("a\ud800"));

    /// <summary>What is wrong with the answer, or null.</summary>
    private static async Task<string?> FaultAsync(HttpClient http, string method, string path, string type, byte[] body)
    {
        var uri = new Uri(http.BaseAddress!.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new HttpMethod(method), uri);
        if (method is "PUT" or "POST")
        {
            request.Content = new ByteArrayContent(body);
            if (type.Length > 0)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            }
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var status = (int)response.StatusCode;
        var mediaType = response.Content.Headers.ContentType?.MediaType;
        var what = $"{method} {path} {type} {Encoding.UTF8.GetString(body)}: {status} {mediaType}";

        // A DTU that does not answer in time is no failure of the gateway's; a path with NUL never comes as far as to it.
        if (response.StatusCode is >= HttpStatusCode.InternalServerError and not HttpStatusCode.GatewayTimeout)
        {
            return what;
        }

        if (status < 400 || (response.StatusCode is HttpStatusCode.BadRequest && mediaType is null && path.Contains("%00", StringComparison.Ordinal)))
        {
            return null;
        }

        var problem = await Answer.OfAsync(response);
        return mediaType == "application/problem+json" && problem.Type is { Length: > 0 } && problem.Json.GetProperty("detail").GetString() is { Length: > 0 } && problem.Json.GetProperty("status").GetInt32() == status
            ? null
            : what;
    }

    private static string PathOf(string path, Random random)
    {
        var (open, close) = (path.IndexOf('{', StringComparison.Ordinal), path.IndexOf('}', StringComparison.Ordinal));
        if (open >= 0)
        {
            var id = path[(open + 1)..close];
            path = path[..open] + (random.Next(3) == 0 ? InUrl(Change(id, random)) : id) + path[(close + 1)..];
        }

        return path.IndexOf('?', StringComparison.Ordinal) is >= 0 and var query && random.Next(4) > 0 ? path[..(query + 1)] + InUrl(Change(path[(query + 1)..], random)) : path;
    }

    // What a client must not write as it is; half of a percent-encoding it may.
    private static string InUrl(string text) => string.Concat(text.Select(c => c is <= ' ' or > '~' or '#' or '"' or '\\' ? Uri.EscapeDataString(c.ToString()) : c.ToString()));

    private static string TypeOf(string type, Random random) => random.Next(20) switch
    {
        0 => "",
        1 => "text/plain",
        2 => string.Concat(Change(type, random).Where(c => c is >= ' ' and <= '~')),
        _ => type,
    };

    private static byte[] BodyOf(string body, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(random.Next(8) == 0 ? body : Change(body, random));
        if (bytes.Length > 0 && random.Next(6) == 0)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    private static string Change(string text, Random random)
    {
        var changed = new StringBuilder(text);
        for (var changes = 1 + random.Next(4); changes > 0; changes--)
        {
            var at = random.Next(changed.Length + 1);
            switch (random.Next(5))
            {
                case 0:
                    changed.Remove(at, random.Next(Math.Min(12, changed.Length - at + 1)));
                    break;
                case 1 when changed.Length is > 0 and < 4096:
                    changed.Append(changed.ToString(0, at));
                    break;
                case 2:
                    changed.Insert(at, new string("[{\"a0\u00e9"[random.Next(6)], 1 << random.Next(9)));
                    break;
                default:
                    changed.Insert(at, Likely[random.Next(Likely.Length)]);
                    break;
            }
        }

        return changed.ToString();
    }
}

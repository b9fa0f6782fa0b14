using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace DtuActors.Integration.Tests.Harness;

/// <summary>One gateway process for the tests of a class; each test uses ids of its own.</summary>
public class GatewayFixture : IAsyncLifetime
{
    private const string Text = """
        dtu {
          listeners {
            main { transport = tcp, address = "127.0.0.1", port = 0 }
            tenant { transport = tcp, address = "127.0.0.1", port = 0, id-prefix = "tenant-a/", profile = loose }
            polled { transport = tcp, address = "127.0.0.1", port = 0, profile = polled }
          }
          profiles {
            default { text-encoding = gb18030, bus { response-timeout = 30s } }
            polled { framing { codec = modbus-rtu }, bus { mode = request-response } }
            loose { registration { pattern = "(?<id>.+)" }, text-encoding = utf-8 }
          }
          http { address = "127.0.0.1", port = 0 }
        }
        """;

    public HostProcess Host { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    protected virtual string Configuration => Text;

    public async Task InitializeAsync()
    {
        Host = await HostProcess.RunAsync(Configuration);
        Http = new HttpClient { BaseAddress = new Uri(Host.Url), Timeout = HostProcess.Patience };
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
    }

    /// <summary>A DTU that is online in the gateway's eyes.</summary>
    public async Task<DtuClient> OnlineAsync(string id, string listener = "main", string prefix = "")
    {
        await using var events = await EventReader.OpenAsync(Http, $"/api/v1/events?dtu={Uri.EscapeDataString(prefix + id)}");
        var dtu = await DtuClient.RegisterAsync(Host.EndPointOf(listener), id);
        await events.NextAsync("online");
        return dtu;
    }

    public async Task<Answer> GetAsync(string path) => await Answer.OfAsync(await Http.GetAsync(path));

    public async Task<Answer> PutAsync(string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        return await Answer.OfAsync(await Http.PutAsync(path, body));
    }

    public async Task<Answer> DeleteAsync(string path) => await Answer.OfAsync(await Http.DeleteAsync(path));

    /// <summary>Posts a file of the register.</summary>
    public async Task<Answer> ImportAsync(string csv, string query = "", string type = "text/csv")
    {
        using var body = new StringContent(csv, Encoding.UTF8, type);
        return await Answer.OfAsync(await Http.PostAsync("/api/v1/dtus/import" + query, body));
    }

    public async Task<Answer> PostAsync(string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        return await Answer.OfAsync(await Http.PostAsync(path, body));
    }
}

/// <summary>An HTTP answer with its JSON.</summary>
public sealed record Answer(int Status, string? MediaType, JsonElement Json, HttpResponseHeaders Headers)
{
    public string? Type => Json.ValueKind is JsonValueKind.Object && Json.TryGetProperty("type", out var type) ? type.GetString() : null;

    public static async Task<Answer> OfAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            var json = text.Length > 0 && response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true
                ? JsonDocument.Parse(text).RootElement.Clone()
                : default;
            return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, json, response.Headers);
        }
    }
}

/// <summary>A stream of server-sent events; nothing that happens after <see cref="OpenAsync"/> is missed.</summary>
public sealed class EventReader : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly IAsyncEnumerator<SseItem<string>> _items;
    private readonly CancellationTokenSource _patience = new(HostProcess.Patience);

    private EventReader(Stream stream)
    {
        _stream = stream;
        _items = SseParser.Create(stream).EnumerateAsync(_patience.Token).GetAsyncEnumerator();
    }

    public static async Task<EventReader> OpenAsync(HttpClient http, string path)
    {
        var response = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new EventReader(await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event of that name; others are passed over.</summary>
    public async Task<JsonElement> NextAsync(string name)
    {
        while (await _items.MoveNextAsync())
        {
            if (_items.Current.EventType == name)
            {
                return JsonDocument.Parse(_items.Current.Data).RootElement.Clone();
            }
        }

        throw new InvalidOperationException($"the stream ended before '{name}'");
    }

    /// <summary>Whether the stream has ended with nothing more in it.</summary>
    public async Task<bool> EndedAsync() => !await _items.MoveNextAsync();

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _patience.Dispose();
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DtuActors.Host.Api;

namespace DtuActors.Host.Client;

/// <summary>The gateway refused, or could not be reached; the message is for a person.</summary>
internal sealed class ApiFailureException(string message, string? problemJson = null) : Exception(message)
{
    /// <summary>The problem as the gateway told it, or null where none answered.</summary>
    public string? ProblemJson { get; } = problemJson;
}

/// <summary>The commands' side of the HTTP API.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _url;

    public ApiClient(Uri url, string? key)
    {
        _url = url.GetLeftPart(UriPartial.Path).TrimEnd('/');

        // A proxy of the environment knows nothing of this machine's loopback. Each request has its own limit.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = !url.IsLoopback, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>The path of a DTU's resource.</summary>
    public static string Dtu(string id, string rest = "") => IdInPath.Prefix + Escape(id) + rest;

    public Task<string> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, cancellation);

    public Task<string> DeleteAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Delete, path, null, cancellation);

    /// <summary>A file's bytes as they are.</summary>
    public Task<string> PostAsync(string path, byte[] file, string type, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue(type) } }, cancellation);

    public Task<string> PostAsync<T>(string path, T body, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, new StringContent(JsonSerializer.Serialize(body, ApiJson.Of<T>()), Encoding.UTF8, "application/json"), cancellation);

    /// <summary>A body that does not end; dispose the stream to end it.</summary>
    public async Task<Stream> StreamAsync(string path, CancellationToken cancellation)
    {
        var response = await ReachAsync(HttpMethod.Get, path, null, HttpCompletionOption.ResponseHeadersRead, cancellation);
        return await response.Content.ReadAsStreamAsync(cancellation);
    }

    /// <summary>A body that is no text.</summary>
    public async Task<byte[]> BytesAsync(string path, CancellationToken cancellation)
    {
        using var response = await ReachAsync(HttpMethod.Get, path, null, HttpCompletionOption.ResponseContentRead, cancellation);
        return await response.Content.ReadAsByteArrayAsync(cancellation);
    }

    public static T Read<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ApiJson.Of<T>()) ?? throw new ApiFailureException("the answer is not this API's: null");
        }
        catch (JsonException unreadable)
        {
            throw new ApiFailureException($"the answer is not this API's: {unreadable.Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    // '.' and '..' are ids like others, but a path's own words: only they need more than the usual escaping.
    private static string Escape(string id) => id is "." or ".." ? id.Replace(".", "%2E", StringComparison.Ordinal) : Uri.EscapeDataString(id);

    private async Task<string> SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellation)
    {
        using var response = await ReachAsync(method, path, body, HttpCompletionOption.ResponseContentRead, cancellation);
        return await response.Content.ReadAsStringAsync(cancellation);
    }

    private async Task<HttpResponseMessage> ReachAsync(HttpMethod method, string path, HttpContent? body, HttpCompletionOption completion, CancellationToken cancellation)
    {
        // Canonicalization would fold the ids '.' and '..' and unescape what was escaped on purpose.
        var target = new Uri(_url + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(method, target) { Content = body };
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, completion, cancellation);
        }
        catch (HttpRequestException unreachable)
        {
            throw new ApiFailureException($"no gateway answers at {_url} ({unreachable.Message}); does dtu run run there? --url or DTU_URL names another");
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await FailureAsync(response, cancellation);
        }
    }

    private static async Task<ApiFailureException> FailureAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var text = await response.Content.ReadAsStringAsync(cancellation);
        if (response.StatusCode is HttpStatusCode.ServiceUnavailable && response.Content.Headers.ContentType?.MediaType == "application/json")
        {
            var health = Read<HealthModel>(text);
            return new ApiFailureException($"{health.Status}: {health.Detail}", text);
        }

        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return new ApiFailureException($"status {(int)response.StatusCode}, and not from a gateway of this kind; --url or DTU_URL names another");
        }

        var problem = Read<Problem>(text);
        var hint = response.StatusCode is HttpStatusCode.Unauthorized ? " (--api-key or DTU_API_KEY)" : "";
        return new ApiFailureException($"{problem.Title}: {problem.Detail}{hint}", text);
    }
}

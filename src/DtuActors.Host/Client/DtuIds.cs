using System.CommandLine.Completions;
using System.Net.Http.Headers;
using System.Text.Json;
using DtuActors.Host.Api;

namespace DtuActors.Host.Client;

/// <summary>The ids of a running gateway's DTUs, for a shell that completes a word: quick, or silent.</summary>
internal static class DtuIds
{
    // A person waits at the key: not long for a host that is not there, longer for one that is busy.
    private static readonly TimeSpan Reached = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Answered = TimeSpan.FromSeconds(5);

    private const int Most = 200;

    /// <summary>Ids that begin with the word, at most <see cref="Most"/>; none where no gateway answers in time.</summary>
    /// <remarks>Completion is asked for from code that can't wait by await.</remarks>
    public static IEnumerable<CompletionItem> Complete(string url, string? key, string word)
    {
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = Reached }) { Timeout = Answered };
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{url.TrimEnd('/')}/api/v1/dtus?limit={Most}{After(word)}");
            if (key is not null)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            }

            using var response = http.Send(request);
            if (!response.IsSuccessStatusCode)
            {
                return [];
            }

            using var body = response.Content.ReadAsStream();
            var page = JsonSerializer.Deserialize(body, ApiJson.Of<ItemPage<DtuModel>>());
            return [.. (page?.Items ?? []).Where(dtu => dtu.Id.StartsWith(word, StringComparison.Ordinal)).Select(dtu => new CompletionItem(dtu.Id, detail: dtu.Name))];
        }
        catch (Exception silent) when (silent is HttpRequestException or OperationCanceledException or JsonException or UriFormatException or IOException or InvalidOperationException)
        {
            return [];
        }
    }

    // Ids come in order: from just before the first that begins with the word on.
    private static string After(string word) => word.Length < 2 ? "" : $"&after={Uri.EscapeDataString(word[..^1])}";
}

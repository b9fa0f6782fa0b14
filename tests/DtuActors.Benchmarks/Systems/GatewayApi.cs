using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace DtuActors.Benchmarks.Systems;

/// <summary>What the benchmarks ask a gateway's HTTP API.</summary>
internal static class GatewayApi
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static HttpClient Api(this ChildProcess gateway) => new() { BaseAddress = new Uri($"http://{gateway.AddressOf("http")}") };

    public static async Task<JsonNode> JsonAsync(this HttpClient api, string path, CancellationToken ct = default) =>
        (await api.GetFromJsonAsync<JsonNode>(new Uri(path, UriKind.Relative), ct))!;

    /// <summary>Of a list: its items, or those of its first page.</summary>
    public static async Task<JsonArray> ItemsAsync(this HttpClient api, string path, CancellationToken ct = default) =>
        (await api.JsonAsync(path, ct))["items"]!.AsArray();

    /// <summary>Of a list: the items of all its pages, which are as long as they may be.</summary>
    /// <param name="path">With a question mark, which <c>limit</c> and <c>after</c> are put behind.</param>
    public static async Task<IReadOnlyList<JsonNode>> AllItemsAsync(this HttpClient api, string path)
    {
        var items = new List<JsonNode>();
        var after = "";
        do
        {
            var page = await api.JsonAsync($"{path}limit=1000{after}");
            items.AddRange(page["items"]!.AsArray()!);
            after = page["next"] is { } next ? $"&after={next}" : "";
        }
        while (after.Length > 0);
        return items;
    }

    /// <summary>Returns when that many DTUs are online.</summary>
    /// <exception cref="OperationCanceledException">They are not, after half a minute.</exception>
    public static async Task OnlineAsync(this HttpClient api, int wanted)
    {
        using var patience = new CancellationTokenSource(Patience);
        while ((await api.ItemsAsync("/api/v1/dtus?state=online", patience.Token)).Count < wanted)
        {
            await Task.Delay(100, patience.Token);
        }
    }
}

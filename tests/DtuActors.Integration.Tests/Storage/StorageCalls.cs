using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Storage;

/// <summary>What tests of storage ask a gateway.</summary>
internal static class StorageCalls
{
    public static HttpClient Client(HostProcess host) => new() { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };

    public static async Task<Answer> ImportAsync(HttpClient http, string csv)
    {
        using var body = new StringContent(csv, Encoding.UTF8, "text/csv");
        return await Answer.OfAsync(await http.PostAsync("/api/v1/dtus/import", body));
    }

    public static async Task<JsonElement> GetAsync(HttpClient http, string path) => (await Answer.OfAsync(await http.GetAsync(path))).Json;

    public static async Task UntilAsync(HttpClient http, string path, Predicate<JsonElement> fits)
    {
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var last = default(JsonElement);
        while (!patience.IsCancellationRequested)
        {
            last = await GetAsync(http, path);
            if (fits(last))
            {
                return;
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        Assert.Fail($"{path} says to the end: {last}");
    }

    public static JsonElement Check(JsonElement ready) => ready.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == "storage");

    public static string Told(JsonElement ready) => Check(ready).GetProperty("detail").GetString() ?? "";

    public static IEnumerable<string> Open(JsonElement alarms) => alarms.GetProperty("items").EnumerateArray()
        .Where(alarm => alarm.GetProperty("kind").GetString() == "storage-failed")
        .Select(alarm => $"{alarm.GetProperty("subject").GetString()} {alarm.GetProperty("severity").GetString()}").Order(StringComparer.Ordinal);
}

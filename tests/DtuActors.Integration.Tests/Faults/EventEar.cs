using System.Net.ServerSentEvents;
using System.Text.Json;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>Hears what a gateway says of who is online, as often as it has to be asked anew.</summary>
/// <param name="history">Hears of it.</param>
/// <param name="http">The gateway's API; null: it does not run.</param>
/// <param name="comesTwice">A fault that is planted.</param>
internal sealed class EventEar(FaultHistory history, Func<HttpClient?> http, bool comesTwice)
{
    /// <summary>Whether the gateway tells it of what happens.</summary>
    public bool Hears { get; private set; }

    public async Task RunAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                if (http() is { } client)
                {
                    history.Forget();
                    using var response = await client.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead, over);
                    Hears = true;
                    await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(over)).EnumerateAsync(over))
                    {
                        Tell(item.EventType, item.Data);
                    }
                }
            }
            catch (Exception ended) when (ended is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // Killed, or over.
            }

            await Task.Delay(100, CancellationToken.None);
        }
    }

    private void Tell(string kind, string data)
    {
        if (kind == "lost")
        {
            history.Forget();
        }
        else if (kind is "online" or "offline")
        {
            using var json = JsonDocument.Parse(data);
            for (var times = comesTwice ? 2 : 1; times > 0; times--)
            {
                history.Tell(json.RootElement.GetProperty("dtu").GetString()!, kind == "online");
            }
        }
    }
}

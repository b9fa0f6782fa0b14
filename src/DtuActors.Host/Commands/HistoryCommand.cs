using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using DtuActors.Host.Api;
using DtuActors.Host.Client;
using DtuActors.Host.Writing;

namespace DtuActors.Host.Commands;

/// <summary>Prints the frames that the gateway remembers, as <c>watch</c> prints those that pass.</summary>
internal static class HistoryCommand
{
    private const int MostFrames = 1_000_000;
    private const int DefaultFrames = 1000;

    public static Command Create()
    {
        var id = GatewayCommand.Id();
        var since = Instant("--since", "Only frames from then on.");
        var until = Instant("--until", "Only frames before then.");
        var limit = NumberOptions.Integer("--limit", "At most so many, the latest.", 1, MostFrames, DefaultFrames);
        return new ExampledCommand("history", "Print a DTU's frames of late, oldest first.", "dtu history 13800138000 --since 1h", "dtu history 13800138000 --since 2026-05-04T10:00:00Z --limit 20 --json")
        {
            id, since, until, limit,
        }.Talks((client, parsed, json, ended) =>
            PrintAsync(client, parsed.GetValue(id)!, Read(parsed.GetValue(since)), Read(parsed.GetValue(until)), parsed.GetValue(limit), json, ended));
    }

    private static async Task<int> PrintAsync(ApiClient client, string id, DateTimeOffset? since, DateTimeOffset? until, int limit, bool json, CancellationToken ended)
    {
        var latest = new Queue<FrameModel>();
        string? next = null;
        do
        {
            var query = $"?limit={Arguments.MostItems}{Query("since", since)}{Query("until", until)}{(next is null ? "" : $"&after={Uri.EscapeDataString(next)}")}";
            var page = ApiClient.Read<ItemPage<FrameModel>>(await client.GetAsync(ApiClient.Dtu(id, "/frames") + query, ended));
            foreach (var frame in page.Items)
            {
                latest.Enqueue(frame);
                if (latest.Count > limit)
                {
                    latest.Dequeue();
                }
            }

            next = page.Next;
        }
        while (next is not null);

        if (json)
        {
            Terminal.Line(JsonSerializer.Serialize(new ItemPage<FrameModel>([.. latest], null), ApiJson.Of<ItemPage<FrameModel>>()));
        }
        else
        {
            foreach (var frame in latest)
            {
                Terminal.Line(WatchCommand.Line("frame", JsonSerializer.SerializeToElement(Event(id, frame), ApiJson.Of<FrameEvent>())));
            }
        }

        Console.Error.WriteLine("(from the gateway's memory, of bounded size: history is not stored yet, and a restart forgets it)");
        return ExitCodes.Done;
    }

    private static FrameEvent Event(string id, FrameModel frame) => new()
    {
        At = frame.At, Dtu = id, Direction = frame.Direction, Hex = frame.Hex, Codec = frame.Codec, Decoded = frame.Decoded, Source = frame.Source, Verdict = frame.Verdict,
    };

    private static string Query(string name, DateTimeOffset? at) =>
        at is { } given ? $"&{name}={Uri.EscapeDataString(given.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture))}" : "";

    private static Option<string?> Instant(string name, string description)
    {
        var option = new Option<string?>(name) { Description = $"{description} A time ago, such as 1h, or an instant, such as 2026-05-04T10:00:00Z.", HelpName = "WHEN" };
        option.Validators.Add((OptionResult result) =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && Read(text) is null)
            {
                result.AddError($"{name} '{text}': expected a time ago, {DurationText.Expected}, or an instant such as 2026-05-04T10:00:00Z");
            }
        });
        return option;
    }

    private static DateTimeOffset? Read(string? text) =>
        DurationText.Parse(text) is { } ago ? TimeProvider.System.GetUtcNow() - ago
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at
        : null;
}

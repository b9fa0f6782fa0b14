using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using DtuActors.Host.Api;
using DtuActors.Host.Client;
using DtuActors.Host.Writing;

namespace DtuActors.Host.Commands;

/// <summary>Prints the frames that the gateway has stored, as <c>watch</c> prints those that pass; page by page, so that it may be any number.</summary>
internal static class HistoryCommand
{
    private const int MostFrames = 1_000_000;
    private const int DefaultFrames = 1000;

    public static Command Create()
    {
        var id = GatewayCommand.Id();
        var since = Instant("--since", "Only frames from then on.");
        var until = Instant("--until", "Only frames before then.");
        var limit = NumberOptions.Integer("--limit", "At most so many, the latest. Without it 1000, or all with --since or --until.", 1, MostFrames, DefaultFrames);
        return new ExampledCommand("history", "Print a DTU's frames of late, oldest first.", "dtu history 13800138000 --since 1h", "dtu history 13800138000 --since 2026-05-04T10:00:00Z --limit 20 --json")
        {
            id, since, until, limit,
        }.Talks((client, parsed, json, ended) =>
        {
            var (from, to) = (Read(parsed.GetValue(since)), Read(parsed.GetValue(until)));
            int? most = parsed.GetResult(limit) is { Implicit: false } || (from is null && to is null) ? parsed.GetValue(limit) : null;
            return PrintAsync(client, parsed.GetValue(id)!, from, to, most, json, ended);
        });
    }

    private static async Task<int> PrintAsync(ApiClient client, string id, DateTimeOffset? since, DateTimeOffset? until, int? most, bool json, CancellationToken ended)
    {
        var printer = new Printer(id, json);
        var latest = new Queue<FrameModel>();
        var isOnePage = most <= Arguments.MostItems;
        var isStored = true;
        string? next = null;
        do
        {
            var page = ApiClient.Read<FramePageModel>(await client.GetAsync(ApiClient.Dtu(id, "/frames") + Query(since, until, isOnePage ? most!.Value : Arguments.MostItems, next, isOnePage), ended));
            isStored = page.Stored;
            foreach (var frame in page.Items)
            {
                if (most is null)
                {
                    printer.Print(frame);
                    continue;
                }

                latest.Enqueue(frame);
                if (latest.Count > most)
                {
                    latest.Dequeue();
                }
            }

            next = page.Next;
        }
        while (next is not null);

        foreach (var frame in latest)
        {
            printer.Print(frame);
        }

        printer.End();
        if (!isStored)
        {
            Console.Error.WriteLine("(from the gateway's memory, of bounded size: dtu.storage.provider is none, and a restart forgets it)");
        }

        return ExitCodes.Done;
    }

    private static string Query(DateTimeOffset? since, DateTimeOffset? until, int limit, string? after, bool isLatest) =>
        string.Create(CultureInfo.InvariantCulture, $"?limit={limit}") + (isLatest ? "&latest=true" : "") + At("since", since) + At("until", until)
        + (after is null ? "" : $"&after={Uri.EscapeDataString(after)}");

    private static FrameEvent Event(string id, FrameModel frame) => new()
    {
        At = frame.At, Dtu = id, Direction = frame.Direction, Hex = frame.Hex, Codec = frame.Codec, Decoded = frame.Decoded, Source = frame.Source, Verdict = frame.Verdict,
    };

    private static string At(string name, DateTimeOffset? at) =>
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

    /// <summary>Lines as they come, or one JSON document in pieces.</summary>
    private sealed class Printer(string id, bool json)
    {
        private bool _isFirst = true;

        public void Print(FrameModel frame)
        {
            if (json)
            {
                Console.Out.Write((_isFirst ? "{\"items\":[" : ",") + JsonSerializer.Serialize(frame, ApiJson.Of<FrameModel>()));
            }
            else
            {
                Terminal.Line(WatchCommand.Line("frame", JsonSerializer.SerializeToElement(Event(id, frame), ApiJson.Of<FrameEvent>())));
            }

            _isFirst = false;
        }

        public void End()
        {
            if (json)
            {
                Terminal.Line((_isFirst ? "{\"items\":[" : "") + "],\"next\":null}");
            }
        }
    }
}

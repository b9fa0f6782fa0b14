using System.CommandLine;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;
using DtuActors.Host.Api;
using DtuActors.Host.Client;
using DtuActors.Writing;
using Spectre.Console;

namespace DtuActors.Host.Commands;

internal static class WatchCommand
{
    public static Command Create()
    {
        var ids = GatewayCommand.Ids();
        return new ExampledCommand("watch", "Live events and frames, until Ctrl-C.", "dtu watch", "dtu watch 13800138000") { ids }
            .Talks((client, parsed, json, ended) => WatchAsync(client, parsed.GetValue(ids) ?? [], json, ended));
    }

    private static async Task<int> WatchAsync(ApiClient client, string[] ids, bool json, CancellationToken ended)
    {
        try
        {
            var filter = ids.Length == 0 ? "" : "?" + string.Join('&', ids.Select(id => $"dtu={Uri.EscapeDataString(id)}"));
            await using var stream = await client.StreamAsync($"/api/v1/events{filter}", ended);
            if (Terminal.IsTerminal && !json)
            {
                Console.Error.WriteLine("watching; Ctrl-C ends");
            }

            await foreach (var happened in SseParser.Create(stream).EnumerateAsync(ended))
            {
                if (json)
                {
                    Terminal.Line($"{{\"event\":\"{happened.EventType}\",\"data\":{happened.Data}}}");
                }
                else
                {
                    Print(Line(happened.EventType, ApiClient.Read<JsonElement>(happened.Data)), happened.EventType);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
        catch (Exception cut) when (cut is IOException or HttpRequestException)
        {
            throw new ApiFailureException($"the stream broke off: {cut.Message}");
        }

        throw new ApiFailureException("the gateway ended the stream; it is stopping");
    }

    /// <summary>One event in one line: time, DTU, what happened.</summary>
    internal static string Line(string name, JsonElement data)
    {
        string Of(string member) => data.TryGetProperty(member, out var value) && value.ValueKind is not JsonValueKind.Null ? value.ToString() : "";
        var at = data.GetProperty("at").GetDateTime().ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var what = name switch
        {
            "frame" => string.Join("  ", new[]
            {
                $"{Of("dtu")} {(Of("direction") == "up" ? "↑" : "↓")} {HexText.Spaced(Of("hex"))}",
                Of("decoded"),
                Of("verdict") is { Length: > 0 } verdict ? $"({verdict})" : "",
            }.Where(part => part.Length > 0)),
            "online" => $"{Of("dtu")} online from {Of("remote")} at {Of("listener")}",
            "offline" => $"{Of("dtu")} offline: {Of("reason")}",
            "endpoint" => $"{Of("endpoint")} {Of("state")} {Of("lastError")}".TrimEnd(),
            "command" => $"{Of("dtu")} command {Of("commandId")} {Of("state")} {Of("reason")}".TrimEnd(),
            "alarm" => $"alarm {Of("kind")} {(Of("state") == "open" ? "" : "over: ")}{Of("text")}",
            "lost" => $"{Of("count")} events lost: this reader was too slow",
            _ => $"{name} {data}",
        };
        return Terminal.Safe($"{at} {what}");
    }

    private static void Print(string line, string name)
    {
        if (!Terminal.IsTerminal)
        {
            Terminal.Line(line);
            return;
        }

        var colour = name switch
        {
            "online" => Color.Green,
            "offline" or "lost" => Color.Red,
            "endpoint" or "alarm" => Color.Yellow,
            _ => Color.Default,
        };
        AnsiConsole.Write(new Text(line + "\n", new Style(colour)));
    }
}

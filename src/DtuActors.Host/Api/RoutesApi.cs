using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using DtuActors.Configuration;
using DtuActors.Host.Serving;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;

namespace DtuActors.Host.Api;

/// <summary>The routes, edited: kept in the configuration's file, in force at once.</summary>
internal static class RoutesApi
{
    // A row of the longest names takes 400 bytes; a text of configuration may have 4 million characters.
    private const long MostBytes = 4 * 1024 * 1024;
    private const int MostLostInWords = 5;

    public static void Map(RouteGroupBuilder api) => api.MapPut("/routes", PutAsync)
        .Accepts<RoutesBody>("application/json")
        .WithMetadata(new NeedsRole(ApiRole.Admin), new BodyLimit(MostBytes))
        .WithSummary("Replace the routes, in the configuration's file and in force")
        .WithDescription(
            "All rows, in their order; what is not among them goes. The whole configuration is checked with them first. Then dtu.routes is replaced in the file of -c that defines it last, or appended to " +
            "the last file; everything else in it stays, and what it said before is kept beside it as .bak. The files are then reloaded, whatever else changed in them included, as by POST " +
            "/api/v1/config/reload; where the gateway refuses, the file is put back. 422: nothing was changed, and faults tells why, those of a row under dtu.routes[N]. 409: no file to keep them in (no-files), " +
            "it can't be written (not-writable), a file was changed since version (changed), or comments and ${ENV} between the rows would go and discard is not true (would-lose).")
        .Refuses(400, 409, 413, 415, 422);

    private static async Task<Ok<RoutesAnswer>> PutAsync(
        HttpContext context,
        RoutesEditor editor,
        [Description("true: only say what would become of it.")] string? dryRun = null,
        [Description("true: comments and ${ENV} between the rows may go.")] string? discard = null)
    {
        var isDry = Arguments.Flag("dryRun", dryRun);
        var mayDiscard = Arguments.Flag("discard", discard);
        var body = Read(await Body.ReadElementAsync(context));
        var rows = body.Items.Select(item => new RouteRow(item.Dtu, item.To, item.Direction, item.WhenOffline, item.Ttl)).ToImmutableArray();
        return await editor.ChangeAsync(rows, body.Version, mayDiscard, apply: !isDry, "HTTP", context.RequestAborted) is var outcome && outcome is RoutesOutcome.Good good
            ? TypedResults.Ok(RoutesAnswer.Of(good))
            : throw Refusal(outcome);
    }

    private static RoutesBody Read(JsonElement body)
    {
        try
        {
            if (body.Deserialize(ApiJson.Of<RoutesBody>()) is { Items: not null } read && read.Items.All(item => item is not null))
            {
                return read;
            }
        }
        catch (JsonException)
        {
            // Told below: which member it was helps less than the whole form.
        }

        throw RefusalException.Bad("malformed-json", "the body is a JSON object {\"items\":[{\"dtu\",\"to\",\"direction\"?,\"whenOffline\"?}],\"version\"?}, all but items strings");
    }

    /// <summary>The problem that tells an outcome, where it is not good.</summary>
    public static RefusalException Refusal(RoutesOutcome outcome) => outcome switch
    {
        RoutesOutcome.Faulty faulty => RefusalException.Faulty(faulty.Faults),
        RoutesOutcome.RestartNeeded restart => RefusalException.RestartNeeded(restart.KeyPaths),
        RoutesOutcome.Stale => Conflict("changed", "A file was changed meanwhile", "nothing was changed: the files are not those of version any more; a dry run tells their version now"),
        RoutesOutcome.WouldLose { Routes: var routes } => Conflict(
            "would-lose", "Something would be lost", $"nothing was changed: {Words(routes)} would go; with discard=true it may"),
        RoutesOutcome.Refused { Type: "busy" } busy => new RefusalException(StatusCodes.Status503ServiceUnavailable, busy.Type, "The gateway can't reload now", $"nothing was changed: {busy.Problem}"),
        RoutesOutcome.Refused refused => Conflict(refused.Type, "The routes can't be kept", $"nothing was changed: {refused.Problem}"),
        _ => throw new InvalidOperationException($"{outcome.GetType().Name} is no refusal"),
    };

    private static string Words(RoutesInFile routes) => string.Join(", ", routes.Lost.Take(MostLostInWords).Select(lost => $"'{lost.Text}' ({routes.File}:{lost.Line})"))
        + (routes.Lost.Length > MostLostInWords ? $" and {routes.Lost.Length - MostLostInWords} more" : "");

    private static RefusalException Conflict(string type, string title, string detail) => new(StatusCodes.Status409Conflict, type, title, detail);

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RoutesBody
{
    [Description("All routes, in their order.")]
    public required IReadOnlyList<RouteBody> Items { get; init; }

    [Description("What an answer before said: refused where a file was changed since. Without one, whatever stands there is replaced.")]
    public string? Version { get; init; }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RouteBody
{
    [Description("A DTU's id, or a glob as pump-*.")]
    public string? Dtu { get; init; }

    [Description("An endpoint's name, dtu:ID or group:NAME.")]
    public string? To { get; init; }

    [Description("both, up or down. Default: both.")]
    public string? Direction { get; init; }

    [Description("drop or queue: a downlink waits for a DTU that is offline, as a command. Default: drop.")]
    public string? WhenOffline { get; init; }

    [Description("How long it waits there, 1s to 30d. Default: 1d.")]
    public string? Ttl { get; init; }
}

internal sealed record RoutesAnswer
{
    [Description("False where what would be in force is in force already.")]
    public required bool Changed { get; init; }

    [Description("true: nothing was changed.")]
    public required bool DryRun { get; init; }

    [Description("The file that keeps the routes.")]
    public required string File { get; init; }

    [Description("Of all files, as they are now.")]
    public required string Version { get; init; }

    [Description("Comments, ${ENV} and unknown keys between the rows of the file: they go when the rows are replaced.")]
    public required IReadOnlyList<LostModel> Lost { get; init; }

    public required KindModel Routes { get; init; }
    public required KindModel Dtus { get; init; }
    public required KindModel Polls { get; init; }
    public required KindModel Endpoints { get; init; }
    public required KindModel Archives { get; init; }

    [Description("Endpoints that are new or changed and whose address could not be bound yet.")]
    public required IReadOnlyList<NotBoundModel> NotBound { get; init; }

    public static RoutesAnswer Of(RoutesOutcome.Good good) => new()
    {
        Changed = !good.Change.IsEmpty,
        DryRun = !good.Applied,
        File = good.Routes.File,
        Version = good.Routes.Version,
        Lost = [.. good.Routes.Lost.Select(lost => new LostModel { Line = lost.Line, Text = lost.Text })],
        Routes = KindModel.Of(good.Change.Routes),
        Dtus = KindModel.Of(good.Change.Dtus),
        Polls = KindModel.Of(good.Change.Polls),
        Endpoints = KindModel.Of(good.Change.Endpoints),
        Archives = KindModel.Of(good.Change.Archives),
        NotBound = [.. good.NotBound.Select(down => new NotBoundModel { Name = down.Name, Detail = down.Problem })],
    };
}

internal sealed record LostModel
{
    [Description("In the file, from 1.")]
    public required int Line { get; init; }
    public required string Text { get; init; }
}

using System.ComponentModel;
using System.Globalization;
using System.Text.Json.Serialization;
using DtuActors.Archives;
using DtuActors.Configuration;
using DtuActors.Host.Auditing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>What of the history is carried elsewhere, and how it stands.</summary>
internal static class ArchivesApi
{
    private const string DayForm = "yyyy-MM-dd";

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/archives", List)
            .WithSummary("Archives, and how they stand")
            .WithDescription("Those of dtu.archives, in its order. In a cluster one whose node is another one is elsewhere: that node tells how it stands.")
            .Refuses();
        api.MapPost("/archives/{name}/run", RunAsync)
            .WithMetadata(new NeedsRole(ApiRole.Operate))
            .WithSummary("Carry a day now")
            .WithDescription(
                "Again where it was carried before. Without a day yesterday's, or, where an archive waits after a failure, the day that failed, which is tried at once. A day that is not over is carried as far as it is, " +
                "and once more when its turn comes. 202: it begins; GET /api/v1/archives tells how it goes. 409: it carries a day already (running), or another node carries it (elsewhere). The body is JSON, or empty.")
            .Accepts<ArchiveRunBody>("application/json")
            .Produces<ArchiveRunAnswer>(StatusCodes.Status202Accepted)
            .Refuses(400, 404, 409, 415);
    }

    private static Ok<ItemList<ArchiveModel>> List(ArchiveService archives) => TypedResults.Ok(new ItemList<ArchiveModel>([.. archives.List().Select(ArchiveModel.Of)]));

    private static async Task<Accepted<ArchiveRunAnswer>> RunAsync([Description("The archive's name.")] string name, HttpContext context, ArchiveService archives)
    {
        var day = await DayAsync(context);
        context.Audit(day is null ? "yesterday" : Text(day.Value));
        var begun = Begin(archives, name, day);
        context.Audit(Text(begun));
        return TypedResults.Accepted((string?)null, new ArchiveRunAnswer { Name = name, Day = Text(begun) });
    }

    /// <summary>Has a day carried now; the day that is.</summary>
    /// <exception cref="RefusalException">It is not.</exception>
    public static DateOnly Begin(ArchiveService archives, string name, DateOnly? day) => archives.Run(name, day) switch
    {
        ArchiveAnswer.Begun begun => begun.Day,
        ArchiveAnswer.Busy busy => throw new RefusalException(
            StatusCodes.Status409Conflict, "running", "The archive carries a day already", $"archive '{name}' carries {(busy.Day is { } other ? Text(other) : "a day")} now; GET /api/v1/archives tells when it has ended"),
        ArchiveAnswer.Elsewhere elsewhere => throw new RefusalException(
            StatusCodes.Status409Conflict, "elsewhere", "Another node carries the archive", $"node {elsewhere.Node} carries archive '{name}'; ask there"),
        ArchiveAnswer.NotYet notYet => throw RefusalException.Bad("day", $"that day has not begun; in the archive's time zone it is {Text(notYet.Today)}"),
        _ => throw new RefusalException(StatusCodes.Status404NotFound, "no-such-archive", "No such archive", $"there is no archive '{name}' under dtu.archives; GET /api/v1/archives lists them"),
    };

    /// <summary>A day as it is written; null where it is none.</summary>
    public static DateOnly? Day(string text) => DateOnly.TryParseExact(text, DayForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    public static string Text(DateOnly day) => day.ToString(DayForm, CultureInfo.InvariantCulture);

    private static async Task<DateOnly?> DayAsync(HttpContext context)
    {
        var request = context.Request;

        // A page in a browser can post without asking first, but not without saying where it is from.
        if (request.ContentType is null && request.Headers.Origin.Count == 0 && request.ContentLength is null or 0 && !request.Headers.TransferEncoding.Contains("chunked"))
        {
            return null;
        }

        return (await Body.ReadAsync<ArchiveRunBody>(context)).Day is not { } text ? null
            : Day(text) is { } day && day > DateOnly.MinValue.AddDays(1) ? day
            : throw RefusalException.Bad("day", $"day '{text}': expected a day such as 2026-05-04");
    }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ArchiveRunBody
{
    [Description("As 2026-05-04, in the archive's time zone. Without it: yesterday, or the day that waits to be tried again.")]
    public string? Day { get; init; }
}

internal sealed record ArchiveRunAnswer
{
    public required string Name { get; init; }

    [Description("The day that is carried.")]
    public required string Day { get; init; }
}

internal sealed record ArchiveModel
{
    public required string Name { get; init; }

    [Description("folder, ftp, sftp.")]
    public required string Kind { get; init; }

    [Description("The folder, or the server and its account.")]
    public required string Where { get; init; }

    [Description("An id or a glob.")]
    public required string Dtu { get; init; }

    [Description("csv, pcapng.")]
    public required string Format { get; init; }

    [Description("The node that carries it; null: there is one.")]
    public string? Node { get; init; }

    [Description("idle; running; waiting: it failed, and is tried again; elsewhere: another node carries it.")]
    public required string State { get; init; }

    [Description("unknown-host, unreachable, wrong-password, wrong-host-key, no-permission, disk-full, broken, refused: the other side. spool-failed, storage-failed, state-lost, failed: this side. Null: there is none.")]
    public string? Problem { get; init; }

    [Description("The problem in words.")]
    public string? LastError { get; init; }

    [Description("The day under way.")]
    public string? Day { get; init; }

    [Description("Files of that day that are there.")]
    public required int Done { get; init; }

    [Description("When the next day's turn comes.")]
    public DateTime? NextAt { get; init; }

    [Description("Of the days in their turn the last that is there as a whole.")]
    public string? LastFinishedDay { get; init; }

    [Description("When what failed is tried again.")]
    public DateTime? RetryAt { get; init; }

    [Description("Days that were further back than catch-up when they could have been carried, the newest 366; run carries one, as far as the history still has it.")]
    public required IReadOnlyList<string> Missed { get; init; }

    [Description("Files carried in all, over restarts.")]
    public required long Files { get; init; }

    [Description("Their bytes.")]
    public required long Bytes { get; init; }

    public static ArchiveModel Of(ArchiveStatus archive) => new()
    {
        Name = archive.Name,
        Kind = archive.Kind,
        Where = archive.Where,
        Dtu = archive.Dtu,
        Format = archive.Format,
        Node = archive.On,
        State = archive.State,
        Problem = archive.Problem,
        LastError = archive.LastError,
        Day = archive.Day is { } day ? ArchivesApi.Text(day) : null,
        Done = archive.Done,
        NextAt = archive.NextAt is { } next ? ModelMap.Utc(next) : null,
        LastFinishedDay = archive.LastFinishedDay is { } last ? ArchivesApi.Text(last) : null,
        RetryAt = archive.RetryAt is { } retry ? ModelMap.Utc(retry) : null,
        Missed = [.. archive.Missed.Select(ArchivesApi.Text)],
        Files = archive.Files,
        Bytes = archive.Bytes,
    };
}

using System.ComponentModel;
using System.Globalization;
using DtuActors.Configuration;
using DtuActors.Host.Auditing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>Who did what.</summary>
internal static class AuditApi
{
    public static void Map(RouteGroupBuilder api) => api.MapGet("/audit", ReadAsync)
        .WithMetadata(new NeedsRole(ApiRole.Admin))
        .WithSummary("Who did what, newest first")
        .WithDescription(
            "Every call that writes, those that were refused included, and what was done at the console. With storage the last 100000 entries, over restarts; without, the last 1000 in memory. " +
            "next is the before of the following page.")
        .Refuses(400);

    private static async Task<Ok<ItemPage<AuditModel>>> ReadAsync(
        AuditTrail trail, CancellationToken cancellation, [Description("1 to 1000; 100 without it.")] string? limit = null, [Description("Only entries before this id.")] string? before = null)
    {
        var most = Arguments.Limit(limit);
        long? until = before switch
        {
            null or "" => null,
            _ when long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out var id) => id,
            _ => throw RefusalException.Bad("before", $"before={before}: expected an entry's id"),
        };
        var entries = await trail.ReadAsync(most, until, cancellation);
        return TypedResults.Ok(new ItemPage<AuditModel>(
            [.. entries.Select(AuditModel.Of)], entries.Count == most ? entries[^1].Id.ToString(CultureInfo.InvariantCulture) : null));
    }
}

internal sealed record AuditModel
{
    public required long Id { get; init; }
    public required DateTime At { get; init; }

    [Description("The key's name; null where no keys are set, or none that is known was given.")]
    public string? By { get; init; }

    [Description("read, operate, admin, or none.")]
    public required string Role { get; init; }

    [Description("api or console.")]
    public required string Via { get; init; }
    public required string Remote { get; init; }

    [Description("send, request, kick, put-dtu, delete-dtu, import, reload, withdraw, run-archive, login, or the call itself.")]
    public required string Action { get; init; }
    public string? Subject { get; init; }
    public string? Detail { get; init; }

    [Description("The status, and behind it the problem's type, as 202, 409 offline.")]
    public required string Outcome { get; init; }

    public static AuditModel Of(AuditEntry entry) => new()
    {
        Id = entry.Id,
        At = entry.At.UtcDateTime,
        By = entry.By,
        Role = entry.Role,
        Via = entry.Via,
        Remote = entry.Remote,
        Action = entry.Action,
        Subject = entry.Subject,
        Detail = entry.Detail,
        Outcome = entry.Outcome,
    };
}

using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>The sessions of a DTU, and why they ended: <c>/api/v1/dtus/ID/sessions</c>.</summary>
internal static class SessionsApi
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/dtus/{id}/sessions", ListAsync)
            .WithSummary("A DTU's sessions and why they ended, newest first")
            .WithDescription("At most 20. They are stored with the history; with dtu.storage.provider = none, or while the database fails, what memory holds.")
            .Refuses(400, 404);

    private static async Task<Ok<ItemList<SessionModel>>> ListAsync([Description("The DTU's id.")] string id, DtuGateway gateway, MissingNodes missing, CancellationToken cancellation)
    {
        var dtu = Arguments.Id(id);
        var sessions = await gateway.SessionsAsync(dtu, cancellation, missing);
        if (sessions.IsEmpty && await gateway.FindDtuAsync(dtu, cancellation, missing) is null)
        {
            throw RefusalException.NoSuchDtu(id);
        }

        return TypedResults.Ok(new ItemList<SessionModel>([.. sessions.Select(SessionModel.Of)]) { Missing = missing.NamesOrNull });
    }
}

internal sealed record SessionModel
{
    public required DateTime ConnectedAt { get; init; }

    [Description("Null while it is open.")]
    public DateTime? EndedAt { get; init; }
    public required string Listener { get; init; }
    public required string Remote { get; init; }

    [Description("closed, reset, silent, replaced, kicked, refused, stopping, failed or node-lost; null while it is open.")]
    public string? Reason { get; init; }

    [Description("The last that went wrong, in words.")]
    public string? Error { get; init; }
    public long BytesUp { get; init; }
    public long BytesDown { get; init; }
    public long FramesUp { get; init; }
    public long FramesDown { get; init; }
    public long Heartbeats { get; init; }

    [Description("When its last byte came.")]
    public DateTime? LastUplinkAt { get; init; }

    [Description("What is known of its life and its end, in order of time.")]
    public required IReadOnlyList<EvidenceModel> Evidence { get; init; }

    public static SessionModel Of(SessionRecord session) => new()
    {
        ConnectedAt = ModelMap.Utc(session.ConnectedAt),
        EndedAt = session.EndedAt is { } ended ? ModelMap.Utc(ended) : null,
        Listener = session.Listener,
        Remote = session.Remote,
        Reason = session.Reason,
        Error = session.Error,
        BytesUp = session.BytesUp,
        BytesDown = session.BytesDown,
        FramesUp = session.FramesUp,
        FramesDown = session.FramesDown,
        Heartbeats = session.Heartbeats,
        LastUplinkAt = session.LastUplinkAt is { } last ? ModelMap.Utc(last) : null,
        Evidence = [.. session.Evidence.Select(EvidenceModel.Of)],
    };
}

internal sealed record EvidenceModel
{
    public required DateTime At { get; init; }

    [Description("connected, registered, last-uplink, last-heartbeat, conflict, no-uplink, peer-closed, peer-reset, timed-out, taken-over, kicked, refused, stopped, write-failed or last-error.")]
    public required string Kind { get; init; }

    [Description("In words: from which address, by whom, after how long.")]
    public string? Detail { get; init; }

    public static EvidenceModel Of(Evidence evidence) => new()
    {
        At = ModelMap.Utc(evidence.At),
        Kind = System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(evidence.Kind.ToString()),
        Detail = evidence.Detail,
    };
}

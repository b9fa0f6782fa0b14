using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>What is wrong in the field, and what was.</summary>
internal static class AlarmsApi
{
    private static readonly string[] States = ["open", "all"];

    public static void Map(RouteGroupBuilder api) => api.MapGet("/alarms", ListAsync)
        .WithSummary("Alarms, newest first")
        .WithDescription("Those that are open; with state=all behind them the last 500 that are over. An alarm whose subject is * stands for many; its text tells how many, and some of them. In a cluster those of every node, each with its node: a trouble is raised by one of them.")
        .Refuses(400);

    private static async Task<Ok<ItemList<AlarmModel>>> ListAsync(DtuGateway gateway, CancellationToken cancellation, [Description("open, which is the default, or all.")] string? state = null)
    {
        var isAll = Arguments.Word("state", state, States) == "all";
        return TypedResults.Ok(new ItemList<AlarmModel>(
            [.. (await gateway.AlarmsAsync(cancellation)).Where(alarm => isAll || alarm.ClearedAt is null).Select(alarm => AlarmModel.Of(alarm))]));
    }
}

internal sealed record AlarmModel
{
    [Description("In an event: when it happened.")]
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? At { get; init; }
    public required string Id { get; init; }

    [Description("dtu-offline, dtu-flapping, dtu-conflict, checksum-errors, queue-age, queue-full, endpoint-down, listener-down, storage-failed, events-lost.")]
    public required string Kind { get; init; }

    [Description("A DTU's id, an endpoint's, listener's or node's name; *: many.")]
    public required string Subject { get; init; }

    [Description("warning or critical.")]
    public required string Severity { get; init; }
    public required string Text { get; init; }

    [Description("open or cleared.")]
    public required string State { get; init; }

    [Description("The node that raised it.")]
    public required string Node { get; init; }
    public required DateTime RaisedAt { get; init; }
    public DateTime? ClearedAt { get; init; }

    public static AlarmModel Of(AlarmStatus alarm, DateTimeOffset? at = null) => new()
    {
        At = at?.UtcDateTime,
        Id = alarm.Id,
        Kind = alarm.Kind,
        Subject = alarm.Subject,
        Severity = alarm.Severity,
        Text = alarm.Text,
        Node = alarm.Node,
        State = alarm.ClearedAt is null ? "open" : "cleared",
        RaisedAt = alarm.RaisedAt.UtcDateTime,
        ClearedAt = alarm.ClearedAt?.UtcDateTime,
    };
}

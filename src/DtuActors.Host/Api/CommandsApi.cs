using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json.Serialization;
using DtuActors.Protocol;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>The commands of a DTU: what was sent and requested, and what became of it.</summary>
internal static class CommandsApi
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/dtus/{id}/commands", ListAsync)
            .WithSummary("A DTU's commands and what became of them, newest first")
            .WithDescription(
                "Every send and request through the API, the console or a group, and what endpoints left for a DTU that was offline. States: queued, sent (the bytes are on their way, or written and the answer is waited for), then exactly one of delivered " +
                "(written, and nobody's answer is waited for: in transparent mode, and after a broadcast), answered, expired (its ttl was over before it was written), withdrawn, and failed with a reason. " +
                "All that are open and the last 50 that have ended are stored; requests are kept in memory, and so is all with storage = none: a restart forgets them.")
            .Refuses(400, 404, 503);
        api.MapDelete("/dtus/{id}/commands/{command}", WithdrawAsync)
            .WithSummary("Withdraw a command that still waits for its turn on the bus")
            .Refuses(400, 404, 409, 503);
    }

    private static async Task<Ok<ItemList<CommandModel>>> ListAsync([Description("The DTU's id.")] string id, DtuGateway gateway, MissingNodes missing, CancellationToken cancellation)
    {
        var dtu = Arguments.Id(id);
        var commands = await ReadAsync(gateway, dtu, cancellation, missing);
        if (commands.IsEmpty && await gateway.FindDtuAsync(dtu, cancellation, missing) is null)
        {
            throw RefusalException.NoSuchDtu(id);
        }

        return TypedResults.Ok(new ItemList<CommandModel>([.. commands.Select(CommandModel.Of)]) { Missing = missing.NamesOrNull });
    }

    /// <summary>A DTU's commands, or why they can't be read.</summary>
    public static async Task<ImmutableArray<CommandStatus>> ReadAsync(DtuGateway gateway, DtuId dtu, CancellationToken cancellation, MissingNodes? missing = null) =>
        await gateway.CommandsAsync(dtu, cancellation, missing) ?? throw Unreadable();

    private static RefusalException Unreadable() => new(
        StatusCodes.Status503ServiceUnavailable, "storage-failed", "The database fails", "the commands can't be read or changed now; GET /readyz says why");

    private static async Task<NoContent> WithdrawAsync(
        [Description("The DTU's id.")] string id, [Description("The command's id.")] string command, DtuGateway gateway, CancellationToken cancellation)
    {
        await TakeBackAsync(gateway, Arguments.Id(id), command, cancellation);
        return TypedResults.NoContent();
    }

    /// <summary>Takes a command back, or says why not.</summary>
    public static async Task TakeBackAsync(DtuGateway gateway, DtuId dtu, string command, CancellationToken cancellation)
    {
        switch (await gateway.WithdrawAsync(dtu, command, cancellation))
        {
            case null:
                throw Unreadable();
            case WithdrawOutcome.Unknown:
                throw new RefusalException(
                    StatusCodes.Status404NotFound, "no-such-command", "No such command", $"no command '{command}' of DTU '{dtu}' is remembered; GET /api/v1/dtus/ID/commands lists those that are");
            case WithdrawOutcome.NotWaiting:
                throw new RefusalException(
                    StatusCodes.Status409Conflict, "not-withdrawn", "The command does not wait any more", $"command '{command}' of DTU '{dtu}' is on its way or has ended; nothing was taken back");
        }
    }
}

internal sealed record CommandModel
{
    public required string Id { get; init; }

    [Description("queued, sent, delivered, answered, expired, withdrawn or failed.")]
    public required string State { get; init; }
    public required DateTime At { get; init; }

    [Description("The name of the caller's key; null: the gateway has no keys.")]
    public string? By { get; init; }

    [Description("What frames and events call the source of its bytes: api, or an endpoint's name.")]
    public required string Source { get; init; }

    [Description("What is written; the first 256 bytes.")]
    public required string Hex { get; init; }

    [Description("How many bytes there are in all.")]
    public required int Bytes { get; init; }

    [Description("Why it failed: offline, queue-full, no-answer, bus-busy, slave-suspended, too-long, session-ended (whether the bytes arrived is not known) or unknown-outcome (the gateway died meanwhile). Of one that was withdrawn: replaced, where another came under its key.")]
    public string? Reason { get; init; }

    [Description("The answer's first 256 bytes; only of one that was answered.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Answer { get; init; }

    [Description("When it came to this state.")]
    public required DateTime ChangedAt { get; init; }

    [Description("When its ttl is over; null: it has none.")]
    public DateTime? ExpiresAt { get; init; }

    [Description("Its key, if it has one.")]
    public string? Key { get; init; }

    public static CommandModel Of(CommandStatus command) => new()
    {
        Id = command.Id,
        State = command.State,
        At = ModelMap.Utc(command.At),
        By = command.By,
        Source = command.Source,
        Hex = ModelMap.Hex(command.Payload),
        Bytes = command.Bytes,
        Reason = command.Reason,
        Answer = command.Answer is { } answer ? ModelMap.Hex(answer) : null,
        ChangedAt = ModelMap.Utc(command.ChangedAt),
        ExpiresAt = command.Until is { } until ? ModelMap.Utc(until) : null,
        Key = command.Key,
    };
}

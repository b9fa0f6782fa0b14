using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json.Serialization;
using DtuActors.Configuration;
using DtuActors.Host.Auditing;
using DtuActors.Host.Serving;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>The configuration, read again.</summary>
internal static class ReloadApi
{
    public static void Map(RouteGroupBuilder api) => api.MapPost("/config/reload", ReloadAsync)
        .WithMetadata(new NeedsRole(ApiRole.Admin))
        .WithSummary("Read the files of -c again and apply what changed")
        .WithDescription(
            "All files are layered again, and environment variables resolved again. Routes, DTUs, polls, endpoints and archives are applied without touching sockets that did not change; reloads wait for each other. " +
            "A changed endpoint writes what waits and closes before it opens again; one that can't be bound is in notBound and tries on. Open sessions stay, whatever dtus says of them now: it holds from " +
            "their next registration on. 422, and nothing changed: faults tells what is wrong in the files, each with its key, file and line (type faults), or keys tells what needs a restart: listeners, " +
            "dialers, profiles, http, node, storage, cluster, akka, admission (type restart-needed). 409: the gateway was started without -c (no-files). In a cluster every node reads its own files, and all apply them or none: " +
            "a fault tells its node, a member that does not answer refuses all (409 node-out-of-reach), and nodes tells what changed on the others; SIGHUP to a node is the same. The body is empty or {}.")
        .Refuses(409, 415, 422);

    private static async Task<Ok<ReloadAnswer>> ReloadAsync(HttpContext context, Reloader reloader)
    {
        // A page in a browser can post without asking first, but not without saying where it is from.
        if (!context.Request.HasJsonContentType() && (context.Request.ContentType is not null || context.Request.Headers.Origin.Count > 0))
        {
            throw RefusalException.ContentType("send Content-Type: application/json, or no body at all");
        }

        return await reloader.ReloadAsync("HTTP", context.RequestAborted) switch
        {
            ReloadOutcome.Answered { Answer: Reloading.Applied applied, Elsewhere: var elsewhere } => Applied(context, applied, elsewhere),
            ReloadOutcome.Answered { Answer: Reloading.RestartNeeded { KeyPaths: var keys }, Nodes: var nodes } => throw RefusalException.RestartNeeded(keys, nodes),
            ReloadOutcome.OutOfReach lost => throw new RefusalException(
                StatusCodes.Status409Conflict, "node-out-of-reach", "A node of the cluster is out of reach", $"nothing was changed: node {lost.Node}: {lost.Problem}; all are reloaded or none"),
            ReloadOutcome.Partly { Not: var not } => throw new RefusalException(
                StatusCodes.Status503ServiceUnavailable,
                "partly",
                "Not every node has reloaded",
                $"the files are in force, but not on {string.Join("; ", not.Select(one => $"node {one.Node}: {one.Problem}"))}; what is reloaded again, or starts again, has them"),
            ReloadOutcome.Answered { Answer: Reloading.Refused refused } => throw new RefusalException(
                StatusCodes.Status503ServiceUnavailable, "busy", "The gateway can't reload now", $"nothing was changed: {refused.Problem}"),
            ReloadOutcome.Faulty { Faults: var faults } => throw RefusalException.Faulty(faults),
            _ => throw new RefusalException(StatusCodes.Status409Conflict, "no-files", "There is nothing to reload", ReloadOutcome.NoFiles.Says),
        };
    }

    private static Ok<ReloadAnswer> Applied(HttpContext context, Reloading.Applied applied, ImmutableArray<(string Node, Reloading.Applied Applied)> elsewhere)
    {
        var isSame = applied.Change.IsEmpty && elsewhere.All(node => node.Applied.Change.IsEmpty);
        context.Audit(isSame ? "nothing changed" : Reloader.Words(applied.Change));
        return TypedResults.Ok(ReloadAnswer.Of(applied) with
        {
            Nodes = elsewhere.IsEmpty ? null : [.. elsewhere.Select(node => new NodeReloadAnswer { Node = node.Node, Answer = ReloadAnswer.Of(node.Applied) })],
        });
    }
}

internal sealed record ReloadAnswer
{
    [Description("False where the files say what is in force already.")]
    public required bool Changed { get; init; }

    [Description("Called as GET /api/v1/routes calls them.")]
    public required KindModel Routes { get; init; }
    public required KindModel Dtus { get; init; }
    public required KindModel Polls { get; init; }
    public required KindModel Endpoints { get; init; }
    public required KindModel Archives { get; init; }

    [Description("Endpoints that are new or changed and whose address could not be bound yet. They try on; GET /api/v1/endpoints tells how they stand.")]
    public required IReadOnlyList<NotBoundModel> NotBound { get; init; }

    [Description("In a cluster: what became of it on each other node, by name.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<NodeReloadAnswer>? Nodes { get; init; }

    public static ReloadAnswer Of(Reloading.Applied applied) => new()
    {
        Changed = !applied.Change.IsEmpty,
        Routes = KindModel.Of(applied.Change.Routes),
        Dtus = KindModel.Of(applied.Change.Dtus),
        Polls = KindModel.Of(applied.Change.Polls),
        Endpoints = KindModel.Of(applied.Change.Endpoints),
        Archives = KindModel.Of(applied.Change.Archives),
        NotBound = [.. applied.Down.Select(down => new NotBoundModel { Name = down.Name, Detail = down.Problem })],
    };
}

internal sealed record NodeReloadAnswer
{
    public required string Node { get; init; }
    public required ReloadAnswer Answer { get; init; }
}

internal sealed record KindModel
{
    [Description("Names.")]
    public required IReadOnlyList<string> Added { get; init; }
    public required IReadOnlyList<string> Removed { get; init; }
    public required IReadOnlyList<string> Changed { get; init; }

    [Description("How many are as they were.")]
    public required int Unchanged { get; init; }

    public static KindModel Of(KindChange change) => new()
    {
        Added = change.Added, Removed = change.Removed, Changed = change.Changed, Unchanged = change.Unchanged,
    };
}

internal sealed record NotBoundModel
{
    public required string Name { get; init; }
    public required string Detail { get; init; }
}

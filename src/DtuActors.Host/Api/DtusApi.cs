using System.ComponentModel;
using DtuActors.Configuration;
using DtuActors.Recording;
using DtuActors.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>Who is there: <c>/api/v1/dtus</c>, one DTU, its connection, its frames.</summary>
internal static class DtusApi
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/dtus", ListAsync)
            .WithSummary("DTUs, ordered by id")
            .WithDescription("What it shows is a second old at most.")
            .Refuses(400);
        api.MapGet("/dtus/{id}", FindAsync)
            .WithSummary("One DTU")
            .WithDescription("404 where it was never seen and is neither configured nor registered. An id is one path segment, percent-encoded.")
            .Refuses(400, 404);
        api.MapDelete("/dtus/{id}/connection", KickAsync)
            .WithSummary("Close a DTU's connection")
            .WithDescription("The session ends as kicked; the DTU may come back. 409 where it is offline.")
            .Refuses(400, 404, 409);
        api.MapGet("/dtus/{id}/frames", FramesAsync)
            .WithSummary("A DTU's frames, oldest first")
            .WithDescription(
                "As they are stored, for as long as dtu.storage.retention and max-history say; what passed before the call is in it. With dtu.storage.provider = none from the gateway's memory, the last " +
                $"{FrameMemory.MostPerDtu} of a DTU, which a restart forgets (stored is false). A page ends before its limit where its frames have {HistoryStore.MostPageBytes / 1024 / 1024} MB. 503: the database fails (storage-failed).")
            .Refuses(400, 404);
    }

    private static async Task<Ok<ItemPage<DtuModel>>> ListAsync(
        DtuGateway gateway,
        MissingNodes missing,
        CancellationToken cancellation,
        [Description("online (with those in conflict), offline, sleeping or conflict; without it, all.")] string? state = null,
        [Description("The most items of the page, 1 to 1000; 100 without it.")] string? limit = null,
        [Description("The next of the page before.")] string? after = null,
        [Description("A part of the id, the name, what the registration said or an alias; case does not matter.")] string? q = null,
        [Description("Members of this group only.")] string? group = null,
        [Description("Those whose session, or last one, has this codec only.")] string? codec = null)
    {
        var filter = new DtuFilter(q, Arguments.State(state), group, codec);
        var page = await gateway.ListDtusAsync(filter, Arguments.Limit(limit), string.IsNullOrEmpty(after) ? null : after, cancellation, missing);
        return TypedResults.Ok(new ItemPage<DtuModel>([.. page.Items.Select(dtu => dtu.ToModel())], page.Next) { Missing = missing.NamesOrNull });
    }

    private static async Task<Ok<DtuModel>> FindAsync([Description("The DTU's id.")] string id, DtuGateway gateway, MissingNodes missing, CancellationToken cancellation) =>
        await gateway.FindDtuAsync(Arguments.Id(id), cancellation, missing) is { } dtu
            ? TypedResults.Ok(dtu.ToModel())
            : throw RefusalException.NoSuchDtu(id);

    private static async Task<NoContent> KickAsync([Description("The DTU's id.")] string id, DtuGateway gateway, CancellationToken cancellation)
    {
        var dtu = Arguments.Id(id);
        return await gateway.KickAsync(dtu, cancellation) ? TypedResults.NoContent() : throw await DownlinkApi.OfflineAsync(gateway, dtu, cancellation);
    }

    private static async Task<Ok<FramePageModel>> FramesAsync(
        [Description("The DTU's id.")] string id,
        DtuGateway gateway,
        MissingNodes missing,
        CancellationToken cancellation,
        [Description("Frames from this instant on, ISO 8601.")] string? since = null,
        [Description("Frames before this instant, ISO 8601.")] string? until = null,
        [Description("The most items of the page, 1 to 1000; 100 without it.")] string? limit = null,
        [Description("The next of the page before.")] string? after = null,
        [Description("true: the last frames instead of the first, still oldest first; no page follows.")] string? latest = null)
    {
        var dtu = Arguments.Id(id);
        var page = await ReadAsync(gateway, Arguments.Flag("latest", latest), new Records.GetFrames(
            dtu, Arguments.Instant("since", since), Arguments.Instant("until", until), Arguments.Limit(limit), Arguments.Cursor("after", after)), missing, cancellation);
        if (page.Items.IsEmpty && await gateway.FindDtuAsync(dtu, cancellation, missing) is null)
        {
            throw RefusalException.NoSuchDtu(id);
        }

        return TypedResults.Ok(new FramePageModel([.. page.Items.Select(frame => frame.ToModel())], page.Next, gateway.Options.Storage.Provider is not StorageProvider.None) { Missing = missing.NamesOrNull });
    }

    private static async Task<FramePage> ReadAsync(DtuGateway gateway, bool isLatest, Records.GetFrames asked, MissingNodes missing, CancellationToken cancellation)
    {
        try
        {
            return isLatest
                ? await gateway.LatestFramesAsync(asked.Dtu, asked.Since, asked.Until, asked.Limit, cancellation, missing)
                : await gateway.FramesAsync(asked.Dtu, asked.Since, asked.Until, asked.Limit, asked.After, cancellation, missing);
        }
        catch (StorageException failure)
        {
            throw new RefusalException(
                StatusCodes.Status503ServiceUnavailable, "storage-failed", "The stored history can't be read or written", $"{failure.Message}; relays go on, and what passes waits in memory as far as it fits");
        }
    }
}

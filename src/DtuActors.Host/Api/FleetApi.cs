using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>The fleet as a whole: <c>/api/v1/fleet</c>.</summary>
internal static class FleetApi
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/fleet", CountAsync)
            .WithSummary("The fleet in numbers")
            .WithDescription("DTUs by state, what they sent and were sent since the gateway started, and the groups and codecs there are. A second old at most.")
            .Refuses();

    private static async Task<Ok<FleetModel>> CountAsync(DtuGateway gateway, MissingNodes missing, CancellationToken cancellation)
    {
        var counts = await gateway.FleetCountsAsync(cancellation, missing);
        return TypedResults.Ok(new FleetModel
        {
            Online = counts.Online,
            Conflict = counts.Conflict,
            Sleeping = counts.Sleeping,
            Offline = counts.Offline,
            FramesUp = counts.FramesUp,
            FramesDown = counts.FramesDown,
            BytesUp = counts.BytesUp,
            BytesDown = counts.BytesDown,
            Sessions = counts.Sessions,
            Groups = counts.Groups,
            Codecs = counts.Codecs,
        });
    }
}

internal sealed record FleetModel
{
    [Description("Those in conflict included.")]
    public required int Online { get; init; }

    [Description("A part of online: several devices claim the id.")]
    public required int Conflict { get; init; }
    public required int Sleeping { get; init; }
    public required int Offline { get; init; }

    [Description("Of the DTUs that are counted, since the gateway started; one that is forgotten takes its share with it.")]
    public required long FramesUp { get; init; }
    public required long FramesDown { get; init; }
    public required long BytesUp { get; init; }
    public required long BytesDown { get; init; }

    [Description("Sessions that were opened, of the DTUs that are counted, since the gateway started.")]
    public required long Sessions { get; init; }

    [Description("Every group that has a member.")]
    public required IReadOnlyList<string> Groups { get; init; }

    [Description("Every codec of a session, open or last.")]
    public required IReadOnlyList<string> Codecs { get; init; }
}

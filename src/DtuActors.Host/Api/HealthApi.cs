namespace DtuActors.Host.Api;

/// <summary>For whoever watches the process: alive, and ready to take DTUs.</summary>
internal static class HealthApi
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapMethods("/healthz", Methods, (DtuGateway gateway) => Answer(
                gateway.Ended.IsCompleted ? new HealthModel { Status = "ended", Detail = "the gateway's actors have ended" } : null))
            .WithMetadata(new OpenToAll())
            .WithTags("Health")
            .WithSummary("Liveness")
            .Produces<HealthModel>()
            .Produces<HealthModel>(StatusCodes.Status503ServiceUnavailable);
        app.MapMethods("/readyz", Methods, async (HealthChecks health) => await health.CheckAsync() is (var isReady, var answer) && isReady
                ? TypedResults.Ok(answer)
                : (IResult)TypedResults.Json(answer, statusCode: StatusCodes.Status503ServiceUnavailable))
            .WithMetadata(new OpenToAll())
            .WithTags("Health")
            .WithSummary("Readiness, and why")
            .WithDescription(
                "503: starting (not every configured address is bound yet), stopping, or failed (parts of the gateway do not answer, or no listener is up). 200: ok, or degraded: the database can't be " +
                "written, some listeners are down, or critical alarms are open. checks tells each. An answer is a second old at most.")
            .Produces<HealthModel>()
            .Produces<HealthModel>(StatusCodes.Status503ServiceUnavailable);
    }

    private static IResult Answer(HealthModel? trouble) => trouble is null
        ? TypedResults.Ok(new HealthModel { Status = "ok" })
        : TypedResults.Json(trouble, statusCode: StatusCodes.Status503ServiceUnavailable);
}

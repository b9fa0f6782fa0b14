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
        app.MapMethods("/readyz", Methods, (Readiness readiness) => Answer(readiness.NotReady))
            .WithMetadata(new OpenToAll())
            .WithTags("Health")
            .WithSummary("Readiness: 503 until every configured address is bound, and while stopping")
            .Produces<HealthModel>()
            .Produces<HealthModel>(StatusCodes.Status503ServiceUnavailable);
    }

    private static IResult Answer(HealthModel? trouble) => trouble is null
        ? TypedResults.Ok(new HealthModel { Status = "ok" })
        : TypedResults.Json(trouble, statusCode: StatusCodes.Status503ServiceUnavailable);
}

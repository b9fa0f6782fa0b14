using Microsoft.AspNetCore.Http.HttpResults;

namespace DtuActors.Host.Api;

/// <summary>What is configured and how it stands; and who was turned away.</summary>
internal static class TopologyApi
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/endpoints", EndpointsAsync).WithSummary("Endpoints, their states and counters").Refuses();
        api.MapGet("/routes", RoutesAsync).WithSummary("Routes between DTUs and endpoints").Refuses();
        api.MapGet("/listeners", ListenersAsync).WithSummary("Listeners where DTUs arrive").Refuses();
        api.MapGet("/unknown", UnknownAsync)
            .WithSummary("Refused connections, newest first")
            .WithDescription("Connections whose first bytes were no valid registration, with those bytes.")
            .Refuses();
    }

    private static async Task<Ok<ItemList<EndpointModel>>> EndpointsAsync(DtuGateway gateway, CancellationToken cancellation) =>
        TypedResults.Ok(new ItemList<EndpointModel>([.. (await gateway.EndpointsAsync(cancellation)).Select(endpoint => endpoint.ToModel())]));

    private static async Task<Ok<ItemList<RouteModel>>> RoutesAsync(DtuGateway gateway, CancellationToken cancellation) =>
        TypedResults.Ok(new ItemList<RouteModel>([.. (await gateway.RoutesAsync(cancellation)).Select(route => route.ToModel())]));

    private static async Task<Ok<ItemList<ListenerModel>>> ListenersAsync(DtuGateway gateway, CancellationToken cancellation) =>
        TypedResults.Ok(new ItemList<ListenerModel>([.. (await gateway.ListenersAsync(cancellation)).Select(listener => listener.ToModel())]));

    private static async Task<Ok<ItemList<UnknownModel>>> UnknownAsync(DtuGateway gateway, CancellationToken cancellation) =>
        TypedResults.Ok(new ItemList<UnknownModel>([.. (await gateway.UnknownAsync(cancellation)).Select(refused => refused.ToModel())]));
}

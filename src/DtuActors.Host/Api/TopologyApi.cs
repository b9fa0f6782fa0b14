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

    private static async Task<Ok<ItemList<EndpointModel>>> EndpointsAsync(DtuGateway gateway, MissingNodes missing, CancellationToken cancellation) =>
        Listed((await gateway.EndpointsAsync(cancellation, missing)).Select(endpoint => endpoint.ToModel()), missing);

    private static async Task<Ok<ItemList<RouteModel>>> RoutesAsync(DtuGateway gateway, MissingNodes missing, CancellationToken cancellation) =>
        Listed((await gateway.RoutesAsync(cancellation, missing)).Select(route => route.ToModel()), missing);

    private static async Task<Ok<ItemList<ListenerModel>>> ListenersAsync(DtuGateway gateway, MissingNodes missing, CancellationToken cancellation) =>
        Listed((await gateway.ListenersAsync(cancellation, missing)).Select(listener => listener.ToModel()), missing);

    private static async Task<Ok<ItemList<UnknownModel>>> UnknownAsync(DtuGateway gateway, MissingNodes missing, CancellationToken cancellation) =>
        Listed((await gateway.UnknownAsync(cancellation, missing)).Select(refused => refused.ToModel()), missing);

    private static Ok<ItemList<T>> Listed<T>(IEnumerable<T> items, MissingNodes missing) => TypedResults.Ok(new ItemList<T>([.. items]) { Missing = missing.NamesOrNull });
}

using DtuActors.Configuration;

namespace DtuActors.Host.Api;

/// <summary>The calls that are agreed but not built yet: each says so, none pretends.</summary>
internal static class NotBuiltApi
{
    public static void Map(RouteGroupBuilder api)
    {
        Map(api, HttpMethods.Get, "/dtus/{id}/commands", "the durable command queue", ApiRole.Read);
        Map(api, HttpMethods.Delete, "/dtus/{id}/commands/{command}", "the durable command queue", ApiRole.Operate);
        Map(api, HttpMethods.Post, "/groups/{name}/send", "sending to groups", ApiRole.Operate);
    }

    private static void Map(IEndpointRouteBuilder routes, string method, string pattern, string what, ApiRole role)
    {
        var endpoint = routes.MapMethods(pattern, [method], IResult () => throw new RefusalException(
            StatusCodes.Status501NotImplemented, "not-built", "Not built yet", $"this call needs {what}, which is not built yet"));
        endpoint.ExcludeFromDescription();
        endpoint.WithMetadata(new NeedsRole(role));
    }
}

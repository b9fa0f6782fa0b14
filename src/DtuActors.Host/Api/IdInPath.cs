using Microsoft.AspNetCore.Http.Features;

namespace DtuActors.Host.Api;

/// <summary>
/// A DTU's id is one path segment, percent-encoded, whatever is in it. The server decodes a path before it routes (but leaves %2F, and folds '..'), so ids
/// such as <c>tenant-a/pump 7</c>, <c>a%2Fb</c> or <c>..</c> would not arrive as they are: the segment is taken from the request line instead, a stand-in is routed,
/// and the id becomes the route's value.
/// </summary>
internal static class IdInPath
{
    public const string Prefix = "/api/v1/dtus/";

    private const string StandIn = "id";
    private static readonly object ItemKey = new();

    /// <summary>Before routing.</summary>
    public static Task TakeOut(HttpContext context, RequestDelegate next)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (TrySplit(target, out var id, out var rest))
        {
            context.Items[ItemKey] = id;
            context.Request.Path = Prefix + StandIn + rest;
        }

        return next(context);
    }

    /// <summary>Behind routing.</summary>
    public static Task PutBack(HttpContext context, RequestDelegate next)
    {
        if (context.Request.RouteValues.ContainsKey("id") && context.Items.TryGetValue(ItemKey, out var id))
        {
            context.Request.RouteValues["id"] = id;
        }

        return next(context);
    }

    /// <summary>The id and what stands behind it, of a request target below <see cref="Prefix"/>.</summary>
    internal static bool TrySplit(string target, out string id, out string rest)
    {
        (id, rest) = ("", "");
        if (!target.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var path = target[Prefix.Length..].Split('?', 2)[0];
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var segment = slash < 0 ? path : path[..slash];

        // The register's import is a call of its own, not a DTU.
        if (segment.Length == 0 || path == "import")
        {
            return false;
        }

        id = Uri.UnescapeDataString(segment);
        rest = slash < 0 ? "" : path[slash..];
        return true;
    }
}

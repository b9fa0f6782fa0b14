using System.ComponentModel;
using System.Text.Json.Serialization;

namespace DtuActors.Host.Api;

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record LoginBody
{
    [Description("A key of dtu.http.api-keys.")]
    public string? Key { get; init; }
}

internal sealed record LoginAnswer
{
    [Description("The key's name; null where no keys are configured.")]
    public string? Name { get; init; }

    [Description("read, operate or admin")]
    public required string Role { get; init; }
}

/// <summary><c>POST /login</c> exchanges a key for the console's session cookie; <c>POST /logout</c> takes that back.</summary>
internal static class LoginApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/login", LogInAsync)
            .WithMetadata(new OpenToAll())
            .WithTags("Console")
            .WithSummary("Exchange a key for the console's session cookie")
            .WithDescription("The cookie is HttpOnly and SameSite=Strict, and ends after 12 hours.")
            .Accepts<LoginBody>("application/json")
            .Produces<LoginAnswer>()
            .Refuses(400, 415, 429);
        app.MapPost("/logout", (HttpContext context) =>
            {
                context.Response.Cookies.Delete(SessionCookies.Name, Options(context));
                return TypedResults.NoContent();
            })
            .WithMetadata(new OpenToAll())
            .WithTags("Console")
            .WithSummary("Forget the console's session cookie")
            .Produces(StatusCodes.Status204NoContent)
            .Refuses();
    }

    private static async Task<IResult> LogInAsync(HttpContext context, ApiKeys keys, TimeProvider time)
    {
        var body = await Body.ReadAsync<LoginBody>(context);
        if (keys.Any)
        {
            var shown = body.Key is { Length: > 0 } given ? keys.Find(given, context.Connection.RemoteIpAddress, time.GetUtcNow()) : default;
            if (shown.Key is not { } key)
            {
                KeysAreShut.ThrowIf(context, shown.Shut);
                throw new RefusalException(StatusCodes.Status401Unauthorized, "key", "A key is needed", "this key is not among dtu.http.api-keys");
            }

            var expires = time.GetUtcNow() + SessionCookies.Lifetime;
            var options = Options(context);
            options.Expires = expires;
            context.Response.Cookies.Append(SessionCookies.Name, SessionCookies.Seal(key.Hash, expires), options);
            context.Features.Set(key.Caller);
        }

        var caller = context.Features.Get<Caller>()!;
        return TypedResults.Ok(new LoginAnswer { Name = caller.Name, Role = Caller.Word(caller.Role) });
    }

    // Behind a proxy that ends TLS the request itself is plain; the browser says what its page stands under.
    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps || context.Request.Headers.Origin.ToString().StartsWith("https://", StringComparison.OrdinalIgnoreCase),
        Path = "/",
        IsEssential = true,
    };
}

using DtuActors.Configuration;

namespace DtuActors.Host.Api;

/// <summary>Endpoint metadata: whoever asks is answered, without a key.</summary>
internal sealed record OpenToAll;

/// <summary>Endpoint metadata: the least role that may call it, where the method does not say it (GET: read, else operate).</summary>
internal sealed record NeedsRole(ApiRole Role);

/// <summary>
/// Who may call: keys and roles where configuration has keys, by header or by the console's cookie; and, for writes and for the console's circuit, a Host header that
/// is this gateway's and no page of another origin.
/// </summary>
internal sealed class SecurityMiddleware(RequestDelegate next, ApiKeys keys, OwnHosts hosts, TimeProvider time)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        var reads = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        var shown = keys.Any ? Judge(context) : default;
        var caller = keys.Any ? shown.Key?.Caller : Caller.Anyone;
        // Who is refused is known to the audit trail as well.
        if (caller is not null)
        {
            context.Features.Set(caller);
            context.User = caller.ToPrincipal(Caller.RemoteOf(context));
        }

        if (metadata?.GetMetadata<OpenToAll>() is null)
        {
            Check(context, caller, shown.Shut, metadata?.GetMetadata<NeedsRole>()?.Role ?? (reads ? ApiRole.Read : ApiRole.Operate));
        }

        if (!reads || metadata?.GetMetadata<OfOwnPages>() is not null)
        {
            CheckHost(context);
        }

        return next(context);
    }

    private Judged Judge(HttpContext context)
    {
        var (request, from) = (context.Request, context.Connection.RemoteIpAddress);
        return Given(request) is { Length: > 0 } given ? keys.Find(given, from, time.GetUtcNow())
            : request.Cookies[SessionCookies.Name] is { } cookie ? keys.FindSession(cookie, from, time.GetUtcNow())
            : default;
    }

    private static string Given(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
    }

    private static void Check(HttpContext context, Caller? caller, TimeSpan? shut, ApiRole needed)
    {
        if (caller is null)
        {
            KeysAreShut.ThrowIf(context, shut);
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"dtu\"";
            throw new RefusalException(
                StatusCodes.Status401Unauthorized,
                "key",
                "A key is needed",
                Given(context.Request).Length == 0 ? "send Authorization: Bearer KEY, with a key of dtu.http.api-keys" : "this key is not among dtu.http.api-keys");
        }

        if (caller.Role < needed)
        {
            // Who was refused is known.
            context.Features.Set(caller);
            throw new RefusalException(
                StatusCodes.Status403Forbidden,
                "role",
                "The key's role is not enough",
                $"this call needs the role {Caller.Word(needed)}; the key has {Caller.Word(caller.Role)}");
        }
    }

    private void CheckHost(HttpContext context)
    {
        if (!hosts.Contain(context))
        {
            throw new RefusalException(
                StatusCodes.Status403Forbidden,
                "host",
                "The Host header is not this gateway's",
                $"writes and the console are taken under {hosts.Right}, not under '{context.Request.Host.Host}'");
        }

        if (OwnHosts.IsForeign(context.Request))
        {
            throw new RefusalException(
                StatusCodes.Status403Forbidden,
                "origin",
                "Another site's page asks",
                $"writes and the console are taken from the gateway's own pages, not from '{context.Request.Headers.Origin}'");
        }
    }
}

/// <summary>Too many wrong keys came from an address: whether another one is right is not said.</summary>
internal static class KeysAreShut
{
    public static void ThrowIf(HttpContext context, TimeSpan? shut)
    {
        if (shut is not { } time)
        {
            return;
        }

        var seconds = (int)Math.Ceiling(time.TotalSeconds);
        context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        throw new RefusalException(
            StatusCodes.Status429TooManyRequests,
            "wrong-keys",
            "Too many wrong keys",
            $"{KeyGuesses.MostWrong} wrong keys came from this address within a minute; keys that were not right from there before are looked at again in {seconds} s");
    }
}

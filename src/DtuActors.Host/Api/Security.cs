using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using DtuActors.Configuration;

namespace DtuActors.Host.Api;

/// <summary>Endpoint metadata: whoever asks is answered, without a key.</summary>
internal sealed record OpenToAll;

/// <summary>Endpoint metadata: the least role that may call it, where the method does not say it (GET: read, else operate).</summary>
internal sealed record NeedsRole(ApiRole Role);

/// <summary>Feature of a request: its key's name and what that may do; no name and admin where no keys are set.</summary>
internal sealed record Caller(string? Name, ApiRole Role);

/// <summary>
/// Who may call: keys and roles where configuration has keys; and, for writes, a Host header that is this machine's, so that a web page whose name was
/// rebound to 127.0.0.1 can't write through its visitor's browser.
/// </summary>
internal sealed class SecurityMiddleware
{
    private readonly RequestDelegate _next;
    private readonly HttpOptions _options;
    private readonly ImmutableArray<(byte[] Hash, Caller Caller)> _keys;

    public SecurityMiddleware(RequestDelegate next, GatewayOptions options)
    {
        _next = next;
        _options = options.Http;
        _keys = [.. _options.ApiKeys.Select(key => (Hash(key.Key), new Caller(key.Name, key.Role)))];
    }

    public Task InvokeAsync(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        var reads = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (metadata?.GetMetadata<OpenToAll>() is null && _keys.Length > 0)
        {
            var needed = metadata?.GetMetadata<NeedsRole>()?.Role ?? (reads ? ApiRole.Read : ApiRole.Operate);
            context.Features.Set(CheckKey(context, needed));
        }
        else if (_keys.Length == 0)
        {
            context.Features.Set(new Caller(null, ApiRole.Admin));
        }

        if (!reads && !IsOwnHost(context))
        {
            throw new RefusalException(
                StatusCodes.Status403Forbidden,
                "host",
                "The Host header is not this gateway's",
                $"writes are taken under a loopback address, {_options.Address} or a name in dtu.http.hosts, not under '{context.Request.Host.Host}'");
        }

        return _next(context);
    }

    private Caller CheckKey(HttpContext context, ApiRole needed)
    {
        const string scheme = "Bearer ";
        var header = context.Request.Headers.Authorization.ToString();
        var given = header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim() : "";
        if (CallerOf(given) is not { } caller)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"dtu\"";
            throw new RefusalException(
                StatusCodes.Status401Unauthorized,
                "key",
                "A key is needed",
                given.Length == 0 ? "send Authorization: Bearer KEY, with a key of dtu.http.api-keys" : "this key is not among dtu.http.api-keys");
        }

        if (caller.Role < needed)
        {
            // Who was refused is known.
            context.Features.Set(caller);
            throw new RefusalException(
                StatusCodes.Status403Forbidden,
                "role",
                "The key's role is not enough",
                $"this call needs the role {Word(needed)}; the key has {Word(caller.Role)}");
        }

        return caller;
    }

    // All keys are compared, each in constant time: the time taken tells nothing about them.
    private Caller? CallerOf(string given)
    {
        var hash = Hash(given);
        Caller? caller = null;
        foreach (var key in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(key.Hash, hash))
            {
                caller = key.Caller;
            }
        }

        return caller;
    }

    private bool IsOwnHost(HttpContext context)
    {
        var host = context.Request.Host.Host;
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || _options.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        if (!IPAddress.TryParse(host.Trim('[', ']'), out var address))
        {
            return false;
        }

        // Bound to every address, any of this machine's is the configured one; a name could have been rebound, an address can't.
        var bindsAll = _options.Address.Equals(IPAddress.Any) || _options.Address.Equals(IPAddress.IPv6Any);
        return IPAddress.IsLoopback(address)
            || address.Equals(_options.Address)
            || (bindsAll && context.Connection.LocalIpAddress is { } local && (address.Equals(local) || (local.IsIPv4MappedToIPv6 && address.Equals(local.MapToIPv4()))));
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static string Word(ApiRole role) => role switch
    {
        ApiRole.Read => "read",
        ApiRole.Operate => "operate",
        _ => "admin",
    };
}

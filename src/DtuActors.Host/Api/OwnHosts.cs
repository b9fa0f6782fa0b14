using System.Net;
using DtuActors.Configuration;

namespace DtuActors.Host.Api;

/// <summary>Endpoint metadata: taken from the gateway's own pages only, by Host and Origin, although it only reads.</summary>
internal sealed record OfOwnPages;

/// <summary>
/// Under which names the gateway may be asked to do something, so that a web page whose name was rebound to 127.0.0.1 can do nothing through its visitor's
/// browser: loopback, the address it is bound to, and <c>dtu.http.hosts</c>.
/// </summary>
internal sealed class OwnHosts(GatewayOptions options)
{
    private readonly HttpOptions _options = options.Http;

    /// <summary>What a refusal says would be right.</summary>
    public string Right => $"a loopback address, {_options.Address} or a name in dtu.http.hosts";

    public bool Contain(HttpContext context)
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

    /// <summary>Whether a page of another origin is behind the call: browsers say whose it is, others have no Origin.</summary>
    public static bool IsForeign(HttpRequest request) =>
        request.Headers.Origin.ToString() is { Length: > 0 } origin
        && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && new HostString(page.Authority).Equals(WithPort(request, page.Scheme)));

    // Uri leaves a scheme's own port out, and a client may have written it.
    private static HostString WithPort(HttpRequest request, string scheme) =>
        request.Host.Port is { } port && port != (scheme == Uri.UriSchemeHttps ? 443 : 80) ? request.Host : new HostString(request.Host.Host);
}

using System.Collections.Immutable;
using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using DtuActors.Configuration;

namespace DtuActors.Host.Api;

/// <summary>Feature of a request: its key's name and what that may do; no name and admin where no keys are set.</summary>
internal sealed record Caller(string? Name, ApiRole Role)
{
    private const string Scheme = "key";

    /// <summary>Whoever calls where configuration has no keys.</summary>
    public static readonly Caller Anyone = new(null, ApiRole.Admin);

    public static string Word(ApiRole role) => role switch
    {
        ApiRole.Read => "read",
        ApiRole.Operate => "operate",
        _ => "admin",
    };

    /// <summary>The same for what outlives the request: the console's circuit, and where that is looked at from.</summary>
    public ClaimsPrincipal ToPrincipal(string remote)
    {
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Role, Role.ToString()), new Claim(ClaimTypes.Uri, remote)], Scheme);
        if (Name is not null)
        {
            identity.AddClaim(new Claim(ClaimTypes.Name, Name));
        }

        return new ClaimsPrincipal(identity);
    }

    /// <summary>Who that was; one that the gateway did not make may read.</summary>
    public static Caller Of(ClaimsPrincipal principal) =>
        new(principal.Identity?.Name, Enum.TryParse<ApiRole>(principal.FindFirstValue(ClaimTypes.Role), out var role) ? role : ApiRole.Read);

    /// <summary>The address it came from.</summary>
    public static string RemoteOf(ClaimsPrincipal principal) => principal.FindFirstValue(ClaimTypes.Uri) ?? "";

    /// <summary>The address a request comes from, with its port.</summary>
    public static string RemoteOf(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, context.Connection.RemotePort).ToString() : "";
}

/// <summary>The keys of configuration, as hashes. All are compared, each in constant time: the time taken tells nothing about them.</summary>
internal sealed class ApiKeys(GatewayOptions options)
{
    private readonly ImmutableArray<Key> _keys =
        [.. options.Http.ApiKeys.Select(key => new Key(SHA256.HashData(Encoding.UTF8.GetBytes(key.Key)), new Caller(key.Name, key.Role)))];

    private readonly KeyGuesses _guesses = new();

    public bool Any => _keys.Length > 0;

    /// <summary>The key that is this text, shown from there.</summary>
    public Judged Find(string given, IPAddress? from, DateTimeOffset now)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(given));
        return _guesses.Judge(from, First(key => CryptographicOperations.FixedTimeEquals(key.Hash, hash)), now);
    }

    /// <summary>The key that a session cookie was exchanged for, while that holds. One whose time is over is no guess.</summary>
    public Judged FindSession(string cookie, IPAddress? from, DateTimeOffset now) =>
        SessionCookies.IsCurrent(cookie, now) ? _guesses.Judge(from, First(key => SessionCookies.IsOf(key.Hash, cookie, now)), now) : default;

    private Key? First(Func<Key, bool> fits)
    {
        Key? found = null;
        foreach (var key in _keys)
        {
            found = fits(key) ? key : found;
        }

        return found;
    }

    /// <param name="Hash">SHA-256 of the key.</param>
    /// <param name="Caller">Who has it.</param>
    public sealed record Key(byte[] Hash, Caller Caller);
}

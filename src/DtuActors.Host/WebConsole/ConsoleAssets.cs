using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using DtuActors.Host.Api;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace DtuActors.Host.WebConsole;

/// <summary>
/// The console's scripts and styles, out of the assembly: compressed once, at the first use; kept by browsers for as long as their address, which names their
/// content, is the same.
/// </summary>
internal static class ConsoleAssets
{
    private const string Prefix = "assets/";

    private static readonly FrozenDictionary<string, Lazy<Asset>> ByName = typeof(ConsoleAssets).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[Prefix.Length..], name => new Lazy<Asset>(() => Asset.Read(name)));

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    /// <summary>The address of an asset of this very content.</summary>
    public static string Url(string name) => $"/assets/{name}?v={ByName[name].Value.Version}";

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapMethods("/assets/{name}", [HttpMethods.Get, HttpMethods.Head], Serve).WithMetadata(new OpenToAll()).ExcludeFromDescription();

    private static FileContentHttpResult Serve(HttpContext context, string name)
    {
        if (!ByName.TryGetValue(name, out var lazy) || !Types.TryGetValue(Path.GetExtension(name), out var type))
        {
            throw new RefusalException(StatusCodes.Status404NotFound, "not-found", "Not found", $"the console has no asset {name}");
        }

        var asset = lazy.Value;
        var headers = context.Response.Headers;
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.CacheControl = context.Request.Query["v"] == asset.Version ? "public, max-age=31536000, immutable" : "no-cache";
        var squeezed = context.Request.GetTypedHeaders().AcceptEncoding.Any(coding => coding.Value == "gzip" && coding.Quality is not 0);
        if (squeezed)
        {
            headers.ContentEncoding = "gzip";
        }

        return TypedResults.Bytes(
            squeezed ? asset.Gzip : asset.Plain, type, entityTag: new EntityTagHeaderValue($"\"{asset.Version}{(squeezed ? "-gz" : "")}\""));
    }

    private sealed record Asset(byte[] Plain, byte[] Gzip, string Version)
    {
        public static Asset Read(string resource)
        {
            using var stream = typeof(Asset).Assembly.GetManifestResourceStream(resource)!;
            var plain = new byte[stream.Length];
            stream.ReadExactly(plain);
            using var squeezed = new MemoryStream();
            using (var gzip = new GZipStream(squeezed, CompressionLevel.Optimal))
            {
                gzip.Write(plain);
            }

            return new Asset(plain, squeezed.ToArray(), Convert.ToHexStringLower(SHA256.HashData(plain).AsSpan(0, 6)));
        }
    }
}

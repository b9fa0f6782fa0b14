using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DtuActors.Configuration;

namespace DtuActors.Listening.Streams;

/// <summary>A certificate file that can't be used.</summary>
/// <param name="key">The key it is written under, below the listener: <c>certificate.path</c>.</param>
/// <param name="problem">In words.</param>
/// <param name="expected">What would be right, or null.</param>
internal sealed class TlsFileException(string key, string problem, string? expected = null) : Exception(problem)
{
    public string Key => key;

    public string? Expected => expected;
}

/// <summary>What the files of a TLS listener hold: its certificate with key and chain, and whom client certificates are trusted by.</summary>
internal sealed record TlsFiles(SslStreamCertificateContext Certificate, X509Certificate2Collection ClientCas)
{
    public const string PathKey = "certificate.path";
    public const string KeyPathKey = "certificate.key-path";
    public const string CaKey = "client-ca-path";

    private const string Make = "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=localhost -keyout server.key -out server.pem";

    /// <summary>In words where the certificate is not valid at <paramref name="now"/>; DTUs that check dates refuse it. Else null.</summary>
    public string? Complaint(DateTimeOffset now)
    {
        var certificate = Certificate.TargetCertificate;
        return now > certificate.NotAfter ? $"the certificate expired on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}"
            : now < certificate.NotBefore ? $"the certificate is valid from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd} on"
            : null;
    }

    /// <summary>Throws <see cref="TlsFileException"/>.</summary>
    public static TlsFiles Load(TlsOptions options) => new(
        Context(options),
        options.ClientCaPath is { } path ? Roots(path, CaKey) : []);

    /// <summary>A certificate with its key and what stands between it and its root. Throws <see cref="TlsFileException"/>.</summary>
    public static SslStreamCertificateContext Context(TlsOptions options)
    {
        var text = Read(options.CertificatePath, PathKey);
        if (!text.Contains("-----BEGIN", StringComparison.Ordinal))
        {
            return Pfx(options);
        }

        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(text);
        }
        catch (CryptographicException problem)
        {
            throw new TlsFileException(PathKey, $"{options.CertificatePath}: {problem.Message}");
        }

        if (chain.Count == 0)
        {
            throw new TlsFileException(PathKey, $"{options.CertificatePath} holds no certificate", Make);
        }

        var key = options.KeyPath is null ? text : Read(options.KeyPath, KeyPathKey);
        return SslStreamCertificateContext.Create(WithKey(chain[0], key, options), [.. chain.Skip(1)], offline: true);
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, string key, TlsOptions options)
    {
        var (at, file) = options.KeyPath is null ? (PathKey, options.CertificatePath) : (KeyPathKey, options.KeyPath);
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw new TlsFileException(at, $"the key in {file} needs a passphrase", "a key without one: openssl rsa -in with.key -out server.key");
        }

        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new TlsFileException(at, $"{file} holds no private key", options.KeyPath is null ? "certificate { path, key-path }" : Make);
        }

        try
        {
            var whole = X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), key);

            // Windows' TLS takes no key that lives in memory only.
            return OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null) : whole;
        }
        catch (Exception problem) when (problem is CryptographicException or ArgumentException)
        {
            throw new TlsFileException(at, $"the key in {file} is not that of the first certificate in {options.CertificatePath}", "the key the certificate was made with");
        }
    }

    private static SslStreamCertificateContext Pfx(TlsOptions options)
    {
        if (options.KeyPath is not null)
        {
            throw new TlsFileException(PathKey, $"{options.CertificatePath} is not PEM", "PEM beside key-path; a PFX file stands alone");
        }

        X509Certificate2Collection all;
        try
        {
            all = X509CertificateLoader.LoadPkcs12CollectionFromFile(options.CertificatePath, options.Password);
        }
        catch (CryptographicException problem)
        {
            throw new TlsFileException(PathKey, $"{options.CertificatePath} is neither PEM nor PFX {(options.Password is null ? "without password" : "with this password")}: {problem.Message}", Make);
        }

        var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw new TlsFileException(PathKey, $"{options.CertificatePath} holds no private key", Make);
        return SslStreamCertificateContext.Create(own, [.. all.Where(certificate => certificate != own)], offline: true);
    }

    /// <summary>Whom the other side's certificate is trusted by, in PEM. Throws <see cref="TlsFileException"/> for <paramref name="key"/>.</summary>
    public static X509Certificate2Collection Roots(string path, string key)
    {
        var cas = new X509Certificate2Collection();
        try
        {
            cas.ImportFromPem(Read(path, key));
        }
        catch (CryptographicException problem)
        {
            throw new TlsFileException(key, $"{path}: {problem.Message}", "PEM");
        }

        return cas.Any(IsRoot) ? cas : throw new TlsFileException(key, $"{path} holds no root certificate", "PEM with the root that the other side's certificate ends in");
    }

    /// <summary>Whether it may end a chain.</summary>
    public static bool IsRoot(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static string Read(string path, string key)
    {
        try
        {
            return File.ReadAllText(path, System.Text.Encoding.Latin1);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TlsFileException(key, $"there is no file {path}", key is PathKey or KeyPathKey ? Make : null);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new TlsFileException(key, $"{path} can't be read: {problem.Message}");
        }
    }
}

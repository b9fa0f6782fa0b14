using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DtuActors.Configuration;

namespace DtuActors.Tests.Listening.Transports;

/// <summary>An authority of its own, a server's certificate, and clients' as they are asked for; in files of a folder that is removed.</summary>
public sealed class TestCertificates : IDisposable
{
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("certificates");
    private readonly X509Certificate2 _authority;

    public TestCertificates(string server = "localhost", DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        File.WriteAllText(CaPath, _authority.ExportCertificatePem());
        WriteServer(server, until);
    }

    public string CertificatePath => Path.Combine(_folder.FullName, "server.pem");

    public string KeyPath => Path.Combine(_folder.FullName, "server.key");

    public string CaPath => Path.Combine(_folder.FullName, "ca.pem");

    /// <summary>The server's certificate and key, new.</summary>
    public void WriteServer(string name, DateTimeOffset? until = null)
    {
        using var certificate = Issue(name, until);
        File.WriteAllText(CertificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    public X509Certificate2 Issue(string name, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name},O=Test", key, HashAlgorithmName.SHA256);
        using var issued = request.Create(_authority, _authority.NotBefore, until ?? _authority.NotAfter, RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }

    public TlsOptions Server() => new() { CertificatePath = CertificatePath, KeyPath = KeyPath };

    public TlsOptions Server(ClientCertificates ask, bool names = false) =>
        Server() with { ClientCertificate = ask, ClientCaPath = CaPath, IdFromCertificate = names };

    /// <summary>A client that trusts the authority, and shows <paramref name="certificate"/>.</summary>
    public SslClientAuthenticationOptions Client(X509Certificate2? certificate = null) => new()
    {
        TargetHost = "localhost",
        ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, [], offline: true),
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { _authority },
            RevocationMode = X509RevocationMode.NoCheck,
        },
        RemoteCertificateValidationCallback = (_, _, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
    };

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }
}

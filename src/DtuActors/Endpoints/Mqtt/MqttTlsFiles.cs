using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using DtuActors.Configuration;
using DtuActors.Listening.Streams;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>What the files of a TLS connection to a broker hold.</summary>
/// <param name="Roots">Whom the broker is trusted by; null: by whom the system trusts.</param>
/// <param name="Own">What the gateway shows; null: nothing.</param>
internal sealed record MqttTlsFiles(X509Certificate2Collection? Roots, SslStreamCertificateContext? Own)
{
    /// <summary>Throws <see cref="TlsFileException"/>.</summary>
    public static MqttTlsFiles Load(MqttTlsOptions options) => new(
        options.CaPath is { } ca ? TlsFiles.Roots(ca, "ca-path") : null,
        options.CertificatePath is { } path ? TlsFiles.Context(new TlsOptions { CertificatePath = path, KeyPath = options.KeyPath }) : null);
}

using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using DtuActors.Configuration;
using DtuActors.Listening.Streams;

namespace DtuActors.Clustering;

/// <summary>What a node shows to others, and whom it believes.</summary>
/// <param name="Own">With its key.</param>
/// <param name="Roots">What others' certificates must end in, and what may stand between.</param>
internal sealed record NodeCertificates(X509Certificate2 Own, X509Certificate2Collection Roots)
{
    private const string CaKey = "ca-path";

    /// <summary>Throws <see cref="TlsFileException"/>.</summary>
    public static NodeCertificates Load(ClusterTlsOptions options)
    {
        var own = TlsFiles.Context(new TlsOptions { CertificatePath = options.CertificatePath, KeyPath = options.KeyPath, Password = options.Password });
        return new NodeCertificates(own.TargetCertificate, TlsFiles.Roots(options.CaPath, CaKey));
    }

    /// <summary>For Akka's remoting: both sides show a certificate, and neither goes on without a good one.</summary>
    public DotNettySslSetup Setup() => new(Own, suppressValidation: false, requireMutualAuthentication: true, validateCertificateHostname: true, (certificate, chain, peer, errors, log) =>
    {
        var problem = Problem(certificate, chain, errors);
        if (problem is not null)
        {
            log.Warning("no connection with {0}: its certificate {1}", peer, problem);
        }

        return problem is null;
    });

    /// <summary>Why a node is not believed, in words; null: it is. Whoever dials finds the name he dialled in the certificate; whoever is dialled knows no name.</summary>
    internal string? Problem(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "is missing";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return "is for another host";
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(Roots);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.DisableCertificateDownloads = true;
        own.ChainPolicy.ExtraStore.AddRange(Roots);
        foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            own.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return own.Build(certificate) ? null : string.Join("; ", own.ChainStatus.Select(status => status.StatusInformation.Trim()).Prepend("is not trusted"));
    }
}

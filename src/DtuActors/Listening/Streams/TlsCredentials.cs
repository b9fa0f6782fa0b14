using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using DtuActors.Configuration;

namespace DtuActors.Listening.Streams;

/// <summary>
/// What a TLS listener shows in each handshake. Its files are looked at then, by their stamps; where they changed they are read again, and where what is new can't be used
/// the old stays and whoever hears of trouble is told once. Handshakes of one listener run on many threads: this is the one thing they share.
/// </summary>
internal sealed class TlsCredentials(TlsOptions options)
{
    private const string CommonName = "2.5.4.3";

    private readonly Lock _lock = new();
    private TlsFiles? _files;
    private string _stamp = "";
    private string? _fault;
    private string? _problem;
    private IActorRef _hears = ActorRefs.Nobody;
    private IActorRef _from = ActorRefs.Nobody;

    public TimeSpan HandshakeTimeout => options.HandshakeTimeout;

    /// <summary>Reads the files if nobody has; <paramref name="hears"/> is told <see cref="StreamTalk.Trouble"/> from now on, also where they can't be used.</summary>
    public void ReportTo(IActorRef from, IActorRef hears, DateTimeOffset now)
    {
        lock (_lock)
        {
            _from = from;
            _hears = hears;
            _problem = null;
            _ = Current(now);
        }
    }

    /// <summary>What the next handshake shows and asks for. Throws <see cref="AuthenticationException"/> where there never was a certificate to show.</summary>
    public SslServerAuthenticationOptions ForHandshake(DateTimeOffset now)
    {
        TlsFiles? files;
        string? fault;
        lock (_lock)
        {
            (files, fault) = (Current(now), _fault);
        }

        if (files is null)
        {
            throw new AuthenticationException(fault);
        }

        var asks = options.ClientCertificate != ClientCertificates.None;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = files.Certificate,
            EnabledSslProtocols = options.Tls13Only ? SslProtocols.Tls13 : SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
            ClientCertificateRequired = asks,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = asks ? Policy(files.ClientCas) : null,
            RemoteCertificateValidationCallback = asks ? IsTrusted : null,

            // A resumed session does not show the client's chain again, so it can't be judged again.
            AllowTlsResume = !asks,
        };
    }

    /// <summary>The CN of the client's certificate where that is the DTU's id, else null. Empty: it has none.</summary>
    public string? IdentityOf(SslStream stream)
    {
        if (!options.IdFromCertificate)
        {
            return null;
        }

        using var certificate = stream.RemoteCertificate is { } shown ? X509CertificateLoader.LoadCertificate(shown.GetRawCertData()) : null;
        return certificate?.SubjectName.EnumerateRelativeDistinguishedNames()
            .FirstOrDefault(name => !name.HasMultipleElements && name.GetSingleElementType().Value == CommonName)?.GetSingleElementValue() ?? "";
    }

    private static X509ChainPolicy Policy(X509Certificate2Collection cas)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.AddRange(cas.Where(TlsFiles.IsRoot).ToArray());
        policy.ExtraStore.AddRange(cas.Where(ca => !TlsFiles.IsRoot(ca)).ToArray());
        return policy;
    }

    // The chain was built by the policy above. A client has no host's name to be compared with.
    private bool IsTrusted(object stream, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is null
            ? options.ClientCertificate == ClientCertificates.Optional
            : (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;

    // A certificate expires without its file changing: each handshake looks.
    private TlsFiles? Current(DateTimeOffset now)
    {
        LoadChanged();
        Say(_fault ?? _files?.Complaint(now));
        return _files;
    }

    private void LoadChanged()
    {
        var stamp = string.Join('|', Stamp(options.CertificatePath), Stamp(options.KeyPath), Stamp(options.ClientCaPath));
        if (_files is not null && stamp == _stamp)
        {
            return;
        }

        _stamp = stamp;
        try
        {
            _files = TlsFiles.Load(options);
            _fault = null;
        }
        catch (TlsFileException problem)
        {
            _fault = _files is null ? $"there is no certificate to show: {problem.Message}" : $"the changed certificate is not used: {problem.Message}";
        }
    }

    private void Say(string? problem)
    {
        if (problem != _problem)
        {
            _problem = problem;
            _hears.Tell(new StreamTalk.Trouble(StreamTalk.Certificate, problem), _from);
        }
    }

    // A link is followed: certificates are renewed by pointing it elsewhere.
    private static string Stamp(string? path)
    {
        if (path is null)
        {
            return "";
        }

        try
        {
            var file = new FileInfo(path);
            var target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            return target.Exists ? $"{target.FullName} {target.LastWriteTimeUtc.Ticks} {target.Length}" : "none";
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return problem.Message;
        }
    }
}

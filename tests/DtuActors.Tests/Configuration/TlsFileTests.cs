using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DtuActors.Configuration;
using DtuActors.Tests.Listening.Transports;

namespace DtuActors.Tests.Configuration;

/// <summary>What <c>dtu check</c> says of a TLS listener's files.</summary>
public sealed class TlsFileTests : IDisposable
{
    private readonly TestCertificates _files = new();

    [Fact]
    public void A_listener_with_usable_files_has_what_its_keys_say()
    {
        var listener = Assert.IsType<TlsListenerOptions>(Conf.Options(Tls(
            $"client-certificate = required, client-ca-path = \"{_files.CaPath}\", min-version = \"1.3\", handshake-timeout = 3s, id-from = certificate-cn, max-per-address = 4, accept-rate = off")).Listeners[0]);
        Assert.Equal(
            _files.Server(ClientCertificates.Required, names: true) with { Tls13Only = true, HandshakeTimeout = TimeSpan.FromSeconds(3) }, listener.Tls);
        Assert.Equal((4, null), (listener.MaxPerAddress, listener.AcceptRate));
    }

    [Fact]
    public void Certificate_and_key_may_share_a_file_or_be_a_pfx()
    {
        File.AppendAllText(_files.CertificatePath, "\n" + File.ReadAllText(_files.KeyPath));
        Conf.Options($"dtu.listeners.a {{ transport = tls, certificate.path = \"{_files.CertificatePath}\" }}");
        using var certificate = _files.Issue("pfx");
        File.WriteAllBytes(_files.CertificatePath, certificate.Export(X509ContentType.Pfx));
        Conf.Options($"dtu.listeners.a {{ transport = tls, certificate.path = \"{_files.CertificatePath}\" }}");
    }

    [Fact]
    public void A_key_of_another_certificate_is_named()
    {
        using var other = ECDsa.Create();
        File.WriteAllText(_files.KeyPath, other.ExportPkcs8PrivateKeyPem());
        AssertFault("dtu.listeners.a.certificate.key-path", "is not that of the first certificate", Tls());
    }

    [Fact]
    public void A_file_that_holds_something_else_is_named()
    {
        File.WriteAllText(_files.KeyPath, File.ReadAllText(_files.CertificatePath));
        AssertFault("dtu.listeners.a.certificate.key-path", "holds no private key", Tls());
        File.WriteAllText(_files.KeyPath, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
        AssertFault("dtu.listeners.a.certificate.key-path", "needs a passphrase", Tls());
        File.Delete(_files.KeyPath);
        AssertFault("dtu.listeners.a.certificate.key-path", "there is no file", Tls());
        File.WriteAllText(_files.CertificatePath, "certificate");
        AssertFault("dtu.listeners.a.certificate.path", "is not PEM", Tls());
    }

    [Fact]
    public void An_authority_that_is_none_is_named()
    {
        File.Copy(_files.CertificatePath, _files.CaPath, overwrite: true);
        AssertFault("dtu.listeners.a.client-ca-path", "holds no root certificate", Tls($"client-certificate = optional, client-ca-path = \"{_files.CaPath}\""));
        AssertFault("dtu.listeners.a.client-ca-path", "no client certificate is asked for", Tls($"client-ca-path = \"{_files.CaPath}\""));
    }

    [Fact]
    public void An_id_from_the_certificate_needs_one_of_every_client_and_no_other_name()
    {
        AssertFault("dtu.listeners.a.id-from", "a certificate from every client", Tls("id-from = certificate-cn"));
        AssertFault("dtu.listeners.a.id-from", "stands beside dtu", Tls($"client-certificate = required, client-ca-path = \"{_files.CaPath}\", id-from = certificate-cn, dtu = x"));
        Conf.Options(Tls($"profile = n, client-certificate = required, client-ca-path = \"{_files.CaPath}\", id-from = certificate-cn") + "\ndtu.profiles.n.registration.kind = none");
    }

    [Fact]
    public void Proxies_and_unix_sockets_are_listeners_like_others()
    {
        var listeners = Conf.Options("dtu.listeners { a { engine = sockets, proxy-protocol = v2 }, b { transport = unix, path = \"run/dtu.sock\" }, c { transport = udp, proxy-protocol = v2 } }").Listeners;
        var tcp = Assert.IsType<TcpListenerOptions>(listeners[0]);
        Assert.Equal((ListenerEngine.Sockets, DtuActors.Protocol.Transports.ProxyVersion.V2, 20_000), (tcp.Engine, tcp.ProxyProtocol, tcp.AcceptRate));
        Assert.Equal(Path.Combine(Conf.Folder, "run", "dtu.sock"), Assert.IsType<UnixListenerOptions>(listeners[1]).Path);
        Assert.Equal(DtuActors.Protocol.Transports.ProxyVersion.V2, Assert.IsType<UdpListenerOptions>(listeners[2]).ProxyProtocol);
    }

    public void Dispose() => _files.Dispose();

    private static void AssertFault(string key, string problem, string text)
    {
        var fault = Conf.Fault(text);
        Assert.Equal(key, fault.KeyPath);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
    }

    private string Tls(string more = "") =>
        $"dtu.listeners.a {{ transport = tls, certificate {{ path = \"{_files.CertificatePath}\", key-path = \"{_files.KeyPath}\" }}\n{more} }}";
}

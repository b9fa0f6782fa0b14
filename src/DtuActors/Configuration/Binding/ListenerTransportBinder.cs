using System.Net;
using System.Text;
using DtuActors.Listening.Streams;
using DtuActors.Protocol.Transports;

namespace DtuActors.Configuration;

/// <summary>Binds what a listener's transport needs: engine, limits, PROXY header, TLS and its files, a Unix socket's path.</summary>
internal static class ListenerTransportBinder
{
    private const string CertificateExample = "path = \"server.pem\", key-path = \"server.key\" ";

    // sockaddr_un's path, without its closing zero.
    private const int LongestUnixPath = 107;

    public static ListenerOptions Bind(BlockReader block, string transport, string name, string keyPath)
    {
        var proxy = block.Word("proxy-protocol", "off", "off", "v1", "v2") switch
        {
            "v1" => ProxyVersion.V1,
            "v2" => ProxyVersion.V2,
            _ => (ProxyVersion?)null,
        };
        if (transport == "udp")
        {
            return new UdpListenerOptions { Name = name, KeyPath = keyPath, Address = Address(block), ProxyProtocol = proxy };
        }

        StreamListenerOptions listener = transport switch
        {
            "unix" => new UnixListenerOptions { Name = name, KeyPath = keyPath, Path = UnixPath(block) },
            "tls" => new TlsListenerOptions { Name = name, KeyPath = keyPath, Address = Address(block), Engine = Engine(block), Tls = Tls(block) },
            _ => new TcpListenerOptions { Name = name, KeyPath = keyPath, Address = Address(block), Engine = Engine(block) },
        };
        return listener with
        {
            ProxyProtocol = proxy,
            MaxPerAddress = block.IntegerOrOff("max-per-address", null, 1, 1_000_000),
            AcceptRate = block.IntegerOrOff("accept-rate", listener.AcceptRate, 1, 1_000_000),
        };
    }

    /// <summary>Whether a client certificate says which DTU it is, so that nobody registers.</summary>
    public static bool NamesByCertificate(BlockReader block) =>
        block.Knows("id-from") && block.Text("id-from") == "certificate-cn";

    private static IPAddress Address(BlockReader block) => block.Has("address") ? block.Address("address", IPAddress.Loopback) : IPAddress.Loopback;

    private static ListenerEngine Engine(BlockReader block) =>
        block.Word("engine", "sockets", "sockets", "akka-io") == "akka-io" ? ListenerEngine.AkkaIo : ListenerEngine.Sockets;

    private static string UnixPath(BlockReader block)
    {
        var path = block.FilePath("path", required: true) ?? "";
        if (Encoding.UTF8.GetByteCount(path) is > LongestUnixPath and var bytes)
        {
            block.Fault("path", $"{path} takes {bytes} bytes, and a socket's path ends at {LongestUnixPath}", "a shorter path");
            return "";
        }

        return path;
    }

    private static TlsOptions Tls(BlockReader block)
    {
        block.Missing("certificate", $"certificate {{ {CertificateExample}}}");
        var certificate = block.Nested("certificate", Schema.Certificate, CertificateExample);
        var path = certificate?.FilePath("path", required: true);
        var ask = block.Word("client-certificate", "none", "none", "optional", "required") switch
        {
            "required" => ClientCertificates.Required,
            "optional" => ClientCertificates.Optional,
            _ => ClientCertificates.None,
        };
        var options = new TlsOptions
        {
            CertificatePath = path ?? "",
            KeyPath = certificate?.FilePath("key-path", required: false),
            ClientCertificate = ask,
            ClientCaPath = block.FilePath("client-ca-path", required: ask != ClientCertificates.None),
            Tls13Only = block.Word("min-version", "1.2", "1.2", "1.3") == "1.3",
            HandshakeTimeout = block.Duration("handshake-timeout", TimeSpan.FromSeconds(10)),
            IdFromCertificate = block.Word("id-from", "registration", "registration", "certificate-cn") == "certificate-cn",
        };
        CheckClients(block, options);
        if (path is not null && ask == ClientCertificates.None == options.ClientCaPath is null)
        {
            CheckFiles(block, certificate!, options);
        }

        return options;
    }

    private static void CheckClients(BlockReader block, TlsOptions options)
    {
        if (options.ClientCertificate == ClientCertificates.None && options.ClientCaPath is not null)
        {
            block.Fault("client-ca-path", "no client certificate is asked for", "client-certificate = optional or required beside it");
        }

        if (!options.IdFromCertificate)
        {
            return;
        }

        if (options.ClientCertificate != ClientCertificates.Required)
        {
            block.Fault("id-from", "certificate-cn needs a certificate from every client", "client-certificate = required");
        }

        if (block.Has("dtu"))
        {
            block.Fault("id-from", "certificate-cn stands beside dtu, and both name the DTU", "one of the two");
        }
    }

    private static void CheckFiles(BlockReader block, BlockReader certificate, TlsOptions options)
    {
        try
        {
            _ = TlsFiles.Load(options);
        }
        catch (TlsFileException problem)
        {
            switch (problem.Key)
            {
                case TlsFiles.PathKey:
                    certificate.Fault("path", problem.Message, problem.Expected);
                    break;
                case TlsFiles.KeyPathKey:
                    certificate.Fault("key-path", problem.Message, problem.Expected);
                    break;
                default:
                    block.Fault("client-ca-path", problem.Message, problem.Expected);
                    break;
            }
        }
    }
}

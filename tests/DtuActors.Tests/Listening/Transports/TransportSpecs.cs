using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Listening.Streams;

namespace DtuActors.Tests.Listening.Transports;

public sealed class AkkaIoSpec : TcpTransportSpecBase
{
    protected override string Transport => "tcp";

    protected override Binder Binder => new AkkaIoBinder();
}

public sealed class SocketsSpec : TcpTransportSpecBase
{
    protected override string Transport => "tcp";

    protected override Binder Binder => new StreamBinder(new StreamSetup());
}

public sealed class TlsSpec : TcpTransportSpecBase
{
    private readonly TestCertificates _certificates = new();

    protected override string Transport => "tls";

    protected override Binder Binder => new StreamBinder(new StreamSetup { Tls = new TlsCredentials(_certificates.Server()) });

    protected override async Task<Stream> OpenAsync(Socket socket)
    {
        var stream = new SslStream(new NetworkStream(socket));
        await stream.AuthenticateAsClientAsync(_certificates.Client());
        return stream;
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _certificates.Dispose();
    }
}

public sealed class UnixSpec : TransportSpecBase
{
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("unix");

    protected override string Transport => "unix";

    protected override Binder Binder => new StreamBinder(new StreamSetup());

    protected override EndPoint Address => new UnixDomainSocketEndPoint(Path.Combine(_folder.FullName, "dtu.sock"));

    protected override bool Resets => false;

    protected override void AfterAll()
    {
        base.AfterAll();
        _folder.Delete(recursive: true);
    }
}

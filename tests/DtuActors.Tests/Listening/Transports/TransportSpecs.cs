using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Akka.IO;
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

    [Fact]
    public async Task A_peer_that_hangs_up_while_something_is_written_to_it_is_closed_and_not_failed()
    {
        var (client, session) = await ConnectAsync();
        session.Socket.Tell(Tcp.ResumeReading.Instance, session.Self);
        Fill(session);
        client.Finish();
        Session.ExpectNoMsg(Soon);
        Write(session, "the next piece", new Ack(-1));
        Session.ExpectNoMsg(Soon);
        await client.ReadToEndAsync();
        var heard = new List<object>();
        Session.FishForMessage(message =>
        {
            heard.Add(message);
            return message is Tcp.ConnectionClosed;
        }, Patience);
        Assert.Equal([typeof(Ack), typeof(Tcp.PeerClosed)], heard.Select(message => message.GetType()));
        ExpectEnd(session);
    }
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

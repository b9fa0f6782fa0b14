using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Akka.Actor;
using Akka.IO;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Listening.Streams;
using DtuActors.Protocol.Transports;

namespace DtuActors.Tests.Listening.Transports;

/// <summary>What comes before a connection: PROXY headers, TLS handshakes, certificates that change; and what becomes of sockets that do not get through.</summary>
public sealed class OpeningSpec : TransportHarness
{
    private readonly TestCertificates _certificates = new();
    private TlsOptions? _tls;
    private ProxyVersion? _proxy;

    protected override string Transport => "tls";

    protected override Binder Binder => new StreamBinder(new StreamSetup { Proxy = _proxy, Tls = _tls is null ? null : new TlsCredentials(_tls) });

    [Fact]
    public async Task The_address_of_a_proxy_header_is_the_peers_and_what_is_glued_to_it_is_data()
    {
        _proxy = ProxyVersion.V1;
        var client = await DialAsync(Listen());
        await client.SendAsync("PROXY TCP4 10.8.0.7 10.0.0.1 40");
        await client.SendAsync("001 9000\r\nhello");
        var session = Session.ExpectMsg<Started>(Patience);
        Assert.Equal(Peer.Of(IPEndPoint.Parse("10.8.0.7:40001")), session.Peer);
        Assert.Equal("hello", await ReceivedAsync(5, session, resume: true));
        await client.SendAsync(" again");
        Assert.Equal(" again", await ReceivedAsync(6, session, resume: true));
    }

    [Theory]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", null)]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xD8/run/dtu", "unix:/run/dtu")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C\x0A\x08\0\x07\x0A\0\0\x01\x9C\x41\x23\x28", "10.8.0.7:40001")]
    public async Task Version_2_names_the_peer_or_leaves_it_the_sockets_own(string header, string? shown)
    {
        _proxy = ProxyVersion.V2;
        var client = await DialAsync(Listen());
        var bytes = Encoding.Latin1.GetBytes(header);
        await client.Stream.WriteAsync(header.Contains('/', StringComparison.Ordinal) ? [.. bytes, .. new byte[232 - bytes.Length]] : bytes);
        Assert.Equal(shown ?? client.Socket.LocalEndPoint!.ToString(), Session.ExpectMsg<Started>(Patience).Peer.Text);
    }

    [Fact]
    public async Task Who_connects_without_a_header_is_closed_and_waits_in_the_inbox()
    {
        _proxy = ProxyVersion.V1;
        var client = await DialAsync(Listen());
        await client.SendAsync("13800138000\r\n");
        Assert.True(await client.IsResetAsync());
        var refused = Inbox.ExpectMsg<RefusedConnection>(Patience);
        Assert.Equal(("proxy-header", client.Socket.LocalEndPoint!.ToString()), (refused.Reason, refused.Remote));
        Assert.Equal("13800138000\r\n", Encoding.ASCII.GetString(refused.FirstBytes.Span));
    }

    [Fact]
    public async Task A_header_that_does_not_come_in_time_is_given_up()
    {
        _proxy = ProxyVersion.V2;
        var client = await DialAsync(Listen());
        var refused = await RefusedInTimeAsync();
        Assert.Equal("proxy-header", refused.Reason);
        Assert.True(await client.IsResetAsync());
    }

    [Fact]
    public async Task A_header_stands_before_the_handshake()
    {
        _proxy = ProxyVersion.V1;
        _tls = _certificates.Server();
        using var socket = await SocketAsync(Listen());
        await socket.SendAsync("PROXY TCP6 ::7 ::1 40001 9000\r\n"u8.ToArray());
        await using var stream = await ShakeAsync(socket);
        Assert.Equal("[::7]:40001", Session.ExpectMsg<Started>(Patience).Peer.Text);
    }

    [Fact]
    public async Task A_silent_handshake_is_given_up_in_its_time()
    {
        _tls = _certificates.Server();
        using var socket = await SocketAsync(Listen());
        Assert.Equal("handshake", (await RefusedInTimeAsync()).Reason);
    }

    [Fact]
    public async Task A_host_with_more_silent_sockets_than_may_open_keeps_out_nobody_else()
    {
        _tls = _certificates.Server();
        var address = Listen();
        var silent = new List<Socket>();
        for (var i = 0; i < StreamListener.MostOpening + 1; i++)
        {
            silent.Add(await SocketAsync(address, "127.0.0.2"));
        }

        await using (await ShakeAsync(await SocketAsync(address)))
        {
            Session.ExpectMsg<Started>(Patience);
        }

        silent.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task What_is_no_handshake_is_refused_at_once()
    {
        _tls = _certificates.Server();
        using var socket = await SocketAsync(Listen());
        await socket.SendAsync("13800138000\r\n"u8.ToArray());
        Assert.Equal("handshake", Inbox.ExpectMsg<RefusedConnection>(Patience).Reason);
    }

    [Fact]
    public async Task A_required_client_certificate_must_come_from_the_given_authority()
    {
        _tls = _certificates.Server(ClientCertificates.Required);
        var address = Listen();
        using var good = _certificates.Issue("pump-7");
        using var strangers = new TestCertificates();
        using var bad = strangers.Issue("pump-7");
        await using (await ShakeAsync(await SocketAsync(address), good))
        {
            Assert.Null(Session.ExpectMsg<Started>(Patience).Peer.Identity);
        }

        await RefusedAsync(address, bad);
        await RefusedAsync(address, null);
    }

    [Fact]
    public async Task An_optional_client_certificate_may_be_missing_but_not_wrong()
    {
        _tls = _certificates.Server(ClientCertificates.Optional);
        var address = Listen();
        using var strangers = new TestCertificates();
        using var bad = strangers.Issue("pump-7");
        await using (await ShakeAsync(await SocketAsync(address)))
        {
            Session.ExpectMsg<Started>(Patience);
        }

        await RefusedAsync(address, bad);
    }

    [Fact]
    public async Task An_expired_client_certificate_is_refused()
    {
        _tls = _certificates.Server(ClientCertificates.Required);
        using var expired = _certificates.Issue("pump-7", DateTimeOffset.UnixEpoch.AddYears(1));
        await RefusedAsync(Listen(), expired);
    }

    [Fact]
    public async Task The_name_in_a_client_certificate_is_the_peers_identity_where_it_is_asked_for()
    {
        _tls = _certificates.Server(ClientCertificates.Required, names: true);
        using var certificate = _certificates.Issue("泵站-7");
        await using var stream = await ShakeAsync(await SocketAsync(Listen()), certificate);
        Assert.Equal("泵站-7", Session.ExpectMsg<Started>(Patience).Peer.Identity);
    }

    [Fact]
    public async Task Old_versions_of_TLS_are_refused()
    {
        _tls = _certificates.Server() with { Tls13Only = true };
        using var socket = await SocketAsync(Listen());
        await using var stream = new SslStream(new NetworkStream(socket));
        var options = _certificates.Client();
        options.EnabledSslProtocols = SslProtocols.Tls12;
        await Assert.ThrowsAnyAsync<Exception>(() => stream.AuthenticateAsClientAsync(options).WaitAsync(Patience));
        Assert.Equal("handshake", Inbox.ExpectMsg<RefusedConnection>(Patience).Reason);
    }

    [Fact]
    public async Task A_certificate_that_changed_is_shown_in_the_next_handshake_and_a_broken_one_is_told_once()
    {
        _tls = _certificates.Server();
        var address = Listen();
        Assert.Equal("CN=localhost, O=Test", await ShownAsync(address));
        _certificates.WriteServer("renewed");
        Assert.Equal("CN=renewed, O=Test", await ShownAsync(address));
        await File.WriteAllTextAsync(_certificates.CertificatePath, "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
        Assert.Equal("CN=renewed, O=Test", await ShownAsync(address));
        Assert.Equal("CN=renewed, O=Test", await ShownAsync(address));
        ErrorBecomes(error => error?.Contains("the changed certificate is not used", StringComparison.Ordinal) is true);
        _certificates.WriteServer("again");
        Assert.Equal("CN=again, O=Test", await ShownAsync(address));
        ErrorBecomes(error => error is null);
    }

    [Fact]
    public async Task A_certificate_that_was_not_there_at_the_start_is_told_and_shown_once_it_is()
    {
        _tls = _certificates.Server();
        File.Delete(_certificates.CertificatePath);
        var address = Listen();
        ErrorBecomes(error => error?.Contains("there is no certificate to show", StringComparison.Ordinal) is true);
        await RefusedAsync(address, null);
        _certificates.WriteServer("late");
        Assert.Equal("CN=late, O=Test", await ShownAsync(address));
        ErrorBecomes(error => error is null);
    }

    [Fact]
    public async Task A_certificate_that_expires_while_it_is_shown_is_complained_of()
    {
        _certificates.WriteServer("ages", Sys.Scheduler.Now.AddDays(2));
        _tls = _certificates.Server();
        var address = Listen();
        Assert.Equal("CN=ages, O=Test", await ShownAsync(address));
        Advance(TimeSpan.FromDays(3), TimeSpan.FromDays(1));
        Assert.Equal("CN=ages, O=Test", await ShownAsync(address));
        ErrorBecomes(error => error?.Contains("the certificate expired on", StringComparison.Ordinal) is true);
    }

    [Fact]
    public void A_trouble_that_is_over_takes_no_other_trouble_away()
    {
        _ = Listen();
        var listener = Above.LastSender;
        listener.Tell(new StreamTalk.Trouble(StreamTalk.Certificate, "it expired"));
        listener.Tell(new StreamTalk.Trouble(StreamTalk.Accepting, "no descriptors"));
        ErrorBecomes(error => error == "no descriptors");
        listener.Tell(new StreamTalk.Trouble(StreamTalk.Accepting, null));
        ErrorBecomes(error => error == "it expired");
        listener.Tell(new StreamTalk.Trouble(StreamTalk.Certificate, null));
        ErrorBecomes(error => error is null);
    }

    [Fact]
    public void An_expired_certificate_is_shown_all_the_same_and_complained_of()
    {
        _certificates.WriteServer("old", DateTimeOffset.UnixEpoch.AddYears(1));
        _tls = _certificates.Server();
        _ = Listen();
        ErrorBecomes(error => error?.Contains("expired on 1971-01-01", StringComparison.Ordinal) is true);
    }

    [Fact]
    public async Task Unbinding_leaves_live_connections_alone()
    {
        var handler = CreateTestProbe();
        var listener = Sys.ActorOf(StreamListener.Props(new StreamSetup(), handler));
        Watch(listener);
        listener.Tell(new Tcp.Bind(handler, new IPEndPoint(IPAddress.Loopback, 0)), handler);
        var address = handler.ExpectMsg<Tcp.Bound>(Patience).LocalAddress.ToString()!;
        var client = await DialAsync(address);
        handler.ExpectMsg<Tcp.Connected>(Patience);
        var connection = handler.LastSender;
        connection.Tell(new Tcp.Register(handler), handler);
        listener.Tell(Tcp.Unbind.Instance, handler);
        handler.ExpectMsg<Tcp.Unbound>(Patience);
        await Assert.ThrowsAsync<SocketException>(() => SocketAsync(address));
        await client.SendAsync("still");
        connection.Tell(Tcp.ResumeReading.Instance, handler);
        Assert.Equal("still", handler.ExpectMsg<Tcp.Received>(Patience).Data.ToString(Encoding.ASCII));
        connection.Tell(Tcp.Close.Instance, handler);
        handler.ExpectMsg<Tcp.Closed>(Patience);
        ExpectTerminated(listener, Patience);
    }

    [Fact]
    public async Task A_connection_that_nobody_takes_is_reset_in_its_time_and_one_that_was_taken_lives_on()
    {
        var handler = CreateTestProbe();
        var listener = Sys.ActorOf(StreamListener.Props(new StreamSetup { RegisterTimeout = TimeSpan.FromSeconds(5) }, handler));
        listener.Tell(new Tcp.Bind(handler, new IPEndPoint(IPAddress.Loopback, 0)), handler);
        var address = handler.ExpectMsg<Tcp.Bound>(Patience).LocalAddress.ToString()!;
        var left = await DialAsync(address);
        handler.ExpectMsg<Tcp.Connected>(Patience);
        var forgotten = handler.LastSender;
        await DialAsync(address);
        handler.ExpectMsg<Tcp.Connected>(Patience);
        var taken = handler.LastSender;
        taken.Tell(new Tcp.Register(handler), handler);
        Watch(forgotten);
        Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(forgotten, ExpectMsg<Terminated>(Patience).ActorRef);
        Assert.True(await left.IsResetAsync());
        taken.Tell(Tcp.Close.Instance, handler);
        handler.ExpectMsg<Tcp.Closed>(Patience);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _certificates.Dispose();
    }

    private async Task<SslStream> ShakeAsync(Socket socket, System.Security.Cryptography.X509Certificates.X509Certificate2? certificate = null)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(_certificates.Client(certificate)).WaitAsync(Patience);
        return stream;
    }

    private async Task<string> ShownAsync(string address)
    {
        await using var stream = await ShakeAsync(await SocketAsync(address));
        Session.FishForMessage<Started>(_ => true, Patience);
        return stream.RemoteCertificate!.Subject;
    }

    // TLS 1.3 tells a client of its refusal only when it reads.
    private async Task RefusedAsync(string address, System.Security.Cryptography.X509Certificates.X509Certificate2? certificate)
    {
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var stream = await ShakeAsync(await SocketAsync(address), certificate);
            Assert.NotEqual(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        });
        Assert.Equal("handshake", Inbox.ExpectMsg<RefusedConnection>(Patience).Reason);
        Session.ExpectNoMsg(Soon);
    }

    private Task<RefusedConnection> RefusedInTimeAsync()
    {
        RefusedConnection? refused = null;
        AwaitAssert(() =>
        {
            Advance(TimeSpan.FromSeconds(1));
            refused = Inbox.ReceiveOne(TimeSpan.FromMilliseconds(20)) as RefusedConnection;
            Assert.NotNull(refused);
        }, Patience, TimeSpan.FromMilliseconds(10));
        return Task.FromResult(refused!);
    }
}

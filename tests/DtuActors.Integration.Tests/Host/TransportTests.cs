using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Host;

/// <summary>The real host over TLS, a Unix socket and behind a proxy's header; certificates are made by the lines of the README.</summary>
public sealed class TransportTests : IAsyncLifetime
{
    private const string Text = """
        dtu {
          listeners {
            plain { transport = tcp, port = 0, engine = sockets }
            akka { transport = tcp, port = 0, engine = akka-io }
            tls { transport = tls, port = 0, certificate { path = "server.pem", key-path = "server.key" } }
            mutual { transport = tls, port = 0, certificate { path = "server.pem", key-path = "server.key" }
                     client-certificate = required, client-ca-path = "ca.pem", id-from = certificate-cn, id-prefix = "cert/" }
            unix { transport = unix, path = "run/dtu.sock" }
            behind { transport = tcp, port = 0, proxy-protocol = v1 }
          }
          dtus { "cert/pump-7" { secret = "the-certificate-stands-for-it" } }
          http { port = 0 }
        }
        """;

    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("transports");
    private HostProcess? _host;
    private HttpClient Http { get; set; } = null!;

    public async Task InitializeAsync()
    {
        if (!HasOpenSsl)
        {
            return;
        }

        OpenSsl.MakeCertificates(_folder.FullName);
        _host = await HostProcess.RunAsync(Text, _folder.FullName);
        Http = new HttpClient { BaseAddress = new Uri(_host.Url), Timeout = HostProcess.Patience };
    }

    public async Task DisposeAsync()
    {
        if (_host is not null)
        {
            Http.Dispose();
            await _host.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [SkippableFact]
    public async Task Every_transport_carries_a_session_and_shows_who_it_is()
    {
        Tools.Need("openssl");
        await using var events = await EventReader.OpenAsync(Http, "/api/v1/events");
        using var plain = await TcpAsync("plain");
        await SayAsync(new NetworkStream(plain), "plain-1\r\n");
        Assert.Equal(("plain-1", plain.LocalEndPoint!.ToString()), await OnlineAsync(events));

        await using var tls = await TlsAsync("tls");
        await SayAsync(tls, "tls-1\r\n");
        Assert.Equal("tls-1", (await OnlineAsync(events)).Id);

        using var unix = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var path = _host!.AddressOf("unix");
        Assert.Equal(Path.Combine(_folder.FullName, "run", "dtu.sock"), path);
        await unix.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await SayAsync(new NetworkStream(unix), "unix-1\r\n");
        Assert.Equal(("unix-1", "unix"), await OnlineAsync(events));

        using var behind = await TcpAsync("behind");
        await SayAsync(new NetworkStream(behind), "PROXY TCP4 10.8.0.7 10.0.0.1 40001 9000\r\nproxied-1\r\n");
        Assert.Equal(("proxied-1", "10.8.0.7:40001"), await OnlineAsync(events));

        await using var mutual = await TlsAsync("mutual", client: true);
        Assert.Equal("cert/pump-7", (await OnlineAsync(events)).Id);
    }

    [SkippableFact]
    public async Task A_dtu_that_comes_back_over_TLS_before_its_old_socket_ends_is_online_once_with_the_new_one()
    {
        Tools.Need("openssl");
        await using var events = await EventReader.OpenAsync(Http, "/api/v1/events?dtu=ghost");
        await using var old = await TlsAsync("tls");
        await SayAsync(old, "ghost\r\n");
        await events.NextAsync("online");
        await using var young = await TlsAsync("tls");
        await SayAsync(young, "ghost\r\n");
        await events.NextAsync("online");
        Assert.Equal(0, await old.ReadAsync(new byte[1]).AsTask().WaitAsync(HostProcess.Patience));
        await old.DisposeAsync();
        using var sent = await Http.PostAsync("/api/v1/dtus/ghost/send", new StringContent("{\"text\":\"hello\"}", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);
        var buffer = new byte[5];
        await young.ReadExactlyAsync(buffer).AsTask().WaitAsync(HostProcess.Patience);
        Assert.Equal("hello", Encoding.ASCII.GetString(buffer));
    }

    [SkippableFact]
    public async Task Openssls_own_client_registers()
    {
        Tools.Need("openssl");
        await using var events = await EventReader.OpenAsync(Http, "/api/v1/events?dtu=by-openssl");
        var start = new ProcessStartInfo("openssl", ["s_client", "-quiet", "-connect", _host!.AddressOf("tls")])
        {
            RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true,
        };
        using var client = Process.Start(start)!;
        await client.StandardInput.WriteAsync("by-openssl\r\n");
        await client.StandardInput.FlushAsync();
        await events.NextAsync("online");
        client.Kill();
    }

    [SkippableFact]
    public async Task What_never_became_a_connection_is_counted_and_told_with_its_reason()
    {
        Tools.Need("openssl");
        using var behind = await TcpAsync("behind");
        await SayAsync(new NetworkStream(behind), "13800138000\r\n");
        using var tls = await TcpAsync("tls");
        await SayAsync(new NetworkStream(tls), "13800138000\r\n");
        await RunningGateway.UntilAsync(async () =>
        {
            var reasons = (await ItemsAsync("/api/v1/unknown")).Select(item => item.GetProperty("reason").GetString()).ToHashSet();
            return reasons.IsSupersetOf(["proxy-header", "handshake"]);
        });
        await RunningGateway.UntilAsync(async () => (await ItemsAsync("/api/v1/listeners"))
            .Where(item => item.GetProperty("name").GetString() is "behind" or "tls").All(item => item.GetProperty("refused").GetInt64() == 1));
    }

    [SkippableFact]
    public async Task A_stale_socket_is_replaced_one_in_use_is_not_and_the_end_takes_it_away()
    {
        Tools.Need("openssl");
        var path = _host!.AddressOf("unix");
        const string Unix = "dtu { listeners.u { transport = unix, path = \"run/dtu.sock\" }, http.port = 0 }";
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "second.conf"), Unix);
        var second = await HostProcess.CommandAsync(["run", "-c", "second.conf"], _folder.FullName);
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("dtu.listeners.u.path", second.Errors, StringComparison.Ordinal);
        Assert.Contains($"{path} is in use", second.Errors, StringComparison.Ordinal);
        Assert.True(File.Exists(path));

        Assert.Equal(0, await _host.StopAsync());
        Assert.False(File.Exists(path));

        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            // What a killed process leaves.
            dead.Bind(new UnixDomainSocketEndPoint(path));
            File.Move(path, path + ".kept");
        }

        File.Move(path + ".kept", path);
        await using var third = await HostProcess.RunAsync(Unix, _folder.FullName);
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(path));
    }

    [SkippableFact]
    public Task A_gateway_that_is_out_of_descriptors_accepts_again_when_some_are_free() => OutlivesACrowdAsync("plain", 400, "accepting pauses");

    // Akka.IO accepts a whole crowd before anybody can refuse one of it, so it comes in parts that the reserve outlasts.
    [SkippableFact]
    public Task A_gateway_that_is_out_of_descriptors_refuses_with_akka_io_until_some_are_free() => OutlivesACrowdAsync("akka", 20, "was refused");

    private async Task OutlivesACrowdAsync(string listener, int atOnce, string complaint)
    {
        Tools.Need("openssl", "prlimit");
        await RegisteredAsync(listener, "before-the-crowd");
        var open = Descriptors;
        using var limit = Process.Start("prlimit", ["--pid", $"{_host!.Id}", $"--nofile={open + 100}:{open + 100}"]);
        await limit.WaitForExitAsync();

        // Until it is more than there is room for, whatever earlier connections give back in the meantime.
        var crowd = new List<Socket?>();
        for (var isSaid = false; !isSaid; isSaid = _host.Errors.Contains(complaint, StringComparison.Ordinal))
        {
            crowd.AddRange(await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => ComeAsync(listener))));
            await RunningGateway.UntilAsync(async () =>
                _host.Errors.Contains(complaint, StringComparison.Ordinal) || await ArrivedAsync(listener) == crowd.Count + 1);
        }

        Assert.Matches($@"{complaint}.*: \d+ of {open + 100} file descriptors are in use", _host.Errors);
        foreach (var one in crowd)
        {
            one?.Dispose();
        }

        // None of them waits, or is there, any more; a little is open that was not before.
        await RunningGateway.UntilAsync(async () => await ArrivedAsync(listener) == crowd.Count + 1 && Descriptors < open + 30);
        await RegisteredAsync(listener, "after-the-crowd");
    }

    // Null: it was refused before it knew that it was connected.
    private async Task<Socket?> ComeAsync(string listener)
    {
        try
        {
            return await TcpAsync(listener);
        }
        catch (SocketException refused) when (refused.SocketErrorCode is SocketError.ConnectionReset)
        {
            return null;
        }
    }

    private int Descriptors => System.IO.Directory.GetFiles($"/proc/{_host!.Id}/fd").Length;

    private async Task<long> ArrivedAsync(string listener)
    {
        var seen = (await ItemsAsync("/api/v1/listeners")).Single(item => item.GetProperty("name").GetString() == listener);
        return seen.GetProperty("accepted").GetInt64() + seen.GetProperty("refused").GetInt64();
    }

    private async Task RegisteredAsync(string listener, string id)
    {
        using var dtu = await TcpAsync(listener);
        await SayAsync(new NetworkStream(dtu), $"{id}\r\n");
        await RunningGateway.UntilAsync(async () =>
        {
            using var seen = await Http.GetAsync($"/api/v1/dtus/{id}");
            return seen.IsSuccessStatusCode;
        });
    }

    private static bool HasOpenSsl => OperatingSystem.IsLinux()
        && (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "openssl")));

    private async Task<Socket> TcpAsync(string listener)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_host!.EndPointOf(listener));
        return socket;
    }

    private async Task<SslStream> TlsAsync(string listener, bool client = false)
    {
        var stream = new SslStream(new NetworkStream(await TcpAsync(listener), ownsSocket: true));
        using var own = client ? X509Certificate2.CreateFromPemFile(Path.Combine(_folder.FullName, "pump-7.pem"), Path.Combine(_folder.FullName, "pump-7.key")) : null;
        using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_folder.FullName, "ca.pem"));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "dtu.example.net",
            ClientCertificateContext = own is null ? null : SslStreamCertificateContext.Create(own, [], offline: true),
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { authority },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        }).WaitAsync(HostProcess.Patience);
        return stream;
    }

    private static async Task SayAsync(Stream stream, string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask().WaitAsync(HostProcess.Patience);

    private static async Task<(string? Id, string? Remote)> OnlineAsync(EventReader events)
    {
        var online = await events.NextAsync("online");
        return (online.GetProperty("dtu").GetString(), online.GetProperty("remote").GetString());
    }

    private async Task<JsonElement[]> ItemsAsync(string path)
    {
        var json = JsonDocument.Parse(await Http.GetStringAsync(path)).RootElement;
        return [.. json.GetProperty("items").EnumerateArray()];
    }
}

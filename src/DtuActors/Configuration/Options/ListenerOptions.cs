using System.Collections.Immutable;
using System.Net;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;

namespace DtuActors.Configuration;

/// <summary>One block of <c>listeners</c>: where DTUs arrive. What its transport needs is in the records below.</summary>
public abstract record ListenerOptions
{
    public required string Name { get; init; }

    /// <summary>The key path in configuration, for messages: <c>dtu.listeners.main</c>.</summary>
    public required string KeyPath { get; init; }

    /// <summary>The word of <c>transport</c>.</summary>
    public abstract string Transport { get; }

    /// <summary>Names in <see cref="GatewayOptions.Profiles"/>, at least one: the first whose registration matches.</summary>
    public ImmutableArray<string> Profiles { get; init; } = ["default"];

    /// <summary>The DTU that every connection here is, where one port is one DTU.</summary>
    public DtuId? Dtu { get; init; }

    /// <summary>What stands before every id that registers here.</summary>
    public string IdPrefix { get; init; } = "";

    public int MaxConnections { get; init; } = 20_000;

    /// <summary>Which PROXY header precedes everything else, in each datagram where there are such; null: none does.</summary>
    public ProxyVersion? ProxyProtocol { get; init; }
}

/// <summary>A listener whose DTUs send datagrams.</summary>
public sealed record UdpListenerOptions : ListenerOptions
{
    public override string Transport => "udp";

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0: any free port.</summary>
    public int Port { get; init; } = 9000;
}

/// <summary>A listener whose DTUs each have a connection.</summary>
public abstract record StreamListenerOptions : ListenerOptions
{
    /// <summary>The most connections of one remote address; null: no limit, for carriers share addresses.</summary>
    public int? MaxPerAddress { get; init; }

    /// <summary>Registrations begun per second; sockets beyond it wait. Null: no limit.</summary>
    public int? AcceptRate { get; init; } = 20_000;
}

/// <summary>What carries <c>transport = tcp</c>.</summary>
public enum ListenerEngine
{
    /// <summary>The stream transport of this project, on which TLS, Unix sockets and endpoints stand too.</summary>
    Sockets,

    /// <summary>Akka.IO's own TCP.</summary>
    AkkaIo,
}

public record TcpListenerOptions : StreamListenerOptions
{
    public override string Transport => "tcp";

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0: any free port.</summary>
    public int Port { get; init; } = 9000;

    public ListenerEngine Engine { get; init; }
}

/// <summary>TCP with TLS on it.</summary>
public sealed record TlsListenerOptions : TcpListenerOptions
{
    public override string Transport => "tls";

    public required TlsOptions Tls { get; init; }
}

public sealed record UnixListenerOptions : StreamListenerOptions
{
    public override string Transport => "unix";

    /// <summary>The socket file's full path.</summary>
    public required string Path { get; init; }
}

public enum ClientCertificates
{
    None,

    /// <summary>Asked for; a peer without one is let in, one with a wrong one is not.</summary>
    Optional,
    Required,
}

/// <summary>What a TLS listener shows, and what it asks for.</summary>
public sealed record TlsOptions
{
    /// <summary>PEM, its chain behind it; or PFX, then there is no <see cref="KeyPath"/>. A full path.</summary>
    public required string CertificatePath { get; init; }

    /// <summary>The key in PEM; null: it stands in the certificate's file.</summary>
    public string? KeyPath { get; init; }

    /// <summary>Of a PFX file; null: it has none.</summary>
    public string? Password { get; init; }

    public ClientCertificates ClientCertificate { get; init; }

    /// <summary>Whom client certificates are trusted by: PEM, roots and what stands between; null where none are asked for.</summary>
    public string? ClientCaPath { get; init; }

    public bool Tls13Only { get; init; }

    /// <summary>From the connection, or its PROXY header, to the end of the handshake.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the client certificate's CN is the DTU's id; nobody registers then.</summary>
    public bool IdFromCertificate { get; init; }
}

/// <summary>A DTU that is a TCP server: the gateway dials it and keeps dialling.</summary>
public sealed record DialerOptions
{
    public required string Name { get; init; }

    public required string KeyPath { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public DtuId? Dtu { get; init; }

    public string Profile { get; init; } = "default";

    public string IdPrefix { get; init; } = "";

    public ReopenOptions Reopen { get; init; } = new();
}

/// <summary>Back-off between attempts to open something: doubling from <see cref="Min"/> to <see cref="Max"/>, with jitter.</summary>
public sealed record ReopenOptions
{
    public TimeSpan Min { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan Max { get; init; } = TimeSpan.FromSeconds(30);
}

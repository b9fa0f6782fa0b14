using System.Collections.Immutable;

namespace DtuActors.Configuration;

/// <summary><c>dtu.cluster</c>: several processes that are one gateway.</summary>
public sealed record ClusterOptions
{
    public bool Enabled { get; init; }

    /// <summary>The name or address that other nodes' connections are taken on.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0: any free port.</summary>
    public int Port { get; init; } = 4053;

    /// <summary>What other nodes dial where it is not <see cref="Host"/>; null: it is.</summary>
    public string? PublicHost { get; init; }

    /// <summary>The same for <see cref="Port"/>.</summary>
    public int? PublicPort { get; init; }

    /// <summary>Whom a node asks to be let in. The first of them may begin a cluster.</summary>
    public ImmutableArray<SeedNode> SeedNodes { get; init; } = [];

    /// <summary>How long a node looks for one of them.</summary>
    public TimeSpan SeedNodeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>How long the picture of who reaches whom has to stand still before nodes that can't be reached are given up.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Null: nodes speak in the clear, and trust whoever reaches the port.</summary>
    public ClusterTlsOptions? Tls { get; init; }

    /// <summary>Where seed nodes are looked up; null: <see cref="SeedNodes"/> are all.</summary>
    public DiscoveryOptions? Discovery { get; init; }
}

/// <summary>Where a node of the cluster is dialled.</summary>
public sealed record SeedNode(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

/// <summary>TLS between nodes, on which both sides show a certificate.</summary>
public sealed record ClusterTlsOptions
{
    /// <summary>PEM; or PKCS #12, then there is no <see cref="KeyPath"/>. A full path.</summary>
    public required string CertificatePath { get; init; }

    /// <summary>The key in PEM; null: it stands in the certificate's file.</summary>
    public string? KeyPath { get; init; }

    /// <summary>Of the PKCS #12 file; null: it has none.</summary>
    public string? Password { get; init; }

    /// <summary>Whom other nodes' certificates are trusted by: PEM, roots and what stands between. A full path.</summary>
    public required string CaPath { get; init; }
}

/// <summary>How nodes find each other where addresses are not written down.</summary>
public sealed record DiscoveryOptions
{
    /// <summary><c>dns</c>, or a method that <c>akka.discovery</c> defines.</summary>
    public string Method { get; init; } = Dns;

    /// <summary>The name that is looked up: every address behind it is a node.</summary>
    public required string Name { get; init; }

    /// <summary>The port of those whose answer says none.</summary>
    public int Port { get; init; } = 4053;

    /// <summary>So many nodes have to be found before one of them may begin a cluster.</summary>
    public int Nodes { get; init; } = 3;

    public const string Dns = "dns";
}

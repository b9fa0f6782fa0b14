using System.Collections.Immutable;
using System.Net;
using DtuActors.Protocol;

namespace DtuActors.Configuration;

/// <summary>One bound address where DTUs arrive.</summary>
public sealed record ListenerOptions
{
    public const string Tcp = "tcp";
    public const string Udp = "udp";

    /// <summary><see cref="Tcp"/> or <see cref="Udp"/>; as start-up prints it.</summary>
    public string Transport { get; init; } = Tcp;

    public required string Name { get; init; }

    /// <summary>The key path in configuration, for messages: <c>dtu.listeners.main</c>.</summary>
    public required string KeyPath { get; init; }

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0: any free port.</summary>
    public int Port { get; init; } = 9000;

    /// <summary>Names in <see cref="GatewayOptions.Profiles"/>, at least one: the first whose registration matches.</summary>
    public ImmutableArray<string> Profiles { get; init; } = ["default"];

    /// <summary>The DTU that every connection here is, where one port is one DTU.</summary>
    public DtuId? Dtu { get; init; }

    /// <summary>What stands before every id that registers here.</summary>
    public string IdPrefix { get; init; } = "";

    public int MaxConnections { get; init; } = 20_000;
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

using System.Collections.Immutable;
using DtuActors.Protocol;

namespace DtuActors.Configuration;

/// <summary>The whole of <c>dtu { }</c>, checked: what the actors are made of. Immutable; a reload makes a new one.</summary>
public sealed record GatewayOptions
{
    public NodeOptions Node { get; init; } = new();

    /// <summary>Where DTUs arrive; a range of ports (<c>ports</c>) is already one listener a port.</summary>
    public ImmutableArray<ListenerOptions> Listeners { get; init; } = [];

    /// <summary>DTUs that are TCP servers themselves.</summary>
    public ImmutableArray<DialerOptions> Dialers { get; init; } = [];

    /// <summary>Profiles by name; <c>default</c> is always there.</summary>
    public ImmutableDictionary<string, ProfileOptions> Profiles { get; init; } = ImmutableDictionary<string, ProfileOptions>.Empty;

    public AdmissionMode Admission { get; init; } = AdmissionMode.Open;

    /// <summary>DTUs that are known by configuration, by id.</summary>
    public ImmutableDictionary<DtuId, DtuOptions> Dtus { get; init; } = ImmutableDictionary<DtuId, DtuOptions>.Empty;

    public ImmutableArray<EndpointOptions> Endpoints { get; init; } = [];

    public ImmutableArray<RouteOptions> Routes { get; init; } = [];

    public ImmutableArray<PollOptions> Polls { get; init; } = [];

    public HttpOptions Http { get; init; } = new();

    public StorageOptions Storage { get; init; } = new();

    /// <summary>What of the stored history is carried elsewhere each day.</summary>
    public ImmutableArray<ArchiveOptions> Archives { get; init; } = [];

    public ClusterOptions Cluster { get; init; } = new();

    public AlarmOptions Alarms { get; init; } = new();

    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>The text of the file's <c>akka { }</c> block, braces included and balanced, or empty.</summary>
    public string AkkaHocon { get; init; } = "";
}

public sealed record NodeOptions
{
    public string Name { get; init; } = "gateway";

    /// <summary>Where files of this node go; a full path.</summary>
    public string DataDir { get; init; } = "data";
}

/// <summary>Who may register: <c>open</c>, whoever registers validly; <c>listed</c>, only those under <c>dtus</c> or in the register.</summary>
public enum AdmissionMode
{
    Open,
    Listed,
}

/// <summary>One DTU under <c>dtus</c>.</summary>
public sealed record DtuOptions
{
    public required DtuId Id { get; init; }

    public string? Name { get; init; }

    /// <summary>Other ids it presents itself under.</summary>
    public ImmutableArray<string> Aliases { get; init; } = [];

    /// <summary>A profile that takes the place of the listener's once the DTU is known, or null.</summary>
    public string? Profile { get; init; }

    /// <summary>What its registration's group <c>secret</c> must say, or null.</summary>
    public string? Secret { get; init; }

    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>The only address it may come from, or null.</summary>
    public System.Net.IPAddress? Remote { get; init; }
}

public sealed record HttpOptions
{
    public System.Net.IPAddress Address { get; init; } = System.Net.IPAddress.Loopback;

    /// <summary>0: any free port.</summary>
    public int Port { get; init; } = 8080;

    public ImmutableArray<ApiKeyOptions> ApiKeys { get; init; } = [];

    /// <summary>Hosts, beside loopback, under which writes are taken.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];
}

public enum ApiRole
{
    Read,
    Operate,
    Admin,
}

public sealed record ApiKeyOptions(string Name, string Key, ApiRole Role);

public sealed record StorageOptions
{
    public StorageProvider Provider { get; init; } = StorageProvider.None;

    /// <summary>The SQLite database, a full path; null with other providers.</summary>
    public string? Path { get; init; }

    /// <summary>Npgsql's connection string; null with other providers.</summary>
    public string? Connection { get; init; }

    /// <summary>How long history is kept.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How many bytes of it at most.</summary>
    public long MaxHistory { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>The most DTUs that are remembered while offline, and the most rows of the register.</summary>
    public int MaxKnown { get; init; } = 100_000;
}

public enum StorageProvider
{
    /// <summary>Nothing is stored: register, history and commands are in memory.</summary>
    None,
    Sqlite,
    PostgreSql,
}

/// <summary>One row of <c>routes</c>.</summary>
public sealed record RouteOptions
{
    /// <summary>What <see cref="To"/> begins with where it means another DTU.</summary>
    public const string DtuPrefix = "dtu:";

    /// <summary>What <see cref="To"/> begins with where it means every member of a group.</summary>
    public const string GroupPrefix = "group:";

    /// <summary>An id or a glob (<c>*</c> any run of characters, <c>?</c> one).</summary>
    public required string Dtu { get; init; }

    /// <summary>An endpoint's name, <c>dtu:ID</c>, or <c>group:NAME</c>.</summary>
    public required string To { get; init; }

    public RouteDirection Direction { get; init; } = RouteDirection.Both;

    /// <summary>How long a downlink waits for a DTU that is offline (<c>when-offline = queue</c>); null: it is dropped.</summary>
    public TimeSpan? WaitsOffline { get; init; }

    /// <summary>What status and messages call it.</summary>
    public string Name => $"{Dtu} -> {To}";
}

public enum RouteDirection
{
    Both,
    Up,
    Down,
}

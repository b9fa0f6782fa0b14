namespace DtuActors.Configuration;

/// <summary>The keys of one kind of block. <c>*</c> in a path is a name the user chose, <c>[]</c> an item of a list.</summary>
internal sealed record Block(string Path, params string[] Keys)
{
    /// <summary>The full paths of the keys.</summary>
    public IEnumerable<string> KeyPaths => Keys.Select(key => $"{Path}.{key}");
}

/// <summary>
/// Every key there is, block by block (CONTRACT, section 2). What a block's reader does not find here is an unknown key; hocon/reference.conf describes
/// exactly these.
/// </summary>
internal static class Schema
{
    public static readonly Block Dtu = new("dtu", "node", "listeners", "dialers", "profiles", "admission", "dtus", "endpoints", "routes", "polls", "http", "storage", "archives", "cluster", "alarms", "telemetry");

    /// <summary>The maps and lists that belong to the files alone as soon as a file is given.</summary>
    public static readonly string[] OwnedByFiles = ["listeners", "dialers", "dtus", "endpoints", "routes", "polls"];

    public static readonly Block Node = new("dtu.node", "name", "data-dir");

    private static readonly string[] AnyListener = ["transport", "profile", "profiles", "dtu", "id-prefix", "max-connections", "proxy-protocol"];

    private static readonly string[] AnyStreamListener = [.. AnyListener, "max-per-address", "accept-rate"];

    /// <summary>Listeners by transport.</summary>
    public static readonly IReadOnlyDictionary<string, Block> Listeners = new Dictionary<string, Block>(StringComparer.Ordinal)
    {
        ["tcp"] = new("dtu.listeners.*", [.. AnyStreamListener, "address", "port", "ports", "engine"]),
        ["udp"] = new("dtu.listeners.*", [.. AnyListener, "address", "port", "ports"]),
        ["tls"] = new("dtu.listeners.*", [.. AnyStreamListener, "address", "port", "ports", "engine", "certificate", "client-certificate", "client-ca-path", "min-version", "handshake-timeout", "id-from"]),
        ["unix"] = new("dtu.listeners.*", [.. AnyStreamListener, "path"]),
    };

    public static readonly Block Certificate = new("dtu.listeners.*.certificate", "path", "key-path");
    public static readonly Block Dialer = new("dtu.dialers.*", "host", "port", "dtu", "profile", "id-prefix", "reopen");
    public static readonly Block DialerReopen = new("dtu.dialers.*.reopen", "min", "max");

    public static readonly Block Profile = new(
        "dtu.profiles.*", "preset", "envelope", "registration", "heartbeat", "keepalive", "keep-warm", "framing", "bus", "duplicates", "application", "line-control", "text-encoding");

    public static readonly Block Registration = new(
        "dtu.profiles.*.registration", "kind", "pattern", "length", "reject", "gap", "reply", "timeout", "every-packet", "codec", "id", "send");

    public static readonly Block Heartbeat = new("dtu.profiles.*.heartbeat", "match", "reply", "timeout", "expected-every");
    public static readonly Block Keepalive = new("dtu.profiles.*.keepalive", "idle", "interval", "count");
    public static readonly Block KeepWarm = new("dtu.profiles.*.keep-warm", "every", "poll");

    private static readonly string[] FramingKeys = ["codec", "gap", "max-frame", "delimiter", "include", "length", "offset", "size", "endian", "adjust", "start", "end", "role"];

    public static readonly Block ProfileFraming = new("dtu.profiles.*.framing", FramingKeys);
    public static readonly Block EndpointFraming = new("dtu.endpoints.*.framing", FramingKeys);

    public static readonly Block Bus = new(
        "dtu.profiles.*.bus", "mode", "response-timeout", "queue", "queue-wait", "request-gap", "late-window", "retries", "suspend-slave", "coalesce");

    public static readonly Block SuspendSlave = new("dtu.profiles.*.bus.suspend-slave", "after", "for");
    public static readonly Block Duplicates = new("dtu.profiles.*.duplicates", "policy", "conflict-after", "within");
    public static readonly Block Application = new("dtu.profiles.*.application", "answer", "answer-by", "keep-online");
    public static readonly Block KnownDtu = new("dtu.dtus.*", "name", "ids", "profile", "secret", "groups", "remote");

    private static readonly string[] AnyStream = ["kind", "on", "select", "units", "framing", "buffer", "buffer-age"];

    /// <summary>Endpoints by kind.</summary>
    public static readonly IReadOnlyDictionary<string, Block> Endpoints = new Dictionary<string, Block>(StringComparer.Ordinal)
    {
        ["serial"] = new("dtu.endpoints.*", [.. AnyStream, "device", "baud", "data-bits", "parity", "stop-bits", "flow-control", "reopen"]),
        ["pty"] = new("dtu.endpoints.*", [.. AnyStream, "link", "reopen"]),
        ["tcp"] = new("dtu.endpoints.*", [.. AnyStream, "address", "port", "ports", "assign", "protocol", "clients", "max-clients"]),
        ["tcp-client"] = new("dtu.endpoints.*", [.. AnyStream, "host", "port", "replay-registration", "reopen"]),
        ["modbus-tcp"] = new("dtu.endpoints.*", "kind", "on", "address", "port", "ports", "assign", "units", "max-clients"),
        ["mqtt"] = new("dtu.endpoints.*", "kind", "on", "host", "port", "topic-prefix", "username", "password", "client-id", "tls", "ca-path", "certificate", "qos", "payload", "buffer", "buffer-age", "reopen"),
    };

    public static readonly Block EndpointCertificate = new("dtu.endpoints.*.certificate", "path", "key-path");
    public static readonly Block EndpointReopen = new("dtu.endpoints.*.reopen", "min", "max");
    public static readonly Block Unit = new("dtu.endpoints.*.units.*", "dtu", "slave");
    public static readonly Block Route = new("dtu.routes[]", "dtu", "to", "direction", "when-offline", "ttl");
    public static readonly Block Poll = new("dtu.polls.*", "dtu", "hex", "crc", "every", "jitter");
    public static readonly Block Http = new("dtu.http", "address", "port", "api-keys", "hosts");
    public static readonly Block ApiKey = new("dtu.http.api-keys[]", "name", "key", "role");
    public static readonly Block Storage = new("dtu.storage", "provider", "path", "connection", "retention", "max-history", "max-known");

    private static readonly string[] AnyArchive = ["kind", "dtu", "format", "at", "time-zone", "path", "catch-up", "retry", "on"];

    private static readonly string[] AnyServerArchive = [.. AnyArchive, "host", "port", "username", "password", "timeout"];

    /// <summary>Archives by kind of target.</summary>
    public static readonly IReadOnlyDictionary<string, Block> Archives = new Dictionary<string, Block>(StringComparer.Ordinal)
    {
        ["folder"] = new("dtu.archives.*", [.. AnyArchive, "folder"]),
        ["ftp"] = new("dtu.archives.*", [.. AnyServerArchive, "mode", "plain"]),
        ["sftp"] = new("dtu.archives.*", [.. AnyServerArchive, "key-path", "key-passphrase", "host-key"]),
    };

    public static readonly Block ArchiveRetry = new("dtu.archives.*.retry", "min", "max");
    public static readonly Block Cluster = new(
        "dtu.cluster", "enabled", "host", "port", "public-host", "public-port", "seed-nodes", "seed-node-timeout", "discovery", "roles", "stable-after", "tls");

    public static readonly Block Discovery = new("dtu.cluster.discovery", "method", "name", "port", "nodes");
    public static readonly Block ClusterTls = new("dtu.cluster.tls", "certificate", "ca-path");
    public static readonly Block ClusterCertificate = new("dtu.cluster.tls.certificate", "path", "key-path", "password");

    public static readonly Block Alarms = new(
        "dtu.alarms", "every", "clear-after", "group-above", "dtu-offline", "dtu-flapping", "dtu-conflict", "checksum-errors", "queue-age", "queue-full", "endpoint-down", "listener-down", "storage-failed", "events-lost",
        "webhook");

    public static readonly Block OfflineAlarm = new("dtu.alarms.dtu-offline", "after", "for");
    public static readonly Block FlappingAlarm = new("dtu.alarms.dtu-flapping", "more-than", "within");
    public static readonly Block ChecksumAlarm = new("dtu.alarms.checksum-errors", "percent", "at-least", "within");
    public static readonly Block QueueAgeAlarm = new("dtu.alarms.queue-age", "after");
    public static readonly Block QueueFullAlarm = new("dtu.alarms.queue-full", "more-than", "within");
    public static readonly Block EndpointDownAlarm = new("dtu.alarms.endpoint-down", "after");
    public static readonly Block ListenerDownAlarm = new("dtu.alarms.listener-down", "after");

    // Names of headers are the user's.
    public static readonly Block Webhook = new("dtu.alarms.webhook", "url", "timeout", "headers");
    public static readonly Block Telemetry = new("dtu.telemetry", "trace-ratio", "otlp");
    public static readonly Block Otlp = new("dtu.telemetry.otlp", "endpoint", "protocol", "headers", "interval", "metrics", "traces");

    /// <summary>Every block.</summary>
    public static IEnumerable<Block> All =>
    [
        Dtu, Node, .. Listeners.Values, Certificate, Dialer, DialerReopen, Profile, Registration, Heartbeat, Keepalive, KeepWarm, ProfileFraming, EndpointFraming, Bus,
        SuspendSlave, Duplicates, Application, KnownDtu, .. Endpoints.Values, EndpointCertificate, EndpointReopen, Unit, Route, Poll, Http, ApiKey, Storage, .. Archives.Values, ArchiveRetry, Cluster, Discovery, ClusterTls, ClusterCertificate,
        Alarms, OfflineAlarm, FlappingAlarm, ChecksumAlarm, QueueAgeAlarm, QueueFullAlarm, EndpointDownAlarm, ListenerDownAlarm, Webhook, Telemetry, Otlp,
    ];
}

namespace DtuActors.Configuration;

/// <summary>What the payload of a topic is.</summary>
public enum MqttPayload
{
    /// <summary>The bytes themselves.</summary>
    Raw,

    /// <summary>Hexadecimal digits.</summary>
    Hex,

    /// <summary>A JSON object, as the HTTP API writes and reads it.</summary>
    Json,
}

/// <summary>An MQTT broker: each DTU has its topics there.</summary>
public sealed record MqttEndpointOptions : EndpointOptions
{
    public override string Kind => "mqtt";

    public override bool NamesItsDtus => true;

    public required string Host { get; init; }

    public int Port { get; init; } = 1883;

    /// <summary>What stands before every topic; no wildcard in it.</summary>
    public string TopicPrefix { get; init; } = "dtu";

    /// <summary>Null: none.</summary>
    public string? Username { get; init; }

    /// <summary>Null: none.</summary>
    public string? Password { get; init; }

    /// <summary>The same at each connection: a broker ends the old one, which may be dead, when the new one comes.</summary>
    public required string ClientId { get; init; }

    /// <summary>This node's name, for the topic that tells whether the gateway is there.</summary>
    public required string Node { get; init; }

    /// <summary>Null: no TLS.</summary>
    public MqttTlsOptions? Tls { get; init; }

    /// <summary>0, 1 or 2, of all that is published and subscribed.</summary>
    public int Qos { get; init; } = 1;

    public MqttPayload Payload { get; init; } = MqttPayload.Raw;

    /// <summary>The most bytes of uplinks that wait for the broker.</summary>
    public int Buffer { get; init; } = 4 * 1024 * 1024;

    /// <summary>The longest that an uplink waits; older ones are dropped as <c>too-old</c>.</summary>
    public TimeSpan BufferAge { get; init; } = TimeSpan.FromMinutes(10);

    public ReopenOptions Reopen { get; init; } = new();
}

/// <summary>TLS towards a broker: whom it is trusted by, and what the gateway shows. The host's name is checked.</summary>
public sealed record MqttTlsOptions
{
    /// <summary>PEM with the root that the broker's certificate ends in; null: those that the system trusts.</summary>
    public string? CaPath { get; init; }

    /// <summary>The gateway's own certificate, PEM or PFX; null: it shows none.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>The key in PEM; null: it stands in the certificate's file.</summary>
    public string? KeyPath { get; init; }
}

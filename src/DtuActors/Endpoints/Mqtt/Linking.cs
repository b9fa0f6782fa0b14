using Akka.Actor;
using Akka.Event;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>One message to a broker. <paramref name="Node"/>: whose state it tells, as a user property where the protocol has them.</summary>
internal sealed record MqttMessage(string Topic, ReadOnlyMemory<byte> Payload, bool Retain = false, ReadOnlyMemory<byte> Correlation = default, string? Node = null);

/// <summary>What a broker allows on one connection.</summary>
/// <param name="IsFive">MQTT 5, else 3.1.1.</param>
/// <param name="ReceiveMaximum">Messages above QoS 0 that may be unacknowledged.</param>
/// <param name="MostPacket">The largest packet, in bytes.</param>
internal sealed record MqttLimits(bool IsFive = true, int ReceiveMaximum = ushort.MaxValue, long MostPacket = uint.MaxValue);

/// <summary>
/// One connection's conversation: the MqttLinkActor, which owns the client, with the MqttActor above it. A link connects once; where it is lost it says so and ends, and
/// the next one is another actor.
/// </summary>
internal static class Linking
{
    /// <summary>Link → endpoint: the broker took the connection.</summary>
    public sealed record Opened(MqttLimits Limits) : INoSerializationVerificationNeeded;

    /// <summary>Endpoint → link: in this order.</summary>
    public sealed record Publish(long Number, MqttMessage Message) : INoSerializationVerificationNeeded;

    /// <summary>Link → endpoint: the broker has it; of QoS 0, the socket has.</summary>
    public sealed record Taken(long Number) : INoSerializationVerificationNeeded;

    /// <summary>Link → endpoint: the broker does not want it, and never will.</summary>
    public sealed record Rejected(long Number, string Problem) : INoSerializationVerificationNeeded;

    /// <summary>Endpoint → link: hear a topic; what the gateway itself publishes there is not heard (MQTT 5).</summary>
    public sealed record Subscribe(string Filter) : INoSerializationVerificationNeeded;

    /// <summary>Link → endpoint. <paramref name="Problem"/>: null where the broker agreed.</summary>
    public sealed record Subscribed(string Filter, string? Problem) : INoSerializationVerificationNeeded;

    public sealed record Unsubscribe(string Filter) : INoSerializationVerificationNeeded;

    /// <summary>Link → endpoint: a message of a topic that it hears.</summary>
    /// <param name="Topic">Its topic.</param>
    /// <param name="Payload">Its bytes.</param>
    /// <param name="Retain">The broker had stored it, or was told to.</param>
    /// <param name="ResponseTopic">Where the publisher wants an answer, or null.</param>
    /// <param name="Correlation">What it wants to find in it.</param>
    /// <param name="Node">The user property of a state.</param>
    /// <param name="Inflow">Where it is counted until it is read.</param>
    /// <param name="Acknowledge">Tells the broker that it has come, once it is safe; null: the broker does not wait for that.</param>
    public sealed record Came(
        string Topic,
        ReadOnlyMemory<byte> Payload,
        bool Retain,
        string? ResponseTopic = null,
        ReadOnlyMemory<byte> Correlation = default,
        string? Node = null,
        MqttInflow? Inflow = null,
        Action? Acknowledge = null)
        : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        /// <summary>The broker may forget it.</summary>
        public void Done() => Acknowledge?.Invoke();
    }

    /// <summary>Link → endpoint, the last word of a link: there is no connection. <paramref name="WantsOlder"/>: the broker does not speak MQTT 5.</summary>
    public sealed record Lost(string Problem, bool WantsOlder = false) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>Endpoint → link: take leave of the broker, so that it does not publish the last will, and end.</summary>
    public sealed record Close : INoSerializationVerificationNeeded
    {
        public static readonly Close Instance = new();
    }
}

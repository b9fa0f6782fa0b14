namespace DtuActors.Clustering;

/// <summary>
/// Crosses nodes: the message has a Protobuf form (<see cref="Wire.WireSerializer"/>). Those that are also marked <c>INoSerializationVerificationNeeded</c> stay objects
/// within a node, whatever <c>serialize-messages</c> says.
/// </summary>
public interface IWire;

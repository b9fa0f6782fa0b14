namespace DtuActors.Clustering.Wire;

/// <summary>
/// What nodes of different releases owe each other while a cluster is restarted node by node. A form only ever gains fields, and one that is missing means what the release before it
/// meant; a manifest or a field is never used again for something else. Fields that are not known are passed over, a word or number that is not known counts as the
/// most careful one that is, and a message that is not known is logged by its manifest and dropped, as one that the network lost.
/// </summary>
public static class WireProtocol
{
    /// <summary>Counts up where nodes must know more of each other than fields say; <see cref="Routing.Peering.Hello"/> carries it.</summary>
    public const int Version = 1;

    /// <summary>
    /// Bytes of the longest message, and room: a frame may have 1 MB (<c>max-frame</c>), and so may one command. Akka.Remote drops what is longer than its
    /// <c>maximum-frame-size</c>, which is 128,000 bytes where nothing else is configured.
    /// </summary>
    public const int MostBytes = 2 * 1024 * 1024;
}

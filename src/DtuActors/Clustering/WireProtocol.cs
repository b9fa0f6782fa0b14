namespace DtuActors.Clustering;

/// <summary>The messages between nodes.</summary>
public static class WireProtocol
{
    /// <summary>Fields and messages are only ever added; a node that can do without them works with one that knows them, so that nodes are upgraded one after the other.</summary>
    public const int Version = 1;
}

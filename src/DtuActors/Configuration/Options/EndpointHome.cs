namespace DtuActors.Configuration;

public enum HomeKind
{
    /// <summary>On every node.</summary>
    Each,

    /// <summary>On one node, whichever.</summary>
    One,

    /// <summary>On the node that is named.</summary>
    Node,
}

/// <summary>On which nodes of a cluster an endpoint is.</summary>
/// <param name="Kind">What <c>on</c> says.</param>
/// <param name="Node">The node's name; null: none is named.</param>
public sealed record EndpointHome(HomeKind Kind, string? Node = null)
{
    public static readonly EndpointHome Each = new(HomeKind.Each);

    public static readonly EndpointHome One = new(HomeKind.One);

    public static EndpointHome At(string node) => new(HomeKind.Node, node);

    /// <summary>Whether it may be on <paramref name="node"/>: one whose home is <see cref="One"/> may be on any.</summary>
    public bool MayBeOn(string node) => Kind is not HomeKind.Node || Node == node;

    /// <summary>Whether it is on <paramref name="node"/> now.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="isOwner">Whether that node has what there is once in the cluster.</param>
    public bool IsOn(string node, bool isOwner) => Kind is HomeKind.One ? isOwner : MayBeOn(node);
}

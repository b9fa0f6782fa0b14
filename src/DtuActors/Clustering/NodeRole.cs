namespace DtuActors.Clustering;

/// <summary>The role by which every node knows another's name.</summary>
public static class NodeRole
{
    public const string Prefix = "node.";

    public static string Of(string node) => Prefix + node;

    /// <summary>The name in a member's roles; null: it has none, and is no node of a gateway.</summary>
    public static string? NameIn(IEnumerable<string> roles) =>
        roles.FirstOrDefault(role => role.StartsWith(Prefix, StringComparison.Ordinal))?[Prefix.Length..];
}

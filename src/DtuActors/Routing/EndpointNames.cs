using DtuActors.Configuration;

namespace DtuActors.Routing;

/// <summary>How an endpoint is called where several nodes may have one of its name: <c>name@node</c> elsewhere, and its bare name at home.</summary>
internal static class EndpointNames
{
    // No name has it in it.
    private const char Separator = '@';

    public static string At(string name, string node) => $"{name}{Separator}{node}";

    /// <summary>Whether it is an endpoint of another node.</summary>
    public static bool IsElsewhere(string? name) => name?.Contains(Separator) is true && !name.StartsWith(RouteOptions.DtuPrefix, StringComparison.Ordinal);

    /// <summary>The name as the node <paramref name="here"/> itself says it; null: there is no cluster.</summary>
    public static string? AtHome(string? name, string? here) =>
        name is not null && here is not null && name.Length > here.Length + 1 && name.EndsWith(here, StringComparison.Ordinal) && name[^(here.Length + 1)] == Separator
            ? name[..^(here.Length + 1)]
            : name;
}

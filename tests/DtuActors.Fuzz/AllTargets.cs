using DtuActors.Tests.Shared;
using DtuActors.Tests.Shared.Gateway;

/// <summary>Both tables of targets: protocols, and the gateway's own.</summary>
internal static class AllTargets
{
    public static IEnumerable<string> Names => FuzzTargets.Names.Concat(GatewayTargets.Names);

    public static void Run(string target, ReadOnlySpan<byte> bytes)
    {
        if (GatewayTargets.Names.Contains(target))
        {
            GatewayTargets.Run(target, bytes);
        }
        else
        {
            FuzzTargets.Run(target, bytes);
        }
    }

    public static IEnumerable<byte[]> Seeds(string target) => GatewayTargets.Names.Contains(target) ? GatewayTargets.Seeds(target) : FuzzTargets.Seeds(target);
}

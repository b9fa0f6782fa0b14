namespace DtuActors.Tests.Shared.Gateway;

/// <summary>
/// What is fuzzed of the gateway itself: a user's files (configuration, its routes, the register), what a broker publishes, datagrams, and the first bytes of a device
/// that a profile is made from. A class of its own beside the other targets: those need no more than bytes and their protocols.
/// </summary>
internal static class GatewayTargets
{
    private static readonly Dictionary<string, (Runner Run, Func<IEnumerable<byte[]>> Seeds)> Table = new(StringComparer.Ordinal)
    {
        [HoconTarget.Name] = (HoconTarget.Run, HoconTarget.Seeds),
        [ConfigurationTarget.Name] = (ConfigurationTarget.Run, ConfigurationTarget.Seeds),
        [RoutesTarget.Name] = (RoutesTarget.Run, RoutesTarget.Seeds),
        [RegisterTarget.Name] = (RegisterTarget.Run, RegisterTarget.Seeds),
        [MqttTarget.Name] = (MqttTarget.Run, MqttTarget.Seeds),
        [EntranceTarget.Name] = (EntranceTarget.Run, EntranceTarget.Seeds),
        [DraftTarget.Name] = (DraftTarget.Run, DraftTarget.Seeds),
    };

    private delegate void Runner(FuzzInput input);

    public static IReadOnlyList<string> Names { get; } = [.. Table.Keys];

    /// <summary>Runs one input; returns if every promise held.</summary>
    /// <exception cref="BrokenPromiseException">One did not.</exception>
    /// <exception cref="ArgumentException">There is no such target.</exception>
    public static void Run(string target, ReadOnlySpan<byte> bytes) => Find(target).Run(new FuzzInput(bytes));

    /// <summary>Inputs to begin with.</summary>
    public static IEnumerable<byte[]> Seeds(string target) => Find(target).Seeds();

    private static (Runner Run, Func<IEnumerable<byte[]>> Seeds) Find(string target) =>
        Table.TryGetValue(target, out var found) ? found : throw new ArgumentException($"no target '{target}'; there are {string.Join(", ", Names)}", nameof(target));
}

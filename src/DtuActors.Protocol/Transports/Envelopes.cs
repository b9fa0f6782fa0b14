namespace DtuActors.Protocol.Transports;

/// <summary>The table of envelopes, by the word in configuration. <c>none</c> has no row: there the instrument's bytes stand for themselves.</summary>
public static class Envelopes
{
    private static readonly (string Name, Func<Envelope> Make)[] Table =
    [
        ("ddp", static () => new DdpEnvelope()),
        ("four-faith-prot", static () => new FourFaithProtEnvelope()),
        ("zg", static () => new ZgEnvelope()),
        ("jbt", static () => new JbtEnvelope()),
    ];

    /// <summary>The names that <see cref="Find"/> knows.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>What makes the envelope of that name for one connection, or null.</summary>
    public static Func<Envelope>? Find(string name) => Array.Find(Table, row => row.Name == name).Make;
}

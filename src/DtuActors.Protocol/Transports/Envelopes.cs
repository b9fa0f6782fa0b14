namespace DtuActors.Protocol.Transports;

/// <summary>The table of envelopes, by the word in configuration. <c>none</c> has no row: there the instrument's bytes stand for themselves.</summary>
public static class Envelopes
{
    private static readonly Envelope[] Table =
    [
        new DdpEnvelope(),
    ];

    /// <summary>The names that <see cref="Find"/> knows.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Table.Select(envelope => envelope.Name)];

    /// <summary>The envelope of that name, or null.</summary>
    public static Envelope? Find(string name) => Array.Find(Table, envelope => envelope.Name == name);
}

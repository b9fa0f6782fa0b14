namespace DtuActors.Protocol.Transports;

/// <summary>The table of envelopes, by the word in configuration. <c>none</c> has no row: there the instrument's bytes stand for themselves.</summary>
public static class Envelopes
{
    private static readonly Row[] Table =
    [
        new("ddp", static () => new DdpEnvelope(), DdpTerminal.Of) { MakeForDatagrams = static () => new DdpDatagramEnvelope() },
        new("four-faith-prot", static () => new FourFaithProtEnvelope(), static unit => new FourFaithProtTerminal(unit)),
        new("zg", static () => new ZgEnvelope(), static unit => new ZgTerminal(unit)),
        new("jbt", static () => new JbtEnvelope(), JbtTerminal.Of),
    ];

    /// <summary>The names that <see cref="Find"/> knows.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>What makes the envelope of that name for one connection, or null.</summary>
    public static Func<Envelope>? Find(string name) => Array.Find(Table, row => row.Name == name)?.Make;

    /// <summary>What makes the same envelope in the form that it has over datagrams; the same one where there is no other.</summary>
    public static Func<Envelope>? ForDatagrams(Func<Envelope>? make) =>
        make is null ? null : Array.Find(Table, row => row.Make == make)?.MakeForDatagrams ?? make;

    /// <summary>
    /// The DTU's side of the envelope of that name, for one connection to a centre, for the DTU whose first <paramref name="unit"/> that is (its registration, or data; empty:
    /// it is not known). Null where there is no such envelope, or where what its units need of the DTU is not in that one.
    /// </summary>
    public static Terminal? MakeTerminal(string name, ReadOnlyMemory<byte> unit) => Array.Find(Table, row => row.Name == name)?.MakeTerminal(unit);

    private sealed record Row(string Name, Func<Envelope> Make, Func<ReadOnlyMemory<byte>, Terminal?> MakeTerminal)
    {
        public Func<Envelope>? MakeForDatagrams { get; init; }
    }
}

namespace DtuActors.Benchmarks.Systems;

/// <summary>How much a benchmark of the whole takes: enough for figures, or only enough to show that it still runs.</summary>
/// <param name="IsShort">Fewer of everything.</param>
/// <param name="Rounds">How often each contender has its turn.</param>
/// <param name="Slice">How long a turn is.</param>
/// <param name="WarmUp">Before the first turn: code is compiled, and compiled again where it is hot.</param>
internal sealed record Effort(bool IsShort, int Rounds, TimeSpan Slice, TimeSpan WarmUp)
{
    public static readonly Effort Full = new(false, 5, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(8));

    public static readonly Effort Short = new(true, 1, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.5));
}

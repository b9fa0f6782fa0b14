namespace DtuActors.Registering;

/// <summary>
/// Keeps a spreadsheet from taking a cell for a formula: an apostrophe in front, as people type it there themselves. Apostrophes that stand before such a beginning
/// already get one more, so that <see cref="Unguard"/> gives back exactly what was.
/// </summary>
public static class CsvFormula
{
    private const char Mark = '\'';

    /// <summary>The cell as it is written.</summary>
    public static string Guard(string cell) => Begins(cell) ? Mark + cell : cell;

    /// <summary>The cell as it was before it was written.</summary>
    public static string Unguard(string cell) => cell is [Mark, ..] && Begins(cell) ? cell[1..] : cell;

    // The wide forms are formulas where people type Chinese or Japanese.
    private static bool Begins(string cell) => cell.AsSpan().TrimStart(Mark) is ['=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠', ..];
}

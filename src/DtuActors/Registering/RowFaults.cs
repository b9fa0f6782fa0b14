namespace DtuActors.Registering;

/// <summary>One thing that is wrong with rows for the register.</summary>
/// <param name="Row">The row in the file, from 1 (the header); null where there is no file, or where it is about the whole.</param>
/// <param name="Column">The column, or null where it is about the whole row.</param>
/// <param name="Detail">What is wrong, and what would be right. A secret is never repeated.</param>
public sealed record RowFault(int? Row, string? Column, string Detail);

/// <summary>The faults of one import or edit, the first of them in words, all of them counted.</summary>
public sealed class RowFaults
{
    /// <summary>More than anybody repairs in one go; a file of another program has a hundred thousand.</summary>
    public const int MostTold = 100;

    private readonly List<RowFault> _told = [];

    public int Count { get; private set; }

    public IReadOnlyList<RowFault> Told => _told;

    /// <summary>How many there are beside the told ones.</summary>
    public int More => Count - _told.Count;

    public void Add(int? row, string? column, string detail)
    {
        Count++;
        if (_told.Count < MostTold)
        {
            _told.Add(new RowFault(row, column, detail));
        }
    }
}

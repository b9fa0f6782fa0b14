using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>One thing that the contract names and this release does not do.</summary>
/// <param name="Key">The key's path in the <see cref="Schema"/>.</param>
/// <param name="Word">The word that is refused; null: any value.</param>
/// <param name="Except">A word that is taken although <paramref name="Word"/> is null, for it asks for nothing.</param>
/// <param name="Instead">What there is, for the message.</param>
internal sealed record NotBuiltRow(string Key, string? Word, string? Except, string Instead);

/// <summary>
/// The one place that says what is not built yet. Keys of these things are parsed and checked all the same, so that a file does not become wrong on the
/// day they are built; the row goes on that day.
/// </summary>
internal static class NotBuilt
{
    public static readonly IReadOnlyList<NotBuiltRow> Rows =
    [
    ];

    private static readonly ILookup<string, NotBuiltRow> ByKey = Rows.ToLookup(row => row.Key, StringComparer.Ordinal);

    /// <summary>What a fault says of it.</summary>
    public static string Says(string what, string instead) => $"{what} is not built yet ({instead})";

    /// <summary>The fault's words where <paramref name="value"/> under the key <paramref name="path"/> asks for something that is not built, else null.</summary>
    public static string? Refuses(string path, string key, HoconValue value)
    {
        foreach (var row in ByKey[path])
        {
            var word = (value as HoconScalar)?.Text;
            if (row.Word is null && (word is null || row.Except is null || Scalars.Normalized(word) != row.Except))
            {
                return Says($"'{KeyPath.Shown(key)}'", row.Instead);
            }

            if (row.Word is not null && word == row.Word)
            {
                return Says($"'{word}'", row.Instead);
            }
        }

        return null;
    }
}

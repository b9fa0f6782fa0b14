using System.Globalization;
using DtuActors.Clustering.Merging;
using DtuActors.Protocol;

namespace DtuActors.Host.Api;

/// <summary>What stands in paths and queries, checked.</summary>
internal static class Arguments
{
    public const int DefaultLimit = 100;
    public const int MostItems = 1000;

    public static DtuId Id(string text) => DtuId.TryParse(text, out var id)
        ? id
        : throw RefusalException.Bad("id", $"a DTU's id has 1 to {DtuId.MaxLength} characters, none of them a control character");

    public static int Limit(string? text) => text switch
    {
        null or "" => DefaultLimit,
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MostItems => limit,
        _ => throw RefusalException.Bad("limit", $"limit={text}: expected 1 to {MostItems}"),
    };

    /// <summary>The states that DTUs can be listed by.</summary>
    public static readonly string[] States = [.. Enum.GetValues<DtuState>().Select(state => state.Word()).Order(StringComparer.Ordinal)];

    public static DtuState? State(string? text) => string.IsNullOrEmpty(text)
        ? null
        : Enum.GetValues<DtuState>().Cast<DtuState?>().FirstOrDefault(state => state!.Value.Word() == text)
            ?? throw RefusalException.Bad("state", $"state={text}: expected one of {string.Join(", ", States)}");

    public static bool Flag(string name, string? text) => text switch
    {
        null or "" or "false" => false,
        "true" => true,
        _ => throw RefusalException.Bad(name, $"{name}={text}: expected true or false"),
    };

    /// <summary>One of <paramref name="words"/>, of which the first is the default.</summary>
    public static string Word(string name, string? text, string[] words) =>
        string.IsNullOrEmpty(text) ? words[0]
        : words.Contains(text, StringComparer.Ordinal) ? text
        : throw RefusalException.Bad(name, $"{name}={text}: expected {string.Join(", ", words)}");

    /// <summary>The <c>next</c> of a page of frames; null for none.</summary>
    public static string? Cursor(string name, string? text) => text switch
    {
        null or "" => null,
        _ when FrameCursor.IsCursor(text) => text,
        _ => throw RefusalException.Bad(name, $"{name}={text}: expected the next of the page before"),
    };

    public static DateTimeOffset? Instant(string name, string? text) => text switch
    {
        null or "" => null,
        _ when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) => at,
        _ => throw RefusalException.Bad(name, $"{name}={text}: expected an instant as in ISO 8601, such as 2026-05-04T10:00:00Z"),
    };
}

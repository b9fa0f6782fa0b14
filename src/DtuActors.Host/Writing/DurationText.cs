using System.Globalization;

namespace DtuActors.Host.Writing;

/// <summary>Durations as configuration, commands and API write them: <c>500ms</c>, <c>5s</c>, <c>1m</c>, <c>2h</c>, <c>1d</c>.</summary>
internal static class DurationText
{
    public const string Expected = "a number with ms, s, m, h or d, such as 500ms or 5s";

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Reads one; null where there is none, as <see cref="TryParse"/> says.</summary>
    public static TimeSpan? Parse(string? text) => text is not null && TryParse(text, out var duration) ? duration : null;

    /// <summary>Reads one; false where it is none, is not above zero, or is longer than a day.</summary>
    public static bool TryParse(string text, out TimeSpan duration) => TryParse(text, Day, out duration);

    /// <summary>Reads one; false where it is none, is not above zero, or is longer than <paramref name="longest"/>.</summary>
    public static bool TryParse(string text, TimeSpan longest, out TimeSpan duration)
    {
        duration = default;
        var unit = text.AsSpan().TrimStart("0123456789.");
        if (!double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        double? milliseconds = unit.Trim() switch
        {
            "ms" => number,
            "s" => number * 1_000,
            "m" => number * 60_000,
            "h" => number * 3_600_000,
            "d" => number * 86_400_000,
            _ => null,
        };
        if (milliseconds is not > 0 || milliseconds > longest.TotalMilliseconds)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds(milliseconds.Value);
        return true;
    }
}

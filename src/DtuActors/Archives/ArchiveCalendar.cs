namespace DtuActors.Archives;

/// <summary>
/// Days of a time zone, and when their turn is. A day is from its midnight to the next, which are 23 or 25 hours where clocks are changed between.
/// </summary>
internal static class ArchiveCalendar
{
    /// <summary>
    /// The instant at which the zone's clocks show that. A time that they skip comes when they have skipped it; of a time that they show twice the first counts.
    /// </summary>
    public static DateTimeOffset InstantOf(DateOnly day, TimeOnly time, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(time, DateTimeKind.Unspecified);
        var offset = zone.IsInvalidTime(local) ? zone.GetUtcOffset(local.AddDays(-1))
            : zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max()
            : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    /// <summary>A day's first instant, and the first behind it.</summary>
    public static (DateTimeOffset From, DateTimeOffset Until) SpanOf(DateOnly day, TimeZoneInfo zone) =>
        (InstantOf(day, TimeOnly.MinValue, zone), InstantOf(day.AddDays(1), TimeOnly.MinValue, zone));

    /// <summary>The zone's day of an instant.</summary>
    public static DateOnly DayOf(DateTimeOffset at, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);

    /// <summary>The last day whose turn has come: yesterday, once it is <paramref name="time"/>.</summary>
    public static DateOnly LastDue(DateTimeOffset now, TimeOnly time, TimeZoneInfo zone)
    {
        var today = DayOf(now, zone);
        return today.AddDays(now >= InstantOf(today, time, zone) ? -1 : -2);
    }

    /// <summary>When the next day's turn comes.</summary>
    public static DateTimeOffset NextTurn(DateTimeOffset now, TimeOnly time, TimeZoneInfo zone)
    {
        var today = DayOf(now, zone);
        var turn = InstantOf(today, time, zone);
        return turn > now ? turn : InstantOf(today.AddDays(1), time, zone);
    }
}

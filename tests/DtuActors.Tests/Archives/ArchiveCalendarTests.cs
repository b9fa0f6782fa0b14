using DtuActors.Archives;

namespace DtuActors.Tests.Archives;

public sealed class ArchiveCalendarTests
{
    private static readonly TimeZoneInfo Berlin = Zone("Europe/Berlin", 1, 3, 10);

    /// <summary>Clocks go to summer at 02:00 of the last Sunday of a month and back at 03:00 of that of another, as Europe's do: the tests' own, for not every system has the names.</summary>
    public static TimeZoneInfo Zone(string name, int hours, int summerFrom, int summerTo) => TimeZoneInfo.CreateCustomTimeZone(
        name, TimeSpan.FromHours(hours), name, name, name,
        [
            TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
                DateTime.MinValue.Date, DateTime.MaxValue.Date, TimeSpan.FromHours(1),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), summerFrom, 5, DayOfWeek.Sunday),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), summerTo, 5, DayOfWeek.Sunday)),
        ]);

    [Theory]
    [InlineData("2026-01-10", "2026-01-09T23:00:00Z", 24)]
    [InlineData("2026-03-29", "2026-03-28T23:00:00Z", 23)]
    [InlineData("2026-07-10", "2026-07-09T22:00:00Z", 24)]
    [InlineData("2026-10-25", "2026-10-24T22:00:00Z", 25)]
    public void A_day_is_from_midnight_to_midnight_of_its_zone(string day, string from, int hours)
    {
        var span = ArchiveCalendar.SpanOf(Day(day), Berlin);
        Assert.Equal((At(from), TimeSpan.FromHours(hours)), (span.From, span.Until - span.From));
    }

    [Fact]
    public void Days_meet_without_a_gap_all_the_year_through()
    {
        for (var day = Day("2026-01-01"); day.Year == 2026; day = day.AddDays(1))
        {
            Assert.Equal(ArchiveCalendar.SpanOf(day, Berlin).Until, ArchiveCalendar.SpanOf(day.AddDays(1), Berlin).From);
            Assert.Equal(day, ArchiveCalendar.DayOf(ArchiveCalendar.SpanOf(day, Berlin).From, Berlin));
            Assert.Equal(day, ArchiveCalendar.DayOf(ArchiveCalendar.SpanOf(day, Berlin).Until.AddTicks(-1), Berlin));
        }
    }

    [Fact]
    public void A_time_that_clocks_skip_comes_once_they_have_skipped_it_and_one_they_show_twice_comes_first()
    {
        Assert.Equal(At("2026-03-29T01:30:00Z"), ArchiveCalendar.InstantOf(Day("2026-03-29"), new TimeOnly(2, 30), Berlin));
        Assert.Equal(At("2026-10-25T00:30:00Z"), ArchiveCalendar.InstantOf(Day("2026-10-25"), new TimeOnly(2, 30), Berlin));
    }

    [Theory]
    [InlineData("2026-03-29T00:59:59Z", "2026-03-27", "2026-03-29T01:30:00Z")]
    [InlineData("2026-03-29T01:30:00Z", "2026-03-28", "2026-03-30T00:30:00Z")]
    [InlineData("2026-10-25T00:30:00Z", "2026-10-24", "2026-10-26T01:30:00Z")]
    [InlineData("2026-10-25T01:30:00Z", "2026-10-24", "2026-10-26T01:30:00Z")]
    public void Yesterday_is_due_once_a_day_whatever_clocks_do(string now, string due, string next)
    {
        var at = new TimeOnly(2, 30);
        Assert.Equal((Day(due), At(next)), (ArchiveCalendar.LastDue(At(now), at, Berlin), ArchiveCalendar.NextTurn(At(now), at, Berlin)));
    }

    private static DateOnly Day(string text) => DateOnly.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}

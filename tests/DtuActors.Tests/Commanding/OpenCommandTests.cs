using DtuActors.Commanding;

namespace DtuActors.Tests.Commanding;

/// <summary>A command's time, by a clock that somebody sets and by one that nobody does.</summary>
public sealed class OpenCommandTests
{
    private static readonly DateTimeOffset Taken = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan TenHours = TimeSpan.FromHours(10);

    // Another time than the date, so that nothing compares them.
    private static readonly DateTimeOffset Steady = Taken - TimeSpan.FromDays(1);

    [Fact]
    public void It_has_its_time_to_live()
    {
        var command = Of(Minute);
        Assert.Equal(Minute, command.Left(Steady, Taken));
        Assert.Equal(Minute / 2, command.Left(Steady + (Minute / 2), Taken + (Minute / 2)));
        Assert.True(command.IsOver(Steady + Minute, Taken + Minute));
    }

    [Fact]
    public void It_has_no_more_where_the_clock_is_set_back()
    {
        var command = Of(Minute);
        Assert.False(command.IsOver(Steady, Taken));
        Assert.Equal(Minute / 2, command.Left(Steady + (Minute / 2), Taken - TenHours));
        Assert.True(command.IsOver(Steady + Minute, Taken + (Minute / 2) - TenHours));
    }

    [Fact]
    public void It_has_its_time_to_live_once_more_at_most_where_the_clock_was_set_back_while_nobody_ran()
    {
        var command = Of(Minute);
        Assert.Equal(Minute, command.Left(Steady, Taken - TenHours));
        Assert.True(command.IsOver(Steady + Minute, Taken + Minute - TenHours));
    }

    [Fact]
    public void What_is_late_by_its_date_is_over()
    {
        var command = Of(Minute);
        Assert.False(command.IsOver(Steady, Taken));
        Assert.True(command.IsOver(Steady + TimeSpan.FromSeconds(1), Taken + TenHours));
    }

    [Fact]
    public void One_without_a_time_to_live_is_never_over()
    {
        var command = Of(null);
        Assert.Null(command.Left(Steady, Taken));
        Assert.False(command.IsOver(Steady + TenHours, Taken + TenHours));
    }

    private static OpenCommand Of(TimeSpan? timeToLive) => new(new CommandTaken("c1", Taken, null, "api", new byte[] { 1 }, Taken + timeToLive, Retry: false, null, AnswerUp: false));
}

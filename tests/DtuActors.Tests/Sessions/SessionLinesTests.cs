using DtuActors.Sessions;

namespace DtuActors.Tests.Sessions;

public sealed class SessionLinesTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddDays(1);

    private readonly SessionLines _lines = new();

    [Fact]
    public void Few_lines_are_all_said_as_they_are() =>
        Assert.All(Enumerable.Range(0, SessionLines.MostPerSecond - 1), _ => Assert.Equal("", _lines.Next(Start)));

    [Fact]
    public void The_last_line_of_a_full_second_says_that_more_are_left_out()
    {
        var notes = Enumerable.Range(0, SessionLines.MostPerSecond + 50).Select(_ => _lines.Next(Start)).ToArray();
        Assert.Contains("more", notes[SessionLines.MostPerSecond - 1]);
        Assert.Equal(50, notes.Count(note => note is null));
    }

    [Fact]
    public void The_next_second_begins_with_how_many_were_left_out_and_says_it_once()
    {
        for (var i = 0; i < SessionLines.MostPerSecond + 50; i++)
        {
            _lines.Next(Start);
        }

        Assert.Contains("; 50 such lines", _lines.Next(Start.AddSeconds(1)));
        Assert.Equal("", _lines.Next(Start.AddSeconds(1)));
    }

    [Fact]
    public void A_clock_that_is_set_back_holds_no_line_back()
    {
        for (var i = 0; i <= SessionLines.MostPerSecond; i++)
        {
            _lines.Next(Start);
        }

        Assert.NotNull(_lines.Next(Start.AddHours(-1)));
    }
}

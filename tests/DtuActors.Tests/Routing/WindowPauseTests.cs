using DtuActors.Routing;

namespace DtuActors.Tests.Routing;

public sealed class WindowPauseTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private readonly WindowPause _pause = new();

    [Fact]
    public void It_tells_each_turn_once()
    {
        Assert.Equal(WindowTurn.Nothing, _pause.Look(isOpen: true, Start));
        Assert.Equal(WindowTurn.Closed, _pause.Look(isOpen: false, Start));
        Assert.Equal(WindowTurn.Nothing, _pause.Look(isOpen: false, Start + WindowPause.Longest));
        Assert.Equal(WindowTurn.Opened, _pause.Look(isOpen: true, Start + WindowPause.Longest));
        Assert.Equal(WindowTurn.Nothing, _pause.Look(isOpen: true, Start + WindowPause.Longest));
    }

    [Fact]
    public void Reading_goes_on_when_the_longest_pause_is_over_and_the_next_pause_begins_anew()
    {
        Assert.True(_pause.MayRead(Start));
        _pause.Look(isOpen: false, Start);
        var over = Start + WindowPause.Longest;
        Assert.False(_pause.MayRead(over - TimeSpan.FromTicks(1)));
        Assert.True(_pause.MayRead(over) && _pause.IsOver(over));
        _pause.Look(isOpen: true, over);
        _pause.Look(isOpen: false, over);
        Assert.False(_pause.MayRead(over));
        Assert.False(_pause.IsOver(over));
    }
}

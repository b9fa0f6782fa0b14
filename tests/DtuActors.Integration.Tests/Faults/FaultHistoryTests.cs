namespace DtuActors.Integration.Tests.Faults;

/// <summary>Each promise can fail: a history in which it does not hold says so, and one in which it holds says nothing.</summary>
public sealed class FaultHistoryTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FaultHistory _history = new(new FaultLimits { Silence = 10 * Second, BusAtLeast = Second });

    [Fact]
    public void A_run_in_which_all_goes_well_breaks_nothing()
    {
        var frames = Say(6);
        _history.Arrive("here", 1, 1, frames[0]);
        _history.Arrive("here", 1, 1, frames[2]);

        // An older connection is read to its end behind a newer one.
        _history.Arrive("here", 2, 1, frames[4]);
        _history.Arrive("here", 1, 1, frames[3]);
        _history.Arrive("broker", 1, 1, frames[0], atLeastOnce: true);
        _history.Arrive("broker", 1, 1, frames[0], atLeastOnce: true);
        _history.BeginBus(6, 1, Second);
        _history.EndBus(6, 1);
        _history.BeginBus(6, 1, Second);
        _history.BeginBus(6, 1, 3 * Second);
        _history.BeginBus(6, 2, 3 * Second);
        _history.Tell("a", true);
        _history.Tell("a", false);
        _history.Tell("a", true);
        _history.FallSilent(this, 1, Second);
        _history.Excuse(5 * Second);
        _history.Noticed(this, 14 * Second);
        _history.CheckSilent(1000 * Second);
        Assert.Empty(_history.Broken);
        Assert.Equal(6, _history.Arrivals);
        Assert.Equal(1, _history.DeadNoticed);
    }

    [Fact]
    public void A_frame_that_comes_twice_is_found()
    {
        var frames = Say(2);
        _history.Arrive("here", 1, 1, frames[0]);
        _history.Arrive("here", 1, 1, frames[0]);
        Finds("(a) here: doubled");
    }

    [Fact]
    public void A_frame_that_comes_behind_a_later_one_is_found()
    {
        var frames = Say(2);
        _history.Arrive("here", 1, 1, frames[1]);
        _history.Arrive("here", 1, 1, frames[0]);
        Finds("(a) here: StreamFrame");
    }

    [Fact]
    public void A_frame_of_another_DTU_and_one_that_nobody_said_are_found()
    {
        _history.Arrive("here", 1, 2, Say(1)[0]);
        _history.Arrive("here", 1, 1, new StreamFrame(Way.Up, 1, 99));
        _history.Arrive("here", 1, 1, null);
        Assert.Collection(
            _history.Broken,
            crossed => Assert.StartsWith("(a) here: crossed", crossed, StringComparison.Ordinal),
            invented => Assert.StartsWith("(a) here: never said", invented, StringComparison.Ordinal),
            noise => Assert.StartsWith("(a) here: bytes that nobody said", noise, StringComparison.Ordinal));
    }

    [Fact]
    public void A_missing_frame_of_those_to_whom_nothing_happened_is_found()
    {
        _history.Arrive("here", 1, 1, Say(2)[0]);
        _history.Complete("here", Way.Up, 1);
        Finds("(a) here: 2 frames were said and 1 came");
    }

    [Fact]
    public void A_crossed_answer_is_found()
    {
        _history.Answer("master 1", false, "1 to 2");
        Finds("(a) master 1: a crossed answer");
    }

    [Fact]
    public void A_request_beside_one_that_is_open_is_found()
    {
        _history.BeginBus(6, 1, Second);
        _history.BeginBus(6, 1, 1.5 * Second);
        Finds("(b) bus 6: a request 500 ms behind one");
    }

    [Fact]
    public void An_end_that_is_none_is_found()
    {
        _history.End(false, "command 7 was acknowledged and is not listed");
        Finds("(c) command 7");
    }

    [Fact]
    public void A_frame_that_goes_to_the_connection_that_was_replaced_is_found()
    {
        var frames = Say(3);
        _history.Arrive("here", 2, 1, frames[1]);
        _history.Arrive("here", 1, 1, frames[2]);
        Finds("(d) here: StreamFrame");
    }

    [Fact]
    public void A_DTU_that_is_online_twice_is_found()
    {
        _history.Tell("pump-1", true);
        _history.Tell("pump-1", true);
        Finds("(d) pump-1 is online twice");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_dead_peer_that_is_noticed_too_late_or_never_is_found(bool isNoticed)
    {
        _history.FallSilent(this, 3, Second);
        if (isNoticed)
        {
            _history.Noticed(this, 12 * Second);
        }

        _history.CheckSilent(12 * Second);
        Finds("(e) DTU 3 said nothing");
    }

    [Fact]
    public void Something_that_is_left_is_found()
    {
        _history.Hold(false, "3 sessions are counted and nobody is there");
        Finds("(f) 3 sessions");
    }

    [Fact]
    public void A_frame_of_a_stream_is_read_as_it_was_written_and_not_where_a_byte_of_it_is_another()
    {
        var said = new StreamFrame(Way.Down, 12, 345);
        var bytes = said.ToBytes(20);
        Assert.Equal([said, said], new StreamFrames().Feed([.. bytes, .. bytes]));
        for (var at = 0; at < bytes.Length; at++)
        {
            // Whoever ends his segment with && may count wrongly.
            if (at is >= 2 and < 6)
            {
                continue;
            }

            byte[] spoilt = [.. bytes];
            spoilt[at] ^= 1;
            Assert.NotEqual(said, StreamFrame.Of(spoilt));
        }
    }

    private StreamFrame[] Say(int count) => [.. Enumerable.Range(0, count).Select(_ => _history.Say(Way.Up, 1))];

    private void Finds(string broken) => Assert.StartsWith(broken, Assert.Single(_history.Broken), StringComparison.Ordinal);
}

using Akka.Actor;
using DtuActors.Routing;

namespace DtuActors.Tests.Routing;

public sealed class OutboundWindowsTests : ActorSpec
{
    private readonly OutboundWindows _windows = new(window: 100);
    private readonly IActorRef _port;

    public OutboundWindowsTests() => _port = CreateTestProbe("port");

    [Fact]
    public void A_window_closes_when_it_is_full_and_opens_when_its_destination_has_taken()
    {
        _windows.Add(new Destination(_port, 1));
        _windows.Emit(99, out _);
        Assert.True(_windows.IsOpen);
        _windows.Emit(1, out _);
        Assert.False(_windows.IsOpen);
        _windows.Take(new Destination(_port, 1), 50);
        Assert.True(_windows.IsOpen);
    }

    [Fact]
    public void A_later_incarnation_begins_empty_and_takes_the_earlier_ones_place()
    {
        _windows.Add(new Destination(_port, 1));
        _windows.Emit(100, out _);
        _windows.Add(new Destination(_port, 2));
        Assert.True(_windows.IsOpen);
        _windows.Emit(100, out _);
        Assert.False(_windows.IsOpen);
        _windows.Take(new Destination(_port, 1), 200);
        Assert.False(_windows.IsOpen);
        _windows.Remove(new Destination(_port, 1));
        Assert.False(_windows.IsOpen);
        _windows.Remove(new Destination(_port, 2));
        Assert.True(_windows.IsOpen);
    }

    [Fact]
    public void A_destination_that_is_named_again_keeps_what_it_has_not_taken()
    {
        _windows.Add(new Destination(_port, 1));
        _windows.Emit(100, out _);
        _windows.Add(new Destination(_port, 1));
        Assert.False(_windows.IsOpen);
    }

    [Fact]
    public void A_total_that_was_never_emitted_or_is_older_changes_nothing()
    {
        _windows.Add(new Destination(_port, 1));
        _windows.Emit(120, out _);
        _windows.Take(new Destination(_port, 1), 121);
        Assert.False(_windows.IsOpen);
        _windows.Take(new Destination(_port, 1), 60);
        _windows.Take(new Destination(_port, 1), 10);
        Assert.True(_windows.IsOpen);
    }

    [Fact]
    public void Most_frames_ask_for_no_answer()
    {
        _windows.Add(new Destination(_port, 1));
        var asked = Enumerable.Range(0, 100).Count(_ =>
        {
            _windows.Emit(1, out var ackWanted);
            return ackWanted;
        });
        Assert.Equal(4, asked);
    }
}

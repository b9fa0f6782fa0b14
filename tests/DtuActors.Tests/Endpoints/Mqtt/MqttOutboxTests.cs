using DtuActors.Endpoints.Mqtt;
using DtuActors.Protocol;
using DtuActors.Routing;
using Xunit;

namespace DtuActors.Tests.Endpoints.Mqtt;

public sealed class MqttOutboxTests
{
    private static readonly DtuId Dtu = DtuId.Parse("pump-7");
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    private readonly TrafficLedger _ledger = new();
    private readonly MqttOutbox _outbox;

    public MqttOutboxTests() => _outbox = new MqttOutbox(_ledger, 1000);

    private void Uplink(byte number)
    {
        _ledger.Accept(1);
        _outbox.AddUplink(Dtu, new Frame(new[] { number }, FrameDirection.Up, "raw", Now), Now);
    }

    private string Next(bool isTaken = true)
    {
        if (_outbox.Next() is not { } next)
        {
            return "";
        }

        if (isTaken)
        {
            _outbox.Taken(next.Number, Now);
        }

        return next.Item.Frame is { } frame ? $"{frame.Payload.Span[0]}" : next.Item.Online is { } online ? (online ? "on" : "off") : next.Item.Result!.Topic;
    }

    [Fact]
    public void A_takeover_is_no_change_of_state()
    {
        _outbox.AddState(Dtu, true, Now);
        Assert.Equal("on", Next());
        _outbox.AddState(Dtu, false, Now);
        _outbox.AddState(Dtu, true, Now);
        Assert.Equal("", Next());
        Assert.True(_outbox.IsEmpty);
    }

    [Fact]
    public void Of_a_DTU_that_comes_and_goes_only_the_last_state_waits_where_it_happened()
    {
        Uplink(1);
        for (var i = 0; i < 1000; i++)
        {
            _outbox.AddState(Dtu, i % 2 == 0, Now);
        }

        Uplink(2);
        Assert.Equal(["1", "off", "2", ""], [Next(), Next(), Next(), Next()]);
    }

    [Fact]
    public void Everything_leaves_in_the_order_in_which_it_came_also_after_a_lost_connection()
    {
        Uplink(1);
        _outbox.AddResult(new MqttMessage("r", default), Now);
        Uplink(2);
        Assert.Equal(["1", "r"], [Next(isTaken: false), Next(isTaken: false)]);
        _outbox.OnLost(isAtMostOnce: false);
        Uplink(3);
        Assert.Equal("1", Next(isTaken: false));
        _outbox.OnLost(isAtMostOnce: false);
        Assert.Equal(["1", "r", "2", "3", ""], [Next(), Next(), Next(), Next(), Next()]);
        Assert.Equal((3, 0, 0), (_ledger.Snapshot().Written, _ledger.Snapshot().Waiting, _outbox.Results));
    }

    [Fact]
    public void Small_frames_are_bounded_by_their_number()
    {
        var outbox = new MqttOutbox(_ledger, int.MaxValue);
        for (var i = 0; i < MqttOutbox.MostUplinks + 5; i++)
        {
            _ledger.Accept(1);
            outbox.AddUplink(Dtu, new Frame(new byte[1], FrameDirection.Up, "raw", Now), Now);
        }

        Assert.Equal(5, _ledger.Snapshot().Dropped[RelayDrops.BufferFull]);
    }
}

using DtuActors.Endpoints.Mqtt;
using Xunit;

namespace DtuActors.Tests.Endpoints.Mqtt;

public sealed class MqttInflowTests
{
    [Fact]
    public void A_flood_is_lost_beyond_the_bound_and_counted_and_what_is_read_makes_room()
    {
        var inflow = new MqttInflow();
        const int Big = 1024 * 1024;
        var room = (int)(MqttInflow.MostBytes / Big);
        for (var i = 0; i < room; i++)
        {
            Assert.True(inflow.TryEnter(Big));
        }

        Assert.False(inflow.TryEnter(1));
        Assert.False(inflow.TryEnter(Big));
        Assert.Equal(2, inflow.TakeLost());
        Assert.Equal(0, inflow.TakeLost());
        inflow.Leave(Big);
        Assert.True(inflow.TryEnter(Big));
    }

    [Fact]
    public void Empty_messages_are_bounded_by_their_number()
    {
        var inflow = new MqttInflow();
        for (var i = 0; i < MqttInflow.Most; i++)
        {
            Assert.True(inflow.TryEnter(0));
        }

        Assert.False(inflow.TryEnter(0));
        Assert.Equal(1, inflow.TakeLost());
    }
}

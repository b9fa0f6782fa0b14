using DtuActors.Endpoints.Mqtt;
using DtuActors.Protocol;
using Xunit;

namespace DtuActors.Tests.Endpoints.Mqtt;

public sealed class MqttTopicsTests
{
    private static readonly MqttTopics Topics = new("plant/dtu", "gw");

    [Theory]
    [InlineData("13800138000", "13800138000")]
    [InlineData("七号泵站", "七号泵站")]
    [InlineData("tenant-a/7", "tenant-a%2F7")]
    [InlineData("a+b#c%2F", "a%2Bb%23c%252F")]
    [InlineData("$SYS", "$SYS")]
    [InlineData("x\uFFFE", "x%EF%BF%BE")]
    [InlineData("x\uFDD0", "x%EF%B7%90")]
    public void An_id_is_one_level_of_a_topic_and_is_read_back(string id, string level)
    {
        var dtu = DtuId.Parse(id);
        Assert.Equal($"plant/dtu/{level}/up", Topics.Up(dtu));
        Assert.True(Topics.TryReadDown($"plant/dtu/{level}/down", out var read));
        Assert.Equal(dtu, read);
    }

    [Theory]
    [InlineData("plant/dtu/7/down/result")]
    [InlineData("plant/dtu/7/8/down")]
    [InlineData("plant/dtu//down")]
    [InlineData("plant/dtu/down")]
    [InlineData("dtu/7/down")]
    public void Other_topics_are_no_downlinks(string topic) => Assert.False(Topics.TryReadDown(topic, out _));

    [Fact]
    public void No_dtu_has_the_gateways_own_topic()
    {
        Assert.Equal("plant/dtu/gateway/gw/state", Topics.Gateway);
        Assert.False(Topics.TryReadState(Topics.Gateway, out _));
        Assert.NotEqual(Topics.Gateway, Topics.State(DtuId.Parse("gateway/gw")));
    }

    [Theory]
    [InlineData("dtu", true)]
    [InlineData("a/b", true)]
    [InlineData("", false)]
    [InlineData("/dtu", false)]
    [InlineData("dtu/", false)]
    [InlineData("dtu/+", false)]
    [InlineData("$SYS", false)]
    [InlineData("a\0b", false)]
    public void A_prefix_holds_nothing_that_means_something(string prefix, bool isOne) => Assert.Equal(isOne, MqttTopics.IsPrefix(prefix));
}

using System.Text;
using System.Text.Json;
using DtuActors.Configuration;
using DtuActors.Endpoints.Mqtt;
using DtuActors.Protocol;
using Xunit;

namespace DtuActors.Tests.Endpoints.Mqtt;

public sealed class MqttPayloadsTests
{
    private static readonly DtuId Dtu = DtuId.Parse("七号");
    private static readonly Frame Read = new(Convert.FromHexString("010302007BF867"), FrameDirection.Up, "modbus-rtu", DateTimeOffset.Parse("2026-05-04T10:00:00.1239999+02:00", System.Globalization.CultureInfo.InvariantCulture));

    private static string Down(MqttPayload form, string payload) => Convert.ToHexString(MqttPayloads.Down(form, Encoding.UTF8.GetBytes(payload), stores: false).Bytes);

    [Fact]
    public void Uplinks_are_the_bytes_their_digits_or_the_apis_frame()
    {
        Assert.Equal(Read.Payload.ToArray(), MqttPayloads.Up(MqttPayload.Raw, Dtu, Read).ToArray());
        Assert.Equal("010302007BF867", Encoding.ASCII.GetString(MqttPayloads.Up(MqttPayload.Hex, Dtu, Read).Span));
        var text = Encoding.UTF8.GetString(MqttPayloads.Up(MqttPayload.Json, Dtu, Read).Span);
        Assert.StartsWith("{\"at\":\"2026-05-04T08:00:00.123Z\",\"dtu\":\"七号\",\"direction\":\"up\",\"hex\":\"010302007BF867\",\"codec\":\"modbus-rtu\",\"decoded\":", text, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.String, JsonDocument.Parse(text).RootElement.GetProperty("decoded").ValueKind);
    }

    [Theory]
    [InlineData(MqttPayload.Raw, "01 03", "3031203033")]
    [InlineData(MqttPayload.Hex, " 01 03\n0a", "01030A")]
    [InlineData(MqttPayload.Json, "{\"hex\":\"01 03 00 00 00 02\",\"crc\":\"modbus\"}", "010300000002C40B")]
    [InlineData(MqttPayload.Json, "{\"text\":\"泵\",\"encoding\":\"gb18030\",\"id\":null}", "B1C3")]
    [InlineData(MqttPayload.Json, "{\"text\":\"泵\"}", "E6B3B5")]
    public void Downlinks_are_read_in_the_same_form(MqttPayload form, string payload, string bytes) => Assert.Equal(bytes, Down(form, payload));

    [Theory]
    [InlineData(MqttPayload.Raw, "", "bad-payload", "no bytes")]
    [InlineData(MqttPayload.Hex, "0", "bad-payload", "half a byte")]
    [InlineData(MqttPayload.Hex, "xy", "bad-payload", "'x' at position 1")]
    [InlineData(MqttPayload.Json, "[]", "bad-payload", "no JSON object")]
    [InlineData(MqttPayload.Json, "{", "bad-payload", "not valid JSON")]
    [InlineData(MqttPayload.Json, "{\"hex\":\"00\"} x", "bad-payload", "JSON")]
    [InlineData(MqttPayload.Json, "{}", "bad-payload", "exactly one of hex and text")]
    [InlineData(MqttPayload.Json, "{\"hex\":\"00\",\"text\":\"a\"}", "bad-payload", "exactly one")]
    [InlineData(MqttPayload.Json, "{\"hex\":7}", "bad-payload", "hex is unknown or no string")]
    [InlineData(MqttPayload.Json, "{\"hxe\":\"00\"}", "bad-payload", "hxe")]
    [InlineData(MqttPayload.Json, "{\"hex\":\"00\",\"crc\":\"md5\"}", "bad-payload", "crc 'md5'")]
    [InlineData(MqttPayload.Json, "{\"text\":\"泵\",\"encoding\":\"ascii\"}", "bad-payload", "position 1")]
    [InlineData(MqttPayload.Json, "{\"hex\":\"00\",\"ttl\":\"1h\",\"id\":\"a\"}", "no-storage", "ttl")]
    public void A_downlink_that_is_none_says_why(MqttPayload form, string payload, string reason, string problem)
    {
        var fault = Assert.Throws<MqttPayloadException>(() => Down(form, payload));
        Assert.Equal(reason, fault.Reason);
        Assert.Contains(problem, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_publishers_own_id_is_kept_also_where_the_rest_is_wrong()
    {
        Assert.Equal("a7", MqttPayloads.Down(MqttPayload.Json, "{\"hex\":\"00\",\"id\":\"a7\"}"u8, stores: false).Id);
        Assert.Equal("a7", Assert.Throws<MqttPayloadException>(() => MqttPayloads.Down(MqttPayload.Json, "{\"id\":\"a7\"}"u8, stores: false)).Id);
    }

    [Fact]
    public void A_downlink_says_how_long_it_may_wait()
    {
        var wish = MqttPayloads.Down(MqttPayload.Json, "{\"hex\":\"00\",\"ttl\":\"2h\",\"retry\":\"always\",\"key\":\"setpoint\"}"u8, stores: true).Wish;
        Assert.Equal(new CommandWish(TimeSpan.FromHours(2), Retry: true, "setpoint"), wish);
        Assert.Null(MqttPayloads.Down(MqttPayload.Json, "{\"hex\":\"00\"}"u8, stores: true).Wish);
    }

    [Theory]
    [InlineData("{\"hex\":\"00\",\"ttl\":\"soon\"}", "ttl")]
    [InlineData("{\"hex\":\"00\",\"ttl\":\"31d\"}", "ttl")]
    [InlineData("{\"hex\":\"00\",\"retry\":\"always\"}", "needs a ttl")]
    [InlineData("{\"hex\":\"00\",\"ttl\":\"1h\",\"retry\":\"twice\"}", "retry")]
    [InlineData("{\"hex\":\"00\",\"key\":\"\"}", "key")]
    public void A_wish_that_is_none_says_why(string payload, string problem)
    {
        var fault = Assert.Throws<MqttPayloadException>(() => MqttPayloads.Down(MqttPayload.Json, Encoding.UTF8.GetBytes(payload), stores: true));
        Assert.Equal("bad-payload", fault.Reason);
        Assert.Contains(problem, fault.Message, StringComparison.Ordinal);
    }
}

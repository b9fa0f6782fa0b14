using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class FleetTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task DTUs_are_found_by_text_group_and_codec_in_pages()
    {
        await gateway.PutAsync("/api/v1/dtus/find-1", """{"name":"Pump one","groups":["found"]}""");
        await gateway.PutAsync("/api/v1/dtus/find-2", """{"name":"pump two","groups":["found"]}""");
        await using var dtu = await gateway.OnlineAsync("find-2", "polled");
        Assert.Equal(["find-1", "find-2"], await IdsAsync("?q=PUMP"));
        Assert.Equal(["find-1"], await IdsAsync("?q=one&group=found"));
        Assert.Equal(["find-2"], await IdsAsync("?group=found&codec=modbus-rtu&state=online"));
        Assert.Empty(await IdsAsync("?q=pump&group=lost"));
        var page = (await gateway.GetAsync("/api/v1/dtus?q=pump&limit=1")).Json;
        Assert.Equal(["find-2"], await IdsAsync($"?q=pump&limit=1&after={page.GetProperty("next").GetString()}"));
    }

    [Fact]
    public async Task The_fleet_is_told_in_numbers()
    {
        await gateway.PutAsync("/api/v1/dtus/count-1", """{"groups":["counted"]}""");
        await using var dtu = await gateway.OnlineAsync("count-2");
        var fleet = (await gateway.GetAsync("/api/v1/fleet")).Json;
        Assert.True(fleet.GetProperty("online").GetInt32() >= 1);
        Assert.True(fleet.GetProperty("offline").GetInt32() >= 1);
        Assert.Equal(0, fleet.GetProperty("conflict").GetInt32());
        Assert.Contains("counted", fleet.GetProperty("groups").EnumerateArray().Select(group => group.GetString()));
        Assert.Contains("raw", fleet.GetProperty("codecs").EnumerateArray().Select(codec => codec.GetString()));
        Assert.True(fleet.TryGetProperty("framesUp", out _) && fleet.TryGetProperty("bytesDown", out _));
    }

    private async Task<string[]> IdsAsync(string query) =>
        [.. (await gateway.GetAsync("/api/v1/dtus" + query)).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];
}

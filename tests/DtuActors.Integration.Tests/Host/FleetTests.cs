using System.Text.Json;
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

    [Fact]
    public async Task A_session_that_was_kicked_says_so_in_its_chain_of_evidence()
    {
        await using (var dtu = await gateway.OnlineAsync("told-1"))
        {
            await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=told-1");
            await gateway.DeleteAsync("/api/v1/dtus/told-1/connection");
            await dtu.ClosedAsync();
            await events.NextAsync("offline");
        }

        await using var again = await gateway.OnlineAsync("told-1");
        var sessions = (await gateway.GetAsync("/api/v1/dtus/told-1/sessions")).Json.GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal(2, sessions.Length);
        Assert.Equal(JsonValueKind.Null, sessions[0].GetProperty("reason").ValueKind);
        Assert.Equal("kicked", sessions[1].GetProperty("reason").GetString());
        var kinds = sessions[1].GetProperty("evidence").EnumerateArray().Select(evidence => evidence.GetProperty("kind").GetString()).ToArray();
        Assert.Equal(("connected", "registered", "kicked"), (kinds[0], kinds[1], kinds[^1]));
        Assert.Equal((404, "no-such-dtu"), await ProblemAsync("/api/v1/dtus/nobody/sessions"));
    }

    [Fact]
    public async Task The_one_node_tells_how_it_stands()
    {
        var node = Assert.Single((await gateway.GetAsync("/api/v1/nodes")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal(("single", "up", JsonValueKind.Null), (node.GetProperty("kind").GetString(), node.GetProperty("state").GetString(), node.GetProperty("lastError").ValueKind));
        Assert.True(node.GetProperty("memoryBytes").GetInt64() > 1_000_000 && node.GetProperty("processorSeconds").GetDouble() > 0 && node.GetProperty("uptimeSeconds").GetDouble() > 0);
        Assert.StartsWith(".NET 10", node.GetProperty("dotnet").GetString(), StringComparison.Ordinal);
        Assert.All((string[])["name", "version", "os"], word => Assert.NotEmpty(node.GetProperty(word).GetString()!));
    }

    private async Task<(int Status, string? Type)> ProblemAsync(string path)
    {
        var answer = await gateway.GetAsync(path);
        return (answer.Status, answer.Type);
    }

    private async Task<string[]> IdsAsync(string query) =>
        [.. (await gateway.GetAsync("/api/v1/dtus" + query)).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];
}

using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Integration.Tests.Host;

/// <summary>Commands over HTTP: what became of them, taking them back, and sending to groups.</summary>
public sealed class CommandsApiTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task A_send_is_told_state_by_state_and_then_listed()
    {
        await using var dtu = await gateway.OnlineAsync("cmd-1");
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=cmd-1");
        var id = Text((await gateway.PostAsync("/api/v1/dtus/cmd-1/send", """{"hex":"01 02"}""")).Json, "commandId");
        foreach (var state in (string[])["queued", "sent", "delivered"])
        {
            var told = await events.NextAsync("command");
            Assert.Equal((id, state), (Text(told, "commandId"), Text(told, "state")));
        }

        var command = Assert.Single(await CommandsAsync("cmd-1"));
        Assert.Equal((id, "delivered", "api", "0102", 2), (Text(command, "id"), Text(command, "state"), Text(command, "source"), Text(command, "hex"), command.GetProperty("bytes").GetInt32()));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (command.GetProperty("by").ValueKind, command.GetProperty("reason").ValueKind));
        Assert.False(command.TryGetProperty("answer", out _));
        Assert.True(command.GetProperty("changedAt").GetDateTime() >= command.GetProperty("at").GetDateTime());
    }

    [Fact]
    public async Task A_command_that_waits_for_the_bus_is_withdrawn_once_and_never_written()
    {
        await using var dtu = await gateway.OnlineAsync("cmd-2");
        var asked = gateway.PostAsync("/api/v1/dtus/cmd-2/request", """{"hex":"AA"}""");
        Assert.Equal([0xAA], await dtu.ReadAsync(1));
        var waiting = (await gateway.PostAsync("/api/v1/dtus/cmd-2/send", """{"hex":"BB"}""")).Json;
        Assert.Equal("queued", Text(waiting, "state"));
        var path = $"/api/v1/dtus/cmd-2/commands/{Text(waiting, "commandId")}";
        Assert.Equal(204, (await gateway.DeleteAsync(path)).Status);
        Assert.Equal(["withdrawn", "sent"], (await CommandsAsync("cmd-2")).Select(command => Text(command, "state")));
        var again = await gateway.DeleteAsync(path);
        Assert.Equal((409, "not-withdrawn"), (again.Status, again.Type));
        var unknown = await gateway.DeleteAsync("/api/v1/dtus/cmd-2/commands/nothing");
        Assert.Equal((404, "no-such-command"), (unknown.Status, unknown.Type));

        await dtu.SendAsync([0xCC]);
        Assert.Equal(200, (await asked).Status);
        await gateway.PostAsync("/api/v1/dtus/cmd-2/send", """{"hex":"DD"}""");
        Assert.Equal([0xDD], await dtu.ReadAsync(1));
        var states = await CommandsAsync("cmd-2");
        Assert.Equal(["delivered", "withdrawn", "answered"], states.Select(command => Text(command, "state")));
        Assert.Equal("CC", Text(states[2], "answer"));
    }

    [Fact]
    public async Task A_send_in_request_response_mode_is_sent_and_then_answered()
    {
        await using var dtu = await gateway.OnlineAsync("cmd-3", "polled");
        var sent = gateway.PostAsync("/api/v1/dtus/cmd-3/send", """{"hex":"010300000001","crc":"modbus"}""");
        await dtu.ReadAsync(8);
        Assert.Equal("sent", Text((await sent).Json, "state"));
        var answer = ModbusRtu.Build(1, [3, 2, 0, 7]);
        await dtu.SendAsync(answer);
        JsonElement command = default;
        await RunningGateway.UntilAsync(async () => Text(command = (await CommandsAsync("cmd-3"))[0], "state") == "answered");
        Assert.Equal(Convert.ToHexString(answer), Text(command, "answer"));
    }

    [Fact]
    public async Task Commands_of_a_DTU_that_nobody_knows_are_404()
    {
        var answer = await gateway.GetAsync("/api/v1/dtus/cmd-nobody/commands");
        Assert.Equal((404, "no-such-dtu"), (answer.Status, answer.Type));
    }

    [Theory]
    [InlineData("crew")]
    [InlineData("泵 1")]
    public async Task A_group_gets_it_member_by_member_and_who_is_offline_reads_failed(string group)
    {
        var (here, gone) = ($"{group}-1", $"{group}-2");
        var groups = JsonSerializer.Serialize(new { groups = (string[])[group] });
        foreach (var id in (string[])[$"tenant-a/{here}", gone])
        {
            Assert.True((await gateway.PutAsync($"/api/v1/dtus/{Uri.EscapeDataString(id)}", groups)).Status is 200 or 201);
        }

        await using var dtu = await gateway.OnlineAsync(here, "tenant", "tenant-a/");
        var path = $"/api/v1/groups/{Uri.EscapeDataString(group)}/send";
        var impossible = await gateway.PostAsync(path, """{"text":"水","encoding":"ascii"}""");
        Assert.Equal((400, "text"), (impossible.Status, impossible.Type));

        var answer = await gateway.PostAsync(path, """{"text":"水"}""");
        Assert.Equal(202, answer.Status);
        var rows = answer.Json.GetProperty("items").EnumerateArray().ToDictionary(row => Text(row, "dtu"));
        Assert.Equal(2, rows.Count);
        Assert.Equal("delivered", Text(rows[$"tenant-a/{here}"], "state"));
        Assert.Equal("E6B0B4", Convert.ToHexString(await dtu.ReadAsync(3)));
        Assert.Equal(("failed", "offline"), (Text(rows[gone], "state"), Text(rows[gone], "reason")));
        var listed = Assert.Single(await CommandsAsync(gone));
        Assert.Equal((Text(rows[gone], "commandId"), "failed"), (Text(listed, "id"), Text(listed, "state")));
    }

    [Fact]
    public async Task A_groups_text_goes_out_in_each_members_own_encoding()
    {
        await gateway.PutAsync("/api/v1/dtus/mixed-1", """{"groups":["mixed"]}""");
        await gateway.PutAsync("/api/v1/dtus/tenant-a%2Fmixed-2", """{"groups":["mixed"]}""");
        await using var first = await gateway.OnlineAsync("mixed-1");
        await using var second = await gateway.OnlineAsync("mixed-2", "tenant", "tenant-a/");
        Assert.Equal(202, (await gateway.PostAsync("/api/v1/groups/mixed/send", """{"text":"水"}""")).Status);
        Assert.Equal("CBAE", Convert.ToHexString(await first.ReadAsync(2)));
        Assert.Equal("E6B0B4", Convert.ToHexString(await second.ReadAsync(3)));
    }

    [Fact]
    public async Task Send_takes_a_group_in_place_of_an_id_and_prints_a_row_per_member()
    {
        await gateway.PutAsync("/api/v1/dtus/cli-g1", """{"groups":["cli-crew"]}""");
        await using var dtu = await gateway.OnlineAsync("cli-g1");
        var sent = await HostProcess.CommandAsync(["send", "--group", "cli-crew", "--hex", "0A", "--url", gateway.Host.Url]);
        Assert.Equal(0, sent.ExitCode);
        Assert.Contains("cli-g1\tdelivered\t", sent.Output, StringComparison.Ordinal);
        Assert.Equal([0x0A], await dtu.ReadAsync(1));
        await gateway.PutAsync("/api/v1/dtus/cli-g2", """{"groups":["cli-crew"]}""");
        Assert.Equal(1, (await HostProcess.CommandAsync(["send", "--group", "cli-crew", "--hex", "0A", "--url", gateway.Host.Url])).ExitCode);
        var both = await HostProcess.CommandAsync(["send", "cli-g1", "--group", "cli-crew", "--hex", "0A"]);
        Assert.Equal(2, both.ExitCode);
        Assert.Contains("exactly one of ID and --group", both.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await HostProcess.CommandAsync(["send", "--hex", "0A"])).ExitCode);
    }

    private async Task<JsonElement[]> CommandsAsync(string id) =>
        [.. (await gateway.GetAsync($"/api/v1/dtus/{Uri.EscapeDataString(id)}/commands")).Json.GetProperty("items").EnumerateArray()];

    private static string Text(JsonElement item, string name) => item.GetProperty(name).GetString() ?? "";
}

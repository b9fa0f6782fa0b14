using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Host;

/// <summary>A gateway whose windows for conflicts are so long that no slow machine leaves them, and whose quiet DTUs are soon silent.</summary>
public sealed class PresenceFixture : GatewayFixture
{
    protected override string Configuration => """
        dtu {
          listeners {
            main { transport = tcp, address = "127.0.0.1", port = 0 }
            first { transport = tcp, address = "127.0.0.1", port = 0, profile = first }
            quiet { transport = tcp, address = "127.0.0.1", port = 0, profile = quiet }
            sleepy { transport = tcp, address = "127.0.0.1", port = 0, profile = sleepy }
          }
          profiles {
            default { duplicates { within = 1h } }
            first { duplicates { policy = hold-first } }
            quiet { heartbeat { timeout = 1s } }
            sleepy { heartbeat { expected-every = 1h } }
          }
          http { address = "127.0.0.1", port = 0 }
        }
        """;
}

/// <summary>Who is online, by real sockets that end in every way.</summary>
public sealed class PresenceTests(PresenceFixture gateway) : IClassFixture<PresenceFixture>
{
    [Fact]
    public async Task Twins_behind_one_address_are_a_conflict_and_both_are_shown()
    {
        var (holder, other) = await ConflictAsync("twin-1", "main");
        await using var last = holder;
        var dtu = await UntilAsync("twin-1", dtu => Text(dtu, "state") == "conflict");
        Assert.Equal((holder.Address, other), (Text(dtu, "remote"), Text(dtu, "conflictWith")));
        Assert.Contains(other, Text(dtu, "lastError"), StringComparison.Ordinal);
        Assert.Contains("twin-1", await IdsAsync("online"));
        Assert.Contains("twin-1", await IdsAsync("conflict"));
        Assert.DoesNotContain("twin-1", await IdsAsync("offline"));
        Assert.Contains("twin-1\tconflict", await ListAsync("conflict"), StringComparison.Ordinal);
        Assert.Contains("dtu_conflicts", await gateway.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);

        // The next one waits, and is shown; the holder is not disturbed meanwhile.
        await using var waiting = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), "twin-1");
        dtu = await UntilAsync("twin-1", dtu => Text(dtu, "conflictWith") == waiting.Address);
        Assert.Equal(holder.Address, Text(dtu, "remote"));

        // It is let in where the holder goes.
        await holder.DisposeAsync();
        await UntilAsync("twin-1", dtu => Text(dtu, "remote") == waiting.Address);
    }

    [Fact]
    public async Task Under_hold_first_the_holder_of_a_contested_id_stays_and_the_newcomer_is_refused()
    {
        var (holder, _) = await ConflictAsync("twin-2", "first");
        await using var last = holder;
        await UntilAsync("twin-2", dtu => Text(dtu, "state") == "conflict");
        await using var newcomer = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("first"), "twin-2");
        await newcomer.ClosedAsync();
        var unknown = (await gateway.GetAsync("/api/v1/unknown")).Json.GetProperty("items").EnumerateArray();
        Assert.Contains(unknown, item => Text(item, "reason") == "conflict" && Text(item, "remote") == newcomer.Address);
        var dtu = await UntilAsync("twin-2", dtu => Text(dtu, "conflictWith") == newcomer.Address);
        Assert.Equal(holder.Address, Text(dtu, "remote"));
    }

    [Fact]
    public async Task A_link_that_flaps_and_leaves_its_old_sockets_half_open_is_no_conflict()
    {
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=flap-1");
        var sockets = new List<DtuClient>();
        try
        {
            for (var i = 0; i < 7; i++)
            {
                sockets.Add(await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), "flap-1"));
                await events.NextAsync("online");
                await sockets[^1].SendAsync("a reading, a moment before the link breaks"u8.ToArray());
                await events.NextAsync("frame");
            }

            // The last of the old sockets has been given up.
            var dtu = await UntilAsync("flap-1", dtu => Text(dtu, "endError").Contains(sockets[^1].Address, StringComparison.Ordinal));
            Assert.Equal(("online", 6, "replaced"), (Text(dtu, "state"), dtu.GetProperty("reconnects").GetInt32(), Text(dtu, "endReason")));
            Assert.Equal(sockets[^1].Address, Text(dtu, "remote"));
        }
        finally
        {
            foreach (var socket in sockets)
            {
                await socket.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_ghost_that_closes_after_its_DTU_is_back_takes_nothing_down_and_events_stay_in_order()
    {
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=ghost-1");
        var ghost = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), "ghost-1");
        Assert.Equal(ghost.Address, Text(await events.NextAsync("online"), "remote"));
        await using var dtu = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), "ghost-1");
        var offline = await events.NextAsync("offline");
        Assert.Equal(("replaced", ghost.Address), (Text(offline, "reason"), Text(offline, "remote")));
        Assert.Equal(dtu.Address, Text(await events.NextAsync("online"), "remote"));

        var end = ghost.Address;
        await ghost.DisposeAsync();
        var shown = await UntilAsync("ghost-1", shown => Text(shown, "endReason") == "replaced");
        Assert.Equal(("online", dtu.Address), (Text(shown, "state"), Text(shown, "remote")));
        Assert.NotEqual(end, Text(shown, "remote"));
        Assert.Equal(202, (await gateway.PostAsync("/api/v1/dtus/ghost-1/send", """{"hex":"AA"}""")).Status);
        Assert.Equal([0xAA], await dtu.ReadAsync(1));
    }

    [Fact]
    public async Task A_socket_that_goes_quiet_reads_offline_as_silent_and_the_reason_stays_when_it_is_back()
    {
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=quiet-1");
        await using var dtu = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("quiet"), "quiet-1");
        Assert.Equal("silent", Text(await events.NextAsync("offline"), "reason"));
        var offline = await UntilAsync("quiet-1", shown => Text(shown, "state") == "offline");
        Assert.StartsWith("silent: no byte for", Text(offline, "lastError"), StringComparison.Ordinal);

        // Another profile's listener, that it stays.
        await using var again = await DtuClient.RegisterAsync(gateway.Host.EndPointOf("main"), "quiet-1");
        var online = await UntilAsync("quiet-1", shown => Text(shown, "state") == "online");
        Assert.Equal(("silent", 1), (Text(online, "endReason"), online.GetProperty("reconnects").GetInt32()));
        Assert.StartsWith("no byte for", Text(online, "endError"), StringComparison.Ordinal);
        Assert.NotEqual(JsonValueKind.Null, online.GetProperty("endedAt").ValueKind);
        Assert.True(online.GetProperty("firstSeenAt").GetDateTime() <= online.GetProperty("endedAt").GetDateTime());
    }

    [SkippableFact]
    public async Task A_process_that_is_stopped_reads_offline_as_silent_and_comes_back_when_it_goes_on()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "SIGSTOP by its number on Linux");
        await using var events = await EventReader.OpenAsync(gateway.Http, "/api/v1/events?dtu=frozen-0001");
        await using var process = HostProcess.Start(["simulate", "--connect", gateway.Host.AddressOf("quiet"), "--count", "1", "--id-prefix", "frozen-"]);
        await events.NextAsync("online");
        process.Freeze();
        Assert.Equal("silent", Text(await events.NextAsync("offline"), "reason"));
        process.Thaw();
        await events.NextAsync("online");
    }

    [Fact]
    public async Task A_DTU_that_is_expected_back_sleeps()
    {
        await using (await gateway.OnlineAsync("sleepy-1", "sleepy"))
        {
        }

        await UntilAsync("sleepy-1", dtu => Text(dtu, "state") == "sleeping");
        Assert.Contains("sleepy-1", await IdsAsync("sleeping"));
        Assert.DoesNotContain("sleepy-1", await IdsAsync("offline"));
        Assert.Contains("sleepy-1\tsleeping", await ListAsync("sleeping"), StringComparison.Ordinal);
    }

    /// <summary>Two live devices that close when they are closed and come back at once, until three takeovers are done: the holder, and the other's last address.</summary>
    private async Task<(DtuClient Holder, string Other)> ConflictAsync(string id, string listener)
    {
        await using var events = await EventReader.OpenAsync(gateway.Http, $"/api/v1/events?dtu={id}");
        var holder = await DtuClient.RegisterAsync(gateway.Host.EndPointOf(listener), id);
        await events.NextAsync("online");
        var other = "";
        for (var i = 0; i < 3; i++)
        {
            var next = await DtuClient.RegisterAsync(gateway.Host.EndPointOf(listener), id);
            await events.NextAsync("online");
            other = holder.Address;
            await holder.ClosedAsync();
            await holder.DisposeAsync();
            holder = next;
        }

        return (holder, other);
    }

    private async Task<JsonElement> UntilAsync(string id, Predicate<JsonElement> fits)
    {
        JsonElement shown = default;
        await RunningGateway.UntilAsync(async () =>
        {
            var answer = await gateway.GetAsync($"/api/v1/dtus/{id}");
            shown = answer.Json;
            return answer.Status == 200 && fits(shown);
        });
        return shown;
    }

    private async Task<string[]> IdsAsync(string state) =>
        [.. (await gateway.GetAsync($"/api/v1/dtus?state={state}")).Json.GetProperty("items").EnumerateArray().Select(item => Text(item, "id"))];

    private async Task<string> ListAsync(string state) =>
        (await HostProcess.CommandAsync(["ls", "--state", state, "--url", gateway.Host.Url])).Output;

    private static string Text(JsonElement item, string name) => item.GetProperty(name).GetString() ?? "";
}

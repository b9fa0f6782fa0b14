using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;
using DtuActors.Integration.Tests.Storage;
using Xunit.Abstractions;

namespace DtuActors.Integration.Tests.Cluster;

/// <summary>Each node is stopped and started again, one after the other, while commands come: what a machine's patch day looks like.</summary>
[Collection(OnClusters.Name)]
public sealed class RollingRestartTests(PostgresServer server, ITestOutputHelper output) : IClassFixture<PostgresServer>
{
    private const int Dtus = 30;

    // A gateway remembers the last 50 that ended of each DTU; all are looked at in the end.
    private const int MostPerDtu = 45;

    [SkippableFact]
    public async Task Nodes_that_restart_one_after_the_other_lose_no_command_that_was_accepted_and_break_no_link_but_their_own()
    {
        Skip.If(OperatingSystem.IsWindows(), "signals");
        await using var cluster = await ClusterOf.StartAsync(3, new ClusterWishes
        {
            Shared = DtuCrowd.Profile, Storage = $"provider = postgresql, connection = \"{await server.CreateDatabaseAsync()}\"",
        });
        await using var crowd = new DtuCrowd(DtuCrowd.Names(Dtus), () => cluster.Listeners);
        await cluster.OnlineAsync(crowd.Ids);
        var links = crowd.Ids.ToDictionary(id => id, _ => 1);
        using var over = new CancellationTokenSource();
        var sending = Task.WhenAll(crowd.Ids.Select((id, number) => SendOnAsync(cluster, id, number, over.Token)));
        foreach (var node in cluster.Names)
        {
            foreach (var id in await cluster.SessionsOnAsync(node))
            {
                links[id]++;
            }

            Assert.Equal(0, await cluster.StopAsync(node));
            await cluster.OnlineAsync(crowd.Ids);
            await cluster.StartNodeAsync(node);
        }

        await over.CancelAsync();
        var accepted = (await sending).SelectMany(one => one).ToList();
        output.WriteLine($"{accepted.Count} commands were accepted");
        Assert.NotEmpty(accepted);
        Assert.All(crowd.Ids, id => Assert.True(crowd.ConnectsOf(id) == links[id], $"{id} dialled {crowd.ConnectsOf(id)} times, {links[id]} were due"));

        // Each has one end, on whichever node it is asked for; whoever was answered was written, and once only where nobody said that it may be again.
        var ends = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (id, commands) in accepted.GroupBy(command => command.Dtu).Select(group => (group.Key, group.ToList())))
        {
            Dictionary<string, JsonElement> told = [];
            await RunningGateway.UntilAsync(async () =>
            {
                // A node that has just come back may have to say for a moment that it can't read them.
                var answer = await cluster.GetAsync("b", $"/api/v1/dtus/{id}/commands");
                told = answer.Status == 200 ? answer.Json.GetProperty("items").EnumerateArray().ToDictionary(item => item.GetProperty("id").GetString()!) : [];
                return answer.Status == 200 && told.Values.All(item => item.GetProperty("state").GetString() is not ("queued" or "sent"));
            });
            var heard = crowd.HeardBy(id).CountBy(text => text).ToDictionary();
            foreach (var command in commands)
            {
                Assert.True(told.TryGetValue(command.Id, out var end), $"{command} is lost\n{cluster.Logs}");
                var (state, reason, times) = (end.GetProperty("state").GetString()!, end.GetProperty("reason").GetString(), heard.GetValueOrDefault(command.Text));
                var key = reason is null ? state : $"{state} ({reason})";
                ends[key] = ends.GetValueOrDefault(key) + 1;
                Assert.True(
                    command.MayRepeat ? state == "answered" && times >= 1 : (state == "answered" && times == 1) || (state == "failed" && times <= 1),
                    $"{command}: {key}, heard {times} times\n{cluster.Logs}");
            }
        }

        output.WriteLine(string.Join(", ", ends.Select(end => $"{end.Key}: {end.Value}")));
    }

    /// <summary>Sends a DTU one command after the other, through whichever node takes it, until it is told to stop; those that were accepted.</summary>
    private static async Task<List<Accepted>> SendOnAsync(ClusterOf cluster, string id, int number, CancellationToken over)
    {
        var accepted = new List<Accepted>();
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(2.5));
        for (var turn = number; !over.IsCancellationRequested && accepted.Count < MostPerDtu; turn++)
        {
            var running = cluster.Running;
            var (node, text, repeats) = (running[turn % running.Length], $"{id}/{turn}", turn % 2 == 0);
            try
            {
                var answer = await cluster.PostAsync(
                    node, $"/api/v1/dtus/{id}/send", $$"""{"hex":"{{Convert.ToHexString(DtuCrowd.Frame(text))}}","ttl":"1h","retry":"{{(repeats ? "always" : "never")}}"}""");
                if (answer.Status == 202)
                {
                    accepted.Add(new Accepted(id, answer.Json.GetProperty("commandId").GetString()!, text, repeats));
                }
            }
            catch (Exception gone) when (gone is HttpRequestException or IOException or InvalidOperationException or KeyNotFoundException or OperationCanceledException)
            {
                // The node stops: whether it took it nobody said.
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        return accepted;
    }

    private sealed record Accepted(string Dtu, string Id, string Text, bool MayRepeat);
}

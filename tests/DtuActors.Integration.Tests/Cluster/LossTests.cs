using System.Diagnostics;
using System.Globalization;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;
using Xunit.Abstractions;

namespace DtuActors.Integration.Tests.Cluster;

/// <summary>A node is lost, or only seems to be: its DTUs go on elsewhere, and none is in two places.</summary>
[Collection(OnClusters.Name)]
public sealed class LossTests(ITestOutputHelper output)
{
    /// <summary>How many DTUs.</summary>
    private const string Variable = "DTU_CLUSTER_DTUS";

    private static int Dtus => int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out var count) ? count : 300;

    // A node is silent for 5 s until it counts as unreachable, and stays it for stable-after (8 s) until it is given up; its shards begin elsewhere then. The contract leaves 45 s.
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(45);

    private static readonly ClusterWishes Wishes = new() { Shared = DtuCrowd.Profile };

    [SkippableFact]
    public async Task DTUs_of_a_killed_node_are_online_elsewhere_and_answer_through_every_node_and_no_request_is_answered_by_another()
    {
        Skip.If(OperatingSystem.IsWindows(), "signals");
        await using var cluster = await ClusterOf.StartAsync(3, Wishes);
        await using var crowd = new DtuCrowd(DtuCrowd.Names(Dtus), () => cluster.Listeners);
        await cluster.OnlineAsync(crowd.Ids);
        var lost = await cluster.SessionsOnAsync("b");
        var kept = crowd.Ids.Except(lost).ToArray();
        Assert.NotEmpty(lost);

        // Requests to the others' DTUs go on all the while; who asks them is told no, or the right thing.
        using var asking = new CancellationTokenSource();
        var beside = Task.WhenAll(AskOnAsync(cluster, "a", kept, asking.Token), AskOnAsync(cluster, "c", kept, asking.Token));
        var clock = Stopwatch.StartNew();
        await cluster.KillAsync("b");
        foreach (var node in (string[])["a", "c"])
        {
            await Requests.EachAnswersAsync(cluster, node, lost);
        }

        var whole = clock.Elapsed;
        await asking.CancelAsync();
        var asked = await beside;
        output.WriteLine($"{Dtus} DTUs, {lost.Count} of them lost their node: each answers through both others {whole.TotalSeconds:f1} s after the kill");
        output.WriteLine($"meanwhile {asked.Sum(one => one.Answered)} requests to {kept.Length} others were answered, {asked.Sum(one => one.Refused)} refused, the last refusal {asked.Max(one => one.LastRefusal).TotalSeconds:f1} s after the kill; {string.Join(", ", asked.SelectMany(one => one.Reasons).Distinct())}");
        Assert.True(whole < Within, $"it took {whole}\n{cluster.Logs}");
        foreach (var id in lost)
        {
            Assert.Equal(2, crowd.ConnectsOf(id));
        }

        var sessions = await cluster.SessionsAsync();
        Assert.All(crowd.Ids, id => Assert.Single(sessions[id]));

        // Whoever kept its node kept its link.
        Assert.All(kept, id => Assert.Equal(1, crowd.ConnectsOf(id)));
    }

    [SkippableFact]
    public async Task A_node_that_slept_for_ten_seconds_leaves_no_DTU_with_two_sessions_and_no_endpoint_with_two_owners()
    {
        Skip.If(OperatingSystem.IsWindows(), "signals");
        await using var cluster = await ClusterOf.StartAsync(3, Wishes with
        {
            Shared = DtuCrowd.Profile + "\nendpoints { once { kind = tcp, address = \"127.0.0.1\", port = 0, on = one } }",
        });
        await using var crowd = new DtuCrowd(DtuCrowd.Names(Dtus), () => cluster.Listeners);
        await cluster.OnlineAsync(crowd.Ids);
        var owner = Assert.Single(cluster.Names, node => Owns(cluster, node));
        cluster.Node(owner).Freeze();
        using (var timer = new PeriodicTimer(TimeSpan.FromSeconds(10)))
        {
            await timer.WaitForNextTickAsync();
        }

        cluster.Node(owner).Thaw();
        await cluster.OnlineAsync(crowd.Ids);
        var sessions = await cluster.SessionsAsync();
        Assert.All(crowd.Ids, id => Assert.Single(sessions[id]));
        Assert.Equal(Dtus, (await Task.WhenAll(cluster.Running.Select(cluster.ConnectionsAsync))).Sum());
        var states = await Task.WhenAll(cluster.Running.Select(async node => (Node: node, State: await cluster.EndpointStateAsync(node, "once"))));
        output.WriteLine($"owner {owner}; {string.Join(", ", states.Select(state => $"{state.Node}: {state.State}"))}");
        foreach (var node in cluster.Running)
        {
            await Requests.EachAnswersAsync(cluster, node, crowd.Ids);
        }

        static bool Owns(ClusterOf cluster, string node) => cluster.Node(node).Output.Any(line => line.StartsWith("listening once ", StringComparison.Ordinal));
    }

    /// <summary>Asks some DTU after the other until it is told to stop; a wrong answer fails.</summary>
    private static async Task<Asked> AskOnAsync(ClusterOf cluster, string node, string[] ids, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var asked = new Asked();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var id = ids[number % ids.Length];
            var answer = await Requests.AskAsync(cluster, node, id, $"{id}/{node}/beside/{number}");
            if (answer.Status == 200)
            {
                asked.Answered++;
            }
            else
            {
                asked.Refused++;
                asked.Reasons.Add($"{answer.Status} {answer.Type}");
                asked.LastRefusal = clock.Elapsed;
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        return asked;
    }

    private sealed class Asked
    {
        public int Answered { get; set; }

        public int Refused { get; set; }

        public TimeSpan LastRefusal { get; set; }

        public HashSet<string> Reasons { get; } = [];
    }
}

using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;
using Xunit.Abstractions;

namespace DtuActors.Integration.Tests.Cluster;

/// <summary>A network that falls in two: the smaller part ends itself, the larger one serves, and nobody has to be told afterwards.</summary>
[Collection(OnClusters.Name)]
public sealed class PartitionTests(ITestOutputHelper output)
{
    private const int Dtus = 60;

    [Fact]
    public async Task A_node_that_is_cut_off_ends_itself_and_the_others_serve_its_DTUs_until_it_is_started_again()
    {
        await using var cluster = await ClusterOf.StartAsync(3, new ClusterWishes { Shared = DtuCrowd.Profile, Links = true });
        await using var crowd = new DtuCrowd(DtuCrowd.Names(Dtus), () => cluster.Listeners);
        await cluster.OnlineAsync(crowd.Ids);
        var kept = (await cluster.SessionsOnAsync("a")).Concat(await cluster.SessionsOnAsync("b")).ToArray();
        cluster.Links!.CutOff("c");

        var cut = cluster.Node("c");
        Assert.NotEqual(0, await cluster.EndAsync("c"));
        Assert.Contains("out of the cluster: ", cut.Errors, StringComparison.Ordinal);
        output.WriteLine(cut.Errors.Split('\n').First(line => line.Contains("out of the cluster: ", StringComparison.Ordinal)));
        await cluster.OnlineAsync(crowd.Ids);
        await Requests.EachAnswersAsync(cluster, "a", crowd.Ids);
        await Requests.EachAnswersAsync(cluster, "b", crowd.Ids);
        Assert.All(kept, id => Assert.Equal(1, crowd.ConnectsOf(id)));

        cluster.Links.Heal();
        await cluster.StartNodeAsync("c");
        await using var late = await DtuClient.RegisterAsync(cluster.Node("c").EndPointOf("main"), "late");
        await RunningGateway.UntilAsync(async () => (await cluster.SessionsOnAsync("c")).Contains("late"));
        await Requests.EachAnswersAsync(cluster, "c", crowd.Ids);
        var asked = Requests.AskAsync(cluster, "a", "late", "over the healed line");
        await late.ReadAsync(DtuCrowd.Frame("over the healed line").Length);
        await late.SendAsync(DtuCrowd.AnswerOf("late", "over the healed line"));
        Assert.Equal(200, (await asked).Status);
    }
}

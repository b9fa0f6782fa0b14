using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Cluster;

/// <summary>Requests whose answer only the right DTU can give.</summary>
internal static class Requests
{
    /// <summary>Asks a DTU of a <see cref="DtuCrowd"/> through a node; an answer of another DTU, or to another question, fails.</summary>
    public static async Task<Answer> AskAsync(ClusterOf cluster, string node, string id, string text)
    {
        var answer = await cluster.PostAsync(node, $"/api/v1/dtus/{id}/request", $$"""{"hex":"{{Convert.ToHexString(DtuCrowd.Frame(text))}}"}""");
        if (answer.Status == 200)
        {
            var hex = answer.Json.GetProperty("hex").GetString()!.Replace(" ", "", StringComparison.Ordinal);
            Assert.Equal(Convert.ToHexString(DtuCrowd.AnswerOf(id, text)), hex, ignoreCase: true);
        }

        return answer;
    }

    /// <summary>Asks each DTU through that node until it answers.</summary>
    public static Task EachAnswersAsync(ClusterOf cluster, string node, IReadOnlyCollection<string> ids) =>
        Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (id, ct) =>
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(HostProcess.Patience);
            using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
            for (var number = 0; (await AskAsync(cluster, node, id, $"{id}/{node}/{number}")).Status != 200; number++)
            {
                await again.WaitForNextTickAsync(patience.Token);
            }
        });
}

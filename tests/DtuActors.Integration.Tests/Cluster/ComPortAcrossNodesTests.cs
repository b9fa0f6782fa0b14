using System.Globalization;
using DtuActors.Integration.Tests.MainJob;
using DtuActors.Simulator;

namespace DtuActors.Integration.Tests.Cluster;

/// <summary>The COM port is where the cable is, the DTU where the balancer put it.</summary>
[Collection(OnClusters.Name)]
public sealed class ComPortAcrossNodesTests
{
    private const int Reads = 1000;

    [SkippableFact]
    public async Task A_thousand_reads_of_mbpoll_at_a_COM_port_of_one_node_are_answered_by_a_DTU_on_another()
    {
        Tools.Need("mbpoll");
        await using var cluster = await ClusterOf.StartAsync(2, new ClusterWishes
        {
            Shared = """
                profiles { default { framing { codec = modbus-rtu }, bus { mode = request-response, response-timeout = 5s } } }
                endpoints { com { kind = pty, link = "com", on = "a", framing { codec = modbus-rtu } } }
                routes = [{ dtu = pump-0001, to = com }]
                """,
        });
        await using var fleet = new SimulatedFleet(new SimulatedFleetOptions { Port = cluster.Node("b").EndPointOf("main").Port, IdPrefix = "pump-" });
        using var stop = new CancellationTokenSource();
        var run = fleet.RunAsync(stop.Token);
        await cluster.OnlineAsync(["pump-0001"]);
        Assert.Equal(["pump-0001"], await cluster.SessionsOnAsync("b"));
        await RunningGateway.UntilAsync(async () => await cluster.EndpointStateAsync("a", "com") == "up");

        // One reads every 10 ms until it is told to stop; the first of them show that the way stands.
        var port = Path.Combine(cluster.Node("a").Folder, "com");
        using var mbpoll = Tools.Start("mbpoll", "-m", "rtu", "-b", "115200", "-P", "none", "-a", "1", "-t", "4", "-r", "1", "-c", "2", "-o", "10", "-l", "10", port);
        var errors = mbpoll.StandardError.ReadToEndAsync();
        var reads = 0;
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (reads < Reads && await mbpoll.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                if (line.StartsWith("[1]:", StringComparison.Ordinal))
                {
                    Assert.InRange(int.Parse(line[4..], CultureInfo.InvariantCulture), 170, 270);
                    reads++;
                }
            }
        }
        finally
        {
            mbpoll.Kill();
        }

        Assert.True(reads == Reads, $"{reads} reads\n{await errors}\n{cluster.Logs}");
        Assert.DoesNotContain("failed", await errors, StringComparison.Ordinal);
        await stop.CancelAsync();
        await run;
    }
}

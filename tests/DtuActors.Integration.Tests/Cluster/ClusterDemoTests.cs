using System.Diagnostics;
using System.Globalization;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;

namespace DtuActors.Integration.Tests.Cluster;

/// <summary><c>dtu cluster-demo</c>: what it prints works, and nothing of it is left.</summary>
[Collection(OnClusters.Name)]
public sealed class ClusterDemoTests
{
    [SkippableFact]
    public async Task A_DTU_of_the_demo_answers_through_every_node_before_and_after_one_of_them_is_killed_and_nothing_is_left_in_the_end()
    {
        Skip.If(OperatingSystem.IsWindows(), "signals");
        await using var demo = HostProcess.Start(["cluster-demo", "--nodes", "3", "--dtus", "6"]);
        await demo.LineAsync(line => line == "Ctrl-C stops all of it.");
        var nodes = demo.Output.Select(line => line.Split('\t')).Where(row => row is [{ Length: 1 }, _, _, _, _, _]).ToArray();
        Assert.Equal(["a", "b", "c"], nodes.Select(node => node[0]));
        var ask = demo.Output.Single(line => line.Contains(" request ", StringComparison.Ordinal));
        foreach (var node in nodes)
        {
            Assert.Equal(0, (await AskAsync(node[2])).ExitCode);
        }

        var kill = demo.Output.Single(line => line.Contains("kill -9 ", StringComparison.Ordinal)).Split('#')[0].Trim().Split(' ');
        Assert.Equal(nodes[2][1], kill[2]);
        using (var process = Process.GetProcessById(int.Parse(kill[2], CultureInfo.InvariantCulture)))
        {
            process.Kill();
        }

        await demo.LineAsync(line => line.StartsWith("node c has ended", StringComparison.Ordinal));
        foreach (var node in nodes[..2])
        {
            await RunningGateway.UntilAsync(async () => (await AskAsync(node[2])).ExitCode == 0);
        }

        Assert.Equal(0, await demo.InterruptAsync());
        Assert.False(System.IO.Directory.Exists(Path.GetDirectoryName(nodes[0][5])));
        foreach (var node in nodes)
        {
            Assert.Throws<ArgumentException>(() => Process.GetProcessById(int.Parse(node[1], CultureInfo.InvariantCulture)));
        }

        Task<CommandResult> AskAsync(string url)
        {
            Assert.Contains("request sim-0001 --hex \"01 03 00 00 00 02\" --crc modbus --url ", ask, StringComparison.Ordinal);
            return HostProcess.CommandAsync(["request", "sim-0001", "--hex", "010300000002", "--crc", "modbus", "--url", url]);
        }
    }

    [Theory]
    [InlineData("--nodes", "0", "--nodes 0: expected 1 to 10")]
    [InlineData("--nodes", "11", "--nodes 11: expected 1 to 10")]
    [InlineData("--dtus", "0", "--dtus 0: expected 1 to 10000")]
    public async Task A_number_that_is_none_of_the_demo_s_is_wrong_usage(string option, string number, string said)
    {
        var result = await HostProcess.CommandAsync(["cluster-demo", option, number]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(said, result.Errors, StringComparison.Ordinal);
    }
}

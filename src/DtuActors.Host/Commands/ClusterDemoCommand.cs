using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DtuActors.Simulator;

namespace DtuActors.Host.Commands;

/// <summary>
/// A cluster at work on one machine: several <c>dtu run</c> processes that are one gateway, a balancer in front of them, simulated DTUs behind it. Whoever kills a node sees
/// its DTUs go on elsewhere. Nothing is stored, and all of it ends with the command.
/// </summary>
internal static class ClusterDemoCommand
{
    private const int MostNodes = 10;
    private const int MostDtus = 10_000;
    private const string FirstDtu = "sim-0001";
    private const string Request = "01 03 00 00 00 02";
    private static readonly TimeSpan OnlineWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    public static Command Create()
    {
        var nodes = NumberOptions.Integer("--nodes", "How many nodes; three is the fewest that can lose one.", 1, MostNodes, 3);
        var dtus = NumberOptions.Integer("--dtus", "How many simulated DTUs.", 1, MostDtus, 30);
        var command = new ExampledCommand("cluster-demo", "Show several nodes as one gateway: processes of this machine, and simulated DTUs spread over them.", "dtu cluster-demo", "dtu cluster-demo --nodes 5 --dtus 300")
        {
            nodes, dtus,
        };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(nodes), parsed.GetValue(dtus)));
        return command;
    }

    private static async Task<int> RunAsync(int count, int dtus)
    {
        using var signals = new Signals();
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-cluster-demo-").FullName;
        var nodes = DemoNode.Plan(count, folder);
        try
        {
            Terminal.Line($"starting {count} nodes in {folder} ...");
            await Task.WhenAll(nodes.Select(node => node.StartAsync(signals.Ended)));
            using var balancer = new Balancer([.. nodes.Select(node => node.Listener)]);
            await using var fleet = new SimulatedFleet(new SimulatedFleetOptions { Port = balancer.Port, Count = dtus, Preset = SimulatorPreset.Usr });
            var run = fleet.RunAsync(signals.Ended);
            await OnlineAsync(nodes, dtus, signals.Ended);
            Say(nodes, balancer.Port, dtus);
            await Task.WhenAll(nodes.Select(node => TellEndAsync(node, signals.Ended)).Append(run));
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (signals.Ended.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
        catch (DemoNodeException failed)
        {
            Terminal.Fault(failed.Message);
            return ExitCodes.Failed;
        }
        finally
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }

            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    // What is printed has to work at once.
    private static async Task OnlineAsync(IReadOnlyList<DemoNode> nodes, int dtus, CancellationToken ended)
    {
        using var within = CancellationTokenSource.CreateLinkedTokenSource(ended);
        within.CancelAfter(OnlineWithin);
        using var timer = new PeriodicTimer(LookEvery);
        using var http = new HttpClient();
        try
        {
            while ((await Task.WhenAll(nodes.Select(node => SessionsAsync(http, node, within.Token)))).Sum() < dtus)
            {
                await timer.WaitForNextTickAsync(within.Token);
            }

            // The directory's shards move to nodes that have just come.
            foreach (var node in nodes)
            {
                while (!await AnswersAsync(http, node, within.Token))
                {
                    await timer.WaitForNextTickAsync(within.Token);
                }
            }
        }
        catch (HttpRequestException failure)
        {
            throw new DemoNodeException($"a node does not answer: {failure.Message}");
        }
        catch (OperationCanceledException) when (!ended.IsCancellationRequested)
        {
            throw new DemoNodeException(string.Create(CultureInfo.InvariantCulture, $"the DTUs were not all online within {OnlineWithin.TotalMinutes} minutes"));
        }
    }

    private static async Task<int> SessionsAsync(HttpClient http, DemoNode node, CancellationToken ct)
    {
        using var answer = JsonDocument.Parse(await http.GetStringAsync($"{node.Url}/api/v1/nodes", ct));
        return answer.RootElement.GetProperty("items").EnumerateArray().Where(one => one.GetProperty("name").GetString() == node.Name).Sum(one => one.GetProperty("sessions").GetInt32());
    }

    private static async Task<bool> AnswersAsync(HttpClient http, DemoNode node, CancellationToken ct)
    {
        using var body = new StringContent($$"""{"hex":"{{Request.Replace(" ", "", StringComparison.Ordinal)}}","crc":"modbus"}""", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync($"{node.Url}/api/v1/dtus/{FirstDtu}/request", body, ct);
        return answer.IsSuccessStatusCode;
    }

    private static async Task TellEndAsync(DemoNode node, CancellationToken ended)
    {
        var code = await node.EndAsync(ended);
        Terminal.Line($"node {node.Name} has ended with {code}: its DTUs dial again. It joins anew with: {Self.CommandLine} run -c {node.Configuration}");
    }

    private static void Say(IReadOnlyList<DemoNode> nodes, int balancer, int dtus)
    {
        var (first, last) = (nodes[0], nodes[^1]);
        Terminal.Line("");
        Terminal.Line($"{dtus} simulated DTUs ({FirstDtu} ...) are online. They dial 127.0.0.1:{balancer}, where a balancer gives each to one of the nodes. Behind each is a Modbus slave 1.");
        Terminal.Line("");
        Terminal.Table(["node", "process", "API", "listener", "Modbus TCP", "log"], nodes.Select(node => (string?[])[node.Name, node.ProcessId, node.Url, node.Listener.ToString(), node.Modbus, node.Log]), wrapping: 1);
        Terminal.Line("");
        Terminal.Line("Try, in another terminal:");
        Terminal.Line($"  curl -s {first.Url}/api/v1/nodes");
        Terminal.Line($"  {Self.CommandLine} ls --url {first.Url}");
        Terminal.Line($"  {Self.CommandLine} request {FirstDtu} --hex \"{Request}\" --crc modbus --url {first.Url}     # and through any other node");
        Terminal.Line($"  {Self.CommandLine} watch --url {first.Url}");
        if (nodes.Count > 1)
        {
            Terminal.Line($"  {(OperatingSystem.IsWindows() ? "taskkill /F /PID" : "kill -9")} {last.ProcessId}     # loses node {last.Name}: its DTUs are online elsewhere a second later, and answer through every node within half a minute");
        }

        Terminal.Line("");
        Terminal.Line("Ctrl-C stops all of it.");
    }
}

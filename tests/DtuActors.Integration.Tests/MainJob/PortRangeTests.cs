using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Protocol.Modbus;
using DtuActors.Simulator;
using DtuActors.Tests.Sockets;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>One port per DTU, by the register: the program as it is run, its register edited by HTTP, and clients on its ports.</summary>
public sealed class PortRangeTests : IDisposable
{
    private const int Ports = 200;

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-ports-").FullName;
    private readonly int _first = FreePorts.Row(Ports);

    private string Configuration => $$"""
        dtu {
          listeners { main { port = 0 } }
          endpoints { masters { kind = tcp, ports = "{{_first}}-{{_first + Ports - 1}}", assign = column } }
          routes = [{ dtu = "*", to = masters }]
          http { port = 0 }
        }
        """;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    private static string Id(int number) => $"meter-{number:d3}";

    private string Csv(int count) => "id,port\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"{Id(i)},{_first + i}\n"));

    private static async Task ImportAsync(HttpClient http, string csv)
    {
        using var body = new StringContent(csv, Encoding.UTF8, "text/csv");
        (await http.PostAsync("/api/v1/dtus/import", body)).EnsureSuccessStatusCode();
    }

    private static async Task<JsonElement> EndpointAsync(HttpClient http, string name) => JsonDocument.Parse(await http.GetStringAsync("/api/v1/endpoints"))
        .RootElement.GetProperty("items").EnumerateArray().Single(item => item.GetProperty("name").GetString() == name);

    private static Task UntilUpAsync(HttpClient http, string name, int ports) => RunningGateway.UntilAsync(async () =>
        (await EndpointAsync(http, name)).GetProperty("branches").EnumerateArray().Count(branch => branch.GetProperty("state").GetString() == "up") == ports);

    private static HttpClient Client(HostProcess host) => new() { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };

    [Fact]
    public async Task Two_hundred_rows_that_are_imported_are_two_hundred_ports_and_each_is_its_DTUs_alone()
    {
        await using var host = await HostProcess.RunAsync(Configuration, _folder);
        using var http = Client(host);
        await ImportAsync(http, Csv(Ports));
        await UntilUpAsync(http, "masters", Ports);
        Assert.Equal("up", (await EndpointAsync(http, "masters")).GetProperty("state").GetString());

        var dtus = new List<DtuClient>();
        var clients = new List<DtuClient>();
        try
        {
            for (var i = 0; i < Ports; i++)
            {
                dtus.Add(await DtuClient.RegisterAsync(host.EndPointOf("main"), Id(i)));
                clients.Add(await DtuClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _first + i)));
            }

            await RunningGateway.UntilAsync(async () => (await EndpointAsync(http, "masters")).GetProperty("clients").GetInt32() == Ports
                && JsonDocument.Parse(await http.GetStringAsync("/api/v1/dtus?state=online&limit=1000")).RootElement.GetProperty("items").GetArrayLength() == Ports);
            for (var i = 0; i < Ports; i++)
            {
                await clients[i].SendAsync(Encoding.ASCII.GetBytes($"to {i:d3}"));
                await dtus[i].SendAsync(Encoding.ASCII.GetBytes($"from {i:d3}"));
            }

            for (var i = 0; i < Ports; i++)
            {
                Assert.Equal($"to {i:d3}", Encoding.ASCII.GetString(await dtus[i].ReadAsync(6)));
                Assert.Equal($"from {i:d3}", Encoding.ASCII.GetString(await clients[i].ReadAsync(8)));
            }

            await RunningGateway.UntilAsync(async () => (await EndpointAsync(http, "masters")).GetProperty("down").GetProperty("written").GetInt64() == Ports
                && (await EndpointAsync(http, "masters")).GetProperty("up").GetProperty("written").GetInt64() == Ports);

            // Row 7 goes while its neighbour's client echoes on.
            var echoing = EchoAsync(dtus[8], clients[8], 2000);
            Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteAsync($"/api/v1/dtus/{Id(7)}")).StatusCode);
            await clients[7].ClosedAsync();
            await RunningGateway.UntilAsync(() => Task.FromResult(FreePorts.IsFree(_first + 7)));
            await echoing;
            await UntilUpAsync(http, "masters", Ports - 1);
        }
        finally
        {
            foreach (var socket in dtus.Concat(clients))
            {
                await socket.DisposeAsync();
            }
        }

        Assert.Equal(0, await host.StopAsync());
    }

    private static async Task EchoAsync(DtuClient dtu, DtuClient client, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var down = BitConverter.GetBytes(i);
            await client.SendAsync(down);
            Assert.Equal(down, await dtu.ReadAsync(4));
            await dtu.SendAsync(down);
            Assert.Equal(down, await client.ReadAsync(4));
        }
    }

    [Fact]
    public async Task A_restart_keeps_the_ports_says_each_before_it_is_ready_and_goes_on_without_one_that_is_taken()
    {
        const int Rows = 20;
        await using (var host = await HostProcess.RunAsync(Configuration, _folder))
        {
            using var http = Client(host);
            await ImportAsync(http, Csv(Rows));
            await UntilUpAsync(http, "masters", Rows);
            Assert.Equal(0, await host.StopAsync());
        }

        using var squatter = new TcpListener(IPAddress.Loopback, _first + 3);
        squatter.Start();
        await using (var host = await HostProcess.RunAsync(Configuration, _folder))
        {
            var said = host.Output.TakeWhile(line => line != "ready").Where(line => line.StartsWith("listening masters tcp ", StringComparison.Ordinal));
            Assert.Equal(
                Enumerable.Range(0, Rows).Where(i => i != 3).Select(i => $"listening masters tcp 127.0.0.1:{_first + i}"),
                said.Order(StringComparer.Ordinal));
            await host.ErrorAsync($"dtu.endpoints.masters (DTU {Id(3)}): 127.0.0.1:{_first + 3} is in use by");
            if (OperatingSystem.IsLinux())
            {
                Assert.Contains($"(process {Environment.ProcessId})", host.Errors, StringComparison.Ordinal);
            }

            using var http = Client(host);
            await UntilUpAsync(http, "masters", Rows - 1);
            var branch = (await EndpointAsync(http, "masters")).GetProperty("branches")[3];
            Assert.Equal((Id(3), "down", $"127.0.0.1:{_first + 3}"), (branch.GetProperty("dtu").GetString(), branch.GetProperty("state").GetString(), branch.GetProperty("where").GetString()));
            squatter.Stop();
            await UntilUpAsync(http, "masters", Rows);
            Assert.Equal(0, await host.StopAsync());
        }
    }

    [Fact]
    public async Task Modbus_masters_reach_any_slave_behind_their_ports_DTU_by_its_own_number()
    {
        await using var host = await HostProcess.RunAsync(Modbus, _folder);
        using var http = Client(host);
        await ImportAsync(http, $"id,port\nsim-0001,{_first}\nsim-0002,{_first + 1}\nnobody,{_first + 2}\n");
        await UntilUpAsync(http, "mb", 3);
        await WithSlavesAsync(host, async () =>
        {
            byte[] read = [0x03, 0x00, 0x00, 0x00, 0x02];
            await using var master = await DtuClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _first + 1));
            await master.SendAsync(Mbap.Build(0x1234, 1, read));
            var answer = await master.ReadAsync(Mbap.HeaderLength + 6);
            Assert.Equal((0x12, 0x34, 1, 0x03, 4), (answer[0], answer[1], answer[6], answer[7], answer[8]));
            await using var offline = await DtuClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _first + 2));
            await offline.SendAsync(Mbap.Build(7, 255, read));
            Assert.Equal(Mbap.Build(7, 255, [0x83, 0x0B]), await offline.ReadAsync(Mbap.HeaderLength + 2));
        });
    }

    [SkippableFact]
    public async Task Mbpoll_reads_through_a_port_of_the_range()
    {
        Tools.Need("mbpoll");
        await using var host = await HostProcess.RunAsync(Modbus, _folder);
        using var http = Client(host);
        await ImportAsync(http, $"id,port\nsim-0001,{_first}\nsim-0002,{_first + 1}\n");
        await UntilUpAsync(http, "mb", 2);
        await WithSlavesAsync(host, async () =>
        {
            var port = (_first + 1).ToString(CultureInfo.InvariantCulture);
            using var mbpoll = Tools.Start("mbpoll", "-m", "tcp", "-p", port, "-a", "1", "-t", "4", "-r", "1", "-c", "4", "-1", "127.0.0.1");
            var said = await mbpoll.StandardOutput.ReadToEndAsync() + await mbpoll.StandardError.ReadToEndAsync();
            await mbpoll.WaitForExitAsync();
            Assert.True(mbpoll.ExitCode == 0, said);
            Assert.Contains("[4]:", said, StringComparison.Ordinal);
        });
    }

    private string Modbus => $$"""
        dtu {
          listeners { main { port = 0 } }
          profiles { default { heartbeat { match = ["ping"] }, framing { codec = modbus-rtu }, bus { mode = request-response } } }
          endpoints { mb { kind = modbus-tcp, ports = "{{_first}}-{{_first + Ports - 1}}", assign = column, units = passthrough } }
          http { port = 0 }
        }
        """;

    private static async Task WithSlavesAsync(HostProcess host, Func<Task> then)
    {
        await using var fleet = new SimulatedFleet(new SimulatedFleetOptions { Port = host.EndPointOf("main").Port, Count = 2, Preset = SimulatorPreset.Usr });
        using var stop = new CancellationTokenSource();
        var running = fleet.RunAsync(stop.Token);
        using var http = Client(host);
        await RunningGateway.UntilAsync(async () =>
            JsonDocument.Parse(await http.GetStringAsync("/api/v1/dtus?state=online&limit=10")).RootElement.GetProperty("items").GetArrayLength() == 2);
        await then();
        await stop.CancelAsync();
        await running;
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using DtuActors.Protocol.Modbus;
using Xunit.Abstractions;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>
/// Other people's Modbus masters through a DTU that is made of ordinary tools: socat dials, registers and ties the socket to a pty pair, at whose other end
/// pymodbus's serial slave listens.
/// </summary>
public sealed class ModbusClientTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Python = "/usr/bin/python3";
    // In milliseconds: a slave of Python may take its time on a busy machine, a dead one is waited for in full.
    private const int LongTimeout = 25_000;
    private const int ShortTimeout = 500;

    // Unit 255 is what libmodbus says over TCP unless told otherwise; slave 99 is not there.
    private static string Hocon(int timeout) => $$"""
        dtu {
          listeners { main { port = 0, profile = meters } }
          profiles { meters { framing { codec = modbus-rtu, role = responses }, bus { mode = request-response, response-timeout = {{timeout}}ms, suspend-slave = off } } }
          endpoints {
            modbus { kind = modbus-tcp, port = 0, units { 0 { dtu = field, slave = 17 }, 7 { dtu = field, slave = 17 }, 9 { dtu = field, slave = 99 }, 255 { dtu = field, slave = 17 } } }
            com { kind = pty, link = "com", framing { codec = modbus-rtu, role = requests } }
            line { kind = pty, link = "line", framing { codec = modbus-rtu, role = requests }, select = unit-map, units { 1 { dtu = field, slave = 17 } } }
          }
          routes = [{ dtu = field, to = com }, { dtu = field, to = line }]
        }
        """;

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-modbus-").FullName;
    private readonly List<Process> _started = [];
    private RunningGateway? _gateway;

    private static string Assets => Path.Combine(AppContext.BaseDirectory, "Modbus");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        foreach (var process in _started)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        System.IO.Directory.Delete(_folder, recursive: true);
    }

    [SkippableFact]
    public async Task Pymodbus_writes_and_reads_over_TCP_over_the_virtual_COM_port_and_by_the_unit_map()
    {
        await StartAsync();
        await RunsAsync(Python, Path.Combine(Assets, "client.py"), "tcp", Port, "7");
        await RunsAsync(Python, Path.Combine(Assets, "client.py"), "rtu", Path.Combine(_folder, "com"), "17");
        await RunsAsync(Python, Path.Combine(Assets, "client.py"), "rtu", Path.Combine(_folder, "line"), "1");
    }

    [SkippableFact]
    public async Task Libmodbus_writes_and_reads_over_TCP_as_unit_255_over_the_virtual_COM_port_and_by_the_unit_map()
    {
        Tools.Need("gcc");
        Skip.IfNot(File.Exists("/usr/include/modbus/modbus.h"), "libmodbus-dev is not installed");
        await StartAsync();
        var client = Path.Combine(_folder, "client");
        await RunAsync("gcc", "-I/usr/include/modbus", "-o", client, Path.Combine(Assets, "client.c"), "-lmodbus");
        await RunsAsync(client, "tcp", Port, "255");
        await RunsAsync(client, "tcp", Port, "0");
        await RunsAsync(client, "rtu", Path.Combine(_folder, "com"), "17");
        await RunsAsync(client, "rtu", Path.Combine(_folder, "line"), "1");
    }

    [SkippableFact]
    public async Task Mbpoll_writes_and_reads_over_TCP_and_by_the_unit_map()
    {
        Tools.Need("mbpoll");
        await StartAsync();
        foreach (var way in new string[][] { ["-m", "tcp", "-p", Port, "-a", "7", "127.0.0.1"], ["-m", "rtu", "-b", "115200", "-P", "none", "-a", "1", Path.Combine(_folder, "line")] })
        {
            await RunAsync("mbpoll", ["-0", "-1", "-o", "10", "-t", "4", "-r", "60", .. way, "11", "22", "33"]);
            var words = await RunAsync("mbpoll", ["-0", "-1", "-o", "10", "-t", "4", "-r", "60", "-c", "3", .. way]);
            Assert.Equal("11 22 33", Values(words));
            await RunAsync("mbpoll", ["-0", "-1", "-o", "10", "-t", "0", "-r", "60", .. way, "1", "0", "1"]);
            Assert.Equal("1 0 1", Values(await RunAsync("mbpoll", ["-0", "-1", "-o", "10", "-t", "0", "-r", "60", "-c", "3", .. way])));
            Assert.Equal("1 0 0 1", Values(await RunAsync("mbpoll", ["-0", "-1", "-o", "10", "-t", "1", "-r", "0", "-c", "4", .. way])));
            Assert.Equal("1060", Values(await RunAsync("mbpoll", ["-0", "-1", "-o", "10", "-t", "3", "-r", "60", "-c", "1", .. way])));
        }
    }

    [SkippableFact]
    public async Task A_dead_slave_is_exception_0B_as_soon_as_its_time_is_over()
    {
        await StartAsync(ShortTimeout);
        using var master = await _gateway!.ConnectAsync("modbus");
        await using var stream = new NetworkStream(master);
        var took = new List<double>();
        for (ushort i = 1; i <= 8; i++)
        {
            // Of another function each time: it waits for nobody's late answer.
            byte[] pdu = [(byte)(i <= 4 ? i : 0x40 + i), 0, 0, 0, 1];
            var began = Stopwatch.GetTimestamp();
            await stream.WriteAsync(Mbap.Build(i, 9, pdu));
            var answer = new byte[9];
            await stream.ReadExactlyAsync(answer).AsTask().WaitAsync(RunningGateway.Patience);
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            Assert.Equal(Mbap.Build(i, 9, [(byte)(pdu[0] | 0x80), ModbusException.TargetFailed]), answer);
        }

        // A busy machine makes some late; none is early, and what the gateway itself adds shows in the least.
        output.WriteLine($"0x0B after {string.Join(", ", took.Select(ms => ms.ToString("0", CultureInfo.InvariantCulture)))} ms");
        Assert.All(took, ms => Assert.True(ms >= ShortTimeout - 1, $"{ms} ms"));
        Assert.True(took.Min() < ShortTimeout + 100, $"{took.Min()} ms");
    }

    private string Port => _gateway!.Port("modbus").Port.ToString(CultureInfo.InvariantCulture);

    /// <summary>What mbpoll read: the numbers behind <c>[REFERENCE]:</c>.</summary>
    private static string Values(string text) =>
        string.Join(' ', text.Split('\n').Where(line => line.StartsWith('[')).Select(line => line.Split(':')[1].Trim()));

    private async Task StartAsync(int timeout = LongTimeout)
    {
        Tools.Need("socat");
        Skip.IfNot(System.IO.Directory.Exists("/usr/lib/python3/dist-packages/pymodbus"), "python3-pymodbus is not installed");
        Skip.IfNot(System.IO.Directory.Exists("/usr/lib/python3/dist-packages/serial_asyncio"), "python3-serial-asyncio is not installed");
        _gateway = await RunningGateway.StartAsync(Hocon(timeout), _folder);
        var (near, far) = (Path.Combine(_folder, "near"), Path.Combine(_folder, "far"));
        _started.Add(Tools.Start("socat", $"PTY,link={near},raw,echo=0", $"PTY,link={far},raw,echo=0"));
        await RunningGateway.UntilAsync(() => Task.FromResult(File.Exists(near) && File.Exists(far)));
        var slave = Tools.Start(Python, Path.Combine(Assets, "slave.py"), far, "17");
        _started.Add(slave);
        Assert.Equal("ready", await slave.StandardOutput.ReadLineAsync().WaitAsync(RunningGateway.Patience));
        _started.Add(Tools.Start("socat", $"TCP:{_gateway.Port("main")}", $"SYSTEM:echo field; exec socat - {near}\\,raw\\,echo=0"));
        await RunningGateway.UntilAsync(async () => (await _gateway.Gateway.ListDtusAsync(DtuState.Online, 10, null, default)).Items.Length == 1);
    }

    private static async Task RunsAsync(string tool, params string[] arguments) =>
        Assert.Equal("done", (await RunAsync(tool, arguments)).Trim().Split('\n')[^1]);

    private static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        using var process = Tools.Start(tool, arguments);
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(RunningGateway.Patience);
        Assert.True(process.ExitCode == 0, $"{Path.GetFileName(tool)} {string.Join(' ', arguments)}: {await said}{await complained}");
        return await said;
    }
}

using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>Virtual COM ports over the network: clients that others wrote, against a DTU that sends back what it gets.</summary>
public sealed class VirtualComTests : IDisposable
{
    private const string Python = "/usr/bin/python3";

    /// <summary>Where pyserial's source package is unpacked.</summary>
    private const string PySerial = "DTU_PYSERIAL";

    // They fail against pyserial's own server over loop:// as well. The client takes no write time-out and has no cancel, and without a time-out its read gives one byte.
    private static readonly string[] FailAnywhere = ["test_WriteTimeout", "test2_Loopback", "test2_LoopbackTimeout", "test_cancel_once"];

    // The programs want their bytes back within 50 or 100 ms, and what comes later is another test's stray byte. A busy machine does not keep that: what they wrote is waited for here.
    private const string Patiently = """
        import runpy, sys, time
        sleep = time.sleep
        def patiently(seconds):
            sleep(seconds)
            asks = sys._getframe(1).f_locals
            until = time.monotonic() + 10
            while seconds <= 0.1 and hasattr(asks.get('self'), 's') and asks['self'].s.in_waiting < asks.get('length', 5) and time.monotonic() < until:
                sleep(0.01)
        time.sleep = patiently
        del sys.argv[0]
        runpy.run_path(sys.argv[0], run_name='__main__')
        """;

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-virtual-com-").FullName;

    private static string Hocon(string endpoint, string profile = "") => $$"""
        dtu {
          listeners { main { port = 0, profile = field } }
          profiles { field { {{profile}} } }
          endpoints { com { kind = tcp, port = 0, {{endpoint}} } }
          routes = [{ dtu = dtu-1, to = com }]
        }
        """;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [SkippableTheory]
    [InlineData("test", 15)]
    [InlineData("test_advanced", 10)]
    [InlineData("test_high_load", 2)]
    [InlineData("test_readline", 5)]
    [InlineData("test_iolib", 1)]
    [InlineData("test_cancel", 2)]
    [InlineData("test_exclusive", 4)]
    [InlineData("test_threaded", 2)]
    public async Task Pyserial_s_own_tests_fail_nothing_that_a_server_could_give(string program, int tests)
    {
        var source = Environment.GetEnvironmentVariable(PySerial);
        Skip.If(source is null, $"{PySerial} does not name pyserial's source");
        await using var gateway = await RunningGateway.StartAsync(Hocon("protocol = rfc2217"), _folder);
        using var echo = await EchoAsync(gateway);

        var said = await RunAsync(
            Python, ["-W", "ignore", "-c", Patiently, $"{program}.py", $"rfc2217://{gateway.Port("com")}"], Path.Combine(source, "test"), ("PYTHONPATH", source));

        Assert.Contains($"Ran {tests} test", said, StringComparison.Ordinal);
        var failed = said.Split('\n').Where(line => line.StartsWith("FAIL: ", StringComparison.Ordinal) || line.StartsWith("ERROR: ", StringComparison.Ordinal));
        Assert.All(failed, line => Assert.True(FailAnywhere.Contains(line.Split(' ')[1]), said));
    }

    [SkippableFact]
    public async Task Pyserial_sets_every_combination_and_gets_a_megabyte_back_as_it_was()
    {
        Skip.IfNot(await HasPySerialAsync(), "python3-serial is not installed");
        await using var gateway = await RunningGateway.StartAsync(Hocon("protocol = rfc2217"), _folder);
        using var echo = await EchoAsync(gateway);

        // All four at once: the client takes a tenth of a second for each change.
        const string Script = """
            import random, sys, threading, serial
            s = serial.serial_for_url(sys.argv[1], timeout=60)
            for s._baudrate in s.BAUDRATES + (460800, 921600):
                s._reconfigure_port()
            for s._bytesize in (5, 6, 7, 8):
                for s._parity in s.PARITIES:
                    for s._stopbits in s.STOPBITS:
                        s._reconfigure_port()
            s.apply_settings(dict(s.get_settings(), baudrate=115200, bytesize=8, parity='N', stopbits=1))
            data = b'\xff' * 1000 + random.Random(7).randbytes(1000000) + b'\xff\xf0\xff\xff\xff\xfa\x2c'
            writer = threading.Thread(target=s.write, args=(data,))
            writer.start()
            back = s.read(len(data))
            writer.join()
            s.close()
            print('the same' if back == data else 'got %d of %d' % (len(back), len(data)))
            """;
        Assert.Equal("the same", (await RunAsync(Python, ["-c", Script, $"rfc2217://{gateway.Port("com")}"], _folder)).Trim());
        Assert.Empty((await gateway.EndpointAsync("com")).Down.Dropped);
    }

    [SkippableFact]
    public async Task Gensio_speaks_to_an_RFC_2217_port()
    {
        Tools.Need("gensiot");
        await using var gateway = await RunningGateway.StartAsync(Hocon("protocol = rfc2217"), _folder);
        using var echo = await EchoAsync(gateway);
        var port = gateway.Port("com");
        using var gensiot = Start("gensiot", ["-i", "stdio(self)", $"telnet(rfc2217),tcp,{port.Address},{port.Port}"], _folder);
        try
        {
            await gensiot.StandardInput.WriteAsync("over the line and back\n");
            await gensiot.StandardInput.FlushAsync();
            Assert.Equal("over the line and back", await gensiot.StandardOutput.ReadLineAsync().WaitAsync(RunningGateway.Patience));
        }
        finally
        {
            gensiot.Kill();
        }
    }

    [SkippableFact]
    public async Task Socat_carries_every_byte_through_a_raw_port()
    {
        Tools.Need("socat");
        await using var gateway = await RunningGateway.StartAsync(Hocon("protocol = raw"), _folder);
        using var echo = await EchoAsync(gateway);
        var bytes = Enumerable.Range(0, 256).Select(value => (byte)value).ToArray();
        using var socat = Start("socat", ["-", $"TCP:{gateway.Port("com")}"], _folder);
        await socat.StandardInput.BaseStream.WriteAsync(bytes);
        await socat.StandardInput.BaseStream.FlushAsync();
        var back = new byte[bytes.Length];
        await socat.StandardOutput.BaseStream.ReadExactlyAsync(back).AsTask().WaitAsync(RunningGateway.Patience);
        socat.Kill();
        Assert.Equal(bytes, back);
    }

    [Theory]
    [InlineData("transparent")]
    [InlineData("request-response")]
    public async Task A_USR_type_DTU_hears_how_its_line_is_set_before_what_is_written_behind_it_and_again_when_it_comes_back(string mode)
    {
        await using var gateway = await RunningGateway.StartAsync(Hocon("protocol = rfc2217", $"line-control = usr, bus {{ mode = {mode}, response-timeout = 200ms }}"), _folder);
        using var dtu = await OnlineAsync(gateway);
        using var client = await gateway.ConnectAsync("com");

        // 19200 7E2, one piece with the data around it.
        await client.SendAsync(Convert.FromHexString("41FFFA2C0100004B00FFF0FFFA2C0207FFF0FFFA2C0303FFF0FFFA2C0402FFF042"));
        Assert.Equal("4155AA55004B001E6942", Convert.ToHexString(await ReadAsync(dtu, 10)));
        dtu.Close();

        using var again = await OnlineAsync(gateway);
        Assert.Equal("55AA55004B001E69", Convert.ToHexString(await ReadAsync(again, 8)));

        // What is so already is not told again.
        await client.SendAsync(Convert.FromHexString("FFFA2C0100004B00FFF043"));
        Assert.Equal("43", Convert.ToHexString(await ReadAsync(again, 1)));
        Assert.Empty((await gateway.EndpointAsync("com")).Down.Dropped.Keys.Except(["dtu-offline"]));
    }

    [Fact]
    public async Task A_DTU_whose_profile_says_nothing_of_it_gets_the_data_alone()
    {
        await using var gateway = await RunningGateway.StartAsync(Hocon("protocol = rfc2217"), _folder);
        using var dtu = await OnlineAsync(gateway);
        using var client = await gateway.ConnectAsync("com");
        await client.SendAsync(Convert.FromHexString("41FFFA2C0100004B00FFF042"));
        Assert.Equal("AB"u8.ToArray(), await ReadAsync(dtu, 2));
    }

    private static async Task<Socket> OnlineAsync(RunningGateway gateway)
    {
        var dtu = await gateway.ConnectAsync("main");
        await dtu.SendAsync("dtu-1\r\n"u8.ToArray());
        await RunningGateway.UntilAsync(async () =>
            (await gateway.Gateway.ListDtusAsync(DtuState.Online, 10, null, default)).Items is [{ } item] && item.Remote == dtu.LocalEndPoint!.ToString());
        return dtu;
    }

    private static async Task<Socket> EchoAsync(RunningGateway gateway)
    {
        var dtu = await OnlineAsync(gateway);
        _ = Task.Run(async () =>
        {
            var buffer = new byte[64 * 1024];
            try
            {
                while (await dtu.ReceiveAsync(buffer) is > 0 and var count)
                {
                    for (var sent = 0; sent < count;)
                    {
                        sent += await dtu.SendAsync(buffer.AsMemory(sent, count - sent));
                    }
                }
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        });
        return dtu;
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var bytes = new byte[count];
        using var stream = new NetworkStream(socket);
        await stream.ReadExactlyAsync(bytes).AsTask().WaitAsync(RunningGateway.Patience);
        return bytes;
    }

    private static async Task<bool> HasPySerialAsync() =>
        File.Exists(Python) && (await RunAsync(Python, ["-c", "import importlib.util as u; print(u.find_spec('serial') is not None)"], "/")).Contains("True", StringComparison.Ordinal);

    private static Process Start(string tool, string[] arguments, string folder, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.Latin1,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task<string> RunAsync(string tool, string[] arguments, string folder, params (string Name, string Value)[] environment)
    {
        using var process = Start(tool, arguments, folder, environment);
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            return (await output.WaitAsync(TimeSpan.FromMinutes(5))) + await errors;
        }
        finally
        {
            process.Kill();
        }
    }
}

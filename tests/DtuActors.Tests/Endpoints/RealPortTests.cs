using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Endpoints;
using DtuActors.Protocol;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Modbus;
using DtuActors.Routing;
using DtuActors.Sessions;
using Xunit;

namespace DtuActors.Tests.Endpoints;

/// <summary>Endpoints on real devices, with the tools that stand at the other side in the field: socat's pty pair for a COM port, mbpoll for a Modbus master.</summary>
public sealed class RealPortTests : EndpointSpec, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly ReopenOptions Soon = new() { Min = TimeSpan.FromMilliseconds(100), Max = TimeSpan.FromMilliseconds(200) };

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-port-").FullName;
    private Process? _socat;

    private string Ours => Path.Combine(_folder, "ours");

    private string Theirs => Path.Combine(_folder, "theirs");

    void IDisposable.Dispose()
    {
        StopSocat();
        Dispose();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    private static void Needs(string tool) =>
        Skip.IfNot(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, tool))),
            $"{tool} is not installed");

    private void StartSocat()
    {
        Needs("socat");
        _socat = Process.Start("socat", [$"pty,raw,echo=0,link={Ours}", $"pty,raw,echo=0,link={Theirs}"]);
        AwaitCondition(() => File.Exists(Ours) && File.Exists(Theirs), Patience);
    }

    private void StopSocat()
    {
        if (_socat is { } socat)
        {
            socat.Kill();
            socat.WaitForExit();
            socat.Dispose();
            _socat = null;

            // Killed, it leaves its links behind, and they would pass for those of the next one.
            File.Delete(Ours);
            File.Delete(Theirs);
        }
    }

    private static (int Code, string Output) Mbpoll(params string[] arguments)
    {
        // Its own second is short on a machine that runs everything else at the same time.
        using var mbpoll = Process.Start(new ProcessStartInfo("mbpoll", ["-o", "5", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = mbpoll.StandardOutput.ReadToEnd() + mbpoll.StandardError.ReadToEnd();
        mbpoll.WaitForExit();
        return (mbpoll.ExitCode, output);
    }

    private SerialEndpointOptions Serial() => new()
    {
        Name = "meter-bus", KeyPath = "dtu.endpoints.meter-bus", Device = Ours, Baud = 115200, Reopen = Soon,
    };

    [SkippableFact]
    public void A_device_that_is_not_there_is_said_in_words_and_tried_again()
    {
        var endpoint = Start(SerialActor.Props(Serial(), Surroundings, new SerialPortOpener(Serial())));

        AwaitState(endpoint, EndpointStates.Down);

        Assert.Contains(Ours, StatusOf(endpoint).LastError, StringComparison.Ordinal);
        StartSocat();
        Advance(TimeSpan.FromSeconds(1));
        AwaitState(endpoint, EndpointStates.Up);
    }

    [SkippableFact]
    public void A_COM_port_that_goes_away_and_comes_back_delivers_what_waited()
    {
        StartSocat();
        var endpoint = Start(SerialActor.Props(Serial(), Surroundings, new SerialPortOpener(Serial())));
        AwaitState(endpoint, EndpointStates.Up);
        using (var before = new FileStream(Theirs, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0))
        {
            Deliver(endpoint, "before");
            ExpectTaken();
            Assert.Equal("before", Read(before, 6));
            before.Write("answer"u8);
            Assert.Equal("answer", Text(ExpectDownlink().Payload));
        }

        StopSocat();
        AwaitState(endpoint, EndpointStates.Down);
        Deliver(endpoint, "meanwhile");
        StartSocat();
        using var after = new FileStream(Theirs, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        AwaitAssert(
            () =>
            {
                Advance(TimeSpan.FromMilliseconds(300));
                Assert.Equal(2, StatusOf(endpoint).Up.Written);
            },
            Patience,
            TimeSpan.FromMilliseconds(50));

        Assert.Equal("meanwhile", Read(after, 9));
        AddsUp(StatusOf(endpoint).Up);
    }

    [SkippableFact]
    public void Mbpoll_reads_a_slave_through_the_virtual_COM_port_again_and_again()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "pseudo-terminals need Linux");
        Needs("mbpoll");
        var link = Path.Combine(_folder, "com1");
        var options = new PtyEndpointOptions
        {
            Name = "com1",
            KeyPath = "dtu.endpoints.com1",
            Link = link,
            Framing = new FramingOptions { Codec = "modbus-rtu", Role = ModbusRole.Requests },
            Reopen = Soon,
        };
        var endpoint = Start(SerialActor.Props(options, Surroundings, new PtyOpener(link)));
        AwaitState(endpoint, EndpointStates.Up);
        AnswerAsSlave(endpoint);

        for (var run = 0; run < 3; run++)
        {
            // Even parity is mbpoll's default, and the hard one on a pty.
            var (code, output) = Mbpoll("-m", "rtu", "-a", "1", "-b", "19200", "-t", "4", "-r", "1", "-c", "2", "-1", link);
            Assert.True(code == 0, output);
            Assert.Contains("42", output, StringComparison.Ordinal);
        }

        AwaitAssert(() => Assert.Equal(3, StatusOf(endpoint).Up.Written), Patience);
    }

    [SkippableFact]
    public void Mbpoll_reads_a_slave_through_the_Modbus_TCP_port()
    {
        Needs("mbpoll");
        var units = ImmutableDictionary<byte, ModbusUnitOptions>.Empty.Add(5, new ModbusUnitOptions(Dtu, 1));
        Start(ModbusTcpActor.Props(new ModbusTcpEndpointOptions { Name = "modbus", KeyPath = "dtu.endpoints.modbus", Port = 0, Units = units }, Surroundings));
        var port = IPEndPoint.Parse(Above.ExpectMsg<Binding.SocketBound>().Address).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        AnswerAsSlave(ActorRefs.Nobody);

        var (code, output) = Mbpoll("-m", "tcp", "-a", "5", "-p", port, "-t", "4", "-r", "1", "-c", "2", "-1", "127.0.0.1");

        Assert.True(code == 0, output);
        Assert.Contains("42", output, StringComparison.Ordinal);
        Assert.NotEqual(0, Mbpoll("-m", "tcp", "-a", "6", "-p", port, "-1", "127.0.0.1").Code);
    }

    private static string Read(FileStream stream, int count)
    {
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return Text(bytes);
    }

    /// <summary>Router, DTU and instrument in one: answers every request with the registers 42 and 43.</summary>
    private void AnswerAsSlave(IActorRef endpoint)
    {
        var registers = ModbusRtu.Build(1, [0x03, 0x04, 0x00, 0x2A, 0x00, 0x2B]);
        var through = 0L;
        Router.SetAutoPilot(new Akka.TestKit.DelegateAutoPilot((_, message) =>
        {
            var frame = new Frame(registers, FrameDirection.Up, "modbus-rtu", DateTimeOffset.UnixEpoch);
            if (message is Relay.Downlink { Frame: not null })
            {
                through += registers.Length;
                endpoint.Tell(new Relay.Deliver(Session, Dtu.Value, Dtu, new Epoch(1, 1), frame, through, true));
            }
            else if (message is Asking.Request request)
            {
                request.ReplyTo.Tell(new Asking.Answered(request.Correlation, frame, TimeSpan.Zero));
            }

            return Akka.TestKit.AutoPilot.KeepRunning;
        }));
    }
}

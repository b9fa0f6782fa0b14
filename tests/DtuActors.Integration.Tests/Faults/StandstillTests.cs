using System.Net.Sockets;
using System.Text;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>A machine that stands still for a moment finds everything at once that DTUs said and did meanwhile.</summary>
public sealed class StandstillTests
{
    private const int Rounds = 2;
    private const int FramesEach = 20;

    [SkippableTheory]
    [InlineData("sockets")]
    [InlineData("akka-io")]
    public async Task Frames_of_a_DTU_that_dialled_again_and_again_meanwhile_come_in_their_order(string engine)
    {
        Skip.If(OperatingSystem.IsWindows(), "SIGSTOP");
        await using var host = await HostProcess.RunAsync($$"""
            dtu {
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0, engine = {{engine}} } }
              profiles { default { framing { codec = hj212 }, duplicates { conflict-after = 1000 } } }
              endpoints { line { kind = tcp, address = "127.0.0.1", port = 0, clients = exclusive } }
              routes = [{ dtu = pump, to = line }]
              http { address = "127.0.0.1", port = 0 }
              storage { provider = none }
            }
            """);
        var history = new FaultHistory(new FaultLimits { Silence = HostProcess.Patience });
        using var program = new TcpClient();
        await program.ConnectAsync(host.EndPointOf("line"));
        await using var hearing = new Hearing(program.GetStream(), history);
        for (var round = 0; round < Rounds; round++)
        {
            using var first = await DialAsync(host);
            await SayAsync(first, history);
            host.Freeze();
            await SayAsync(first, history);
            first.Client.Shutdown(SocketShutdown.Send);
            using (var second = await DialAsync(host))
            {
                await SayAsync(second, history);
            }

            using (var third = await DialAsync(host))
            {
                await SayAsync(third, history);
            }

            // Longer than a holder is waited for that does not say it is there.
            await Task.Delay(1200);
            host.Thaw();

            // Of those that it finds at once, whoever it reads last is the newest: one that is not dials again, as DTUs do.
            StreamFrame frame;
            do
            {
                using var last = await DialAsync(host);
                frame = history.Say(Way.Up, 1);
                await last.GetStream().WriteAsync(frame.ToBytes(0));
                await hearing.UntilAsync(frame, TimeSpan.FromSeconds(2));
            }
            while (hearing.Last != frame);
        }

        Assert.Empty(history.Broken);
    }

    [SkippableTheory]
    [InlineData("sockets")]
    [InlineData("akka-io")]
    public async Task A_DTU_that_spoke_meanwhile_is_not_silent(string engine)
    {
        Skip.If(OperatingSystem.IsWindows(), "SIGSTOP");
        await using var host = await HostProcess.RunAsync($$"""
            dtu {
              listeners { main { transport = tcp, address = "127.0.0.1", port = 0, engine = {{engine}} } }
              profiles { default { heartbeat { timeout = 1s, match = ["hb"], reply = "ok" } } }
              http { address = "127.0.0.1", port = 0 }
              storage { provider = none }
            }
            """);
        using var dtu = await DialAsync(host);
        await HeartbeatAsync(dtu);
        for (var round = 0; round < Rounds; round++)
        {
            host.Freeze();
            var beating = HeartbeatAsync(dtu);
            await Task.Delay(2500);
            host.Thaw();
            await beating;
        }

        Assert.DoesNotContain("offline", host.Errors, StringComparison.Ordinal);
    }

    // An answer that does not come, for the line ended, is an end of the stream.
    private static async Task HeartbeatAsync(TcpClient dtu)
    {
        await dtu.GetStream().WriteAsync("hb"u8.ToArray());
        await dtu.GetStream().ReadExactlyAsync(new byte[2]);
    }

    private static async Task<TcpClient> DialAsync(HostProcess host)
    {
        var dtu = new TcpClient { NoDelay = true };
        await dtu.ConnectAsync(host.EndPointOf("main"));
        await dtu.GetStream().WriteAsync(Encoding.ASCII.GetBytes("pump\r\n"));
        return dtu;
    }

    private static async Task SayAsync(TcpClient dtu, FaultHistory history)
    {
        for (var i = 0; i < FramesEach; i++)
        {
            await dtu.GetStream().WriteAsync(history.Say(Way.Up, 1).ToBytes(10));
        }
    }

    private sealed class Hearing : IAsyncDisposable
    {
        private readonly SemaphoreSlim _heard = new(0);

        public StreamFrame Last { get; private set; }

        private readonly NetworkStream _line;
        private readonly Task _run;

        public Hearing(NetworkStream line, FaultHistory history)
        {
            _line = line;
            _run = RunAsync(line, history);
        }

        public async Task UntilAsync(StreamFrame frame, TimeSpan most)
        {
            while (Last != frame && await _heard.WaitAsync(most))
            {
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _line.DisposeAsync();
            await _run;
            _heard.Dispose();
        }

        private async Task RunAsync(NetworkStream line, FaultHistory history)
        {
            var frames = new StreamFrames();
            var buffer = new byte[4096];
            try
            {
                while (await line.ReadAsync(buffer) is > 0 and var read)
                {
                    foreach (var frame in frames.Feed(buffer.AsSpan(0, read)))
                    {
                        history.Arrive("line", 1, 1, frame);
                        Last = frame ?? Last;
                        _heard.Release();
                    }
                }
            }
            catch (Exception over) when (over is IOException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}

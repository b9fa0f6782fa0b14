using System.Buffers.Binary;
using System.IO.Ports;
using System.Net.Sockets;
using System.Text;
using DtuActors.Endpoints;
using DtuActors.Routing;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>A DTU that sends as fast as its socket takes, before a COM port whose program takes a kilobyte at a time: it is slowed, and nobody else.</summary>
public sealed class SlowPortTests : IDisposable
{
    private const int FrameLength = 100;
    private const int Rounds = 200;
    private const int BytesPerRound = 1000;
    private const int ReadBuffer = 4096;

    // Far more than the program reads and all the kernel's buffers hold.
    private const int FramesToSend = 64 * 1024 * 1024 / FrameLength;

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-slow-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task A_full_COM_port_slows_its_own_DTU_within_its_bounds_and_another_DTUs_frames_pass_at_once()
    {
        Tools.Need();
        var link = Path.Combine(_folder, "com1");
        await using var gateway = await RunningGateway.StartAsync($$"""
            dtu {
              listeners { main { port = 0 } }
              profiles { default { framing { codec = length-field, offset = 0, size = 2 } } }
              endpoints { com { kind = pty, link = "{{link}}" }, scada { kind = tcp, port = 0 } }
              routes = [{ dtu = fast, to = com }, { dtu = other, to = scada }]
            }
            """, _folder);
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("com")).State == EndpointStates.Up);
        using var program = new SerialPort(link, 19200);
        program.Open();
        using var fast = await OnlineAsync(gateway, "fast");
        using var other = await OnlineAsync(gateway, "other");
        using var scada = new NetworkStream(await gateway.ConnectAsync("scada"), ownsSocket: true);
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("scada")).Clients == 1);

        using var enough = new CancellationTokenSource();
        var sending = SendAsync(fast, enough.Token);
        var taken = new MemoryStream();
        var piece = new byte[BytesPerRound];
        for (var round = 0; round < Rounds; round++)
        {
            await program.BaseStream.ReadExactlyAsync(piece).AsTask().WaitAsync(RunningGateway.Patience);
            taken.Write(piece);

            await other.SendAsync(Frame(round));
            var arrived = new byte[FrameLength];
            await scada.ReadExactlyAsync(arrived).AsTask().WaitAsync(RunningGateway.Patience);
            Assert.Equal(Frame(round), arrived);

            var up = (await gateway.EndpointAsync("com")).Up;
            Assert.InRange(up.WaitingBytes, 0, OutboundWindows.DefaultWindow + ReadBuffer + FrameLength);
            Assert.Equal(up.Accepted, up.Written + up.Dropped.Values.Sum() + up.Waiting);
        }

        Assert.False(sending.IsCompleted, "all was sent, though the program took little of it");
        Assert.Equal(2, (await gateway.Gateway.ListDtusAsync(DtuState.Online, 10, null, default)).Items.Length);
        AssertInOrder(taken.ToArray());

        // On a machine that stood still for longer than the port's write limit something was dropped; all of it is counted under that reason.
        Assert.All((await gateway.EndpointAsync("com")).Up.Dropped.Keys, reason => Assert.Equal(RelayDrops.DestinationSlow, reason));
        Assert.Empty((await gateway.EndpointAsync("scada")).Up.Dropped);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    private static async Task<Socket> OnlineAsync(RunningGateway gateway, string id)
    {
        var dtu = await gateway.ConnectAsync("main");
        await dtu.SendAsync(Encoding.ASCII.GetBytes(id + "\r\n"));
        await RunningGateway.UntilAsync(async () => (await gateway.Gateway.ListDtusAsync(DtuState.Online, 10, null, default)).Items.Any(item => item.Id.Value == id));
        return dtu;
    }

    private static byte[] Frame(int number)
    {
        var frame = new byte[FrameLength];
        BinaryPrimitives.WriteUInt16BigEndian(frame, FrameLength - 2);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(2), number);
        return frame;
    }

    private static Task SendAsync(Socket dtu, CancellationToken enough) => Task.Run(
        async () =>
        {
            for (var number = 0; number < FramesToSend; number++)
            {
                await dtu.SendAsync(Frame(number), enough);
            }
        },
        CancellationToken.None);

    // Whole frames, each later than the one before it: a write that was given up in the middle costs the rest of its frames.
    private static void AssertInOrder(byte[] taken)
    {
        var last = -1;
        for (var at = 0; at + FrameLength <= taken.Length; at += FrameLength)
        {
            var number = BinaryPrimitives.ReadInt32BigEndian(taken.AsSpan(at + 2));
            Assert.Equal(Frame(number), taken[at..(at + FrameLength)]);
            Assert.True(number > last, $"{number} behind {last}");
            last = number;
        }
    }
}

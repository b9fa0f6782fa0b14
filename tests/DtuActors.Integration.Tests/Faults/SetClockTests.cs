using System.Diagnostics;
using System.Net.Sockets;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>Somebody sets the clock of a gateway that runs, ten hours back, then ten hours ahead.</summary>
public sealed class SetClockTests : IDisposable
{
    private const string Configuration = """
        dtu {
          http { address = "127.0.0.1", port = 0 }
          listeners { main { port = 0, profile = meters } }
          profiles { meters { framing { codec = modbus-rtu, role = responses }, heartbeat { timeout = 60s },
            bus { mode = request-response, response-timeout = 500ms, late-window = 100ms, suspend-slave = off } } }
          endpoints { modbus { kind = modbus-tcp, port = 0, units { 1 { dtu = meter, slave = 1 } } } }
        }
        """;

    private static readonly byte[] Question = [3, 0, 0, 0, 1];

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-clock-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task A_master_is_served_a_lost_answer_frees_the_bus_and_no_session_ends()
    {
        var clock = MovedClock.In(_folder);
        await using var host = await HostProcess.RunAsync(Configuration, _folder, clock.Environment);
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "meter");
        using var master = new TcpClient();
        await master.ConnectAsync(host.EndPointOf("modbus"));
        await OnlineAsync(master.GetStream(), dtu);

        ushort asked = 0;
        foreach (var hours in (int[])[-10, 10])
        {
            await AskAsync(master, ++asked);
            await dtu.ReadAsync(8);
            clock.Move(TimeSpan.FromHours(hours));
            var lost = Stopwatch.StartNew();
            Assert.Equal(Mbap.Build(asked, 1, [0x83, ModbusException.TargetFailed]), await AnsweredAsync(master, 9));
            Assert.InRange(lost.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));

            for (var i = 0; i < 10; i++)
            {
                await AskAsync(master, ++asked);
                await dtu.ReadAsync(8);
                await dtu.SendAsync(ModbusRtu.Build(1, [3, 2, 0, (byte)asked]));
                Assert.Equal(Mbap.Build(asked, 1, [3, 2, 0, (byte)asked]), await AnsweredAsync(master, 11));
            }
        }

        Assert.DoesNotContain("offline", host.Errors + string.Join('\n', host.Output), StringComparison.Ordinal);
    }

    // Until the DTU is online there is no way to it, and the master hears so at once.
    private static async Task OnlineAsync(NetworkStream master, DtuClient dtu)
    {
        var served = ServeOnceAsync(dtu);
        while (!served.IsCompleted)
        {
            await master.WriteAsync(Mbap.Build(0, 1, Question));
            var head = new byte[9];
            await master.ReadExactlyAsync(head).AsTask().WaitAsync(HostProcess.Patience);
            if (head[7] == 3)
            {
                await master.ReadExactlyAsync(new byte[2]).AsTask().WaitAsync(HostProcess.Patience);
                await served;
            }
        }
    }

    private static async Task ServeOnceAsync(DtuClient dtu)
    {
        await dtu.ReadAsync(8);
        await dtu.SendAsync(ModbusRtu.Build(1, [3, 2, 0, 0]));
    }

    private static async Task AskAsync(TcpClient master, ushort transaction) => await master.GetStream().WriteAsync(Mbap.Build(transaction, 1, Question));

    private static async Task<byte[]> AnsweredAsync(TcpClient master, int length)
    {
        var answer = new byte[length];
        await master.GetStream().ReadExactlyAsync(answer).AsTask().WaitAsync(HostProcess.Patience);
        return answer;
    }
}

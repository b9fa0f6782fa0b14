using System.Net.Sockets;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>A DTU that delivers Modbus TCP itself, and two masters who pipeline under the same transactions, on real sockets.</summary>
public sealed class MbapDtuTests : IDisposable
{
    private const int Requests = 1000;
    private const int Pipelined = 16;

    private const string Hocon = """
        dtu {
          listeners { main { port = 0, profile = converting } }
          profiles { converting { framing { codec = modbus-tcp, role = responses }, bus { mode = request-response, response-timeout = 30s, queue = 64, queue-wait = 60s } } }
          endpoints { modbus { kind = modbus-tcp, port = 0, units { 1 { dtu = converter, slave = 1 }, 2 { dtu = converter, slave = 2 } } } }
        }
        """;

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("dtu-mbap-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Two_masters_ask_a_thousand_times_each_under_the_same_transactions_and_none_is_crossed()
    {
        await using var gateway = await RunningGateway.StartAsync(Hocon, _folder);
        using var dtu = await gateway.ConnectAsync("main");
        await dtu.SendAsync("converter\r\n"u8.ToArray());
        await RunningGateway.UntilAsync(async () => (await gateway.Gateway.ListDtusAsync(DtuState.Online, 10, null, default)).Items.Length == 1);

        var converting = ConvertAsync(new NetworkStream(dtu), 2 * Requests);
        using var one = await gateway.ConnectAsync("modbus");
        using var other = await gateway.ConnectAsync("modbus");
        var asking = Task.WhenAll(AskAsync(new NetworkStream(one), 0), AskAsync(new NetworkStream(other), Requests));
        Assert.Equal(0, (await asking.WaitAsync(2 * RunningGateway.Patience)).Sum());
        Assert.Equal(2 * Requests, await converting.WaitAsync(RunningGateway.Patience));
    }

    /// <summary>Asks for registers from <paramref name="first"/> on, 16 at a time, and counts the answers that are not the one register's own number.</summary>
    private static async Task<int> AskAsync(NetworkStream stream, int first)
    {
        var (asked, crossed) = (0, 0);
        var seen = new HashSet<int>();
        async Task NextAsync()
        {
            var register = first + asked;
            await stream.WriteAsync(Mbap.Build((ushort)asked, (byte)(1 + (asked % 2)), [3, (byte)(register >> 8), (byte)register, 0, 1]));
            asked++;
        }

        while (asked < Pipelined)
        {
            await NextAsync();
        }

        while (seen.Count < Requests)
        {
            var answer = await ReadAsync(stream);
            var transaction = (answer[0] << 8) | answer[1];
            var register = first + transaction;
            var right = Mbap.Build((ushort)transaction, (byte)(1 + (transaction % 2)), [3, 2, (byte)(register >> 8), (byte)register]);
            crossed += seen.Add(transaction) && answer.AsSpan().SequenceEqual(right) ? 0 : 1;
            if (asked < Requests)
            {
                await NextAsync();
            }
        }

        return crossed;
    }

    /// <summary>Answers each request with the register's own number, and counts the transactions it saw.</summary>
    private static async Task<int> ConvertAsync(NetworkStream stream, int requests)
    {
        var transactions = new HashSet<int>();
        for (var i = 0; i < requests; i++)
        {
            var request = await ReadAsync(stream);
            var transaction = (request[0] << 8) | request[1];
            transactions.Add(transaction);
            await stream.WriteAsync(Mbap.Build((ushort)transaction, request[6], [3, 2, request[8], request[9]]));
        }

        return transactions.Count;
    }

    private static async Task<byte[]> ReadAsync(NetworkStream stream)
    {
        using var patience = new CancellationTokenSource(2 * RunningGateway.Patience);
        var head = new byte[Mbap.HeaderLength];
        await stream.ReadExactlyAsync(head, patience.Token);
        var rest = new byte[Mbap.FrameLength(head) - head.Length];
        await stream.ReadExactlyAsync(rest, patience.Token);
        return [.. head, .. rest];
    }
}

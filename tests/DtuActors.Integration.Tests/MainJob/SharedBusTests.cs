using System.Globalization;
using System.Net.Sockets;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Protocol.Modbus;
using Xunit.Abstractions;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>Five Modbus TCP masters and one DTU whose slave is late at times, all on real sockets.</summary>
public sealed class SharedBusTests(ITestOutputHelper output)
{
    private const int Masters = 5;
    private const int Requests = 1000;

    // In milliseconds. What comes late comes well within the window; what a busy machine makes late is no other case.
    private const int Timeout = 60;
    private const int LateBy = 60;
    private const int LateEvery = 20;

    private const string Configuration = """
        dtu {
          listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
          profiles { default {
            framing { codec = modbus-rtu, role = responses }
            bus { mode = request-response, response-timeout = 60ms, late-window = 5s, queue-wait = 30s, suspend-slave = off }
          } }
          endpoints { modbus { kind = modbus-tcp, port = 0, units { 1 { dtu = shared, slave = 1 }, 2 { dtu = shared, slave = 2 }, 3 { dtu = shared, slave = 3 } } } }
          http { address = "127.0.0.1", port = 0 }
        }
        """;

    [Fact]
    public async Task Five_masters_ask_a_thousand_times_each_and_no_answer_is_crossed_and_no_request_overlaps_another()
    {
        await using var host = await HostProcess.RunAsync(Configuration);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = HostProcess.Patience };
        await using var events = await EventReader.OpenAsync(http, "/api/v1/events?dtu=shared");
        await using var dtu = await DtuClient.RegisterAsync(host.EndPointOf("main"), "shared");
        await events.NextAsync("online");

        using var over = new CancellationTokenSource();
        var slave = new LateSlave(dtu);
        var serving = slave.ServeAsync(over.Token);
        var asking = Enumerable.Range(0, Masters).Select(async number =>
        {
            using var master = new TcpClient { NoDelay = true };
            await master.ConnectAsync(host.EndPointOf("modbus"));
            return await AskAsync(master.GetStream(), number);
        }).ToArray();
        var ends = await Task.WhenAll(asking);
        await over.CancelAsync();
        await serving;

        var unanswered = ends.SelectMany(end => end.Unanswered).ToHashSet();
        var dropped = await LateAnswersAsync(http);
        output.WriteLine($"{slave.Late} late answers of {Masters * Requests}, {dropped} dropped as late; {unanswered.Count} requests unanswered");
        Assert.Equal(0, ends.Sum(end => end.Crossed));
        Assert.Subset(unanswered, slave.Overlapped);
        Assert.True(unanswered.Count < Masters * Requests / 2, "most are answered");
        Assert.True(dropped > 0, "what comes late is counted");
    }

    private static async Task<long> LateAnswersAsync(HttpClient http)
    {
        var text = await http.GetStringAsync("/metrics");
        var row = text.Split('\n').FirstOrDefault(line => line.StartsWith("dtu_frames_dropped_total", StringComparison.Ordinal) && line.Contains("late-answer", StringComparison.Ordinal));
        return row is null ? 0 : (long)double.Parse(row.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static async Task<(List<int> Unanswered, int Crossed)> AskAsync(NetworkStream stream, int number)
    {
        var (unanswered, crossed) = (new List<int>(), 0);
        var answer = new byte[Mbap.MaxFrame];
        using var patience = new CancellationTokenSource(3 * HostProcess.Patience);
        for (var i = 0; i < Requests; i++)
        {
            // The register is the request's own number, and so is what the slave answers.
            var register = (ushort)((number * Requests) + i);
            var unit = (byte)(1 + (i % 3));
            await stream.WriteAsync(Mbap.Build(register, unit, [3, (byte)(register >> 8), (byte)register, 0, 1]), patience.Token);
            await stream.ReadExactlyAsync(answer.AsMemory(0, Mbap.HeaderLength + 2), patience.Token);
            var length = Mbap.FrameLength(answer);
            await stream.ReadExactlyAsync(answer.AsMemory(Mbap.HeaderLength + 2, length - Mbap.HeaderLength - 2), patience.Token);
            if (answer.AsSpan(0, length).SequenceEqual(Mbap.Build(register, unit, [0x83, ModbusException.TargetFailed])))
            {
                unanswered.Add(register);
            }
            else
            {
                crossed += answer.AsSpan(0, length).SequenceEqual(Mbap.Build(register, unit, [3, 2, (byte)(register >> 8), (byte)register])) ? 0 : 1;
            }
        }

        return (unanswered, crossed);
    }

    /// <summary>Answers with the register's own number, each twentieth request later than the gateway waits; notes whose answer it owed when another request came.</summary>
    private sealed class LateSlave(DtuClient dtu)
    {
        private const int RequestLength = 8;

        /// <summary>Requests whose answer was owed when another came.</summary>
        public HashSet<int> Overlapped { get; } = [];

        public int Late { get; private set; }

        public async Task ServeAsync(CancellationToken over)
        {
            var late = new List<Task>();
            var reading = dtu.ReadAsync(RequestLength);
            for (var count = 1; await ComesAsync(reading, over); count++)
            {
                var request = await reading;
                reading = dtu.ReadAsync(RequestLength);
                Assert.True(ModbusRtu.IsValid(request));
                var answer = ModbusRtu.Build(request[0], [3, 2, request[2], request[3]]);
                if (count % LateEvery == 0)
                {
                    Late++;
                    late.Add(AnswerLateAsync(answer));
                    continue;
                }

                // Nothing may come before this answer is out, unless the gateway waits for it no more.
                if (reading.IsCompleted)
                {
                    Overlapped.Add((request[2] << 8) | request[3]);
                }

                await dtu.SendAsync(answer);
            }

            await Task.WhenAll(late);
        }

        private static async Task<bool> ComesAsync(Task reading, CancellationToken over)
        {
            await Task.WhenAny(reading, Task.Delay(System.Threading.Timeout.Infinite, over));
            return reading.IsCompletedSuccessfully;
        }

        private async Task AnswerLateAsync(byte[] answer)
        {
            await Task.Delay(Timeout + LateBy);
            await dtu.SendAsync(answer);
        }
    }
}

using System.Net.Sockets;
using System.Text;
using DtuActors.Protocol;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Integration.Tests.MainJob;

/// <summary>A gateway that asks by itself, on real sockets and from a user's own text.</summary>
public sealed class PollTests
{
    private static readonly byte[] Question = Convert.FromHexString("01030000000AC5CD");
    private static readonly byte[] Answer = ModbusRtu.Build(1, [3, 20, .. new byte[20]]);

    [Theory]
    [InlineData("transparent")]
    [InlineData("request-response")]
    public async Task A_poll_goes_to_the_DTU_and_its_answer_to_the_software_and_both_are_counted(string mode)
    {
        await using var gateway = await RunningGateway.StartAsync($$"""
            dtu {
              listeners { main { port = 0 } }
              profiles { default { framing { codec = modbus-rtu, role = responses }, bus.mode = {{mode}}, keep-warm { every = 1s, poll = p1 } } }
              polls { p1 { dtu = "pump-*", hex = "01 03 00 00 00 0A", crc = modbus, every = 1h } }
              endpoints { scada { kind = tcp, port = 0 } }
              routes = [{ dtu = pump-7, to = scada }]
            }
            """, Path.GetTempPath());
        using var scada = new NetworkStream(await gateway.ConnectAsync("scada"), ownsSocket: true);
        await RunningGateway.UntilAsync(async () => (await gateway.EndpointAsync("scada")).Clients == 1);
        using var dtu = new NetworkStream(await gateway.ConnectAsync("main"), ownsSocket: true);
        await dtu.WriteAsync(Encoding.ASCII.GetBytes("pump-7\r\n"));

        var question = new byte[Question.Length];
        await dtu.ReadExactlyAsync(question).AsTask().WaitAsync(RunningGateway.Patience);
        Assert.Equal(Question, question);
        await dtu.WriteAsync(Answer);
        var answer = new byte[Answer.Length];
        await scada.ReadExactlyAsync(answer).AsTask().WaitAsync(RunningGateway.Patience);
        Assert.Equal(Answer, answer);
        await RunningGateway.UntilAsync(async () => (await gateway.Gateway.FindDtuAsync(DtuId.Parse("pump-7"), default))!.Polls is [{ Name: "p1", Answered: >= 1 }]);
    }
}

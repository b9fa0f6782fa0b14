using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Protocol.Checksums;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>
/// The write of one register (Modbus Application Protocol 1.1b3, 6.6), which its answer repeats: the register is a number, the value says who asked which slave.
/// </summary>
internal readonly record struct RegisterWrite(byte Slave, ushort Register, ushort Value)
{
    public const int Length = 8;

    public byte[] Pdu => [6, (byte)(Register >> 8), (byte)Register, (byte)(Value >> 8), (byte)Value];

    public byte[] ToBytes() => ModbusRtu.Build(Slave, Pdu);
}

/// <summary>
/// A Modbus RTU slave behind a DTU. It takes its time, now and then too much of it, and noise stands on its line; whether anybody asked while an answer was due, the history is told.
/// </summary>
internal sealed class Instrument(FaultHistory history, int number, Random random, Func<CancellationToken, Task<Socket>> open, byte[] hello)
    : Line(history, number, random, open, hello)
{
    private readonly FaultHistory _history = history;

    /// <summary>A fault that is planted: requests that come twice.</summary>
    public bool HearsTwice { get; init; }

    protected override async Task ServeAsync(Socket socket, int connection, CancellationToken end)
    {
        var buffer = new byte[256];
        var pending = new List<byte>();
        var answering = Task.CompletedTask;
        while (await ReadAsync(socket, buffer, end) is > 0 and var read)
        {
            pending.AddRange(buffer.AsSpan(0, read));
            while (pending.Count >= RegisterWrite.Length)
            {
                var request = pending.GetRange(0, RegisterWrite.Length).ToArray();
                pending.RemoveRange(0, RegisterWrite.Length);
                _history.Hold(Crc16Modbus.Compute(request) == 0, $"bus {Number}: bytes that are no request");
                _history.BeginBus(Number, connection, Now);
                if (HearsTwice)
                {
                    _history.BeginBus(Number, connection, Now);
                }

                // One after the other, as an instrument works.
                answering = AnswerAsync(answering, socket, connection, request, end);
            }
        }

        await answering;
    }

    private async Task AnswerAsync(Task before, Socket socket, int connection, byte[] request, CancellationToken end)
    {
        await before;
        var mood = Chance.Next(100);
        await Task.Delay(mood < 90 ? Chance.Next(1, 40) : Chance.Next(500, 1800), end);
        if (mood is >= 90 and < 94)
        {
            return;
        }

        if (mood is >= 85 and < 90)
        {
            await SendAsync(socket, new byte[] { 0x00, 0xFF, 0x55, (byte)Chance.Next(256) }, end);
        }

        _history.EndBus(Number, connection);
        await SendAsync(socket, request, end);
    }
}

/// <summary>A Modbus TCP master that writes registers, one at a time, to slaves behind several DTUs.</summary>
internal sealed class Master(FaultHistory history, int number, int slaves, Random random, Func<CancellationToken, Task<Socket>> open) : Line(history, number, random, open, [])
{
    private const int HeadLength = 7;
    private const byte GatewayGivesUp = 0x86;

    private readonly FaultHistory _history = history;
    private int _asked;

    /// <summary>A fault that is planted: now and then another's answer.</summary>
    public bool IsCrossed { get; init; }

    protected override async Task ServeAsync(Socket socket, int connection, CancellationToken end)
    {
        var answer = new byte[HeadLength + 5];
        while (true)
        {
            await Task.Delay(Chance.Next(10, 150), end);
            if (IsQuiet)
            {
                continue;
            }

            var count = ++_asked;
            var write = new RegisterWrite((byte)Chance.Next(1, slaves + 1), (ushort)count, (ushort)((Number << 8) | (count & 0xFF)));
            byte[] request = [(byte)(count >> 8), (byte)count, 0, 0, 0, 6, write.Slave, .. write.Pdu];
            await SendAsync(socket, request, end);
            await FillAsync(socket, answer.AsMemory(0, HeadLength), end);
            var length = BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(4)) - 1;
            if (length is not (2 or 5))
            {
                _history.Answer($"master {Number}", false, Convert.ToHexString(answer.AsSpan(0, HeadLength)));
                return;
            }

            await FillAsync(socket, answer.AsMemory(HeadLength, length), end);
            if (IsCrossed && Chance.Next(10) == 0)
            {
                answer[1]++;
            }

            var fits = length == 2
                ? answer.AsSpan(0, 4).SequenceEqual(request.AsSpan(0, 4)) && answer[6] == write.Slave && answer[HeadLength] == GatewayGivesUp
                : answer.AsSpan().SequenceEqual(request);
            _history.Answer($"master {Number}", fits, $"{Convert.ToHexString(answer.AsSpan(0, HeadLength + length))} to {Convert.ToHexString(request)}");
        }
    }

    // An answer may take as long as the queue and the bus allow, and stands still with the gateway: beyond that somebody was forgotten.
    private async Task FillAsync(Socket socket, Memory<byte> bytes, CancellationToken end)
    {
        var began = Now;
        while (!bytes.IsEmpty)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(end);
            patience.CancelAfter(TimeSpan.FromSeconds(40));
            try
            {
                var read = await ReadAsync(socket, bytes, patience.Token);
                if (read == 0)
                {
                    throw new IOException("closed");
                }

                bytes = bytes[read..];
            }
            catch (OperationCanceledException) when (!end.IsCancellationRequested)
            {
                _history.End(false, $"master {Number}: a request has no answer after {(Now - began).TotalSeconds:0} s");
                throw;
            }
        }
    }
}

/// <summary>Somebody who asks the same slaves through the API.</summary>
internal sealed class Asker(FaultHistory history, int number, Random random, Func<HttpClient?> http)
{
    private int _asked;

    public async Task RunAsync(string[] dtus, CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            await Task.Delay(random.Next(50, 700), CancellationToken.None);
            var slave = (byte)random.Next(1, dtus.Length + 1);
            var write = new RegisterWrite(slave, (ushort)++_asked, (ushort)(number << 8));
            var asked = Convert.ToHexString(write.ToBytes());
            try
            {
                if (http() is not { } client)
                {
                    continue;
                }

                using var body = new StringContent($$"""{"hex":"{{asked}}"}""", null, "application/json");
                var answer = await Answer.OfAsync(await client.PostAsync($"/api/v1/dtus/{dtus[slave - 1]}/request", body, CancellationToken.None));
                if (answer.Status == (int)HttpStatusCode.OK)
                {
                    var hex = answer.Json.GetProperty("hex").GetString();
                    history.Answer(string.Create(CultureInfo.InvariantCulture, $"asker {number}"), hex == asked, $"{hex} to {asked}");
                }
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException or TaskCanceledException or JsonException or ObjectDisposedException)
            {
                // The gateway was killed meanwhile.
            }
        }
    }
}

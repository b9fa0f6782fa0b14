using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;

namespace DtuActors.Benchmarks.Systems;

/// <summary>A DTU that registers as <c>fast</c> at the line <c>start</c> and sends 10 MB/s, or what TCP takes of it; <c>stop</c> closes its connection.</summary>
internal static class Flood
{
    private const int BytesPerSecond = 10_000_000;
    private static readonly TimeSpan Each = TimeSpan.FromMilliseconds(5);

    public static async Task RunAsync(int port)
    {
        var running = new CancellationTokenSource();
        while (Console.ReadLine() is { } line)
        {
            if (line == "start")
            {
                running = new CancellationTokenSource();
                _ = SendAsync(port, running.Token);
            }
            else
            {
                await running.CancelAsync();
            }
        }
    }

    // Closed by a reset: what stands in the kernel's buffers would else last for hours at the COM port's pace.
    private static async Task SendAsync(int port, CancellationToken ct)
    {
        using var socket = Loopback.Resetting();
        await socket.ConnectAsync(Loopback.At(port), ct);
        await socket.SendAsync("fast\n"u8.ToArray(), ct);
        var block = new byte[(int)(BytesPerSecond * Each.TotalSeconds)];
        Random.Shared.NextBytes(block);
        using var each = new PeriodicTimer(Each);
        while (await each.WaitForNextTickAsync(ct))
        {
            await socket.SendAsync(block, ct);
        }
    }
}

/// <summary>The program behind a COM port of 9600 baud: 960 bytes a second and no more.</summary>
internal static class SlowReader
{
    private const int TimesPerSecond = 10;
    private const int BytesPerSecond = 960;

    public static Task RunAsync(string port, CancellationToken ct) => Task.Run(
        async () =>
        {
            // Reads of a pty block: a thread of its own may wait in them.
            await using var line = new FileStream(port, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            var bytes = new byte[BytesPerSecond / TimesPerSecond];
            using var each = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / TimesPerSecond));
            try
            {
                while (await each.WaitForNextTickAsync(ct))
                {
                    await line.ReadAsync(bytes, ct).AsTask().WaitAsync(ct);
                }
            }
            catch (OperationCanceledException)
            {
                // The benchmark is over.
            }
        },
        CancellationToken.None);
}

/// <summary>A Modbus TCP master that asks one unit for ten registers, again and again with a pause, and remembers how long each answer took.</summary>
internal sealed class ModbusMaster(int port, byte unit)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private const int HeaderLength = 7;

    /// <summary>Answers that were exceptions.</summary>
    public int Failures { get; private set; }

    /// <summary>Of the answers, exceptions too.</summary>
    public Delays Delays { get; } = new();

    public async Task RunAsync(CancellationToken ct)
    {
        using var socket = await Loopback.ConnectAsync(port, ct);
        await using var stream = new NetworkStream(socket);
        var answer = new byte[260];
        try
        {
            for (ushort number = 0; ; number++)
            {
                var asked = Stopwatch.GetTimestamp();
                await stream.WriteAsync(Request(number), ct);
                await stream.ReadExactlyAsync(answer.AsMemory(0, HeaderLength), ct);
                await stream.ReadExactlyAsync(answer.AsMemory(HeaderLength, BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(4)) - 1), ct);
                Delays.Add(Stopwatch.GetElapsedTime(asked));
                Failures += answer[HeaderLength] >= 0x80 ? 1 : 0;
                await Task.Delay(Pause, ct);
            }
        }
        catch (OperationCanceledException)
        {
            // The benchmark is over.
        }
    }

    // Read holding registers 0 to 9 (Modbus application protocol V1.1b3, 6.3), behind the MBAP header.
    private byte[] Request(ushort number) => [(byte)(number >> 8), (byte)number, 0, 0, 0, 6, unit, 3, 0, 0, 0, 10];
}

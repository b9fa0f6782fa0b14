using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace DtuActors.Benchmarks.Systems;

/// <summary>A DTU, and the program at the endpoint it is routed to, which sends every frame back: each frame passes the gateway twice.</summary>
internal sealed class EchoPair : IDisposable
{
    public const int FrameBytes = 32;

    private readonly Socket _dtu;
    private readonly Socket _program;
    private readonly byte[] _frame = new byte[FrameBytes];
    private readonly byte[] _answer = new byte[FrameBytes];
    private Task? _echo;

    private EchoPair(string id, Socket dtu, Socket program) => (Id, _dtu, _program) = (id, dtu, program);

    public string Id { get; }

    /// <summary>Of the round trips.</summary>
    public Delays Delays { get; } = new();

    /// <summary>How many frames came back.</summary>
    public int RoundTrips { get; private set; }

    public static async Task<EchoPair> OpenAsync(string id, int dtuPort, int endpointPort)
    {
        var program = await Loopback.ConnectAsync(endpointPort);
        var dtu = await Loopback.ConnectAsync(dtuPort);
        await dtu.SendAsync(Encoding.ASCII.GetBytes(id + "\r\n"));
        return new EchoPair(id, dtu, program);
    }

    /// <summary>A frame at each beat, whatever the one before it took; ends between two frames.</summary>
    public async Task RunAsync(TimeSpan every, TimeSpan after, CancellationToken ct)
    {
        var echo = EchoAsync();
        var began = Stopwatch.GetTimestamp();
        await using var line = new NetworkStream(_dtu);
        while (!ct.IsCancellationRequested)
        {
            var wait = after + (RoundTrips * every) - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, CancellationToken.None);
            }

            await TurnAsync(line);
        }

        _program.Shutdown(SocketShutdown.Both);
        await echo;
    }

    /// <summary>One frame after the other, each as soon as the one before it came back; ends between two frames, and may be called again.</summary>
    public async Task TurnsAsync(CancellationToken ct)
    {
        _echo ??= EchoAsync();
        await using var line = new NetworkStream(_dtu);
        while (!ct.IsCancellationRequested)
        {
            await TurnAsync(line);
        }
    }

    public void Dispose()
    {
        _dtu.Dispose();
        _program.Dispose();
    }

    private async Task TurnAsync(NetworkStream line)
    {
        BinaryPrimitives.WriteInt64BigEndian(_frame, RoundTrips);
        var sent = Stopwatch.GetTimestamp();
        await line.WriteAsync(_frame, CancellationToken.None);
        await line.ReadExactlyAsync(_answer, CancellationToken.None);
        Delays.Add(Stopwatch.GetElapsedTime(sent));
        RoundTrips++;
    }

    private async Task EchoAsync()
    {
        var buffer = new byte[FrameBytes];
        int read;
        while ((read = await _program.ReceiveAsync(buffer)) > 0)
        {
            await _program.SendAsync(buffer.AsMemory(0, read));
        }
    }
}

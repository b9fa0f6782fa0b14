using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DtuActors.Benchmarks.Systems;

/// <summary>A DTU, and the program at the endpoint it is routed to, which sends every frame back: each frame passes the gateway twice.</summary>
internal sealed class EchoPair : IDisposable
{
    public const int FrameBytes = 32;

    private readonly Socket _dtu;
    private readonly Socket _program;
    private readonly Lock _lock = new();
    private List<double> _milliseconds = [];
    private Task? _echo;

    private EchoPair(string id, Socket dtu, Socket program) => (Id, _dtu, _program) = (id, dtu, program);

    public string Id { get; }

    /// <summary>How many frames came back.</summary>
    public int RoundTrips { get; private set; }

    public static async Task<EchoPair> OpenAsync(string id, int dtuPort, int endpointPort)
    {
        var program = await ConnectAsync(endpointPort);
        var dtu = await ConnectAsync(dtuPort);
        await dtu.SendAsync(Encoding.ASCII.GetBytes(id + "\r\n"));
        return new EchoPair(id, dtu, program);
    }

    /// <summary>The times since the last call.</summary>
    public IReadOnlyList<double> Take()
    {
        lock (_lock)
        {
            var taken = _milliseconds;
            _milliseconds = [];
            return taken;
        }
    }

    /// <summary>A frame at each beat, whatever the one before it took; ends between two frames.</summary>
    public async Task RunAsync(TimeSpan every, TimeSpan after, CancellationToken ct)
    {
        var echo = EchoAsync();
        var began = Stopwatch.GetTimestamp();
        await using var line = new NetworkStream(_dtu);
        var (frame, answer) = (new byte[FrameBytes], new byte[FrameBytes]);
        for (long number = 0; !ct.IsCancellationRequested; number++)
        {
            var wait = after + (number * every) - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, CancellationToken.None);
            }

            BinaryPrimitives.WriteInt64BigEndian(frame, number);
            var sent = Stopwatch.GetTimestamp();
            await line.WriteAsync(frame, CancellationToken.None);
            await line.ReadExactlyAsync(answer, CancellationToken.None);
            lock (_lock)
            {
                _milliseconds.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                RoundTrips++;
            }
        }

        _program.Shutdown(SocketShutdown.Both);
        await echo;
    }

    /// <summary>One frame after the other, each as soon as the one before it came back; ends between two frames, and may be called again.</summary>
    public async Task TurnsAsync(CancellationToken ct)
    {
        _echo ??= EchoAsync();
        await using var line = new NetworkStream(_dtu);
        var (frame, answer) = (new byte[FrameBytes], new byte[FrameBytes]);
        while (!ct.IsCancellationRequested)
        {
            BinaryPrimitives.WriteInt64BigEndian(frame, RoundTrips);
            var sent = Stopwatch.GetTimestamp();
            await line.WriteAsync(frame, CancellationToken.None);
            await line.ReadExactlyAsync(answer, CancellationToken.None);
            lock (_lock)
            {
                _milliseconds.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                RoundTrips++;
            }
        }
    }

    public void Dispose()
    {
        _dtu.Dispose();
        _program.Dispose();
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
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

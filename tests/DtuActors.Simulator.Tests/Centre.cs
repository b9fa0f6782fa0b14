using System.Net;
using System.Net.Sockets;

namespace DtuActors.Simulator.Tests;

/// <summary>A centre on a free port of loopback; its limits are generous and only end tests that would hang.</summary>
internal sealed class Centre : IDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public Centre()
    {
        _listener.Start(1000);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public SimulatedDtuOptions Dtu(string id = "pump-7") => new()
    {
        Port = Port,
        Id = id,
        Reconnect = new ReconnectOptions { Delay = TimeSpan.FromMilliseconds(1), Longest = TimeSpan.FromMilliseconds(1) },
    };

    public async Task<Link> AcceptAsync() => new(await _listener.AcceptSocketAsync().WaitAsync(Limit));

    public void Dispose() => _listener.Dispose();
}

/// <summary>The centre's end of one link.</summary>
internal sealed class Link(Socket socket) : IDisposable
{
    public IPEndPoint Remote => (IPEndPoint)socket.RemoteEndPoint!;

    /// <summary>Whether the DTU's FIN is here and nothing before it is unread; on loopback it is here as soon as it was sent.</summary>
    public bool IsClosed => socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;

    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var received = await socket.ReceiveAsync(bytes.AsMemory(read)).AsTask().WaitAsync(Centre.Limit);
            Assert.True(received > 0, $"the DTU closed after {read} of {count} bytes: {Convert.ToHexString(bytes.AsSpan(0, read))}");
            read += received;
        }

        return bytes;
    }

    public async Task<string> ReadHexAsync(int count) => Convert.ToHexString(await ReadAsync(count));

    public async Task<string> ReadTextAsync(int count) => System.Text.Encoding.ASCII.GetString(await ReadAsync(count));

    /// <summary>Reads on until the DTU closes, and gives what came.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        var all = new List<byte>();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(Centre.Limit) is var received and > 0)
        {
            all.AddRange(buffer.AsSpan(0, received));
        }

        return [.. all];
    }

    public async Task SendAsync(byte[] bytes) => await socket.SendAsync(bytes.AsMemory()).AsTask().WaitAsync(Centre.Limit);

    public Task SendHexAsync(string hex) => SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    public void Dispose() => socket.Dispose();
}

/// <summary>A time that stands still until it is told otherwise; it has no timers.</summary>
internal sealed class StandingTime : TimeProvider
{
    private TimeSpan _now = TimeSpan.FromHours(1);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now.Ticks;

    public void Advance(TimeSpan by) => _now += by;
}

/// <summary>A line that keeps what an instrument answers.</summary>
internal sealed class RecordingLine : IInstrumentLine
{
    public List<string> Answers { get; } = [];

    public ValueTask AnswerAsync(ReadOnlyMemory<byte> answer, CancellationToken cancellation)
    {
        Answers.Add(Convert.ToHexString(answer.Span));
        return ValueTask.CompletedTask;
    }
}

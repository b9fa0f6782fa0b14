using System.Diagnostics;
using System.Net.Sockets;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>
/// Somebody who dials, or is dialled, for as long as the run lasts, and what can happen to the line: it breaks, it goes silent without a word, nobody reads it. Whoever derives from
/// it speaks.
/// </summary>
internal abstract class Line : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly FaultHistory _history;
    private readonly Func<CancellationToken, Task<Socket>> _open;
    private readonly byte[] _hello;
    private readonly List<Task> _watching = [];
    private Connection? _connection;
    private Task _life = Task.CompletedTask;
    private TimeSpan _readAgain;
    private volatile bool _isQuiet;

    /// <param name="history">Hears of it.</param>
    /// <param name="number">Its DTU.</param>
    /// <param name="random">Of this line alone.</param>
    /// <param name="open">Opens a connection.</param>
    /// <param name="hello">What is said first, a registration.</param>
    protected Line(FaultHistory history, int number, Random random, Func<CancellationToken, Task<Socket>> open, byte[] hello)
    {
        (_history, Number, Chance, _open, _hello) = (history, number, random, open, hello);
    }

    public int Number { get; }

    /// <summary>Connections so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Since the process started.</summary>
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    protected Random Chance { get; }

    /// <summary>It begins nothing any more, but hears and answers.</summary>
    protected bool IsQuiet => _isQuiet;

    public void BeQuiet() => _isQuiet = true;

    public void Start() => _life = Task.Run(LiveAsync);

    /// <summary>The line ends, by a reset or in order.</summary>
    public void Cut(bool reset)
    {
        if (_connection is { } connection)
        {
            connection.IsReset = reset;
            connection.Leave();
        }
    }

    /// <summary>It says nothing and hears nothing any more, and dials anew after a while, as a DTU whose cell was lost.</summary>
    public void GoSilent(TimeSpan dialAgain)
    {
        if (_connection is { } connection)
        {
            connection.DialAgain = dialAgain;
            connection.Leave();
        }
    }

    /// <summary>Nobody reads for a while.</summary>
    public void StopReading(TimeSpan time) => _readAgain = Now + time;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _life;
        await Task.WhenAll(_watching);
    }

    /// <summary>Speaks until the connection ends, which may throw.</summary>
    protected abstract Task ServeAsync(Socket socket, int connection, CancellationToken end);

    protected async Task<int> ReadAsync(Socket socket, Memory<byte> buffer, CancellationToken end)
    {
        if (_readAgain - Now is var pause && pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, end);
        }

        return await socket.ReceiveAsync(buffer, end);
    }

    /// <summary>Sends bytes, as cellular networks do: now and then in two pieces.</summary>
    protected async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken end)
    {
        var cut = Chance.Next(5) == 0 ? Chance.Next(1, bytes.Length) : bytes.Length;
        await SendWholeAsync(socket, bytes[..cut], end);
        if (cut < bytes.Length)
        {
            await Task.Delay(Chance.Next(1, 30), end);
            await SendWholeAsync(socket, bytes[cut..], end);
        }
    }

    private static async Task SendWholeAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken end)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, end)..];
        }
    }

    private async Task LiveAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var connection = new Connection(_stop.Token);
            try
            {
                connection.Socket = await _open(connection.End.Token);
                await SendWholeAsync(connection.Socket, _hello, connection.End.Token);
                _connection = connection;
                await ServeAsync(connection.Socket, ++Connections, connection.End.Token);
            }
            catch (Exception broken) when (broken is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // What a line does.
            }

            _connection = null;
            if (connection.DialAgain is { } again && !_stop.IsCancellationRequested)
            {
                _history.FallSilent(connection, Number, Now);
                _watching.Add(WatchAsync(connection, connection.Socket!));
                await Rest(again);
            }
            else
            {
                connection.Close();
                await Rest(TimeSpan.FromMilliseconds(Chance.Next(50, 600)));
            }
        }
    }

    private async Task Rest(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    /// <summary>Waits until the gateway ends a line that is silent.</summary>
    private async Task WatchAsync(Connection connection, Socket socket)
    {
        var looking = _history.Limits.LookAfter is { } after ? LookAsync(socket, after) : Task.CompletedTask;
        try
        {
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer, _stop.Token) > 0)
            {
            }

            _history.Noticed(connection, Now);
        }
        catch (SocketException)
        {
            _history.Noticed(connection, Now);
        }
        catch (OperationCanceledException)
        {
            // The run is over before; the history says whether that was too late.
        }
        finally
        {
            socket.Dispose();
            await looking;
        }
    }

    private async Task LookAsync(Socket socket, TimeSpan after)
    {
        try
        {
            await Task.Delay(after, _stop.Token);
            await socket.SendAsync(new byte[1], _stop.Token);
        }
        catch (Exception over) when (over is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Whoever reads hears of it.
        }
    }

    private sealed class Connection(CancellationToken stop) : IDisposable
    {
        public Socket? Socket { get; set; }

        public CancellationTokenSource End { get; } = CancellationTokenSource.CreateLinkedTokenSource(stop);

        /// <summary>It is left as it is, and another one is made after this time.</summary>
        public TimeSpan? DialAgain { get; set; }

        public bool IsReset { get; set; }

        public void Leave()
        {
            try
            {
                End.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself meanwhile.
            }
        }

        public void Close()
        {
            if (IsReset && Socket is { Connected: true })
            {
                Socket.LingerState = new LingerOption(true, 0);
            }

            Socket?.Dispose();
        }

        public void Dispose() => End.Dispose();
    }
}

using System.Net.Sockets;
using System.Text;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>Says numbered frames and hears those of the other side: a DTU, or the program at its endpoint.</summary>
internal sealed class Talker : Line
{
    private static readonly byte[] Garbage = Encoding.Latin1.GetBytes("##99\x01\x02#\r\n##0007nonsense\r\n\xFF\xFE##");

    private readonly FaultHistory _history;
    private readonly Way _says;
    private readonly string _place;
    private readonly Func<StreamFrame?, IEnumerable<StreamFrame?>> _lie;
    private volatile int _garbage;
    private volatile bool _hasHeard;

    /// <param name="history">Hears of it.</param>
    /// <param name="number">Its DTU.</param>
    /// <param name="says">Its way.</param>
    /// <param name="random">Of it alone.</param>
    /// <param name="open">Opens a connection.</param>
    /// <param name="hello">Its registration.</param>
    /// <param name="lie">What is made of a frame that came, where a fault is planted.</param>
    public Talker(
        FaultHistory history, int number, Way says, Random random, Func<CancellationToken, Task<Socket>> open, byte[] hello, Func<StreamFrame?, IEnumerable<StreamFrame?>>? lie = null)
        : base(history, number, random, open, hello)
    {
        (_history, _says) = (history, says);
        _place = PlaceOf(says, number);
        _lie = lie ?? (static frame => [frame]);
    }

    /// <summary>Frames that are said a second, at most.</summary>
    public int Pace { get; init; } = 8;

    /// <summary>What it hears, it hears there.</summary>
    public static string PlaceOf(Way says, int number) => says is Way.Up ? $"DTU {number}" : $"endpoint of DTU {number}";

    /// <summary>The next thing it says is none.</summary>
    public void SayGarbage() => _garbage++;

    protected override async Task ServeAsync(Socket socket, int connection, CancellationToken end)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(end);
        var saying = SayAsync(socket, over.Token);
        try
        {
            await HearAsync(socket, connection, over.Token);
        }
        finally
        {
            await over.CancelAsync();
            await saying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task HearAsync(Socket socket, int connection, CancellationToken end)
    {
        var frames = new StreamFrames();
        var buffer = new byte[4096];
        while (await ReadAsync(socket, buffer, end) is > 0 and var read)
        {
            foreach (var frame in frames.Feed(buffer.AsSpan(0, read)).SelectMany(_lie))
            {
                _hasHeard = true;
                _history.Arrive(_place, connection, Number, frame);
            }
        }
    }

    private async Task SayAsync(Socket socket, CancellationToken end)
    {
        while (true)
        {
            await Task.Delay(Chance.Next(20, 2000 / Pace), end);

            // The program at the endpoint waits for its DTU: what it says to nobody is dropped, which is no loss that a line has to explain.
            if (IsQuiet || (_says is Way.Down && !_hasHeard))
            {
                continue;
            }

            if (_garbage > 0)
            {
                _garbage--;
                await SendAsync(socket, Garbage.AsMemory(Chance.Next(Garbage.Length - 4)), end);
            }

            await SendAsync(socket, _history.Say(_says, Number).ToBytes(Chance.Next(8) == 0 ? Chance.Next(1500) : Chance.Next(60)), end);
        }
    }
}

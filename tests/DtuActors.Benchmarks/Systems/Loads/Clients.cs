using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// Those of one relay, each with one frame under way. Each frame has its number in it, so that one that comes back twice, late or to another is seen. Where one says and others
/// hear it (a fan), the next is said when all have heard the last.
/// </summary>
internal sealed class Clients
{
    // By the microsecond, up to a second.
    private const int MostMicroseconds = 1_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Epoll _epoll = new();
    private readonly int[] _write;
    private readonly int[] _read;
    private readonly FrameKind _kind;
    private readonly long[] _sentAt;
    private readonly long[] _numbers;
    private readonly long[] _done;
    private readonly int[] _got;
    private readonly byte[] _frame;
    private readonly byte[] _answers;
    private readonly int[] _buckets = new int[MostMicroseconds + 1];
    private readonly object? _held;
    private long _number;
    private int _unheard;

    /// <param name="write">Where each writes; one for all: it says, and all hear.</param>
    /// <param name="read">Where each reads.</param>
    /// <param name="kind">What it sends.</param>
    /// <param name="held">What must not be collected.</param>
    public Clients(int[] write, int[] read, FrameKind kind, object? held = null)
    {
        (_write, _read, _kind, _held) = (write, read, kind, held);
        (_sentAt, _numbers, _done, _got) = (new long[read.Length], new long[read.Length], new long[read.Length], new int[read.Length]);
        (_frame, _answers) = (new byte[kind.RequestBytes], new byte[kind.AnswerBytes * read.Length]);
        for (var i = 0; i < read.Length; i++)
        {
            _epoll.Watch(read[i], i);
        }
    }

    private bool IsFan => _write.Length < _read.Length;

    public static async Task<Clients> ConnectAsync(int[] ports, FrameKind kind)
    {
        var sockets = await ConnectAsync(ports);
        int[] files = [.. sockets.Select(socket => (int)socket.Handle)];
        return new Clients(files, files, kind, sockets);
    }

    public static async Task<Clients> FanAsync(int port, string id, int clientsPort, int count)
    {
        const int FrameBytes = 64;
        var sockets = await ConnectAsync([.. Enumerable.Repeat(clientsPort, count)]);
        var dtu = await Loopback.ConnectAsync(port);
        await dtu.SendAsync(Encoding.ASCII.GetBytes(id + "\r\n"));
        return new Clients([(int)dtu.Handle], [.. sockets.Select(socket => (int)socket.Handle)], FrameKind.Named($"{FrameBytes}"), (sockets, dtu));
    }

    /// <summary>The same, with other frames.</summary>
    public Clients With(FrameKind kind) => new(_write, _read, kind, _held);

    public string Run(TimeSpan time)
    {
        Array.Clear(_buckets);
        Array.Clear(_done);
        Array.Clear(_got);
        var (faults, under) = (0L, _read.Length);
        var began = Stopwatch.GetTimestamp();
        var over = began + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var ready = new int[256];
        SendFirst();
        while (under > 0)
        {
            var count = _epoll.Wait(ready, 100);
            var now = Stopwatch.GetTimestamp();
            foreach (var i in ready.AsSpan(0, count))
            {
                if (!Read(i))
                {
                    // Closed, or more than was asked for: it is not to be measured.
                    return Text(1, time);
                }

                if (_got[i] == _kind.AnswerBytes)
                {
                    faults += _kind.Answers(_numbers[i], _answers.AsSpan(i * _kind.AnswerBytes, _kind.AnswerBytes)) ? 0 : 1;
                    _buckets[Math.Min((long)Stopwatch.GetElapsedTime(_sentAt[i], now).TotalMicroseconds, MostMicroseconds)]++;
                    _got[i] = 0;
                    _done[i]++;
                    under = SendNext(i, now < over) ? under : IsFan ? 0 : under - 1;
                }
            }

            if (now > over + (Patience.TotalSeconds * Stopwatch.Frequency))
            {
                faults += under;
                break;
            }
        }

        return Text(faults, Stopwatch.GetElapsedTime(began));
    }

    private static async Task<Socket[]> ConnectAsync(int[] ports)
    {
        var sockets = new Socket[ports.Length];
        for (var i = 0; i < ports.Length; i++)
        {
            sockets[i] = await Loopback.ConnectAsync(ports[i]);
        }

        return sockets;
    }

    private bool Read(int i)
    {
        var room = _answers.AsSpan((i * _kind.AnswerBytes) + _got[i], _kind.AnswerBytes - _got[i]);
        var read = room.IsEmpty ? -1 : Epoll.Read(_read[i], room);
        _got[i] += Math.Max(read, 0);
        return read > 0;
    }

    private void SendFirst()
    {
        if (IsFan)
        {
            Say();
            return;
        }

        for (var i = 0; i < _write.Length; i++)
        {
            Send(i);
        }
    }

    // False where nothing more is to come of it.
    private bool SendNext(int i, bool goesOn)
    {
        if (!IsFan && goesOn)
        {
            Send(i);
        }
        else if (IsFan && --_unheard == 0 && goesOn)
        {
            Say();
        }

        return goesOn || (IsFan && _unheard > 0);
    }

    private void Send(int i)
    {
        _numbers[i] = ++_number;
        _kind.Make(_number, _frame);
        _sentAt[i] = Stopwatch.GetTimestamp();
        Epoll.Write(_write[i], _frame);
    }

    private void Say()
    {
        _unheard = _read.Length;
        _kind.Make(++_number, _frame);
        Array.Fill(_numbers, _number);
        Array.Fill(_sentAt, Stopwatch.GetTimestamp());
        Epoll.Write(_write[0], _frame);
    }

    private string Text(long faults, TimeSpan time) => string.Create(
        CultureInfo.InvariantCulture,
        $"bench ran {_done.Sum() / time.TotalSeconds:0.#} {Quantile(0.5)} {Quantile(0.99)} {Quantile(0.999)} {(double)_done.Min() / Math.Max(_done.Max(), 1):0.###} {faults}");

    private int Quantile(double share)
    {
        var left = (long)Math.Ceiling(_buckets.Sum(static bucket => (long)bucket) * share);
        var at = -1;
        while (left > 0)
        {
            left -= _buckets[++at];
        }

        return Math.Max(at, 0);
    }
}

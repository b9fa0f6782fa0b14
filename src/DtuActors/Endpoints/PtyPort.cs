using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DtuActors.Endpoints;

/// <summary>
/// The master's side of a pseudo-terminal. Its own thread waits for bytes and for programs that come and go; while no program has the slave open it looks
/// every 25 ms (Linux tells of a leaving at once, of a coming never), and what nobody read is thrown away, so that the next program gets nothing stale.
/// </summary>
internal sealed class PtyPort : IPort
{
    private const int LookForProgram = 25;
    private const int WriteSlice = 100;

    private readonly int _master;
    private readonly TimeSpan _writeLimit;
    private readonly int _wake;
    private readonly string _slave;
    private readonly byte[] _attributes = new byte[PtyNative.TermiosRoom];
    private readonly Action _removeLink;
    private readonly Lock _presence = new();
    private readonly Thread _thread;

    private bool _someone;
    private string? _problem;
    private Pending? _read;
    private bool _closing;
    private int _disposed;

    public PtyPort(int master, string slave, TimeSpan writeLimit, Action removeLink)
    {
        _master = master;
        _slave = slave;
        _writeLimit = writeLimit;
        _removeLink = removeLink;
        _wake = PtyNative.EventDescriptor(0, PtyNative.NonBlocking | PtyNative.CloseOnExec);
        if (_wake < 0)
        {
            throw PtyNative.Failed("no event descriptor");
        }

        CleanUp();
        _thread = new Thread(Watch) { IsBackground = true, Name = "dtu-pty" };
        _thread.Start();
    }

    public bool CanPause => true;

    public int MostPerWrite => 4096;

    public PortWrite Write(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        var left = bytes.Span;
        var progress = Stopwatch.GetTimestamp();
        while (!left.IsEmpty)
        {
            if (!SomeoneThere())
            {
                return PortWrite.NoReader;
            }

            var count = PtyNative.Write(_master, left, (nuint)left.Length);
            if (count > 0)
            {
                left = left[(int)count..];
                progress = Stopwatch.GetTimestamp();
                continue;
            }

            var error = count < 0 ? Marshal.GetLastPInvokeError() : PtyNative.TryAgain;
            if (error is not (PtyNative.TryAgain or PtyNative.Interrupted or PtyNative.InputOutput))
            {
                throw PtyNative.Failed("the pseudo-terminal takes nothing");
            }

            stop.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(progress) > _writeLimit)
            {
                return PortWrite.TimedOut;
            }

            Span<PtyNative.Polled> wait = [new() { Descriptor = _master, Events = PtyNative.PollOut }];
            _ = PtyNative.Poll(wait, 1, WriteSlice);
        }

        return PortWrite.Written;
    }

    public ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        var read = new Pending(buffer);
        if (Interlocked.CompareExchange(ref _read, read, null) is not null)
        {
            throw new InvalidOperationException("one read at a time");
        }

        if (Volatile.Read(ref _closing))
        {
            read.Done.TrySetResult(0);
        }

        Wake();
        return new ValueTask<int>(read.Done.Task);
    }

    // The node lives as long as its master, and that is ours.
    public string? Lost() => Volatile.Read(ref _problem);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _removeLink();
        Volatile.Write(ref _closing, true);
        Wake();
        _thread.Join();
        Volatile.Read(ref _read)?.Done.TrySetResult(0);
        _ = PtyNative.Close(_master);

        // A late read may still want to wake the thread, so only the master is closed before the reader knows.
        lock (_presence)
        {
            _ = PtyNative.Close(_wake);
        }
    }

    private void Wake()
    {
        lock (_presence)
        {
            if (Volatile.Read(ref _disposed) == 0 || _thread.IsAlive)
            {
                ReadOnlySpan<byte> one = [1, 0, 0, 0, 0, 0, 0, 0];
                _ = PtyNative.Write(_wake, one, (nuint)one.Length);
            }
        }
    }

    private void Watch()
    {
        Span<byte> count = stackalloc byte[8];
        while (!Volatile.Read(ref _closing))
        {
            var someone = SomeoneThere();
            var wanted = Volatile.Read(ref _read);
            if (wanted is not null && TryRead(wanted))
            {
                continue;
            }

            // With nobody there the master would report just that, at once and for ever: it is left out.
            Span<PtyNative.Polled> wait =
            [
                new() { Descriptor = _wake, Events = PtyNative.PollIn },
                new() { Descriptor = someone ? _master : -1, Events = wanted is null ? (short)0 : PtyNative.PollIn },
            ];
            _ = PtyNative.Poll(wait, 2, someone ? -1 : LookForProgram);
            if ((wait[1].Happened & (PtyNative.PollError | PtyNative.PollInvalid)) != 0)
            {
                Volatile.Write(ref _closing, true);
            }

            if ((wait[0].Happened & PtyNative.PollIn) != 0)
            {
                _ = PtyNative.Read(_wake, count, (nuint)count.Length);
            }
        }

        Volatile.Read(ref _read)?.Done.TrySetResult(0);
    }

    /// <summary>Reads what is there; false where nothing is. What a program wrote before it left is still there.</summary>
    private bool TryRead(Pending wanted)
    {
        var count = PtyNative.Read(_master, wanted.Buffer.Span, (nuint)wanted.Buffer.Length);
        if (count > 0)
        {
            Volatile.Write(ref _read, null);
            wanted.Done.TrySetResult((int)count);
            return true;
        }

        return count < 0 && Marshal.GetLastPInvokeError() == PtyNative.Interrupted;
    }

    /// <summary>Whether a program has the slave open; cleans up behind one that left.</summary>
    private bool SomeoneThere()
    {
        lock (_presence)
        {
            var before = _someone;
            _someone = !IsHungUp();
            if (!_someone && (before || AttributesChanged()))
            {
                CleanUp();
            }

            return _someone;
        }
    }

    private bool IsHungUp()
    {
        Span<PtyNative.Polled> look = [new() { Descriptor = _master }];
        _ = PtyNative.Poll(look, 1, 0);
        return (look[0].Happened & PtyNative.PollHangUp) != 0;
    }

    /// <summary>A program may come and go between two looks: it leaves its attributes behind.</summary>
    private bool AttributesChanged()
    {
        Span<byte> now = stackalloc byte[PtyNative.TermiosRoom];
        now.Clear();
        return PtyNative.GetAttributes(_master, now) == 0 && !now.SequenceEqual(_attributes);
    }

    /// <summary>
    /// Throws away what the last program did not read, and what it set. Both need the slave's side: a flush of the master's leaves what the slave's line
    /// discipline has already. Opening it once also is what makes a new pty say that nobody has it open.
    /// </summary>
    private void CleanUp()
    {
        var slave = PtyNative.Open(_slave, PtyNative.ReadWrite | PtyNative.NoControllingTerminal | PtyNative.CloseOnExec);
        if (slave < 0)
        {
            // A program that died with the port for itself (TIOCEXCL) leaves it locked for good: only another pty helps.
            _problem = IsHungUp() ? PtyNative.Failed("the pseudo-terminal can't be opened any more").Message : null;
            return;
        }

        Span<byte> termios = stackalloc byte[PtyNative.TermiosRoom];
        termios.Clear();
        _ = PtyNative.Flush(slave, PtyNative.FlushUnread);
        if (PtyNative.GetAttributes(slave, termios) == 0)
        {
            PtyNative.MakeRaw(termios);

            // A pty keeps no parity, and setting attributes fails where none of them changes (tcsetattr, EINVAL): with a speed that no program asks for,
            // one always does, for the second program that asks for the same parity too.
            _ = PtyNative.SetSpeed(termios, PtyNative.OddSpeed);
            _ = PtyNative.SetAttributes(slave, PtyNative.Now, termios);
        }

        _ = PtyNative.Close(slave);
        _attributes.AsSpan().Clear();
        _ = PtyNative.GetAttributes(_master, _attributes);
    }

    private sealed class Pending(Memory<byte> buffer)
    {
        public Memory<byte> Buffer { get; } = buffer;

        public TaskCompletionSource<int> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DtuActors.Endpoints;

/// <summary>
/// A port whose bytes move by poll(2), read(2) and write(2) of Linux: a thread of its own waits for what comes, whoever writes waits for room. Nothing of it hangs on timers or on
/// threads that others need.
/// </summary>
internal abstract class PolledPort : IPort
{
    private const int WriteSlice = 100;

    private readonly int _wake;
    private readonly Lock _waking = new();
    private Thread? _thread;
    private Pending? _read;
    private bool _closing;
    private int _disposed;

    /// <param name="descriptor">Open, not blocking, and its own from here on.</param>
    /// <exception cref="IOException">The system has no more descriptors; that one is still the caller's.</exception>
    protected PolledPort(int descriptor)
    {
        Descriptor = descriptor;
        _wake = PtyNative.EventDescriptor(0, PtyNative.NonBlocking | PtyNative.CloseOnExec);
        if (_wake < 0)
        {
            throw PtyNative.Failed("no event descriptor");
        }
    }

    public abstract bool CanPause { get; }

    public abstract int MostPerWrite { get; }

    protected int Descriptor { get; }

    public PortWrite Write(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        var left = bytes.Span;
        var limit = WriteLimit(left.Length);
        var progress = Stopwatch.GetTimestamp();
        while (!left.IsEmpty)
        {
            if (!IsThere())
            {
                return PortWrite.NoReader;
            }

            var count = PtyNative.Write(Descriptor, left, (nuint)left.Length);
            if (count > 0)
            {
                left = left[(int)count..];
                progress = Stopwatch.GetTimestamp();
                continue;
            }

            var error = count < 0 ? Marshal.GetLastPInvokeError() : PtyNative.TryAgain;
            if (error is not (PtyNative.TryAgain or PtyNative.Interrupted) && EndsWrite(error))
            {
                throw PtyNative.Failed("the port takes nothing");
            }

            stop.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(progress) > limit)
            {
                return PortWrite.TimedOut;
            }

            Span<PtyNative.Polled> wait = [new() { Descriptor = Descriptor, Events = PtyNative.PollOut }];
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

    public abstract string? Lost();

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        OnDispose();
        Volatile.Write(ref _closing, true);
        Wake();
        _thread?.Join();
        Volatile.Read(ref _read)?.Done.TrySetResult(0);
        _ = PtyNative.Close(Descriptor);

        // A late read may still want to wake the thread, so only the port is closed before the reader knows.
        lock (_waking)
        {
            _ = PtyNative.Close(_wake);
        }
    }

    /// <summary>Begins to wait for what comes; last of all in the constructor.</summary>
    protected void Begin(string name)
    {
        _thread = new Thread(Watch) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Without any progress a write of so many bytes is given up after that time.</summary>
    protected abstract TimeSpan WriteLimit(int bytes);

    /// <summary>Whether there is somebody at the other side; where not, it is looked again every <see cref="LookEvery"/> ms.</summary>
    protected virtual bool IsThere() => true;

    protected virtual int LookEvery => -1;

    /// <summary>Whether a write that fails so will never do better.</summary>
    protected virtual bool EndsWrite(int error) => true;

    /// <summary>Whether what poll(2) tells is the port's end.</summary>
    protected abstract bool IsEnd(short happened);

    /// <summary>First of all at its end.</summary>
    protected virtual void OnDispose()
    {
    }

    private void Wake()
    {
        lock (_waking)
        {
            if (Volatile.Read(ref _disposed) == 0 || _thread is { IsAlive: true })
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
            var isThere = IsThere();
            var wanted = Volatile.Read(ref _read);
            if (wanted is not null && TryRead(wanted))
            {
                continue;
            }

            // With nobody there the port may report just that, at once and for ever: it is left out.
            Span<PtyNative.Polled> wait =
            [
                new() { Descriptor = _wake, Events = PtyNative.PollIn },
                new() { Descriptor = isThere ? Descriptor : -1, Events = wanted is null ? (short)0 : PtyNative.PollIn },
            ];
            _ = PtyNative.Poll(wait, 2, isThere ? -1 : LookEvery);
            if (IsEnd(wait[1].Happened) && (wanted is null || !TryRead(wanted)))
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

    /// <summary>Reads what is there; false where nothing is. What was said before the other side left is still there.</summary>
    private bool TryRead(Pending wanted)
    {
        var count = PtyNative.Read(Descriptor, wanted.Buffer.Span, (nuint)wanted.Buffer.Length);
        if (count > 0)
        {
            Volatile.Write(ref _read, null);
            wanted.Done.TrySetResult((int)count);
            return true;
        }

        return count < 0 && Marshal.GetLastPInvokeError() == PtyNative.Interrupted;
    }

    private sealed class Pending(Memory<byte> buffer)
    {
        public Memory<byte> Buffer { get; } = buffer;

        public TaskCompletionSource<int> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

using System.Runtime.InteropServices;

namespace DtuActors.Benchmarks.Systems;

/// <summary>
/// Linux's epoll, without .NET's socket engine between: a load that costs as little as one in C leaves the two cores to what is measured. One thread waits at a time, and it lives as long as its
/// process.
/// </summary>
internal sealed unsafe partial class Epoll
{
    private const int MostEvents = 256;
    private const int Add = 1;
    private const uint Readable = 1;
    private const uint OnExclusiveCloseOnExec = 0x80000;

    // packed on x64 (12 bytes), naturally aligned elsewhere (16): epoll_event of sys/epoll.h
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 12 : 16;
    private static readonly int DataAt = EventBytes - 8;

    private readonly int _epoll = EpollCreate(OnExclusiveCloseOnExec);
    private readonly byte[] _events = new byte[MostEvents * 16];

    /// <summary>Told of under <paramref name="number"/> whenever it can be read, until it is closed.</summary>
    /// <exception cref="IOException">The system can't watch it.</exception>
    public void Watch(int file, int number)
    {
        var bytes = stackalloc byte[16];
        *(uint*)bytes = Readable;
        *(long*)(bytes + DataAt) = number;
        if (EpollControl(_epoll, Add, file, bytes) != 0)
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }
    }

    /// <summary>The numbers of those that can be read, at most as many as <paramref name="numbers"/> holds; none after <paramref name="milliseconds"/>.</summary>
    public int Wait(Span<int> numbers, int milliseconds)
    {
        fixed (byte* events = _events)
        {
            var count = EpollWait(_epoll, events, Math.Min(numbers.Length, MostEvents), milliseconds);
            for (var i = 0; i < count; i++)
            {
                numbers[i] = (int)*(long*)(events + (i * EventBytes) + DataAt);
            }

            return Math.Max(count, 0);
        }
    }

    /// <summary>What is there, of a socket or of a pty's other end; -1: the end, or an error.</summary>
    public static int Read(int file, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            var read = (int)ReadFile(file, bytes, buffer.Length);
            return read > 0 ? read : -1;
        }
    }

    /// <summary>False where not all of it went into the kernel's buffer.</summary>
    public static bool Write(int file, ReadOnlySpan<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            return WriteFile(file, bytes, buffer.Length) == buffer.Length;
        }
    }

    /// <summary>The end of a new pty that a program has, raw; <paramref name="device"/>: the end that is a serial port.</summary>
    public static int OpenPty(out string device)
    {
        const int Room = 1024;
        int master, slave;
        var name = stackalloc byte[Room];
        var termios = stackalloc byte[Room];
        if (OpenPtyPair(&master, &slave, name, null, null) != 0 || GetAttributes(slave, termios) != 0)
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }

        MakeRaw(termios);
        if (SetAttributes(slave, 0, termios) != 0)
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }

        // The other end stays open: a pty whose port nobody has open yet would be at its end.
        device = Marshal.PtrToStringUTF8((nint)name)!;
        return master;
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(uint flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int epoll, int what, int file, byte* wish);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int EpollWait(int epoll, byte* events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadFile(int file, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteFile(int file, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "openpty", SetLastError = true)]
    private static partial int OpenPtyPair(int* master, int* slave, byte* name, byte* termios, byte* size);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetAttributes(int file, byte* termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(int file, int when, byte* termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* termios);
}

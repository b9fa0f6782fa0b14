using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace DtuActors.Listening.Streams.Polling;

/// <summary>The calls of Linux's C library that wait for sockets and move their bytes, with the constants of asm-generic (x86-64, arm64). All of them are told not to wait.</summary>
internal static unsafe partial class LinuxSockets
{
    public const uint Readable = 0x1;
    public const uint Writable = 0x4;
    public const uint Failed = 0x8 | 0x10;
    public const uint PeerFinished = 0x2000;

    /// <summary>Nothing is there, or nothing fits in: EAGAIN.</summary>
    public const int WouldBlock = 11;

    private const int Interrupted = 4;
    private const int CloseOnExec = 0x80000;
    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int AddControl = 1;
    private const uint OncePerChange = 1u << 31;

    /// <summary>struct epoll_event: packed on x86-64, aligned elsewhere.</summary>
    public static int EventBytes { get; } = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 12 : 16;

    /// <summary>What happened to the one of <paramref name="number"/>, in the buffer that <see cref="Wait"/> filled.</summary>
    public static uint EventAt(ReadOnlySpan<byte> events, int number, out long tag)
    {
        var at = events.Slice(number * EventBytes, EventBytes);
        tag = MemoryMarshal.Read<long>(at[(EventBytes - sizeof(long))..]);
        return MemoryMarshal.Read<uint>(at);
    }

    /// <summary>What the system calls an error that <see cref="Receive(int, Span{byte})"/> or <see cref="Send(int, ReadOnlySpan{byte})"/> gave.</summary>
    public static string Words(int negated) => Marshal.GetPInvokeErrorMessage(-negated);

    /// <exception cref="SocketException">The system has no more of them.</exception>
    public static int CreatePoll()
    {
        var poll = EpollCreate(CloseOnExec);
        return poll >= 0 ? poll : throw new SocketException(Marshal.GetLastPInvokeError());
    }

    /// <summary>Each change of the socket, and how it is now, is told once, under <paramref name="tag"/>, until the socket is closed.</summary>
    /// <exception cref="SocketException">No memory, or no more watches allowed to the user.</exception>
    public static void Add(int poll, int socket, long tag)
    {
        var bytes = stackalloc byte[16];
        *(uint*)bytes = Readable | Writable | PeerFinished | OncePerChange;
        *(long*)(bytes + EventBytes - sizeof(long)) = tag;
        if (EpollControl(poll, AddControl, socket, bytes) != 0)
        {
            throw new SocketException(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>How many events it wrote; 0 where time is over, or it was interrupted.</summary>
    public static int Wait(int poll, Span<byte> events, int milliseconds)
    {
        fixed (byte* bytes = events)
        {
            return Math.Max(EpollWait(poll, bytes, events.Length / EventBytes, milliseconds), 0);
        }
    }

    /// <summary>What was read; 0 is the peer's end, below it is the error's number, negated.</summary>
    public static int Receive(int socket, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            int outcome;
            do
            {
                outcome = Outcome(Receive(socket, bytes, buffer.Length, DoNotWait));
            }
            while (outcome == -Interrupted);
            return outcome;
        }
    }

    /// <summary>What the kernel took; below 0 is the error's number, negated.</summary>
    public static int Send(int socket, ReadOnlySpan<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            int outcome;
            do
            {
                outcome = Outcome(Send(socket, bytes, buffer.Length, DoNotWait | NoSignal));
            }
            while (outcome == -Interrupted);
            return outcome;
        }
    }

    private static int Outcome(nint count) => count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int poll, int control, int descriptor, byte* wish);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int EpollWait(int poll, byte* events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, byte* buffer, nint length, int flags);
}

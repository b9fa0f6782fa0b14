using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DtuActors.Host.Attaching;

/// <summary>
/// The terminal at standard input, raw: each key at once and as its bytes, Ctrl-C among them, nothing echoed. Disposing puts it back as it was, and so does the process's end.
/// </summary>
internal sealed partial class RawTerminal : IDisposable
{
    private const int StandardInput = 0;
    private const int Now = 0;

    // More than struct termios needs anywhere: it is only handed from one call to the next.
    private const int TermiosRoom = 256;

    private const int WindowsInput = -10;
    private const uint VirtualTerminalInput = 0x200;

    private readonly Action _restore;
    private readonly EventHandler _atExit;
    private int _restored;

    private RawTerminal(Action restore)
    {
        _restore = restore;
        _atExit = (_, _) => Restore();
        AppDomain.CurrentDomain.ProcessExit += _atExit;
    }

    /// <summary>Makes it raw.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static RawTerminal Enter() => OperatingSystem.IsWindows() ? EnterWindows() : EnterUnix();

    /// <summary>Its bytes. Reading waits in a thread of the pool, which ends with the process.</summary>
    public static Stream OpenInput() => OperatingSystem.IsWindows()
        ? Console.OpenStandardInput()
        : new FileStream(new SafeFileHandle(StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= _atExit;
        Restore();
    }

    private void Restore()
    {
        if (Interlocked.Exchange(ref _restored, 1) == 0)
        {
            _restore();
        }
    }

    private static RawTerminal EnterUnix()
    {
        var before = new byte[TermiosRoom];
        Check(GetAttributes(StandardInput, before) == 0);
        var raw = before.ToArray();
        MakeRaw(raw);
        Check(SetAttributes(StandardInput, Now, raw) == 0);
        return new RawTerminal(() => _ = SetAttributes(StandardInput, Now, before));
    }

    private static RawTerminal EnterWindows()
    {
        var input = GetStandardHandle(WindowsInput);
        Check(GetConsoleMode(input, out var before));
        Check(SetConsoleMode(input, VirtualTerminalInput));
        return new RawTerminal(() => _ = SetConsoleMode(input, before));
    }

    private static void Check(bool isDone)
    {
        if (!isDone)
        {
            throw new IOException($"the terminal can't be made raw: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetAttributes(int descriptor, Span<byte> termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetAttributes(int descriptor, int when, ReadOnlySpan<byte> termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void MakeRaw(Span<byte> termios);

    [LibraryImport("kernel32", EntryPoint = "GetStdHandle", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint GetStandardHandle(int which);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetConsoleMode(nint handle, out uint mode);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetConsoleMode(nint handle, uint mode);
}
